"""Storing sealed reports: those that come to a process at the same moment together, in one
transaction under the log's lock.

    arrival ──waits──▶ the first thread that finds nobody storing takes all that wait ──▶ checked,
    stored, logged, receipted at once

A receipt says the report's index in the log, so it cannot be given before the index is; but the
lock is held for a handful of statements, whether one report comes or fifty. What was read before
the lock may have changed by then: the database's constraints refuse a second report of one revision
or number, and the check is made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from django.db import DataError, IntegrityError, connection, transaction

from benchmarks.wire import receipts
from benchmarks.wire.envelope import Envelope
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import ReceiptKey
from portal import wall
from portal.accounts.models import Device
from portal.auditlog.models import Action
from portal.auditlog.recording import record_each
from portal.intake.admission import SiteIntake, held_of, require_taken
from portal.intake.models import Submission
from portal.keys import PublishedDirectory
from portal.problems import RefusedError
from portal.statements import insert
from portal.translog import kept_heads, log

AT_ONCE = 50
TRIES = 3


@dataclass(frozen=True, slots=True)
class StoredReport:
    """The submission, whether this call stored it or an earlier one had, and whether it is for this
    call to tell the worker.
    """

    submission: Submission
    created: bool
    tells: bool = False


@dataclass(slots=True, eq=False)
class ReportArrival:
    """A report whose outer signature holds, and what became of it."""

    raw: bytes
    envelope: Envelope
    device: Device
    directory: PublishedDirectory
    key: ReceiptKey
    now: datetime
    outcome: Future[StoredReport] = field(default_factory=Future)


_waiting: list[ReportArrival] = []  # appended to by every thread, emptied by the one that stores
_storing = Lock()


def store(arrival: ReportArrival) -> StoredReport:
    """Store it, alone or with those that came meanwhile.

    Raises:
        RefusedError: what `admission.require_taken` refuses, `processing-key-unknown` (400),
            `log-set-back` (503).
    """
    if (
        connection.in_atomic_block
    ):  # whoever may yet undo their transaction stores for themselves alone
        _store_all([arrival])
    else:
        _waiting.append(arrival)
        with _storing:
            while not arrival.outcome.done():
                together = _waiting[:AT_ONCE]
                for batch in _one_a_site(together):
                    _store_all(batch)
                for stored in together:
                    _waiting.remove(stored)
    return arrival.outcome.result(timeout=0)


def _one_a_site(arrivals: Sequence[ReportArrival]) -> Iterator[list[ReportArrival]]:
    """A site's reports one after the other: the second is checked against the first."""
    rounds: list[dict[int, ReportArrival]] = []
    for arrival in arrivals:
        free = next((batch for batch in rounds if arrival.device.site_id not in batch), None)
        if free is None:
            rounds.append(free := {})
        free[arrival.device.site_id] = arrival
    yield from (list(batch.values()) for batch in rounds)


def _store_all(arrivals: Sequence[ReportArrival], tries: int = TRIES) -> None:
    """Set the outcome of each. What the database refuses of all is tried of each: another process
    took the same revision meanwhile.
    """
    try:
        _store(arrivals)
    except (IntegrityError, DataError) as refused:
        if len(arrivals) > 1:
            for single in arrivals:
                _store_all([single])
        elif tries > 1:
            _store_all(arrivals, tries - 1)
        else:
            arrivals[0].outcome.set_exception(refused)
    except Exception as error:  # noqa: BLE001 - raised again in each thread whose report it was: the database is away for all of them
        for arrival in arrivals:
            if not arrival.outcome.done():
                arrival.outcome.set_exception(error)


@wall.opened()  # one thread stores for all that wait, of whatever firms
def _store(arrivals: Sequence[ReportArrival]) -> None:
    intakes = held_of({arrival.device.site_id for arrival in arrivals})
    to_store = [
        arrival
        for arrival in arrivals
        if not arrival.outcome.done() and _is_taken(arrival, intakes[arrival.device.site_id])
    ]
    if not to_store:
        return
    now = max(arrival.now for arrival in to_store)
    with transaction.atomic():
        head = log.lock(numbering=False)
        indices = log.append_all(
            head, [(EntryKind.ENVELOPE, arrival.envelope.digest) for arrival in to_store], now
        )
        rows = [_row(arrival, index, now) for arrival, index in zip(to_store, indices, strict=True)]
        insert(rows)
        record_each(
            now,
            Action.SUBMISSION_RECEIVED,
            (
                (f"device {arrival.device.pk}", f"submission {row.digest}", str(row))
                for arrival, row in zip(to_store, rows, strict=True)
            ),
        )
    with suppress(
        RefusedError
    ):  # whoever is told an index finds by themselves that it cannot be kept
        kept_heads.keep(indices.stop)
    for position, (stored, row) in enumerate(zip(to_store, rows, strict=True)):
        stored.outcome.set_result(StoredReport(row, created=True, tells=position == 0))


def _is_taken(arrival: ReportArrival, intake: SiteIntake) -> bool:
    """Whether it is to be stored; if not, its outcome is set."""
    header, digest = arrival.envelope.header, arrival.envelope.digest
    if intake.reports.get((header.period, header.revision)) == digest:
        arrival.outcome.set_result(
            StoredReport(
                Submission.objects.select_related("site").get(digest=digest), created=False
            )
        )
        return False
    try:
        _require_openable(arrival)
        require_taken(header, intake)
    except RefusedError as refusal:
        arrival.outcome.set_exception(refusal)
        return False
    return True


def _require_openable(arrival: ReportArrival) -> None:
    if not arrival.directory.takes(arrival.envelope.header.key_id, arrival.now.date()):
        raise RefusedError(
            400,
            "processing-key-unknown",
            "The envelope is sealed to a key that this portal does not list, or no longer lists, "
            "so nobody here could open it.",
            "Fetch the key directory again, then submit a new envelope.",
        )


def _row(arrival: ReportArrival, index: int, now: datetime) -> Submission:
    header, digest = arrival.envelope.header, arrival.envelope.digest
    return Submission(
        digest=digest,
        site=arrival.device.site,
        period=header.period,
        revision=header.revision,
        device=arrival.device,
        key_id=header.key_id,
        ledger_sequence=header.ledger_sequence,
        envelope=arrival.raw,
        size_bytes=len(arrival.raw),
        receipt=receipts.issue(digest, header, index, log.day_of(now), arrival.key),
        log_index=index,
        received_at=now,
    )
