"""A firm registers itself and confirms by a link; a regulator of its jurisdiction approves it, or
refuses with a reason.

    applied ──the address answers──▶ waiting ──regulator──▶ approved (the organisation exists, its
    contact is invited) | refused

The applicant spells the controlling firm; the regulator says which of those known it is, or that it
is new: a firm that is only misspelt would count as one more in every disclosure rule.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from benchmarks.phrases import Phrase
from portal.accounts.audience import regulators_of
from portal.accounts.models import ControllingFirm, Jurisdiction, Organisation, Role, User
from portal.accounts.selectors import controlling_firms, jurisdictions_of, within
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell
from portal.problems import RefusedError
from portal.register.identifying import require_free
from portal.register.inviting import SentInvitation, digest_of, invite_to
from portal.register.models import FirmApplication

TIME_TO_ANSWER = timedelta(days=7)
OPEN_TO_ALL = {Role.ENTERPRISE}
"""What registers itself, with what extras add. Regulators and certification bodies are declared by
the operator.
"""


@dataclass(frozen=True, slots=True)
class FirmWish:
    name: str
    name_zh: str
    controlling_firm: str
    jurisdiction: Jurisdiction
    contact: str
    email: str
    language: str
    kind: Role = Role.ENTERPRISE
    credit_code: str = ""
    telephone: str = ""


def apply(wish: FirmWish, now: datetime) -> str:
    """Keep the wish until its address answers; the secret of the link that asks."""
    secret = secrets.token_urlsafe(32)
    if wish.kind not in OPEN_TO_ALL:
        raise ValueError(f"Nobody registers as a {wish.kind}.")
    FirmApplication.objects.create(
        kind=wish.kind,
        name=wish.name,
        name_zh=wish.name_zh,
        controlling_firm=wish.controlling_firm,
        credit_code=wish.credit_code,
        jurisdiction=wish.jurisdiction,
        contact=wish.contact,
        telephone=wish.telephone,
        email=wish.email.strip().lower(),
        language=wish.language,
        secret_sha256=digest_of(secret),
        applied_at=now,
    )
    return secret


def unanswered(secret: str, now: datetime) -> FirmApplication | None:
    """The application that this link confirms, if it still can be."""
    rows = FirmApplication.objects.filter(
        secret_sha256=digest_of(secret), confirmed_at=None, applied_at__gt=now - TIME_TO_ANSWER
    )
    return rows.select_related("jurisdiction").first()


def confirm(secret: str, now: datetime) -> bool:
    """The address has answered: regulators see the application. False where the link is used or
    old.
    """
    with transaction.atomic():
        row = unanswered(secret, now)
        if row is None:
            return False
        row.confirmed_at = now
        row.save(update_fields=["confirmed_at"])
        record(now, row.email, Action.FIRM_APPLIED, f"firm {row.name}"[:254], row.jurisdiction.path)
        tell(
            NoticeKind.APPLICATION_WAITS,
            regulators_of(row.jurisdiction),
            "web:applications",
            {},
            {},
            now,
        )
    return True


def waiting_for(user: User) -> QuerySet[FirmApplication]:
    """Confirmed applications of the person's jurisdictions that nobody has decided."""
    rows = FirmApplication.objects.filter(within(jurisdictions_of(user)), decided_at=None).exclude(
        confirmed_at=None
    )
    return rows.select_related("jurisdiction").order_by("confirmed_at", "pk")


def decided_for(user: User) -> QuerySet[FirmApplication]:
    """Applications of the person's jurisdictions that somebody has decided."""
    return (
        FirmApplication.objects.filter(within(jurisdictions_of(user)))
        .exclude(decided_at=None)
        .select_related("jurisdiction")
    )


def unjoined_for(user: User) -> QuerySet[FirmApplication]:
    """Approved applications of the person's jurisdictions for whose firm nobody acts yet."""
    empty = Organisation.objects.filter(name=OuterRef("name"), memberships=None)
    return decided_for(user).filter(Exists(empty), approved=True).order_by("decided_at", "pk")


