"""A firm asks for more time and appeals against a finding, its regulator decides: by keyboard, and
without scripts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.assurance import auditors, findings
from portal.assurance.models import Assignment, Finding
from portal.assurance.models.findings import FindingGrade
from portal.catalogue.models import Extension, ReportingPeriod
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import NOW, PERIOD, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen",
    [("zh-hans", 360), ("en", 1440), ("zh-hans", 1440), ("en", 360)],
    ids=["zh-hans-360", "en-1440", "zh-hans-1440", "en-360"],
)


def press(person: Reader, selector: str) -> None:
    with person.page.expect_navigation():
        person.page.press(selector, "Enter")


@pytest.mark.long
@SCREENS
def test_more_time_is_asked_for_refused_and_asked_for_again(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    """The officer decides without scripts."""
    in_a_worker(
        lambda: ReportingPeriod.objects.filter(name=PERIOD).update(
            due=timezone.now() + timedelta(days=10)
        )
    )
    firm, officer = (
        reader(*screen, world.newcomer.email),
        reader(*screen, world.cast.approver.email, scripts=False),
    )
    day = timezone.localdate() + timedelta(days=60 + in_a_worker(Extension.objects.count))
    for decision in ("refuse", "grant"):
        firm.open("/our-plant/")
        press(firm, "main a[href='/submissions/hand-in/']")
        press(firm, f"main a[href*='/more-time/'][href$='/{PERIOD}/']")
        firm.walk_by_keyboard()
        firm.look("more-time")
        press(firm, "main form button")
        firm.look("more-time-nothing", expected_status=400)
        firm.page.fill("#id_until", day.isoformat())
        firm.page.fill("#id_reason", "The kiln was rebuilt. 窑炉改造。")
        press(firm, "main form button")
        firm.look("more-time-asked")
        officer.open("/home/")
        press(officer, f"main a[href$='/{PERIOD}/deadlines/']")
        officer.page.fill("textarea[name=answer]", "As the rules say. 按规定办理。")
        press(officer, f"button[value={decision}]")
        assert officer.page.locator("button[value=grant]").count() == 0
    assert in_a_worker(
        Extension.objects.filter(site__organisation__memberships__user=world.newcomer).exists
    )
    firm.open(f"/sites/{world.cast.plants[-2].site.slug}/")
    firm.look("site-with-requests")


@SCREENS
def test_an_appeal_is_made_and_decided(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    finding = in_a_worker(lambda: raise_finding(world))
    address = f"{finding.assignment_id}/findings/{finding.number}/"
    firm, officer = reader(*screen, world.owner.email), reader(*screen, world.cast.approver.email)
    firm.open(f"/audits/{address}")
    firm.walk_by_keyboard()
    firm.page.fill("#id_text", "The scale was calibrated in March. 三月已校准。")
    press(firm, "button[value=appeal]")
    firm.look("finding-appealed")
    officer.open("/home/")
    officer.look("home-with-an-appeal")
    press(officer, f"main a[href='/assignments/{address}']")
    officer.walk_by_keyboard()
    officer.look("appeal")
    press(officer, "button[value=annul]")
    officer.look("appeal-without-a-reason", expected_status=400)
    officer.page.fill("#id_text", "The record shows it. 记录属实。")
    press(officer, "button[value=annul]")
    officer.look("appeal-decided")
    assert in_a_worker(lambda: findings.open_majors(finding.assignment)) == 0


def raise_finding(world: World) -> Finding:
    engagement = Assignment.objects.get(site__organisation__memberships__user=world.owner)
    auditors.declare(engagement, world.cast.auditor, False, "", NOW)
    due, text = (
        timezone.localdate() + timedelta(days=14),
        f"The coal scale drifts, {Finding.objects.count()}.",
    )
    return findings.raise_finding(
        engagement, FindingGrade.MAJOR, text, "Record 7", "", due, world.cast.auditor, NOW
    )
