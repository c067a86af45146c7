"""What a new password must be, in the words of these pages: Django's own are not all there in Chinese."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User

WORDS = {
    "password_too_short": _("The password is too short. Take at least 12 characters."),
    "password_too_common": _("This password is among the most common ones. Take another."),
    "password_too_similar": _("The password is too much like your name or address. Take another."),
}


def check(password: str, user: User | None) -> None:
    """Raises `ValidationError` with everything that is wrong with the password, by the validators of the settings."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError([WORDS.get(one.code or "", one) for one in error.error_list]) from error