def approve(
    user: User, application: int, controlling: int | None, now: datetime
) -> tuple[FirmApplication, SentInvitation]:
    """The firm takes part, decided for by the known firm of that id or, without one, by a new one;
    its contact is invited to manage it. Of the further roles nobody decides for others: no
    disclosure rule counts them.

    Raises:
        FirmApplication.DoesNotExist, ControllingFirm.DoesNotExist: none that waits in the person's
        jurisdictions; no such firm. RefusedError: `name-taken`, `credit-code-taken` (409).
    """
    with transaction.atomic():
        row = _locked(user, application)
        firm = _registered(row, controlling)
        _decide(row, user, now, approved=True)
        what = (
            f"controlled by {firm.controlling_firm.name}"
            if firm.controlling_firm
            else f"as {row.kind}"
        )
        record(now, user.email, Action.FIRM_APPROVED, f"firm {firm.name}"[:254], what)
        sent = invite_to(firm, row.email, by=user.email, may_manage=True, delegate=False, now=now)
    return row, sent


def invite_again(
    user: User, application: int, now: datetime
) -> tuple[FirmApplication, SentInvitation]:
    """A new link in place of the one that the firm's contact was sent;
    `FirmApplication.DoesNotExist` for none of `unjoined_for`.
    """
    with transaction.atomic():
        row = unjoined_for(user).get(pk=application)
        sent = invite_to(
            Organisation.objects.get(name=row.name),
            row.email,
            by=user.email,
            may_manage=True,
            delegate=False,
            now=now,
        )
    return row, sent


def refuse(user: User, application: int, reason: str, now: datetime) -> FirmApplication:
    """Nothing of the firm comes in; `FirmApplication.DoesNotExist` for none that waits in the
    person's jurisdictions.
    """
    with transaction.atomic():
        row = _locked(user, application)
        _decide(row, user, now, approved=False, reason=reason)
        record(now, user.email, Action.FIRM_REFUSED, f"firm {row.name}"[:254], reason)
    return row


def spelt_alike(firms: Iterable[ControllingFirm], spelt: str) -> ControllingFirm | None:
    """The one of these firms that has this name in any of its languages, capitals, blanks and full
    width aside; None for a new one.
    """
    name = _letters(spelt)
    return next(
        (firm for firm in firms if name in map(_letters, firm.name.by_language.values())), None
    )


def _letters(name: str) -> str:
    """With compatibility forms made one (NFKC): a Chinese keyboard writes brackets and Latin
    letters in full width.
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _registered(row: FirmApplication, controlling: int | None) -> Organisation:
    """The new organisation; of two that are approved with one name or code at the same moment the
    second is refused, too.
    """
    _require_new(row.name, row.credit_code)
    try:
        with transaction.atomic():
            return Organisation.objects.create(
                name=row.name,
                name_zh=row.name_zh,
                kind=row.kind,
                controlling_firm=_decider(row, controlling)
                if row.kind == Role.ENTERPRISE
                else None,
                jurisdiction=row.jurisdiction,
                credit_code=row.credit_code,
                telephone=row.telephone,
            )
    except IntegrityError as error:
        _require_new(row.name, row.credit_code)
        raise _name_taken(
            row.controlling_firm
        ) from error  # the firm that decides for both was new, too


def _require_new(name: str, code: str) -> None:
    if Organisation.objects.filter(name=name).exists():
        raise _name_taken(name)
    require_free(code)


def _decider(row: FirmApplication, controlling: int | None) -> ControllingFirm:
    """The known firm of that id, or the one that the applicant names and nobody knows."""
    if controlling is not None:
        return ControllingFirm.objects.get(pk=controlling)
    alike = spelt_alike(controlling_firms(), row.controlling_firm)
    if alike is not None:
        raise _name_taken(alike.name)
    return ControllingFirm.objects.create(name=row.controlling_firm)


def _locked(user: User, application: int) -> FirmApplication:
    """The row, locked: of two who decide at once the second finds nothing that waits."""
    FirmApplication.objects.select_for_update().filter(pk=application).first()
    return waiting_for(user).get(pk=application)


def _decide(
    row: FirmApplication, user: User, now: datetime, *, approved: bool, reason: str = ""
) -> None:
    row.decided_at, row.decided_by, row.approved, row.reason = now, user.email, approved, reason
    row.save(update_fields=["decided_at", "decided_by", "approved", "reason"])


def _name_taken(name: str) -> RefusedError:
    return RefusedError(
        409,
        "name-taken",
        Phrase("There is already a firm with the name %(name)s.", name=name),
        "Choose it from the list, or refuse and ask for another name.",
    )
