"""How allauth signs people in here: our pages, our words, our rules of who needs a second
factor.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts import second_factor
from portal.accounts.client_address import client_address
from portal.accounts.devices import remember_device
from portal.accounts.models import Role, User
from portal.accounts.selectors import roles_of
from portal.web import passwords

TOLD: dict[str, Promise] = {
    "account/messages/password_changed.txt": _(
        "The password is changed. You are signed out everywhere else."
    ),
    "mfa/messages/totp_activated.txt": _(
        "The second factor is set up. From now on you need a code to sign in."
    ),
    "mfa/messages/totp_deactivated.txt": _(
        "The second factor is removed. You now sign in with your password alone."
    ),
}
"""What allauth has to say, in our words; what is not listed is not worth a banner."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    error_messages = {  # noqa: RUF012 - as allauth declares it
        **DefaultAccountAdapter.error_messages,
        "enter_current_password": _("This is not your password. Type the one you signed in with."),
        "incorrect_password": _("This is not your password. Type the one you signed in with."),
        "too_many_login_attempts": _(
            "Too many codes or passwords were wrong. Wait 15 minutes, then try again."
        ),
        "rate_limited": _(
            "Too many codes or passwords were wrong. Wait 15 minutes, then try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from the register, from a firm's registration or from an invitation."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The first page of the person's role."""
        return first_page(request)

    def post_login(self, request: HttpRequest, user: User, **login: Any) -> HttpResponse:
        """The sign-in is whole: this browser is one of the person's."""
        response: HttpResponse = super().post_login(request, user, **login)
        remember_device(request, response, user.email)
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def clean_password(self, password: str, user: User | None = None) -> str:
        passwords.check(password, user)
        return password

    def reauthenticate(self, user: User, password: str) -> bool:
        return user.check_password(password)

    def is_reauthentication_required(self, *, app: str, **_rest: Any) -> bool:
        """Not of who has signed in just now."""
        return not signed_in_lately(self.request)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *_args: Any,
        **_rest: Any,
    ) -> None:
        if message_template in TOLD:
            messages.add_message(request, messages.SUCCESS, str(TOLD[message_template]))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth ships no types
    error_messages = {  # noqa: RUF012 - as allauth declares it
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "The code is wrong or was used already. Wait for the next one; check that the phone’s "
            "clock is right."
        ),
        "cannot_delete_authenticator": _("Your role needs a second factor; it cannot be removed."),
        "cannot_generate_recovery_codes": _(
            "Set up an authenticator app first; recovery codes replace it if needed."
        ),
    }

    def encrypt(self, text: str) -> str:
        return second_factor.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_factor.unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not second_factor.needed_by(authenticator.user)


def first_page(request: HttpRequest) -> str:
    """A firm's is its plant; who has another role besides begins with what waits for that."""
    roles = roles_of(request.user) if isinstance(request.user, User) else frozenset()
    if roles == {Role.ENTERPRISE}:
        return reverse("web:our-plants")
    return reverse("web:home" if roles else "web:sectors")


def signed_in_lately(request: HttpRequest) -> bool:
    """Whether a password or a code was given in this session within the last quarter of an hour."""
    since = timezone.now().timestamp() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(
        record["at"] >= since for record in get_authentication_records(request, request.user)
    )
