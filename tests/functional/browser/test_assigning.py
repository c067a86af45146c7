"""A regulator assigns a certification body and takes the assignment back by keyboard alone; the
body reads of both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from portal.assurance.models import Assignment
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import PERIOD, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = [("en", 1440), ("en", 360), ("zh-hans", 1440), ("zh-hans", 360)]


@pytest.mark.parametrize(
    "screen", SCREENS, ids=[f"{language}-{width}" for language, width in SCREENS]
)
def test_a_body_is_assigned_and_taken_back_by_keyboard(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    plant = world.cast.plants[10 + SCREENS.index(screen)]
    officer = reader(*screen, world.cast.approver.email)
    page = officer.page

    officer.open("/assignments/")
    officer.look("assignments")
    page.press("main a.govuk-button", "Enter")
    page.wait_for_url("**/assignments/new/")
    officer.look("assign-choose")
    page.fill("#q", "no such site")
    page.press("#q", "Enter")
    page.wait_for_selector(".sl-empty")
    officer.look("assign-none")
    officer.open("/assignments/new/")
    page.fill("#q", plant.site.slug)
    page.press("#q", "Enter")
    site = f"main a[href='/assignments/new/{plant.site.slug}/']"
    page.wait_for_selector("#found tbody tr:only-child")
    page.press(site, "Enter")
    page.wait_for_url(f"**/assignments/new/{plant.site.slug}/")
    officer.look("assign-site")

    page.press("main form button", "Enter")
    page.wait_for_selector(".govuk-error-message")
    officer.look("assign-nothing", expected_status=400)
    chosen(page, "#id_body", "Certifier")
    page.select_option("#id_period", PERIOD)
    page.fill("#id_due", (timezone.localdate() + timedelta(days=90)).isoformat())
    reached = [by_tab(page, name) for name in ("id_body", "id_period", "id_due", "id_sees")]
    assert reached == [True] * 4, "a field of the form is not reached by the keyboard"
    page.press("main form button", "Enter")
    page.wait_for_url("**/assignments/")
    row = in_a_worker(
        lambda: Assignment.objects.get(site=plant.site, period=PERIOD, taken_back_at=None).pk
    )
    officer.open("/assignments/?show=under-way&sort=-due")
    officer.look("assignments-narrowed")
    page.fill("#q", plant.site.slug)
    page.press("#q", "Enter")
    page.wait_for_selector("#found tbody tr:only-child")

    body = reader(*screen, world.cast.auditor.email)
    body.open("/notifications/")
    assert plant.site.name in body.text()
    body.open(f"/assigned/{row}/")
    body.look("engagement-assigned")

    page.press(f"a[href='/assignments/{row}/take-back/']", "Enter")
    page.wait_for_url("**/take-back/")
    officer.look("take-back")
    page.press("main form button", "Enter")
    page.wait_for_selector(".govuk-error-message")
    officer.look("take-back-nothing", expected_status=400)
    page.fill("#id_reason", "The body asked to be let off.")
    page.press("main form button", "Enter")
    page.wait_for_url("**/assignments/")
    officer.open("/assignments/?show=taken-back")
    assert "The body asked to be let off." in officer.text()
    officer.look("assignments-taken-back")

    body.open(f"/assigned/{row}/")
    body.look("engagement-taken-back")
    assert "The body asked to be let off." in body.text()
    body.open("/assigned/")
    body.look("assigned-taken-back")


def chosen(page: Page, field: str, words: str) -> None:
    """As a keyboard does it: the field in focus, the first letters typed."""
    page.focus(field)
    page.keyboard.type(words)
    assert page.eval_on_selector(field, "one => one.selectedOptions[0].text").startswith(words)


def by_tab(page: Page, name: str) -> bool:
    """Whether the tabulator leads to the field within the fields of the page."""
    page.focus("#main")
    for _step in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == name:
            return True
    return False
