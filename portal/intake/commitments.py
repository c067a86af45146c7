"""Taking a commitment and answering with a challenge: once for a site, period and revision, and the same answer ever after.

A site that could ask again with other data would choose between draws. So the row is final: the same commitment gets the
challenge that was drawn for it, other data are refused, and a correction is the next revision, as many a year as the pack's
policy allows. The challenge is drawn, stored and logged in one transaction under the log's lock; a refusal leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from benchmarks import packs
from benchmarks.errors import VerificationError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.wire import challenges, commitments
from benchmarks.wire.challenges import Answered, LedgerStand
from benchmarks.wire.commitments import SignedCommitment
from benchmarks.wire.logged import Kind
from benchmarks.wire.signing import ReceiptKey, VerifyingKey
from portal.accounts.models import Device, Site, User
from portal.accounts.selectors import managed_sites
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.selectors import period_taking_reports
from portal.intake.models import Commitment, Submission
from portal.intake.services import FIRST_REVISIONS, device_of
from portal.problems import RefusedError
from portal.translog import log
from portal.translog.models import LogHead

Randomness = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Committed:
    """The commitment with its challenge, and whether this call stored it or an earlier one had."""

    commitment: Commitment
    created: bool


def take(raw: bytes, key: ReceiptKey, now: datetime, randomness: Randomness) -> Committed:
    """Store a commitment and give its challenge. The same commitment again, by whichever device of the site, gets the same one.

    Args:
        randomness: gives that many random bytes; the operating system's, at every entrance.

    Raises:
        VerificationError: malformed (`benchmarks.wire.commitments.parse`).
        RefusedError: `device-unknown`, `device-revoked`, `commitment-signature-invalid` (401); `commitment-conflict` (409);
            `period-not-open`, `revision-out-of-order`, `corrections-used` (422).
    """
    signed = commitments.parse(raw)
    device = device_of(signed)
    try:
        commitments.verify(signed, VerifyingKey.from_hex(device.public_key))
    except VerificationError as refusal:
        raise RefusedError(401, refusal.code, refusal.sentence, refusal.remedy) from refusal
    with transaction.atomic():
        head = log.lock()
        if known := Commitment.objects.filter(digest=signed.commitment.digest).first():
            return Committed(known, created=False)
        _require_turn(signed, device)
        return Committed(keep(head, raw, signed, device, key, now, randomness), created=True)


def take_for(user: User, raw: bytes, key: ReceiptKey, now: datetime, randomness: Randomness) -> Committed:
    """As `take`, for a person who carries a file: of their own plants only.

    Raises:
        RefusedError: `not-your-site` (403), and what `take` raises.
    """
    named = commitments.parse(raw).commitment.site
    if not managed_sites(user).filter(slug=named).exists():
        raise RefusedError(
            403,
            "not-your-site",
            Phrase("This file was made for the site %(site)s, which is none of yours.", site=named),
            "Choose the file of your own plant, or let somebody of that plant hand this one in.",
        )
    return take(raw, key, now, randomness)


def keep(
    head: LogHead, raw: bytes, signed: SignedCommitment, device: Device, key: ReceiptKey, now: datetime, randomness: Randomness
) -> Commitment:
    """Log it, draw its challenge, store both. `head` must come from `log.lock` in the same transaction."""
    commitment = signed.commitment
    index = log.append(head, Kind.COMMITMENT, commitment.digest, now)
    nonce = randomness(challenges.NONCE_BYTES)
    ledger = ledger_of(device.site)
    return Commitment.objects.create(
        digest=commitment.digest,
        site=device.site,
        period=commitment.period,
        revision=commitment.revision,
        device=device,
        data_root=commitment.data_root.hex(),
        nonce=nonce.hex(),
        signed=raw,
        challenge=challenges.issue(commitment, nonce, index, log.day_of(now), ledger, key),
        sequence=ledger.sequence,
        log_index=index,
        committed_at=now,
    )


def ledger_of(site: Site, before: Commitment | None = None) -> LedgerStand:
    """Where the site's ledger stands before its next commitment is answered, or before one that was: under the log's lock for the next.

    Commitments of before there were sequences take their place in the log as one.
    """
    rows = Commitment.objects.filter(site=site).order_by("log_index")
    if before is not None:
        rows = rows.filter(log_index__lt=before.log_index)
    answered = tuple(
        Answered(row.sequence or place, row.period, row.revision, bytes.fromhex(row.digest))
        for place, row in enumerate(rows.only("sequence", "period", "revision", "digest"), 1)
    )
    highest = Submission.objects.filter(site=site).aggregate(highest=Max("ledger_sequence"))["highest"] if before is None else 0
    return LedgerStand(max(highest or 0, answered[-1].sequence if answered else 0) + 1, answered)


def challenge_of(row: Commitment, key: ReceiptKey) -> bytes:
    """The challenge as it is handed out: for a commitment of before there were sequences, the same nonce with the ledger beside it."""
    given = challenges.parse(bytes(row.challenge))
    if given.ledger is not None:
        return bytes(row.challenge)
    return challenges.issue(given.commitment, given.nonce, given.log_index, given.given_on, ledger_of(row.site, row), key)


def _require_turn(signed: SignedCommitment, device: Device) -> None:
    """A revision of an open period that nothing was committed to, the next one, and no more corrections than the policy allows."""
    commitment = signed.commitment
    taken = set(Commitment.objects.filter(site=device.site, period=commitment.period).values_list("revision", flat=True))
    if commitment.revision in taken:
        raise RefusedError(
            409,
            "commitment-conflict",
            Phrase(
                "%(site)s committed to other data for %(period)s, revision %(revision)s, and has their challenge.",
                site=commitment.site,
                period=commitment.period,
                revision=commitment.revision,
            ),
            "Put those data back and run submit again. If the change is right, run submit with --correct: that is the next revision, "
            "debited from the reserve for corrections.",
        )
    period = period_taking_reports(device.site, commitment.period)
    if period is None:
        raise RefusedError(
            422,
            "period-not-open",
            Phrase("The portal takes no reports of %(period)s from the site %(site)s.", period=commitment.period, site=commitment.site),
            "Check --period; if it is right, ask the regulator to open the period for your peer group.",
        )
    if commitment.revision not in ((max(taken) + 1,) if taken else FIRST_REVISIONS):
        raise RefusedError(
            422,
            "revision-out-of-order",
            Phrase(
                "Revision %(revision)s of %(site)s, %(period)s came before the one that it follows.",
                revision=commitment.revision,
                site=commitment.site,
                period=commitment.period,
            ),
            "Put the newest copy of the state directory back; revisions are committed to one after the other.",
        )
    if taken:
        _require_correction_left(device, commitment.period, period)


def _require_correction_left(device: Device, period: str, taking: ReportingPeriod) -> None:
    """Every commitment is a look at a draw: beyond the first of a period, the policy says how many a year."""
    allowed = packs.load(taking.peer_group.pack, taking.peer_group.pack_version).policy.corrections_per_year
    years = _years(period)
    of_period: dict[str, int] = {}
    for name in Commitment.objects.filter(site=device.site).values_list("period", flat=True):
        of_period[name] = of_period.get(name, 0) + 1
    made = sum(number - 1 for name, number in of_period.items() if years & _years(name))
    if made >= allowed:
        raise RefusedError(
            422,
            "corrections-used",
            Phrase("Corrections of this year already committed to: %(made)s; the policy allows %(allowed)s.", made=made, allowed=allowed),
            "The reported values stand; tell the coordinator what is wrong with them.",
        )


def _years(period: str) -> set[int]:
    """The calendar years that a period touches."""
    parsed = Period.parse(period, UTC)
    return set(range(parsed.start.year, (parsed.end - timedelta(days=1)).year + 1))
