"""What was typed when the session had ended is carried through the sign-in, and sent by its author
alone.
"""

from __future__ import annotations

import html
import re

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from portal.register.models import SiteApplication
from portal.web.forms import unsent as unsent_forms
from tests.integration.portal_cast import PASSWORD, Cast, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]
NEW = "/sites/new/"
TYPED = {
    "slug": "new-1",
    "name": "New works",
    "name_zh": "",
    "pack": "cement",
    "jurisdiction": "cn/he",
    "size_class": "large",
}


def build_scene() -> Cast:
    return make_cast(2)


def fields(page: str) -> dict[str, str]:
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    }


def sign_in(client: Client, cast: Cast, carried: dict[str, str], typed: str = PASSWORD) -> str:
    answer = client.post(
        reverse("account_login"),
        {"username": cast.plants[0].owner.email, "password": typed, **carried},
        follow=True,
    )
    return answer.content.decode()


def test_what_was_typed_is_carried_through_a_wrong_and_a_right_password_and_sent(
    cast: Cast,
) -> None:
    owner = Client()
    ended = owner.post(NEW, TYPED)
    assert ended.status_code == 403
    page = ended.content.decode()
    assert "Your session has ended. What you typed is saved" in page
    assert "sessionid" not in owner.cookies, "nothing is kept for whoever has given no password"
    carried = {name: value for name, value in fields(page).items() if name in ("next", "unsent")}
    again = sign_in(owner, cast, carried, typed="wrong")
    assert {name: value for name, value in fields(again).items() if name in carried} == carried
    shown = sign_in(owner, cast, carried)
    assert "Nothing has been saved or decided" in shown
    assert not SiteApplication.objects.exists()
    typed = {name: value for name, value in fields(shown).items() if name in TYPED}
    assert typed == TYPED
    assert f'action="{NEW}"' in shown
    owner.post(NEW, typed)
    assert SiteApplication.objects.get().slug == "new-1"
    thrown = owner.post(reverse("web:unsent"), follow=True)
    assert "Nothing has been saved or decided" not in thrown.content.decode()
    assert owner.get(reverse("web:unsent")).status_code == 302


def test_files_passwords_and_what_nobody_signed_are_not_kept(cast: Cast) -> None:
    owner = Client()
    nothing = owner.post(NEW, {"password": "a long secret of mine"})
    assert nothing.headers["Location"].startswith("/sign-in/?next="), (
        "a password alone is nothing to carry"
    )
    forged = signing.dumps(["/elsewhere/", [["a", "b"]], []], salt="another salt")
    assert "Nothing has been saved" not in sign_in(
        owner, cast, {"unsent": forged, "next": reverse("web:unsent")}
    )
    long = Client().post(NEW, {"text": "x" * (unsent_forms.MOST_CHARACTERS + 1)})
    assert long.headers["Location"].startswith("/sign-in/?next=")


def test_markup_that_was_typed_is_shown_as_text(cast: Cast) -> None:
    owner = Client()
    page = owner.post(NEW, {"name": '"><script>alert(1)</script>'}).content.decode()
    shown = sign_in(
        owner,
        cast,
        {name: value for name, value in fields(page).items() if name in ("next", "unsent")},
    )
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_who_must_show_a_second_factor_finds_there_what_was_typed_before(cast: Cast) -> None:
    officer = Client()
    form = {"username": cast.approver.email, "password": PASSWORD}
    officer.post(reverse("account_login"), form)
    asked = officer.post(
        reverse("web:obliged-amend", args=[cast.group.pk]),
        {"site": "works-1", "duty": "voluntary", "cohort": ""},
    )
    assert asked.headers["Location"].endswith("next=%2Fnot-sent%2F")
    page = officer.get(reverse("web:unsent")).content.decode()
    assert "voluntary" in page
    assert (
        "You were asked to sign in again for this act. Nothing has been saved or decided yet"
        in page
    )
    assert "Your session had ended" not in page


def test_a_decision_is_carried_with_what_it_was_read_against_and_shows_the_words_of_its_form(
    cast: Cast,
) -> None:
    officer = Client()
    officer.post(reverse("account_login"), {"username": cast.approver.email, "password": PASSWORD})
    decided = {"read_against": "ab" * 32, "note": "Read twice.", "when": "now"}
    officer.post(reverse("web:publish-practice", args=[1]), decided)
    page = officer.get(reverse("web:unsent")).content.decode()
    assert {name: value for name, value in fields(page).items() if name in decided} == decided
    assert "Note on your decision (optional)" in page
    assert page.count("ab" * 32) == 1, "in the hidden field alone"


@pytest.mark.parametrize(
    "behind",
    [{"act": "confirm-it"}, {"answers": "4711"}, {"choose": "these-here"}, {"withdraw": "4711"}],
    ids=str,
)
def test_what_a_page_sends_along_by_itself_is_carried_and_not_shown_as_typed(
    cast: Cast, behind: dict[str, str]
) -> None:
    officer = Client()
    page = officer.post(
        reverse("web:decide-time", args=[cast.group.pk, "2016", 1]),
        {"answer": "Read twice.", **behind},
    ).content.decode()
    sign_in(
        officer,
        cast,
        {name: value for name, value in fields(page).items() if name in ("next", "unsent")},
    )
    page = officer.get(reverse("web:unsent")).content.decode()
    assert "Read twice." in page
    ((name, value),) = behind.items()
    assert fields(page)[name] == value
    assert page.count(value) == 1, "in the hidden field alone"
