"""Who owes an audit, and a certificate put on record, on two screens and in two languages, by
keyboard.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.assurance.models import SystemCertificate
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import World

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
def test_a_certificate_is_put_on_record_and_the_day_follows_it(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    index = SCREENS.index(screen)
    plant, today = world.cast.plants[14 + index], timezone.localdate()
    firm = reader(*screen, plant.owner.email)
    page = firm.page
    firm.open("/audits/")
    firm.look("audits-unknown")
    page.press(f"main a[href='/obligatory-audits/{plant.site.slug}/']", "Enter")
    page.wait_for_url("**/obligatory-audits/*/")
    firm.look("obligatory-audit-unknown")
    page.press("main form[novalidate] button", "Enter")
    page.wait_for_selector(".govuk-error-message")
    firm.look("certificate-nothing", expected_status=400)
    page.select_option("#id_standard", "iso-50001")
    page.fill("#id_number", "EnMS 2026/17")
    page.fill("#id_certifier", "Somebody Certifies")
    page.fill("#id_valid_from", today.isoformat())
    page.fill("#id_valid_until", (today + timedelta(days=100)).isoformat())
    page.fill("#id_evidence", f"{index:064x}")
    page.press("#id_evidence", "Enter")
    page.wait_for_selector(".govuk-notification-banner")
    firm.look("obligatory-audit-soon")
    row = in_a_worker(lambda: SystemCertificate.objects.get(site=plant.site).pk)

    officer = reader(*screen, world.cast.approver.email)
    page = officer.page
    officer.open("/obligatory-audits/")
    officer.look("obligatory-audits")
    page.fill("#q", plant.site.slug)
    page.press("#q", "Enter")
    page.wait_for_selector("#found tbody tr:only-child")
    officer.open("/obligatory-audits/?show=soon&sort=-due")
    assert plant.site.slug in officer.text()
    officer.look("obligatory-audits-soon")
    page.press(f"main a[href='/obligatory-audits/{plant.site.slug}/']", "Enter")
    page.wait_for_url("**/obligatory-audits/*/")
    page.press(f"main a[href$='/{row}/take-back/']", "Enter")
    page.wait_for_url("**/take-back/")
    page.fill("#id_reason", "The paper is of another site.")
    officer.look("certificate-take-back")
    page.press("main form button", "Enter")
    page.wait_for_selector(".govuk-notification-banner")
    assert "The paper is of another site." in officer.text()
    officer.look("certificate-taken-back")
