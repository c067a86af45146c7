"""The second factor: whose role asks for it, whether this session has shown it, how its secret is
kept, giving and taking it away.

A code of an authenticator app (RFC 6238) or a recovery code. allauth's own views set it up and
check it: they are wired in `web/account_urls`, their forms and words are in `web/account_forms` and
`web/signing_in`. Who may publish, or attest what is published, needs one; everybody else is offered
one (`SECOND_FACTOR_ROLES`). Its secret lies encrypted under a key that is derived from
`SECRET_KEY`, so that a stolen copy of the database makes nobody a code.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from allauth.account.authentication import get_authentication_records
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from portal import encrypted_texts
from portal.accounts.models import User
from portal.accounts.selectors import roles_of
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell

PURPOSE = b"steplabel second factor v1"


def asked_of(roles: Collection[str]) -> bool:
    """Whether somebody with these roles needs a second factor."""
    return not set(settings.SECOND_FACTOR_ROLES).isdisjoint(roles)


def needed_by(user: User) -> bool:
    return asked_of(roles_of(user))


def has_one(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def authenticators_of(user: User) -> Mapping[str, Authenticator]:
    """What the person has set up, by type: the app, the recovery codes."""
    return {
        authenticator.type: authenticator
        for authenticator in Authenticator.objects.filter(user=user)
    }


def was_shown(request: HttpRequest, user: User) -> bool:
    """Whether the person gave a code in this very session: at sign-in, when it was set up, or when
    asked again.
    """
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def seal(secret: str) -> str:
    return encrypted_texts.seal(secret, PURPOSE)


def unseal(sealed: str) -> str:
    return encrypted_texts.unseal(sealed, PURPOSE)


def give(user: User) -> str:
    """Set an app up for the person, in place of an earlier one; its secret, in the Base32 that apps
    take. For demo and tests.
    """
    secret: str = generate_totp_secret()
    Authenticator.objects.filter(user=user).delete()
    TOTP.activate(user, secret)
    return secret


def code_at(secret: str, moment: datetime) -> str:
    """The code that an app with this secret shows at that moment (RFC 6238, steps of 30 s)."""
    code: str = format_hotp_value(
        hotp_value(secret, int(moment.timestamp()) // mfa_settings.TOTP_PERIOD)
    )
    return code


def take_away(user: User, by: str, now: datetime) -> bool:
    """Remove app and recovery codes of who has lost both, and tell them, for it may be somebody
    else who asked; whether there was anything.

    The next sign-in asks who needs one to set it up.
    """
    with transaction.atomic():
        gone, _each = Authenticator.objects.filter(user=user).delete()
        if gone:
            record(now, by, Action.SECOND_FACTOR_REMOVED, f"person {user.email}", "lost")
            tell(NoticeKind.SECOND_FACTOR_REMOVED, (user.pk,), "mfa_index", {}, {}, now)
    return bool(gone)
