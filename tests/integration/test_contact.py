"""Whom people can turn to stands on every page and where a text sends them there; without a contact
no text sends anybody.
"""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.utils import translation
from django.views.defaults import server_error
from pytest_django.fixtures import Settings

from portal.notifications.kinds import NoticeKind
from portal.web.forms.signing_in import SignInForm
from portal.web.presenters.notices import WORDINGS

pytestmark = pytest.mark.django_db
MAIL, PAGE = "operator@example.org", "https://example.org/help"


def broken() -> str:
    return server_error(RequestFactory().get("/")).content.decode()


@pytest.mark.parametrize(("contact", "address"), [(MAIL, f"mailto:{MAIL}"), (PAGE, PAGE)])
def test_it_stands_in_the_foot_of_every_page_as_a_link(
    client: Client, settings: Settings, contact: str, address: str
) -> None:
    settings.CONTACT = contact
    link = f'<a class="govuk-link" href="{address}">{contact}</a>'
    for body in (client.get("/about/").content.decode(), broken()):
        assert link in body.partition('<footer class="sl-foot">')[2]
    settings.CONTACT = ""
    for body in (client.get("/about/").content.decode(), broken()):
        assert "mailto:" not in body
        assert "ontact" not in body


def test_a_fault_a_closed_account_and_a_mail_say_what_to_write_about(settings: Settings) -> None:
    settings.CONTACT = MAIL
    with translation.override("en"):
        assert "say when it happened" in broken()
        assert (
            str(SignInForm.error_messages["inactive"])
            == f"This account is closed. If it should not be closed, contact {MAIL}."
        )
        assert str(WORDINGS[NoticeKind.SECOND_FACTOR_REMOVED].sentence) == (
            f"If it was not you, change your password at once. Then contact {MAIL}."
        )
    with translation.override("zh-hans"):
        assert (
            str(SignInForm.error_messages["inactive"])
            == f"此账号已关闭。如不应关闭，请联系 {MAIL}。"
        )


def test_without_a_contact_the_same_texts_send_nobody_anywhere(settings: Settings) -> None:
    settings.CONTACT = ""
    with translation.override("en"):
        assert "Try again in a few minutes. </p>" in " ".join(broken().split())
        assert str(SignInForm.error_messages["inactive"]) == "This account is closed."
        assert (
            str(WORDINGS[NoticeKind.SECOND_FACTOR_REMOVED].sentence)
            == "If it was not you, change your password at once."
        )
