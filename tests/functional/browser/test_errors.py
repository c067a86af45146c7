"""What stands where something went wrong: what happened and what to do, in both languages and
inside the design.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test.utils import override_settings

from portal.web.views import about
from tests.functional.browser.reader import Reader
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"]
)


def says(visitor: Reader, english: str, chinese: str) -> None:
    text = visitor.text()
    assert (english if visitor.language == "en" else chinese) in text
    assert visitor.page.is_visible(".sl-brand")
    assert visitor.page.is_visible(".sl-foot")


@SCREENS
def test_what_is_not_there(reader: MakeReader, screen: tuple[str, int]) -> None:
    visitor = reader(*screen)
    visitor.open("/nothing/")
    visitor.look("error-404", expected_status=404)
    says(visitor, "Check the address, sign in, or start from the benchmarks.", "请核对地址")


@SCREENS
def test_what_is_another_roles(reader: MakeReader, screen: tuple[str, int], world: World) -> None:
    owner = reader(*screen, world.cast.plants[0].owner.email)
    owner.open("/periods/")
    owner.look("error-403", expected_status=403)
    says(owner, "Sign out and sign in with the right account", "请退出并使用正确的账号登录")


@SCREENS
def test_what_broke(
    reader: MakeReader, screen: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(about, "about_parts", broken)
    visitor = reader(*screen)
    visitor.open("/about/")
    visitor.complaints = [
        complaint for complaint in visitor.complaints if not complaint.startswith("500 at")
    ]
    visitor.look("error-500", expected_status=500)
    says(visitor, "Try again in a few minutes.", "请几分钟后重试")


@SCREENS
def test_a_form_from_another_visit(reader: MakeReader, screen: tuple[str, int]) -> None:
    visitor = reader(*screen)
    visitor.open("/sign-in/")
    visitor.page.context.clear_cookies(name="csrftoken")
    visitor.page.fill("#id_username", "somebody@example.org")
    visitor.page.fill("#id_password", "anything")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    visitor.look("error-csrf", expected_status=403)
    says(visitor, "load the page again and send the form once more", "重新载入页面并再次提交表单")


@override_settings(
    ACCOUNT_RATE_LIMITS={"reset_password": "1/h/key"}
)  # tests know no limit of their own
@SCREENS
def test_what_was_asked_too_often(reader: MakeReader, screen: tuple[str, int]) -> None:
    visitor = reader(*screen)
    for _ in range(2):
        visitor.open("/password/forgotten/")
        visitor.page.fill("#id_email", f"often-{screen[1]}@example.org")
        with visitor.page.expect_navigation():
            visitor.page.keyboard.press("Enter")
    visitor.look("error-429", expected_status=429)
    says(visitor, "Wait some minutes, then try again.", "请等几分钟后再试")


def test_on_a_phone_a_table_is_sorted_by_a_form_without_scripts(
    reader: MakeReader, world: World
) -> None:
    officer = reader("en", 360, world.cast.approver.email)
    officer.open("/periods/")
    officer.look("sort-form")
    plain = reader("zh-hans", 360, world.cast.approver.email, scripts=False)
    plain.open("/periods/?stage=all")
    page = plain.page
    chosen = page.locator(".sl-sortform option:not([selected])").last.get_attribute("value")
    page.select_option("#sort", chosen)
    page.focus("#sort")
    with page.expect_navigation():
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    assert f"sort={chosen}" in page.url
    assert "stage=all" in page.url
    assert page.locator("#sort").input_value() == chosen
    page.set_viewport_size({"width": 1440, "height": 900})
    assert not page.is_visible(".sl-sortform"), "there the heads lead to the orders"
