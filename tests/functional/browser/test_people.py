"""A manager invites a colleague, who comes in by the link; both on their screens, in both
languages, by the keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import World
from tests.integration.post import letter_to

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]


@pytest.mark.parametrize("screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"])
def test_a_colleague_is_invited_and_comes_in(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    manager = reader(*screen, world.newcomer.email)
    page = manager.page
    manager.open("/people/")
    manager.look("people")
    page.press("#id_email", "Enter")
    page.wait_for_selector(".govuk-error-message")
    manager.look("people-no-address", expected_status=400)
    email = f"colleague-{screen[0]}@example.org"
    page.fill("#id_email", email)
    page.press("#id_email", "Enter")
    page.wait_for_selector(f"text={email}")
    manager.look("people-invited")
    link = re.findall(r"http://\S+/join/\S+", in_a_worker(lambda: letter_to(email)))[0]

    colleague = reader(*screen)
    colleague.page.goto(link)
    colleague.look("join")
    colleague.page.fill("#id_name", "New Colleague")
    colleague.page.fill("#id_password", "short")
    colleague.page.fill("#id_again", "shorter")
    colleague.page.press("#id_again", "Enter")
    colleague.page.wait_for_selector(".govuk-error-message")
    colleague.look("join-weak-password", expected_status=400)
    for field in ("password", "again"):
        colleague.page.fill(f"#id_{field}", "quite a long password")
    colleague.page.keyboard.press("Enter")
    colleague.page.wait_for_url("**/our-plant/")
    colleague.page.goto(link)
    colleague.look("join-outdated")

    manager.open("/people/")
    page.click(f"a:has-text('{email}')")
    manager.look("member")
    page.click("button[value=part]")
    page.wait_for_url("**/people/")
    manager.look("people-parted")


@pytest.mark.parametrize("screen", [("en", 360), ("zh-hans", 1440)], ids=["en-360", "zh-hans-1440"])
def test_a_certification_body_invites_a_colleague_who_is_led_to_a_second_factor(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    manager = reader(*screen, world.cast.auditor.email)
    page = manager.page
    manager.open("/assigned/")
    page.click("main a[href='/people/']")
    page.wait_for_url("**/people/")
    manager.look("people-of-a-body")
    assert page.locator("#id_delegate").count() == 0
    email = f"auditor-{screen[0]}@example.org"
    page.fill("#id_email", email)
    page.select_option("#id_capacity", "manager")
    page.press("#id_email", "Enter")
    page.wait_for_selector(f"text={email}")
    manager.look("people-of-a-body-invited")
    link = re.findall(r"http://\S+/join/\S+", in_a_worker(lambda: letter_to(email)))[0]

    colleague = reader(*screen)
    colleague.page.goto(link)
    colleague.page.fill("#id_name", "New Auditor")
    for field in ("password", "again"):
        colleague.page.fill(f"#id_{field}", "quite a long password")
    colleague.page.press("#id_again", "Enter")
    colleague.page.wait_for_url("**/account/second-factor/**")
    colleague.look("colleague-second-factor")
