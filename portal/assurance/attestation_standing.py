"""Reading attestations: what each says, how it stands on a day, the short code that finds it, and
the report that an audit is of.

The short code under which anybody finds an attestation: its kind, then the first 80 bits of its
digest in Crockford's base 32.

No letters that are taken for digits (I, L, O, U); what was typed with them is read all the same. 80
bits that nobody chooses are enough that no second statement is made to fit a code that is printed
already.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Exists, OuterRef, QuerySet

from benchmarks.phrases import Name
from benchmarks.wire import attestations
from benchmarks.wire.attestations import Opinion, PublicationSubject, ReportSubject
from benchmarks.wire.signing import key_id
from portal import wall
from portal.accounts.models import Role, User
from portal.accounts.selectors import organisations_as
from portal.assurance.models import Assignment, Attestation, AuditorKey
from portal.days import scheme_day
from portal.intake.models import Submission, SubmissionState
from portal.problems import RefusedError

KIND = "A"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = 16
HEX = 20
STALE = timedelta(days=30)
"""What was drawn up and not signed within it has to be drawn up again: it says the day on which it
was issued.
"""

_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def code_of(digest: str, kind: str = KIND) -> str:
    """`A-3F7K-...`: from a digest in hex."""
    number = int(digest[:HEX], 16)
    letters = "".join(ALPHABET[number >> 5 * index & 31] for index in reversed(range(LETTERS)))
    return "-".join((kind, *(letters[start : start + 4] for start in range(0, LETTERS, 4))))


def start_of_digest(typed: str, kind: str = KIND) -> str | None:
    """The first 20 hex digits of the digest that a code is for; None where it is no code of that
    kind.
    """
    upper = _upper(typed)
    if not upper.startswith(kind):
        return None
    letters = upper[len(kind) :].translate(_TYPED)
    if len(letters) != LETTERS or not set(letters) <= set(ALPHABET):
        return None
    number = 0
    for letter in letters:
        number = number << 5 | ALPHABET.index(letter)
    return f"{number:0{HEX}x}"


def canonical(typed: str) -> str | None:
    """The code as it is printed; None where what was typed is no code of any kind."""
    kind = _upper(typed)[:1]
    start = start_of_digest(typed, kind)
    return code_of(start, kind) if kind.isalpha() and start is not None else None


def _upper(typed: str) -> str:
    """In capitals, with compatibility forms made one (NFKC): a Chinese keyboard writes letters,
    digits and hyphens in full width.
    """
    return unicodedata.normalize("NFKC", typed).upper().strip()


class AttestationStanding(StrEnum):
    """How an attestation stands on a day."""

    DRAWN_UP = "drawn-up"
    VALID = "valid"
    EARLIER = "earlier"  # of a revision that another has replaced
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class AttestationView:
    """One attestation, as the statement in it says; `statement` is the whole of it."""

    id: int
    digest: str
    code: str
    standing: AttestationStanding
    takes_signature: bool  # drawn up, and its auditor can sign it while they may act
    auditor: int
    statement: attestations.AttestationStatement
    body: Name
    site_name: Name  # of a report; empty for a publication
    pack: str
    key_id: str
    key_revoked_at: datetime | None
    issued_at: datetime | None
    log_index: int | None
    withdrawal_waits: bool  # drawn up, not signed yet
    withdrawn_at: datetime | None
    withdrawal_reason: str
    withdrawal_log_index: int | None

    @property
    def report(self) -> ReportSubject | None:
        return self.statement.subject if isinstance(self.statement.subject, ReportSubject) else None

    @property
    def steps(self) -> tuple[str, ...]:
        """Those that it says it is of; of a publication none."""
        return self.report.steps if self.report else ()

    @property
    def publication(self) -> PublicationSubject | None:
        return (
            self.statement.subject
            if isinstance(self.statement.subject, PublicationSubject)
            else None
        )


def standing_of(row: Attestation, today: date) -> AttestationStanding:
    """Valid up to and with its last day, while the report that it is of is the accepted one."""
    if row.state != Attestation.State.ISSUED:
        return AttestationStanding(row.state)
    if row.submission is not None and row.submission.state == SubmissionState.SUPERSEDED:
        return AttestationStanding.EARLIER
    return AttestationStanding.VALID if today <= row.valid_until else AttestationStanding.EXPIRED


def signed_no_more(row: Attestation, today: date) -> RefusedError | None:
    """Why what was drawn up can be signed no more; None where it still can, once no finding and no
    newer opening stands in the way.
    """
    if refusal := key_revoked(row.key):
        return refusal
    if row.state == Attestation.State.DISCARDED:
        return RefusedError(
            409,
            "attestation-discarded",
            "Another statement has replaced this one.",
            "Sign the newest one.",
        )
    if today - scheme_day(row.drawn_up_at) > STALE:
        return RefusedError(
            409,
            "attestation-stale",
            "This statement was drawn up more than 30 days ago.",
            "Draw it up again.",
        )
    if row.valid_until < today:
        return RefusedError(
            409,
            "attestation-stale",
            "The last day of this statement is past.",
            "Draw it up again with a later last day.",
        )
    if row.assignment_id is not None and (
        row.submission is None or row.submission.state != SubmissionState.ACCEPTED
    ):
        return RefusedError(
            409,
            "report-superseded",
            "The site has reported again since this was drawn up.",
            "Look at the new report, then draw it up again.",
        )
    return None


def key_revoked(key: AuditorKey) -> RefusedError | None:
    if key.revoked_at is None:
        return None
    return RefusedError(
        409,
        "auditor-key-revoked",
        "The key that signed this was revoked.",
        "Register a new key and draw it up again.",
    )


def concluding() -> QuerySet[Attestation]:
    """The statements that conclude an engagement: issued, of the report that is still the accepted
    one; expired since or not.
    """
    return Attestation.objects.filter(
        state=Attestation.State.ISSUED, submission__state=SubmissionState.ACCEPTED
    )


def has_conclusion() -> Exists:
    """Of each assignment of a query, whether it is concluded."""
    return Exists(concluding().filter(assignment=OuterRef("pk")))


def views_of(
    rows: QuerySet[Attestation] | Iterable[Attestation], today: date
) -> tuple[AttestationView, ...]:
    """For selectors, which bring their own permission. Rows with body, key and site at hand."""
    return tuple(_view(row, today) for row in rows)


def with_names(rows: QuerySet[Attestation]) -> QuerySet[Attestation]:
    related = rows.select_related(
        "body", "key", "site", "assignment", "submission", "publication__period__peer_group"
    )
    return related.defer("submission__envelope", "submission__receipt")


@wall.opened()
def by_code(typed: str, today: date) -> AttestationView | None:
    """The attestation that a code was printed for; public, so only what was issued."""
    start = start_of_digest(typed)
    if start is None:
        return None
    issued = Attestation.objects.filter(
        digest__startswith=start, state__in=(Attestation.State.ISSUED, Attestation.State.WITHDRAWN)
    )
    return next(iter(views_of(with_names(issued)[:1], today)), None)


def signed_statement(attestation: int) -> bytes:
    """The statement as it was signed, to be handed out as it is; empty before that."""
    return bytes(Attestation.objects.values_list("signed", flat=True).get(pk=attestation) or b"")


@wall.opened()
def valid_for_steps(
    digest: str, steps: AbstractSet[str], today: date
) -> tuple[AttestationView, ...]:
    """The valid attestations of one report that name any of these steps, for whoever was shown
    their labels; and each adverse one, which keeps every label of the report from being attested.
    An issued attestation is public."""
    issued = Attestation.objects.filter(submission__digest=digest, state=Attestation.State.ISSUED)
    valid = (
        view
        for view in views_of(with_names(issued).order_by("-pk"), today)
        if view.standing is AttestationStanding.VALID
    )
    return tuple(
        view
        for view in valid
        if view.statement.opinion == Opinion.ADVERSE or not steps.isdisjoint(view.steps)
    )


def attestation_of_body(user: User, digest: str) -> Attestation | None:
    """One of the attestations of the bodies the person acts for."""
    return with_names(
        Attestation.objects.filter(
            digest=digest, body__in=organisations_as(user, Role.CERTIFICATION_BODY)
        )
    ).first()


def _view(row: Attestation, today: date) -> AttestationView:
    statement = attestations.parse(bytes(row.content)).statement
    if not isinstance(statement, attestations.AttestationStatement):
        raise TypeError(f"attestation {row.digest} holds no attestation")
    site, version = row.site, row.publication
    return AttestationView(
        id=row.pk,
        digest=row.digest,
        code=code_of(row.digest),
        standing=standing_of(row, today),
        takes_signature=row.state == Attestation.State.DRAWN_UP
        and signed_no_more(row, today) is None,
        auditor=row.drawn_up_by_id,
        statement=statement,
        body=row.body.name,
        site_name=site.name if site else Name(""),
        pack=site.pack if site else version.period.peer_group.pack if version else "",
        key_id=key_id(statement.public_key),
        key_revoked_at=row.key.revoked_at,
        issued_at=row.issued_at,
        log_index=row.log_index,
        withdrawal_waits=row.withdrawal is not None and row.withdrawal_signed is None,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
        withdrawal_log_index=row.withdrawal_log_index,
    )


def audited_report(assignment: Assignment) -> Submission | None:
    """The report that an opinion would be of: the accepted one."""
    report: Submission | None = (
        Submission.objects.filter(
            site=assignment.site_id, period=assignment.period, state=SubmissionState.ACCEPTED
        )
        .defer("envelope")
        .first()
    )
    return report
