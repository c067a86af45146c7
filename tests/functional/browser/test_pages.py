"""Each reader's pages, in both languages, on a phone and on a desk: no policy broken, nothing inaccessible, nothing cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.functional.browser.reader import Reader
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
LANGUAGES = ("en", "zh-hans")
WIDTHS = (360, 1440)
BENCHMARK = "/b/cement/2025/v1/"


@pytest.fixture(params=[(language, width) for language in LANGUAGES for width in WIDTHS], ids=lambda p: f"{p[0]}-{p[1]}")
def screen(request: pytest.FixtureRequest) -> tuple[str, int]:
    chosen: tuple[str, int] = request.param
    return chosen


def test_the_public_finds_a_benchmark_and_reads_how_it_was_obtained(reader: MakeReader, screen: tuple[str, int]) -> None:
    visitor = reader(*screen)
    visitor.open("/")
    visitor.look("benchmarks")
    visitor.page.click("main table a")
    assert visitor.page.url.endswith(BENCHMARK)
    visitor.look("benchmark")
    visitor.open(f"{BENCHMARK}?unit=kWh")
    visitor.look("benchmark-kwh")
    visitor.open("/sign-in/")
    visitor.look("sign-in")
    visitor.open("/b/cement/2031/v1/")
    visitor.look("not-found", expected_status=404)


def test_an_enterprise_sees_its_reports_its_place_and_its_agents(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
    owner = reader(*screen, world.owner.email)
    owner.look("submissions")
    owner.page.click("main table a")
    owner.look("submission")
    owner.open("/where-we-stand/")
    owner.look("where-we-stand")
    owner.open("/sites/")
    owner.look("sites")
    owner.open("/submissions/hand-in/")
    owner.look("hand-in")
    owner.open("/publications/")
    owner.look("forbidden", expected_status=403)


def test_a_regulator_sees_who_took_part_and_what_the_gate_found(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
    officer = reader(*screen, world.cast.drafter.email)
    officer.look("publications")
    officer.page.click("main table a")
    officer.look("participation")
    officer.open(f"/publications/versions/{world.published}/")
    officer.look("draft-published")


def test_a_certification_body_sees_what_it_is_assigned(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
    auditor = reader(*screen, world.cast.auditor.email)
    auditor.look("assigned")
    auditor.page.click("main table a")
    auditor.look("assigned-submission")
    assert "kgce" not in auditor.text()


def test_who_has_nothing_yet_is_told_what_to_do(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
    newcomer = reader(*screen, world.newcomer.email)
    newcomer.look("submissions-empty")
    newcomer.open("/where-we-stand/")
    newcomer.look("where-we-stand-empty")
