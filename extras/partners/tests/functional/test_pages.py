"""A provider, a supplier and an academic on their screens, the firm that lets them in, and a key:
two languages, by the keyboard.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from extras.partners.tests.integration.partners_cast import Partners, make_partners, result_file
from portal.accounts import second_factor
from portal.accounts.models import User
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.test_by_keyboard import walk
from tests.functional.browser.world import PERIOD, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"]
)


@pytest.fixture(scope="module")
def partners(world: World) -> Partners:
    """Beside the world: the first works let a provider and a supplier in; the world's own clock is
    later than theirs.
    """
    return in_a_worker(lambda: make_partners(world.cast))


@SCREENS
def test_a_provider_sees_what_was_granted_and_declares_a_result(
    reader: MakeReader, screen: tuple[str, int], partners: Partners, tmp_path: Path
) -> None:
    provider = reader(*screen, partners.people["provider"].email)
    page = provider.page
    provider.open("/provider/")
    provider.look("provider")
    page.press("#id_product", "Enter")
    page.wait_for_selector(".govuk-error-message")
    provider.look("provider-nothing-given", expected_status=400)
    result = tmp_path / "result.json"
    result.write_bytes(result_file("order"))
    page.fill("#id_product", f"Bridge {screen[0]}")
    page.fill("#id_version", "1.0")
    page.set_input_files("#id_result", result)
    page.press("#id_version", "Enter")
    page.wait_for_selector(f"th:has-text('Bridge {screen[0]} 1.0')")
    provider.look("provider-declared")


@SCREENS
def test_a_supplier_declares_and_takes_back(
    reader: MakeReader, screen: tuple[str, int], partners: Partners
) -> None:
    supplier = reader(*screen, partners.people["supplier"].email)
    page = supplier.page
    supplier.open("/supplier/")
    supplier.look("supplier")
    page.press("#id_period", "Enter")
    page.wait_for_selector(".govuk-error-message")
    supplier.look("supplier-nothing-given", expected_status=400)
    page.select_option("#id_site", "works-1")
    page.fill("#id_period", PERIOD)
    page.fill("#id_quantity", "120000.5")
    page.press("#id_quantity", "Enter")
    page.wait_for_selector("text=120,000.5")
    supplier.look("supplier-declared")
    page.press("tr:has-text('120,000.5') button", "Enter")
    page.wait_for_selector(".govuk-notification-banner")
    supplier.look("supplier-taken-back")


@SCREENS
def test_an_academic_accepts_the_terms_and_downloads(
    reader: MakeReader, screen: tuple[str, int], partners: Partners
) -> None:
    academic = reader(*screen, partners.people["academic"].email)
    page = academic.page
    academic.open("/downloads/")
    academic.look("downloads")
    if page.locator("main form button").count():  # accepted once for the house
        page.press("main form button", "Enter")
    page.wait_for_selector("a[href='/downloads/steplabel.zip']")
    academic.look("downloads-accepted")
    with page.expect_download() as download:
        page.click("a[href='/downloads/steplabel.zip']")
    assert download.value.suggested_filename == "steplabel.zip"


@SCREENS
def test_a_firm_lets_a_provider_in_and_takes_it_back(
    reader: MakeReader, screen: tuple[str, int], world: World, partners: Partners
) -> None:
    owner = reader(*screen, world.cast.plants[5].owner.email)
    page = owner.page
    owner.open("/sites/works-6/access/")
    owner.look("access-none")
    page.select_option("#id_partner", str(partners.houses["provider"].pk))
    page.select_option("#id_what", "values")
    page.press("form:has(#id_partner) button", "Enter")
    page.wait_for_selector(".govuk-notification-banner")
    owner.look("access-granted")
    page.press("table button", "Enter")
    page.wait_for_selector(".govuk-notification-banner")
    owner.look("access-taken-back")


@SCREENS
def test_an_officer_reads_what_is_declared_and_confirms_it(
    reader: MakeReader, screen: tuple[str, int], world: World, partners: Partners
) -> None:
    officer = reader(*screen, world.cast.approver.email)
    officer.open("/conformance/")
    officer.look("conformance")
    officer.open(f"/conformance/{partners.result.pk}/confirm/")
    officer.look("conformance-confirm")
    officer.page.press("main form button", "Enter")
    officer.page.wait_for_url("**/conformance/")
    officer.look("conformance-confirmed")


@SCREENS
def test_an_auditor_reads_what_was_delivered(
    reader: MakeReader, screen: tuple[str, int], world: World, partners: Partners
) -> None:
    auditor = reader(*screen, world.cast.auditor.email)
    auditor.open("/assigned/deliveries/")
    auditor.look("deliveries")


@SCREENS
def test_a_key_is_made_shown_once_and_revoked(
    reader: MakeReader, screen: tuple[str, int], partners: Partners
) -> None:
    who = partners.people["other-provider"].email
    in_a_worker(lambda: second_factor.give(User.objects.get(email=who)))
    manager = reader(*screen, who)
    page = manager.page
    manager.open("/account/keys/")
    manager.look("keys")
    page.press("#id_name", "Enter")
    page.wait_for_selector(".govuk-error-message")
    manager.look("keys-nothing-given", expected_status=400)
    page.fill("#id_name", f"A program {screen[0]}")
    page.focus("#scope-1")
    page.keyboard.press("Space")
    page.press("#id_name", "Enter")
    page.wait_for_selector("#key")
    manager.look("key-made")
    manager.open("/account/keys/")
    manager.look("keys-with-one")
    page.click(
        f"tr:has-text('A program {screen[0]}') "
        f"a:has-text('{'Revoke' if screen[0] == 'en' else '吊销'}')"
    )
    page.press("main form button", "Enter")
    page.wait_for_selector(".govuk-notification-banner")
    manager.look("keys-revoked")


@SCREENS
def test_everybody_meets_everything_by_tab(
    reader: MakeReader, screen: tuple[str, int], world: World, partners: Partners
) -> None:
    people = partners.people
    for person, paths in (
        (people["provider"], ("/home/", "/provider/", "/account/keys/")),
        (people["supplier"], ("/home/", "/supplier/", "/account/keys/")),
        (people["academic"], ("/home/", "/downloads/")),
        (world.cast.plants[0].owner, ("/sites/works-1/access/",)),
        (world.cast.auditor, ("/assigned/", "/assigned/deliveries/")),
        (world.cast.approver, ("/conformance/",)),
    ):
        walk(reader(*screen, person.email), paths, world)
