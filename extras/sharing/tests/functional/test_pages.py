"""A firm shows labels to a buyer on their screens: two languages, by the keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from benchmarks.label_keys import LabelKey
from extras.sharing import shares
from portal.intake.models import Submission
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import OWNER, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"]
)


def test_a_buyer_is_told_that_nobody_audited_the_report(reader: MakeReader, world: World) -> None:
    def share() -> str:
        report = Submission.objects.get(site=world.cast.plants[OWNER].site)
        cells = [LabelKey.of(value) for value in report.protected_values.all()][:2]
        return shares.share(world.owner, report.digest, "Buyer", cells, 30, timezone.now())

    buyer = reader("en", 360)
    buyer.open(f"/shared/{in_a_worker(share)}/")
    assert "No certification body has attested these labels." in buyer.text()
    assert "erified" not in buyer.text(), "what a machine checked is not verified"
    buyer.look("shared-unaudited")


@SCREENS
def test_a_label_is_shown_to_a_buyer_and_taken_back(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    digest = in_a_worker(lambda: Submission.objects.get(site=world.cast.plants[OWNER].site).digest)
    owner = reader(*screen, world.owner.email)
    page = owner.page
    owner.open(f"/submissions/{digest}/show/")
    owner.look("show")
    page.press("#id_buyer", "Enter")
    page.wait_for_selector(".govuk-error-summary")
    owner.look("show-nothing", expected_status=400)
    page.press("form[action$='/certificate/'] button", "Enter")
    page.wait_for_selector(".govuk-notification-banner--success")
    owner.look("show-certificate")
    page.fill("#id_buyer", f"Bridge Builders {screen[0]}")
    page.focus("#id_labels_0")
    page.keyboard.press("Space")
    page.press("#id_buyer", "Enter")
    link = page.inner_text("#link")
    owner.look("show-link")
    buyer = reader(*screen)
    buyer.page.goto(link)
    assert buyer.page.locator("main tbody tr").count() == 1
    buyer.look("shared")
    owner.open(f"/submissions/{digest}/show/")
    page.press("main table form button", "Enter")
    page.wait_for_selector(".govuk-notification-banner--success")
    buyer.page.goto(link)
    assert buyer.page.locator("main tbody").count() == 0
    buyer.look("shared-taken-back", expected_status=404)
    page.press("form[action$='/certificate/'] button", "Enter")
    page.wait_for_selector(".govuk-notification-banner--success")
