"""What a firm does with its labels: yearly figures that stay in the page, showing them to a buyer, its record, leaving."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.accounts.models import Membership
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import Submission
from portal.register.models import Leaving
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import OWNER, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize("screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"])


@SCREENS
def test_a_years_output_is_turned_into_yearly_figures_and_never_leaves_the_page(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    owner = reader(*screen, world.owner.email)
    page = owner.page
    owner.open("/where-we-stand/")
    page.wait_for_selector("#yearly-output")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    kept = "() => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    before = page.evaluate(kept)
    assert not page.is_visible("[data-yearly-cell]"), "no output, no yearly figures: no column of dashes, and no row of them on a phone"
    page.focus("#yearly-output")
    page.keyboard.type("1,500,000")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    per_tonne, year = page.evaluate(
        "() => { const one = document.querySelector('tfoot [data-per-tonne]'); return [one.dataset.perTonne, one.textContent] }"
    )
    wanted = float(f"{float(per_tonne) * 1_500_000 / 1000:.3g}")
    assert float(year.replace(",", "")) == wanted > 0
    assert not page.is_visible("[data-money-cell]"), "no price, no money"
    page.fill("#yearly-price", "900")
    assert not page.is_visible("#yearly-output-error")
    assert not page.is_visible("#yearly-price-error"), "both are numbers"
    kgce = float(page.get_attribute("tfoot [data-kgce]", "data-kgce") or "nan")
    money, year = (page.inner_text(f"tfoot [{amount}]") for amount in ("data-kgce", "data-yearly-kgce"))
    assert float(money.replace(",", "")) == float(f"{kgce * 900 / 1000:.3g}") > 0
    assert float(year.replace(",", "")) == float(f"{kgce * 900 * 1_500_000 / 1000:.3g}")
    assert sent == [], "nothing is sent after typing"
    assert page.evaluate(kept) == before, "and nothing is kept"
    for field in ("#yearly-output", "#yearly-price"):
        assert page.get_attribute(field, "name") is None
        assert page.evaluate(f"document.querySelector('{field}').form") is None
    owner.look("stand-a-year")
    page.fill("#yearly-output", "many")
    assert page.get_attribute("#yearly-output", "aria-invalid") == "true"
    assert page.is_visible("#yearly-output-error"), "what is no number is said to be none"
    page.reload()
    assert page.input_value("#yearly-output") == ""


def test_without_scripts_the_page_says_how_to_compute_a_year(reader: MakeReader, world: World) -> None:
    owner = reader("en", 1440, world.owner.email, scripts=False)
    owner.open("/where-we-stand/")
    assert "multiply a gap per tonne" in owner.text()
    assert not owner.page.is_visible("#yearly-output")


@SCREENS
def test_a_label_is_shown_to_a_buyer_and_taken_back(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
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


@SCREENS
def test_who_manages_the_firm_reads_who_saw_what(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
    owner = reader(*screen, world.owner.email)
    owner.open("/where-we-stand/")
    owner.open("/people/")
    owner.page.press("a[href$='/record/']", "Enter")
    owner.page.wait_for_url("**/record/")
    assert world.owner.email in owner.text()
    owner.look("record")
    owner.open(f"{owner.page.url.removeprefix(owner.base)}?what=nothing-of-this-name")
    owner.look("record-nothing")


@SCREENS
def test_a_firm_asks_to_leave_and_stays(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
    plant = world.cast.plants[-2]
    in_a_worker(lambda: PeerGroupMember.objects.filter(site=plant.site).update(obliged=False))
    firm = in_a_worker(lambda: Membership.objects.get(user=world.newcomer).organisation)
    owner = reader(*screen, world.newcomer.email)
    page = owner.page
    owner.open(f"/people/firms/{firm.pk}/leave/")
    owner.look("leave")
    page.press("#name", "Enter")
    page.wait_for_selector(".govuk-error-summary")
    owner.look("leave-not-sure", expected_status=400)
    page.fill("#name", firm.name)
    page.press("#name", "Enter")
    page.wait_for_selector("button[value=stay]")
    owner.look("leave-waiting")
    page.press("button[value=stay]", "Enter")
    page.wait_for_url("**/people/")
    assert in_a_worker(lambda: Leaving.objects.filter(undone_at=None).count()) == 0
    in_a_worker(lambda: PeerGroupMember.objects.filter(site=plant.site).update(obliged=True))
