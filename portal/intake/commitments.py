"""Taking a commitment and answering with a challenge, ever the same; taking back one lost with the
log; where a site's ledger stands.

A site that could ask again with other data would choose between draws. So the row is final: the
same commitment gets the challenge that was drawn for it, other data are refused, and a correction
is the next revision, as many a year as the pack's policy allows. The challenge is drawn, stored and
logged in one transaction under the log's lock; a refusal leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from benchmarks import packs
from benchmarks.errors import VerificationError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.wire import challenges, commitments
from benchmarks.wire.challenges import AnsweredCommitment, LedgerStand
from benchmarks.wire.commitments import SignedCommitment
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import ReceiptKey, VerifyingKey
from portal.accounts.models import Device, User
from portal.accounts.selectors import managed_sites
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.selectors import period_taking_reports
from portal.intake.admission import SET_BACK, SiteIntake, held_of, next_revisions
from portal.intake.models import Commitment
from portal.intake.receiving import device_named
from portal.problems import RefusedError
from portal.statements import insert
from portal.translog import kept_heads, log, restarts
from portal.translog.models import LogHead

Randomness = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class StoredCommitment:
    """The commitment with its challenge, and whether this call stored it or an earlier one had."""

    commitment: Commitment
    created: bool


def take(raw: bytes, key: ReceiptKey, now: datetime, randomness: Randomness) -> StoredCommitment:
    """Store a commitment and give its challenge. The same commitment again, by whichever device of
    the site, gets the same one.

    Args:
        randomness: gives that many random bytes; the operating system's, at every entrance.

    Raises:
        VerificationError: malformed (`benchmarks.wire.commitments.parse`).
        RefusedError: `device-unknown`, `device-revoked`, `commitment-signature-invalid` (401);
            `commitment-conflict` (409); `period-not-open`, `revision-out-of-order`,
            `corrections-used` (422).
    """
    signed = commitments.parse(raw)
    device = _signing_device(signed)
    with transaction.atomic():
        head = log.lock()
        intake = held_of([device.site_id])[device.site_id]
        if signed.commitment.digest in (
            commitment.digest for commitment in intake.committed.values()
        ):
            committed = StoredCommitment(
                Commitment.objects.select_related("site").get(digest=signed.commitment.digest),
                created=False,
            )
        else:
            _require_turn(signed, device, intake)
            committed = StoredCommitment(
                _store(head, raw, signed, device, key, now, randomness, ledger_now(intake)),
                created=True,
            )
    kept_heads.keep(committed.commitment.log_index + 1)  # the challenge says it
    return committed


def take_for(
    user: User, raw: bytes, key: ReceiptKey, now: datetime, randomness: Randomness
) -> StoredCommitment:
    """As `take`, for a person who carries a file: of their own plants only.

    Raises:
        RefusedError: `not-your-site` (403), and what `take` raises.
    """
    _require_own(user, raw)
    return take(raw, key, now, randomness)


def take_back_for(
    user: User, raw: bytes, keys: Mapping[str, VerifyingKey], now: datetime
) -> StoredCommitment:
    """As `take_back`, for a person who carries files: of their own plants only.

    Raises:
        RefusedError: `not-your-site` (403), and what `take_back` raises.
    """
    _require_own(user, challenges.read_handed_back(raw)[0])
    return take_back(raw, keys, now)


def _require_own(user: User, raw: bytes) -> None:
    named = commitments.parse(raw).commitment.site
    if not managed_sites(user).filter(slug=named).exists():
        raise RefusedError(
            403,
            "not-your-site",
            Phrase(
                "This file was made for the site %(site)s, which is not one of yours.", site=named
            ),
            "Choose the file of your own plant, or ask somebody from that plant to submit this "
            "one.",
        )


def take_back(raw: bytes, keys: Mapping[str, VerifyingKey], now: datetime) -> StoredCommitment:
    """Store a commitment that this portal lost with its log, with the challenge that it had signed
    for it: nothing is drawn anew.

    It is logged again, under a new index; the challenge names the old one, in a range that the
    coordinator said is lost.

    Args:
        keys: the portal's receipt keys by id.

    Raises:
        VerificationError: malformed; `challenge-signature-invalid`,
            `challenge-of-another-commitment`.
        RefusedError: `device-unknown`, `device-revoked`, `commitment-signature-invalid` (401);
            `commitment-conflict`, `commitment-not-lost` (409).
    """
    commitment, challenge = challenges.read_handed_back(raw)
    signed = commitments.parse(commitment)
    device = _signing_device(signed)
    issued = challenges.verify(challenge, keys, signed.commitment)
    with transaction.atomic():
        head = log.lock()
        if stored_before := Commitment.objects.filter(digest=signed.commitment.digest).first():
            return StoredCommitment(stored_before, created=False)
        if not restarts.lost(issued.log_index, issued.given_on):
            raise RefusedError(
                409,
                "commitment-not-lost",
                Phrase(
                    "Entry %(index)s of the log, which this challenge names, was not lost when "
                    "the log was restarted.",
                    index=issued.log_index,
                ),
                "Tell the portal's operator: the commitment is not here, although the log is "
                "complete.",
            )
        site_commitments = Commitment.objects.filter(site=device.site)
        same = Q(period=issued.commitment.period, revision=issued.commitment.revision) | Q(
            sequence=issued.ledger.sequence
        )
        if site_commitments.filter(same).exists():
            raise RefusedError(
                409,
                "commitment-conflict",
                Phrase(
                    "%(site)s committed to other data for %(period)s, revision %(revision)s, "
                    "since the portal lost this commitment.",
                    site=device.site.slug,
                    period=issued.commitment.period,
                    revision=issued.commitment.revision,
                ),
                SET_BACK,
            )
        row = Commitment.objects.create(
            digest=signed.commitment.digest,
            site=device.site,
            period=issued.commitment.period,
            revision=issued.commitment.revision,
            device=device,
            data_root=issued.commitment.data_root.hex(),
            nonce=issued.nonce.hex(),
            signed=commitment,
            challenge=challenge,
            sequence=issued.ledger.sequence,
            log_index=log.append(head, EntryKind.COMMITMENT, signed.commitment.digest, now),
            committed_at=now,
        )
    kept_heads.keep(row.log_index + 1)
    return StoredCommitment(row, created=True)


def _signing_device(signed: SignedCommitment) -> Device:
    device = device_named(signed.device_id, signed.commitment.site)
    try:
        commitments.verify(signed, VerifyingKey.from_hex(device.public_key))
    except VerificationError as refusal:
        raise RefusedError(401, refusal.code, refusal.sentence, refusal.remedy) from refusal
    return device


def keep(
    head: LogHead,
    raw: bytes,
    signed: SignedCommitment,
    device: Device,
    key: ReceiptKey,
    now: datetime,
    randomness: Randomness,
) -> Commitment:
    """Log it, draw its challenge, store both. `head` must come from `log.lock` in the same
    transaction.
    """
    return _store(
        head,
        raw,
        signed,
        device,
        key,
        now,
        randomness,
        ledger_now(held_of([device.site_id])[device.site_id]),
    )


def _store(
    head: LogHead,
    raw: bytes,
    signed: SignedCommitment,
    device: Device,
    key: ReceiptKey,
    now: datetime,
    randomness: Randomness,
    ledger: LedgerStand,
) -> Commitment:
    commitment = signed.commitment
    index = log.append(head, EntryKind.COMMITMENT, commitment.digest, now)
    nonce = randomness(challenges.NONCE_BYTES)
    row = Commitment(
        digest=commitment.digest,
        site=device.site,
        period=commitment.period,
        revision=commitment.revision,
        device=device,
        data_root=commitment.data_root.hex(),
        nonce=nonce.hex(),
        signed=raw,
        challenge=challenges.issue(
            commitment,
            nonce,
            index,
            log.day_of(now),
            bytes.fromhex(device.seed_commitment),
            ledger,
            key,
        ),
        sequence=ledger.sequence,
        log_index=index,
        committed_at=now,
    )
    insert([row])
    return row


def ledger_now(intake: SiteIntake) -> LedgerStand:
    """Where the site's ledger stands before its next commitment is answered: under the log's
    lock.
    """
    return _stand(intake, intake.committed, max(intake.by_sequence, default=0))


def _stand(intake: SiteIntake, answered: Iterable[tuple[str, int]], highest: int) -> LedgerStand:
    """In the order of the ledger, from which the log's may differ after a restart."""
    numbered = (
        AnsweredCommitment(
            intake.committed[key].sequence,
            *key,
            bytes.fromhex(intake.committed[key].digest),
        )
        for key in answered
    )
    answered_commitments = tuple(sorted(numbered, key=lambda commitment: commitment.sequence))
    return LedgerStand(
        max(highest, answered_commitments[-1].sequence if answered_commitments else 0) + 1,
        answered_commitments,
    )


