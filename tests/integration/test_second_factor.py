"""Signing in through the pages: password, code, recovery code; setting up, asking again, changing
and forgetting the password.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal.accounts import attempts, second_factor
from portal.accounts.models import Jurisdiction, Organisation, Role, User
from portal.auditlog.models import Action, Event
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Mail, Notice
from tests.integration.portal_cast import PASSWORD, person
from tests.integration.post import letter_to, send_all

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another long enough one"  # noqa: S105 - of people who do not exist


@pytest.fixture
def officer() -> User:
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    ministry = Organisation.objects.create(
        name="Ministry", kind=Role.REGULATOR, jurisdiction=nation
    )
    return person("officer@example.org", ministry, Role.REGULATOR)


@pytest.fixture
def plain() -> User:
    return User.objects.create_user("plain@example.org", PASSWORD)


def by_password(client: Client, user: User, to: str = "", password: str = PASSWORD) -> str:
    """Where the password alone leads."""
    answer = client.post(
        f"/sign-in/{f'?next={to}' if to else ''}", {"username": user.email, "password": password}
    )
    return answer.headers.get("Location", str(answer.status_code))


def set_up(client: Client) -> str:
    """Go through the page that sets an app up; its key."""
    page = client.get("/account/second-factor/").content.decode()
    secret = re.search(r'id="key">([A-Z2-7]+)<', page)
    assert secret
    answer = client.post(
        "/account/second-factor/", {"code": second_factor.code_at(secret[1], timezone.now())}
    )
    assert answer.headers["Location"] == "/account/recovery-codes/"
    return secret[1]


@pytest.mark.django_db(transaction=True)  # what happens on commit happens
def test_whose_role_needs_a_second_factor_sets_it_up_before_anything_else(
    client: Client, officer: User
) -> None:
    assert by_password(client, officer) == "/home/"
    assert (
        client.get("/periods/").headers["Location"] == "/account/second-factor/?next=%2Fperiods%2F"
    )
    set_up(client)
    assert client.get("/periods/").status_code == 200
    codes = re.findall(r"<li>(\d{8})</li>", client.get("/account/recovery-codes/").content.decode())
    assert len(codes) == 10
    assert client.get("/account/recovery-codes/file/").content.decode().split() == codes
    recorded = Event.objects.filter(subject=f"person {officer.email}").values_list(
        "action", flat=True
    )
    assert Action.SECOND_FACTOR_ADDED in recorded


def test_without_the_policy_the_password_alone_opens_the_pages(
    client: Client, officer: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_ROLES = ()
    by_password(client, officer)
    assert client.get("/periods/").status_code == 200


def test_an_app_or_a_recovery_code_is_asked_for_at_sign_in_and_leads_to_the_page_that_was_asked_for(
    officer: User,
) -> None:
    secret = second_factor.give(officer)
    visitor = Client()
    assert by_password(visitor, officer, "/periods/") == "/sign-in/code/"
    assert visitor.get("/periods/").headers["Location"] == "/sign-in/?next=/periods/", (
        "the password alone is no sign-in"
    )
    code = second_factor.code_at(secret, timezone.now())
    assert visitor.post("/sign-in/code/", {"code": code}).headers["Location"] == "/periods/"
    assert visitor.get("/periods/").status_code == 200
    again = Client()
    by_password(again, officer)
    answer = again.post("/sign-in/code/", {"code": code})
    assert "was used already" in answer.content.decode(), (
        "a code that somebody has looked at is good for nothing"
    )


def test_who_has_no_recovery_codes_is_offered_to_make_them_and_not_a_page_that_is_not_there(
    officer: User,
) -> None:
    visitor, secret = Client(), second_factor.give(officer)
    by_password(visitor, officer)
    visitor.post("/sign-in/code/", {"code": second_factor.code_at(secret, timezone.now())})
    page = visitor.get("/account/").content.decode()
    assert 'href="/account/recovery-codes/"' not in page
    assert 'href="/account/recovery-codes/new/"' in page
    visitor.post("/account/recovery-codes/new/")
    assert 'href="/account/recovery-codes/"' in visitor.get("/account/").content.decode()


def test_a_recovery_code_is_good_once(client: Client, officer: User) -> None:
    by_password(client, officer)
    set_up(client)
    code = re.findall(r"<li>(\d{8})</li>", client.get("/account/recovery-codes/").content.decode())[
        3
    ]
    for expected in (302, 200):
        visitor = Client()
        by_password(visitor, officer)
        assert visitor.post("/sign-in/code/", {"code": code}).status_code == expected


def test_wrong_codes_are_counted_as_wrong_passwords_are(officer: User) -> None:
    secret = second_factor.give(officer)
    visitor = Client(REMOTE_ADDR="2001:db8::77")
    by_password(visitor, officer)
    for _ in range(attempts.PER_ACCOUNT_AND_NETWORK):
        assert "code is wrong" in visitor.post("/sign-in/code/", {"code": "000"}).content.decode()
    answer = visitor.post("/sign-in/code/", {"code": second_factor.code_at(secret, timezone.now())})
    assert "Wait 15 minutes" in answer.content.decode()


def test_the_key_of_an_app_is_not_readable_in_the_database(officer: User) -> None:
    secret = second_factor.give(officer)
    stored = str(Authenticator.objects.get(user=officer).data)
    assert secret not in stored
    assert second_factor.unseal(second_factor.seal(secret)) == secret


@pytest.mark.django_db(transaction=True)  # what happens on commit happens
def test_whose_role_needs_it_cannot_remove_it_and_another_can(
    client: Client, officer: User, plain: User
) -> None:
    second_factor.give(officer)
    client.force_login(officer)
    assert (
        client.get("/account/second-factor/remove/")
        .content.decode()
        .count("Your role needs a second factor")
    )
    client.post("/account/second-factor/remove/")
    assert second_factor.has_one(officer)
    second_factor.give(plain)
    client.force_login(plain)
    client.post("/account/second-factor/remove/")
    assert not second_factor.has_one(plain)


def test_the_picture_for_the_app_is_an_address_of_its_own_and_of_this_session_alone(
    client: Client, plain: User
) -> None:
    client.force_login(plain)
    assert client.get("/account/second-factor/qr.svg").status_code == 404
    page = client.get("/account/second-factor/").content.decode()
    assert "data:" not in page
    assert "style=" not in page
    picture = client.get("/account/second-factor/qr.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert b"style=" not in picture.content
    assert "no-store" in picture["Cache-Control"]


def test_who_signed_in_long_ago_is_asked_again_before_a_dangerous_act(
    client: Client, plain: User
) -> None:
    client.force_login(plain)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": (timezone.now() - timedelta(hours=1)).timestamp()}
    ]
    session.save()
    asked = client.get("/account/second-factor/")
    assert asked.headers["Location"] == "/account/confirm/?next=%2Faccount%2Fsecond-factor%2F"
    assert (
        "not your password"
        in client.post(asked.headers["Location"], {"password": "wrong"}).content.decode()
    )
    back = client.post(
        asked.headers["Location"], {"password": PASSWORD, "next": "/account/second-factor/"}
    )
    assert back.headers["Location"] == "/account/second-factor/"
    assert client.get("/account/second-factor/").status_code == 200


def test_a_new_password_ends_every_other_session(plain: User) -> None:
    here, other = Client(), Client()
    for client in (here, other):
        by_password(client, plain)
        assert client.get("/account/").status_code == 200
    filled = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert here.post("/account/password/", filled).headers["Location"] == "/account/"
    assert here.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert Session.objects.count() == 1


def test_sessions_are_listed_and_ended_one_by_one_or_all(plain: User, officer: User) -> None:
    here, other = (
        Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux) Firefox/140.0"),
        Client(HTTP_USER_AGENT="curl/8"),
    )
    stranger = Client()
    by_password(here, plain)
    by_password(other, plain)
    by_password(stranger, officer)
    page = here.get("/account/").content.decode()
    assert "Firefox, Linux" in page
    assert "curl/8" in page
    numbers = re.findall(r'name="session" value="(\d+)"', page)
    assert len(numbers) == 1, "one's own session has no button, and another person's is not there"
    others = re.findall(r'name="session" value="(\d+)"', stranger.get("/account/").content.decode())
    assert others == []
    stranger.post("/account/", {"session": numbers[0]})
    assert other.get("/account/").status_code == 200, "nobody ends another person's session"
    here.post("/account/", {"session": numbers[0]})
    assert other.get("/account/").status_code == 302
    assert here.post("/account/", {"everywhere": "yes"}).headers["Location"] == "/sign-in/"
    assert here.get("/account/").status_code == 302
    assert stranger.get("/account/").status_code == 200


def test_a_forgotten_password_is_set_anew_by_a_link_in_a_mail_which_does_not_pass_the_second_factor(
    client: Client, officer: User
) -> None:
    second_factor.give(officer)
    assert (
        client.post("/password/forgotten/", {"email": officer.email.upper()}).headers["Location"]
        == "/password/forgotten/sent/"
    )
    link = re.search(r"http://testserver(/password/new/\S+)", letter_to(officer.email))
    assert link
    form = client.get(link[1]).headers["Location"]
    weak = client.post(form, {"password1": "short", "password2": "short"}).content.decode()
    assert "govuk-error-message" in weak
    assert (
        client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}).headers[
            "Location"
        ]
        == "/password/new/done/"
    )
    assert by_password(Client(), officer, password=NEW_PASSWORD) == "/sign-in/code/"
    assert "no longer works" in Client().get(link[1], follow=True).content.decode()


def test_an_address_that_nobody_has_is_answered_alike_and_gets_no_mail(client: Client) -> None:
    assert (
        client.post("/password/forgotten/", {"email": "nobody@example.org"}).headers["Location"]
        == "/password/forgotten/sent/"
    )
    assert send_all() == 0
    assert mail.outbox == []
    assert Mail.objects.get().state == Mail.State.DROPPED


def test_the_operator_removes_a_lost_second_factor_and_it_is_on_record(officer: User) -> None:
    second_factor.give(officer)
    call_command("remove_second_factor", officer.email.upper())
    assert not second_factor.has_one(officer)
    assert Event.objects.get(action=Action.SECOND_FACTOR_REMOVED).actor == "operator"
    assert Notice.objects.get(recipient=officer).kind == NoticeKind.SECOND_FACTOR_REMOVED
    assert Mail.objects.filter(recipient=officer, daily=False).count() == 1
    for nobody in (officer.email, "nobody@example.org"):
        with pytest.raises(CommandError):
            call_command("remove_second_factor", nobody)


def test_the_code_is_that_of_the_standards_own_example() -> None:
    """RFC 6238, appendix B: the secret "12345678901234567890", 1970-01-01 00:00:59 UTC; the last
    six digits of 94287082.
    """
    assert (
        second_factor.code_at(
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)
        )
        == "287082"
    )
