"""What a new password must be, in the words of these pages (Django's own are not all there in
Chinese), and the link to choose one.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.selectors import active_person
from portal.own_address import absolute
from portal.web.words.mails import post_link

WORDS = {
    "password_too_short": _("The password is too short. Use at least 12 characters."),
    "password_too_common": _("This password is among the most common ones. Choose another."),
    "password_too_similar": _(
        "The password is too much like your name or address. Choose another."
    ),
}


def check(password: str, user: User | None) -> None:
    """Raises `ValidationError` with everything that is wrong with the password, by the validators
    of the settings.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError(
            [WORDS.get(fault.code or "", fault) for fault in error.error_list]
        ) from error


def post_link_to_new_password(email: str, language: str) -> None:
    """Put the mail with the link into the outbox, whether the address has an account or not: the
    same look, the same work, the same row.

    Only the worker, which nobody waits for, tells them apart: a letter to an address without an
    account is dropped there, and the link in it, made for nobody, opens nothing.
    """
    user = active_person(email.strip().lower()) or User(pk=0, email=email)
    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    link = absolute(reverse("account_reset_password_from_key", kwargs=parts))
    post_link(
        "new_password",
        user.email,
        language,
        {},
        link,
        good_for=timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
    )
