"""Pages of the public and of every role by Tab alone; by keyboard, with scripts and without, a
filter is kept, renamed and deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from benchmarks.wire.signing import AuditorSigningKey
from portal.assurance import attesting, auditors, findings
from portal.assurance.models import Assignment
from portal.assurance.models.findings import FindingGrade
from portal.days import scheme_day
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import OWNER, PERIOD, World
from tests.integration.audited import terms

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen",
    [("en", 360), ("zh-hans", 1440), ("en", 1440), ("zh-hans", 360)],
    ids=["en-360", "zh-hans-1440", "en-1440", "zh-hans-360"],
)
FIRM = (
    *(
        "/our-plant/",
        "/sites/works-4/",
        "/sites/works-4/edit/",
        "/audits/",
        "/submissions/hand-in/",
    ),
    *("/notifications/", "/account/", "/account/keys/"),
)
OFFICE = (
    *(
        "/home/",
        "/periods/?stage=all",
        "/periods/{group}/{period}/reports/",
        "/periods/{group}/{period}/standings/",
    ),
    *(
        "/periods/{group}/{period}/deadlines/",
        "/periods/groups/{group}/obliged/",
        "/applications/",
        "/assignments/",
    ),
    *(
        "/assignments/several/",
        "/obligatory-audits/",
        *(["/incentives/"] if apps.is_installed("extras.programmes") else []),
        "/audit-trail/",
        "/practice-entries/",
    ),
)
BODY = (
    *(
        "/home/",
        "/assigned/",
        "/assigned/{audit}/",
        "/assigned/{audit}/interest/",
        "/assigned/{audit}/findings/new/",
    ),
    *(
        "/assigned/{audit}/findings/1/",
        "/assigned/{audit}/sample/",
        "/assigned/{audit}/opinion/",
        "/attestations/{statement}/",
    ),
    *(
        "/attestations/{statement}/withdraw/",
        "/auditor-keys/",
        "/notifications/",
        "/search/?words=works",
    ),
)
LOOKED_AT_HERE_ALONE = (
    "/packs/proposals/",
    "/periods/groups/{group}/audits/",
    "/sites/works-4/",
)
BENCHMARK = "/benchmarks/cement/cn/dry-process/{period}/"
PUBLIC = (
    *(
        "/",
        f"{BENCHMARK}v1/",
        f"{BENCHMARK}v1/?against=1",
        "/sectors/cement/cn/dry-process/",
        "/sectors/cement/cn/dry-process/clinker-burning/",
        "/search/?words=cement",
        "/agent/",
    ),
    *(
        "/practices/",
        "/about/",
        "/status/",
        "/register/",
        "/sign-in/",
    ),
    *("/verify/", "/methods/cement/1/"),
    *(["/exercises/mill-year/?label=28.2"] if apps.is_installed("extras.exercises") else []),
)


@SCREENS
def test_a_firm_meets_everything_by_tab(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    walk(reader(*screen, world.owner.email), FIRM, world)


@SCREENS
def test_an_officer_meets_everything_by_tab(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    officer = reader(*screen, world.cast.drafter.email)
    walk(officer, OFFICE, world)
    walk(officer, LOOKED_AT_HERE_ALONE, world, look=True)


@SCREENS
def test_anybody_meets_everything_by_tab(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    visitor = reader(*screen)
    walk(visitor, PUBLIC, world)
    walk(visitor, ("/methods/cement/1/?role=limit",), world, look=True)


@pytest.fixture(scope="module")
def audit(world: World) -> dict[str, object]:
    """Under way: no interest, a key, a finding, a statement that waits for its signature."""

    def begin() -> dict[str, object]:
        auditor, now = world.cast.auditor, timezone.now()
        assignment = Assignment.objects.select_related("site", "body").get(
            site=world.cast.plants[OWNER].site
        )
        auditors.declare(assignment, auditor, False, "", now)
        auditors.register(assignment.body, AuditorSigningKey.generate().public.hex, auditor, now)
        findings.raise_finding(
            assignment,
            FindingGrade.MINOR,
            "A seal is broken.",
            "Photo 3",
            "",
            scheme_day() + timedelta(days=9),
            auditor,
            now,
        )
        return {
            "audit": assignment.pk,
            "statement": attesting.draw_up(assignment, terms(now), auditor, now).digest,
        }

    return in_a_worker(begin)


@SCREENS
def test_an_auditor_meets_everything_by_tab(
    reader: MakeReader,
    screen: tuple[str, int],
    world: World,
    audit: dict[str, object],
) -> None:
    walk(reader(*screen, world.cast.auditor.email), BODY, world, audit)


def walk(
    person: Reader,
    paths: tuple[str, ...],
    world: World,
    more: Mapping[str, object] | None = None,
    *,
    look: bool = False,
) -> None:
    """`look`: with axe, where no other test opens the page."""
    values = {"group": world.cast.group.pk, "period": PERIOD, **(more or {})}
    for path in (template.format(**values) for template in paths):
        assert (answer := person.page.goto(person.base + path)) is not None
        assert answer.status == 200, path
        person.walk_by_keyboard()
        if look:
            person.look(path.strip("/").replace("/", "-"))


@SCREENS
def test_a_filter_is_kept_renamed_and_deleted(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    keep_a_filter(reader(*screen, world.cast.drafter.email), scripts=True)


@SCREENS
def test_without_scripts_a_filter_is_kept_renamed_and_deleted(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    keep_a_filter(reader(*screen, world.cast.approver.email, scripts=False), scripts=False)


def keep_a_filter(officer: Reader, *, scripts: bool) -> None:
    page = officer.page

    def press(selector: str) -> None:
        with page.expect_navigation():
            page.press(selector, "Enter")

    def look(name: str, expected_status: int | None = None) -> None:
        if scripts:  # the checks are scripts, too
            officer.look(name, expected_status)

    officer.open("/periods/?stage=all&size=medium")
    press("#found a[href^='/saved-filters/new/']")
    look("filter-to-save")
    press("main form button")
    look("filter-without-a-name", 400)
    page.fill("#id_name", "Medium, 中型")
    press("#id_name")
    assert page.url.endswith("/periods/?stage=all&size=medium")
    assert page.inner_text("#found b[aria-current=true]") == "Medium, 中型"
    look("filter-saved")
    officer.open("/home/")
    look("home-with-a-filter")
    press("main a:has-text('Medium')")
    assert page.input_value("#size") == "medium"
    press("#found a[href='/account/#filters']")
    look("saved-filters")
    press("main a[href$='/rename/']")
    page.fill("#id_name", "Middle")
    press("#id_name")
    assert "Middle" in page.inner_text("#filters table")
    press("main a[href$='/delete/']")
    look("filter-delete")
    press("main form button")
    assert ("is deleted" if officer.language == "en" else "已删除") in page.inner_text("main")
    assert page.locator("#filters table").count() == 0
    look("saved-filters-none")
