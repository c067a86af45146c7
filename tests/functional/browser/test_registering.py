"""A firm registers itself, a regulator approves it, its contact comes in and asks for a site."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.cache import cache

from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import World
from tests.integration.post import letter_to

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]


def link_to(address: str) -> str:
    return str(re.findall(r"http://\S+", in_a_worker(lambda: letter_to(address)))[0])


@pytest.mark.parametrize("screen", [("en", 360), ("zh-hans", 1440)], ids=["en-360", "zh-hans-1440"])
def test_a_firm_comes_in_and_asks_for_a_site(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    cache.clear()
    name = f"Newcomer {screen[0]}"
    visitor = reader(*screen)
    page = visitor.page
    visitor.open("/register/")
    visitor.look("register")
    page.press("#id_name", "Enter")
    page.wait_for_selector(".govuk-error-summary")
    visitor.look("register-nothing", expected_status=400)
    for field, text in (
        ("name", name),
        (
            "credit_code",
            {"en": "9111 0000 6000 3734 1L", "zh-hans": "91350100M000100Y43"}[screen[0]],
        ),
        ("controlling_firm", "New Holding " + screen[0]),
        ("contact", "Li"),
        ("telephone", "+86 315 555 0100"),
        ("email", f"li-{screen[0]}@new.example"),
    ):
        page.fill(f"#id_{field}", text)
    assert page.input_value("#id_jurisdiction") == "", "nothing is chosen for who does not look"
    page.select_option("#id_jurisdiction", index=1)
    page.press("#id_email", "Enter")
    page.wait_for_url("**/register/sent/")
    visitor.look("register-sent")
    page.goto(link_to(f"li-{screen[0]}@new.example"))
    visitor.look("register-confirm")
    page.click("main form button")
    visitor.look("register-confirmed")

    officer = reader(*screen, world.cast.approver.email)
    officer.open("/applications/")
    officer.look("applications")
    officer.page.click(f"a:has-text('{name}')")
    officer.look("firm-application")
    officer.page.click("button[value=refuse]")
    officer.look("firm-application-no-reason", expected_status=400)
    officer.page.click("button[value=approve]")
    officer.page.wait_for_url("**/applications/")
    officer.look("applications-none")

    page.goto(link_to(f"li-{screen[0]}@new.example"))
    page.fill("#id_name", "Li")
    for field in ("password", "again"):
        page.fill(f"#id_{field}", "quite a long password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/our-plant/")
    visitor.open("/sites/new/")
    visitor.look("site-new")
    page.fill("#id_slug", f"new-{screen[0]}")
    page.fill("#id_name", "New works")
    for field in ("pack", "jurisdiction", "size_class"):
        assert page.input_value(f"#id_{field}") == ""
        page.select_option(f"#id_{field}", index=1)
    page.press("#id_name", "Enter")
    page.wait_for_url("**/sites/")
    visitor.look("sites-asked-for")
    officer.open("/applications/")
    officer.page.click("main table a")
    officer.look("site-application")
    assert officer.page.input_value("#id_duty") == ""
    officer.page.click("button[value=approve]")
    officer.look("site-application-no-duty", expected_status=400)
    officer.page.select_option("#id_duty", "voluntary")
    officer.page.click("button[value=approve]")
    visitor.open(f"/sites/new-{screen[0]}/edit/")
    visitor.look("site-edit")
    visitor.open(f"/sites/new-{screen[0]}/retire/")
    visitor.look("site-retire")
    page.click("main form button")
    visitor.look("sites-retired")
