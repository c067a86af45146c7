"""The benchmark and the firm's own page in the other two sectors: values below zero in steel, wide
figures in aluminium.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from benchmarks import packs
from portal.web.words.figures import MINUS
from tests.functional.browser.reader import Reader
from tests.functional.browser.world import Sector, build_aluminium, build_steel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = [(language, width) for language in ("en", "zh-hans") for width in (360, 1440)]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}")
@pytest.mark.parametrize(
    "world", [build_steel, build_aluminium], indirect=True, ids=["steel", "aluminium"]
)
def test_every_step_has_its_figures_for_the_public_and_for_the_firm(
    reader: MakeReader, screen: tuple[str, int], world: Sector
) -> None:
    pack = packs.load(world.pack)
    steps = [pack.step(part.step) for part in pack.routes[0].steps]
    gives_back = any(step.metrics[0].typical < 0 for step in steps)
    visitor = reader(*screen)
    visitor.open(f"/benchmarks/{world.pack}/cn/{pack.routes[0].id}/2025/v1/")
    visitor.page.click("#figures summary")
    figures_are_whole(visitor, len(steps), gives_back)
    visitor.look(f"{world.pack}-benchmark")

    owner = reader(*screen, world.owner.email)
    owner.open("/our-plant/")
    assert owner.page.locator(".sl-gap tbody tr").count() == len(steps), "one gap a step"
    assert owner.page.locator(".sl-gap .g-typical").count() == len(steps)
    assert ("\u2212" in owner.page.inner_text(".sl-gap")) or not gives_back
    owner.look(f"{world.pack}-our-plant")


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}")
@pytest.mark.parametrize("world", [build_aluminium], indirect=True, ids=["aluminium"])
def test_anybody_reads_which_level_of_a_standard_a_step_reaches(
    reader: MakeReader, screen: tuple[str, int], world: Sector
) -> None:
    visitor = reader(*screen)
    visitor.open("/sectors/aluminium/cn/primary/electrolysis/")
    visitor.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    levels = visitor.page.locator(
        "table:has(caption:has-text('limits of standards'), caption:has-text('标准限额'))"
    )
    rows = [row.locator("th, td").all_inner_texts() for row in levels.locator("tbody tr").all()]
    assert len(rows) >= 3
    assert len({(row[0], row[1]) for row in rows}) == len(rows), (
        "no two rows are the same limit at the same level"
    )
    marks = ("level 1", "advanced") if screen[0] == "en" else ("1 级", "先进")
    assert any(mark in row[1] for row in rows for mark in marks), (
        "which level it is, not its figure alone"
    )
    assert levels.locator("tbody td a").count() == len(rows), "each figure has its page"
    cited = "(transcribed)" if screen[0] == "en" else "（转录）"
    assert all(cited in row[0] for row in rows), "act, clause and how it was read"
    assert "ECQuota" not in visitor.text()
    helps = visitor.text()
    assert ("Shaped cathode" if screen[0] == "en" else "异形阴极") in helps, "what helps a potline"
    alone = [row for row in rows if "50" in row[4]]
    assert alone, "of a limit of one step, whether half of the firms reach it"
    for row in alone:  # by the distance of the typical batch, which a sign begins
        assert (
            row[4]
            .strip()
            .startswith({"+": ("at most", "至多"), MINUS: ("at least", "至少")}[row[3].strip()[0]])
        ), row
    assert visitor.empty_columns() == []
    visitor.look(f"{world.pack}-levels")


def figures_are_whole(reader: Reader, steps: int, gives_back: bool) -> None:
    """A row for each step and one for the whole route at least, every value with its minus as a true
    minus.
    """
    assert reader.page.locator("#figures tbody tr").count() > steps
    values = [text.strip() for text in reader.page.locator("#figures .num b").all_inner_texts()]
    assert len(values) > steps
    assert all(values)
    assert not any("-" in value for value in values)
    finer = [value for value in values if re.search(r"\d\d\.\d\d\d", value)]
    assert not finer, f"finer than their intervals, beside whole numbers: {finer}"
    below_zero = any(value.startswith(MINUS) for value in values)
    assert below_zero == gives_back, "converter, dry quenching and turbine give energy back"
