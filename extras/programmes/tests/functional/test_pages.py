"""Pages of programmes in the browser, in both languages, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.functional.browser.reader import Reader
from tests.functional.browser.world import OWNER, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen",
    [(language, width) for language in ("en", "zh-hans") for width in (1440, 360)],
    ids=lambda screen: f"{screen[0]}-{screen[1]}",
)


@SCREENS
def test_a_firm_reads_its_dossier_and_an_officer_the_incentives(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    owner = reader(*screen, world.owner.email)
    owner.open(f"/sites/works-{OWNER + 1}/")
    owner.page.click("text=/^(Dossier for leaders and grades|领跑者与等级申报材料)/")
    owner.look("dossier")
    owner.page.click("main form button")
    owner.look("dossier-nothing", expected_status=400)
    officer = reader(*screen, world.cast.drafter.email)
    officer.open("/incentives/?find=works")
    officer.look("incentives")
    officer.page.click("main form[method=post] button")
    officer.look("incentives-nothing", expected_status=400)