def _require_turn(signed: SignedCommitment, device: Device, intake: SiteIntake) -> None:
    """A revision of an open period that nothing was committed to, the next one, and no more
    corrections than the policy allows.
    """
    commitment = signed.commitment
    committed_revisions = {
        revision for period, revision in intake.committed if period == commitment.period
    }
    if commitment.revision in committed_revisions:
        raise RefusedError(
            409,
            "commitment-conflict",
            Phrase(
                "%(site)s committed to other data for %(period)s, revision %(revision)s, and "
                "already has the challenge for them.",
                site=commitment.site,
                period=commitment.period,
                revision=commitment.revision,
            ),
            "Restore those data and run submit again. If the change is right, run submit with "
            "--correct: that makes the next "
            "revision and spends from the reserve for corrections.",
        )
    of_correction = (
        period_taking_reports(device.site, commitment.period) if committed_revisions else None
    )
    if commitment.period not in intake.taking or (committed_revisions and of_correction is None):
        raise RefusedError(
            422,
            "period-not-open",
            Phrase(
                "The portal accepts no reports of %(period)s from the site %(site)s.",
                period=commitment.period,
                site=commitment.site,
            ),
            "Check --period; if it is right, ask the regulator to open the period for your peer "
            "group.",
        )
    if commitment.revision not in next_revisions(committed_revisions):
        raise RefusedError(
            422,
            "revision-out-of-order",
            Phrase(
                "Revision %(revision)s of %(site)s, %(period)s arrived before the revision that "
                "it follows.",
                revision=commitment.revision,
                site=commitment.site,
                period=commitment.period,
            ),
            "Restore the newest copy of the state directory. Revisions are committed one after "
            "the other.",
        )
    if of_correction is not None:
        _require_correction_left(commitment.period, of_correction, intake)


def _require_correction_left(period: str, taking: ReportingPeriod, intake: SiteIntake) -> None:
    """Every commitment is a look at a draw: beyond the first of a period, the policy says how many
    a year.
    """
    allowed = packs.load(
        taking.peer_group.pack, taking.peer_group.pack_version
    ).policy.corrections_per_year
    years = _years(period)
    of_period: dict[str, int] = {}
    for name, _revision in intake.committed:
        of_period[name] = of_period.get(name, 0) + 1
    corrections = sum(number - 1 for name, number in of_period.items() if years & _years(name))
    if corrections >= allowed:
        raise RefusedError(
            422,
            "corrections-used",
            Phrase(
                "Corrections of this year already committed to: %(made)s; the policy allows "
                "%(allowed)s.",
                made=corrections,
                allowed=allowed,
            ),
            "The reported values remain valid. If they are wrong, tell the coordinator what is "
            "wrong with them.",
        )


def _years(period: str) -> set[int]:
    """The calendar years that a period touches."""
    parsed = Period.parse(period, UTC)
    return set(range(parsed.start.year, (parsed.end - timedelta(days=1)).year + 1))
