"""The benchmark and the firm's own page in the other two sectors: values below zero in steel, wide figures in aluminium."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from benchmarks import packs
from portal.web.figures import MINUS
from tests.functional.browser.reader import Reader
from tests.functional.browser.world import Sector, build_aluminium, build_steel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("world", [build_steel, build_aluminium], indirect=True, ids=["steel", "aluminium"]),
]

MakeReader = Callable[..., Reader]
SCREENS = [(language, width) for language in ("en", "zh-hans") for width in (360, 1440)]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}")
def test_every_step_has_its_rung_for_the_public_and_for_the_firm(reader: MakeReader, screen: tuple[str, int], world: Sector) -> None:
    pack = packs.load(world.pack)
    steps = [pack.step(part.step) for part in pack.routes[0].steps]
    gives_back = any(step.metrics[0].typical < 0 for step in steps)
    visitor = reader(*screen)
    visitor.open(f"/benchmarks/{world.pack}/cn/{pack.routes[0].id}/2025/v1/?unit={'kWh' if screen[1] == 360 else 'kgce'}")
    rungs_are_drawn(visitor, len(steps), gives_back)
    visitor.look(f"{world.pack}-benchmark")

    owner = reader(*screen, world.owner.email)
    owner.open("/where-we-stand/")
    rungs_are_drawn(owner, len(steps), gives_back)
    gaps = owner.page.locator("main table.sl-t", has_text="Gap to the industry best" if screen[0] == "en" else "与行业最优的差距")
    assert gaps.locator("tbody tr").count() == len(steps), "one gap a step"
    owner.look(f"{world.pack}-where-we-stand")


def rungs_are_drawn(reader: Reader, steps: int, gives_back: bool) -> None:
    """One for each step and one for the whole route, every value with its minus as a true minus."""
    rows = reader.page.locator(".lad tbody tr")
    assert rows.count() == steps + 1
    assert rows.locator(".draw > svg .m-best").count() == steps + 1
    values = [text.strip() for text in reader.page.locator(".lad .num b").all_inner_texts()]
    assert all(values)
    assert not any("-" in value for value in values)
    finer = [value for value in values if re.search(r"\d\d\.\d\d\d", value)]
    assert not finer, f"finer than their intervals, beside whole numbers: {finer}"
    below_zero = any(value.startswith(MINUS) for value in values)
    assert below_zero == gives_back, "converter, dry quenching and turbine give energy back"
