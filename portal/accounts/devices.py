"""How a browser that has signed in to an account before is recognised: by a signed cookie. What it
may try is for `attempts` to say.

After OWASP, *Slow Down Online Guessing Attacks with Device Cookies*
(https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies). The
cookie's name is a keyed digest of the account, its value a number drawn at the sign-in; it opens
nothing, and saves nobody a password or a code. A browser may know several.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

REMEMBERED = timedelta(days=365)
SALT = "portal.accounts.devices"


def device_of(request: HttpRequest, account: str) -> str:
    """The number of this browser where it has signed in to the account (an email address) before,
    else empty.
    """
    return request.get_signed_cookie(_name(account), "", salt=SALT, max_age=REMEMBERED) or ""


def remember_device(request: HttpRequest, response: HttpResponseBase, account: str) -> None:
    """After a whole sign-in, second factor included: this browser is the account's from now on."""
    number = device_of(request, account) or secrets.token_urlsafe(16)
    response.set_signed_cookie(
        _name(account),
        number,
        salt=SALT,
        max_age=REMEMBERED,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known_device(request: HttpRequest) -> str:
    """The number of a browser that has signed in to any account before, else empty."""
    for name in request.COOKIES:
        if name.startswith(_prefix()) and (
            number := request.get_signed_cookie(name, "", salt=SALT, max_age=REMEMBERED)
        ):
            return number
    return ""


def _name(account: str) -> str:
    return _prefix() + salted_hmac(SALT, account.strip().lower()).hexdigest()[:16]


def _prefix() -> str:
    return "__Host-device-" if settings.SESSION_COOKIE_SECURE else "device-"
