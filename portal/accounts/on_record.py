"""What a person does to their own sign-in goes on record, by allauth's signals; a changed password
ends the other sessions.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import password_changed, password_reset, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from portal.accounts import sessions
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import speak_at_first, tell


@receiver(user_logged_in)
def signed_in(user: User, **_rest: Any) -> None:
    _note(user, Action.SIGNED_IN)
    speak_at_first(user.pk, get_language() or settings.LANGUAGE_CODE)


@receiver(authenticator_added)
@receiver(authenticator_reset)
def second_factor_set_up(
    request: HttpRequest, user: User, authenticator: Authenticator, **_rest: Any
) -> None:
    """Who has just typed a code of the new app has shown it in this session."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    _note(user, Action.SECOND_FACTOR_ADDED, authenticator.type)
    _tell(user, NoticeKind.SECOND_FACTOR_ADDED)


@receiver(authenticator_removed)
def second_factor_removed(user: User, authenticator: Authenticator, **_rest: Any) -> None:
    _note(user, Action.SECOND_FACTOR_REMOVED, authenticator.type)
    _tell(user, NoticeKind.SECOND_FACTOR_REMOVED)


@receiver(password_changed)
def password_was_changed(request: HttpRequest, user: User, **_rest: Any) -> None:
    """Whoever knew the old one is out: the other sessions end."""
    _note(user, Action.PASSWORD_CHANGED)
    _tell(user, NoticeKind.PASSWORD_CHANGED)
    sessions.end(user, timezone.now(), but=request.session.session_key)


@receiver(password_reset)
def password_was_reset(user: User, **_rest: Any) -> None:
    _note(user, Action.PASSWORD_CHANGED, "by a link sent by mail")
    _tell(user, NoticeKind.PASSWORD_CHANGED)
    sessions.end(user, timezone.now())


def _tell(user: User, kind: NoticeKind) -> None:
    tell(kind, (user.pk,), "mfa_index", {}, {}, timezone.now())


def _note(user: User, action: Action, detail: str = "") -> None:
    record(timezone.now(), user.email, action, f"person {user.email}", detail)
