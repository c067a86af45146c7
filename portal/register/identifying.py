"""A firm's unified social credit code: corrected by who leads the firm or regulates one of its sites, and never held twice."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from benchmarks.phrases import Phrase
from portal.accounts.credit_codes import credit_code
from portal.accounts.models import Organisation, User
from portal.accounts.selectors import regulated_sites
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.problems import RefusedError
from portal.register.inviting import led_firms


def may_identify(user: User, firm: int) -> bool:
    return regulated_sites(user).filter(organisation=firm).exists() or led_firms(user).filter(pk=firm).exists()


def identify(user: User, firm: int, text: str, now: datetime) -> Organisation:
    """Enter, correct or take away the firm's code.

    Raises:
        Organisation.DoesNotExist: neither led by the person nor with a site that they regulate.
        WrongCodeError: what is typed is no code.
        RefusedError: `credit-code-taken` (409).
    """
    code = credit_code(text)
    with transaction.atomic():
        if not may_identify(user, firm):
            raise Organisation.DoesNotExist
        row = Organisation.objects.select_for_update().get(pk=firm)
        if row.credit_code != code:
            require_free(code, row.pk)
            record(now, user.email, Action.CREDIT_CODE, f"firm {row.name}"[:254], f"was {row.credit_code or 'none'}, is {code or 'none'}")
            row.credit_code = code
            row.save(update_fields=["credit_code"])
    return row


def require_free(code: str, firm: int | None = None) -> None:
    """Raises: RefusedError: `credit-code-taken` (409), where another organisation has the code."""
    if code and Organisation.objects.filter(credit_code=code).exclude(pk__in=[] if firm is None else [firm]).exists():
        raise taken(code)


def taken(code: str) -> RefusedError:
    return RefusedError(
        409,
        "credit-code-taken",
        Phrase("Another organisation has the unified social credit code %(code)s.", code=code),
        "Compare it with the business licence; a branch has a code of its own, which belongs to its site.",
    )
