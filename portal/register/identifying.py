"""A firm's unified social credit code, never held twice, and its telephone number: corrected by who
leads the firm or regulates one of its sites.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from benchmarks.phrases import Phrase
from portal.accounts.credit_codes import credit_code, required_in
from portal.accounts.models import Organisation, User
from portal.accounts.selectors import regulated_sites
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.problems import RefusedError
from portal.register.inviting import led_firms

REQUIRED = Phrase("A firm in this jurisdiction has a unified social credit code.")


def may_identify(user: User, firm: int) -> bool:
    return (
        regulated_sites(user).filter(organisation=firm).exists()
        or led_firms(user).filter(pk=firm).exists()
    )


def identify(user: User, firm: int, text: str, telephone: str, now: datetime) -> Organisation:
    """Enter or correct the firm's telephone number and its code; or take the code away, where its
    sites lie (and without a site, where it registered) in no jurisdiction that requires one.

    Raises:
        Organisation.DoesNotExist: neither led by the person nor with a site that they regulate.
        WrongCodeError: what is typed is no code.
        RefusedError: `credit-code-taken`, `credit-code-required` (409).
    """
    code = credit_code(text)
    with transaction.atomic():
        if not may_identify(user, firm):
            raise Organisation.DoesNotExist
        row = Organisation.objects.select_for_update().get(pk=firm)
        if not code and any(required_in(jurisdiction) for jurisdiction in _jurisdictions_of(row)):
            raise code_required()
        if row.credit_code != code:
            require_free(code, row.pk)
            record(
                now,
                user.email,
                Action.CREDIT_CODE,
                f"firm {row.name}"[:254],
                f"was {row.credit_code or 'none'}, is {code or 'none'}",
            )
            row.credit_code = code
        if row.telephone != telephone:
            record(now, user.email, Action.TELEPHONE, f"firm {row.name}"[:254])
            row.telephone = telephone
        row.save(update_fields=["credit_code", "telephone"])
    return row


def _jurisdictions_of(firm: Organisation) -> list[str]:
    """The paths of where its sites lie; of a firm that has none yet, of where it registered."""
    registered = [] if firm.jurisdiction is None else [firm.jurisdiction.path]
    return list(firm.sites.values_list("jurisdiction__path", flat=True)) or registered


def code_required() -> RefusedError:
    return RefusedError(
        409, "credit-code-required", REQUIRED, "Enter the code of its business licence."
    )


def require_free(code: str, firm: int | None = None) -> None:
    """Raises: RefusedError: `credit-code-taken` (409), where another organisation has the code."""
    if (
        code
        and Organisation.objects.filter(credit_code=code)
        .exclude(pk__in=[] if firm is None else [firm])
        .exists()
    ):
        raise code_taken(code)


def code_taken(code: str) -> RefusedError:
    return RefusedError(
        409,
        "credit-code-taken",
        Phrase("Another organisation has the unified social credit code %(code)s.", code=code),
        "Compare it with the business licence; a branch has a code of its own, which belongs to "
        "its site.",
    )
