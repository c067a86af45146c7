"""A person and their account: a second factor set up and asked for, sessions, the password changed
and forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone

from portal.accounts import second_factor
from portal.accounts.models import Organisation, Role
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import World
from tests.integration.portal_cast import PASSWORD, person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]


@pytest.mark.parametrize("screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"])
def test_a_new_officer_sets_a_second_factor_up_and_signs_in_with_it(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    email = f"new-{screen[0]}@example.org"
    in_a_worker(lambda: person(email, Organisation.objects.get(name="Ministry"), Role.REGULATOR).pk)
    officer = reader(*screen, email)
    page = officer.page
    assert "/account/second-factor/" in page.url, "nothing else is open before"
    officer.look("second-factor-set-up")
    assert page.evaluate("document.querySelector('.sl-qr').naturalWidth") > 0, (
        "the picture is drawn"
    )
    secret = page.inner_text("#key").strip()
    page.fill("#id_code", "000000")
    page.press("#id_code", "Enter")
    page.wait_for_selector(".govuk-error-message")
    officer.look("second-factor-wrong-code")
    page.fill("#id_code", second_factor.code_at(secret, timezone.now()))
    page.press("#id_code", "Enter")
    page.wait_for_selector("#codes")
    officer.look("recovery-codes")
    code = re.findall(r"\d{8}", page.inner_text("#codes"))[0]
    officer.open("/account/")
    officer.look("account")
    for address, name in (
        ("password/", "password-change"),
        ("recovery-codes/new/", "recovery-codes-new"),
    ):
        officer.open(f"/account/{address}")
        officer.look(name)
    officer.open("/account/second-factor/remove/")
    officer.look("second-factor-needed")
    officer.open("/account/")
    page.click("button[name=everywhere]")
    officer.look("signed-out-everywhere")

    page.fill("#id_username", email)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_selector("#id_code")
    officer.look("sign-in-code")
    page.fill("#id_code", code)
    page.press("#id_code", "Enter")
    page.wait_for_url("**/home/")


@pytest.mark.parametrize("screen", [("en", 360), ("zh-hans", 1440)], ids=["en-360", "zh-hans-1440"])
def test_a_forgotten_password_is_asked_for(reader: MakeReader, screen: tuple[str, int]) -> None:
    visitor = reader(*screen)
    visitor.open("/sign-in/")
    visitor.page.click("main p a")
    visitor.look("password-forgotten")
    visitor.page.fill("#id_email", "nobody@example.org")
    visitor.page.press("#id_email", "Enter")
    visitor.page.wait_for_url("**/sent/")
    visitor.look("password-forgotten-sent")
    visitor.open("/password/new/1-nothing/")
    visitor.look("password-link-old")
