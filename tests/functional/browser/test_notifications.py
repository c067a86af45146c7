"""What somebody is told: the bell, the list, the page behind it, and what comes by mail; in both
languages, by the keyboard.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.notifications.telling import tell
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]


def told_anew(user: User) -> None:
    """As if nothing had been told before; then a reminder and an approval."""
    Notice.objects.filter(recipient=user).delete()
    values = {"site_name": "Works 24", "period": "2025", "due": "2026-04-01"}
    for kind in (NoticeKind.SITE_APPROVED, NoticeKind.REPORT_REMINDED):
        tell(kind, (user.pk,), "web:upload", {}, values, timezone.now())


@pytest.mark.parametrize("screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"])
def test_somebody_reads_what_is_new_and_chooses_what_comes_by_mail(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    in_a_worker(lambda: told_anew(world.newcomer))
    owner = reader(*screen, world.newcomer.email)
    page = owner.page
    owner.open("/submissions/")
    assert page.inner_text(".sl-bell__n").startswith("2")
    page.press(".sl-bell", "Enter")
    page.wait_for_url("**/notifications/")
    owner.look("notifications")
    page.press(".sl-notices li:first-child a", "Enter")
    page.wait_for_url("**/submissions/hand-in/")
    owner.open("/notifications/?unread=1")
    assert page.locator(".sl-notices li").count() == 1
    page.press("form[action='/notifications/read/'] button", "Enter")
    page.wait_for_selector(".govuk-notification-banner--success")
    assert page.locator(".sl-bell__n").count() == 0
    owner.look("notifications-read")
    owner.open("/notifications/?unread=1")
    owner.look("notifications-nothing-new")
    owner.open("/notifications/#mail")
    owner.look("notification-wishes")
    page.focus("select[name='report.reminded']")
    page.select_option("select[name='report.reminded']", "daily")
    page.select_option("#language", screen[0])
    page.press("form:has(#language) button", "Enter")
    page.wait_for_selector(".govuk-notification-banner--success")
    assert page.input_value("select[name='report.reminded']") == "daily"
    owner.look("notification-wishes-kept")
