"""Whether an installation's parts agree with each other: main database, vault, log, kept heads,
receipts, keys. What does not is named.

Each disagreement has a name, which is a heading of docs/runbook.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from benchmarks.errors import InputError, SteplabelError, VerificationError
from benchmarks.phrases import Phrase, in_number, listed
from benchmarks.wire import heads, receipts
from portal import keys, wall
from portal.intake.models import IN_THE_VAULT, WAITING, Submission, SubmissionState
from portal.opening.models import OpenedReport
from portal.opening.refilling import deleted_but_present, lacked_of
from portal.problems import RefusedError
from portal.translog import kept_heads, selectors
from portal.translog.models import LogEntry

AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Disagreement:
    name: str
    found: str


def disagreements() -> Iterator[Disagreement]:
    """All of them, those of the log first. Reads everything; changes nothing.

    A part that cannot be looked at is a disagreement by the name of what prevents it, once, and the
    others are looked at all the same.
    """
    names = set[str]()
    for part in (_log, _heads, _receipts, _vault, _keys, _wall):
        try:
            for disagreement in part():
                names.add(disagreement.name)
                yield disagreement
        except (ImproperlyConfigured, SteplabelError) as error:
            # all that is read here is refused by a name of its own, but for the directory
            name = error.code if isinstance(error, RefusedError) else "directory-unreadable"
            if name not in names:
                names.add(name)
                yield Disagreement(name, _sentence(error).rstrip("."))


def _wall() -> Iterator[Disagreement]:
    """PostgreSQL keeps readers from other firms' rows, and the web owns no table."""
    if gaps := wall.gaps():
        yield Disagreement("wall-down", listed(gaps))
    if owned := wall.owned_by_the_web():
        yield Disagreement(
            "tables-owned-by-web",
            in_number(
                owned,
                "steplabel_web owns %(count)s table and can change it",
                "steplabel_web owns %(count)s tables and can change them",
                count=owned,
            ),
        )


def _log() -> Iterator[Disagreement]:
    if (fault := selectors.first_fault()) is not None:
        yield Disagreement(
            "log-damaged",
            Phrase("from entry %(entry)s on entries and stored hashes differ", entry=fault),
        )


def _heads() -> Iterator[Disagreement]:
    shown_log, size = kept_heads.shown_so_far(), selectors.size()
    if shown_log.size > size:
        yield Disagreement(
            "log-set-back",
            Phrase(
                "the log has %(size)s entries and has shown %(shown)s",
                size=size,
                shown=shown_log.size,
            ),
        )
    if shown_log.signed is None:
        return
    receipt_keys = keys.published_directory().content.receipt_keys()
    try:
        head = heads.read(shown_log.signed, receipt_keys).head
    except VerificationError:
        yield Disagreement(
            "head-signature-invalid",
            Phrase("the last kept head is not signed by a receipt key that the directory lists"),
        )
        return
    if head.size <= size and selectors.head_differs(head.size, head.root):
        yield Disagreement(
            "log-set-back",
            Phrase(
                "the log does not begin with the %(size)s entries that it has shown", size=head.size
            ),
        )


def _receipts() -> Iterator[Disagreement]:
    """Each receipt's place in the log is its envelope's, and a listed key signed it."""
    listed = keys.published_directory().content.receipt_keys()
    missing = unsigned = 0
    rows = (
        Submission.objects.order_by("pk")
        .values_list("digest", "log_index", "receipt")
        .iterator(AT_ONCE)
    )
    while batch := list(islice(rows, AT_ONCE)):
        entries = dict(
            LogEntry.objects.filter(index__in=[index for _, index, _ in batch]).values_list(
                "index", "digest"
            )
        )
        for digest, index, raw in batch:
            try:
                stated = receipts.read(bytes(raw), listed)
            except VerificationError:
                unsigned += 1
                continue
            missing += entries.get(index) != digest or (
                stated.log_index,
                stated.envelope_digest,
            ) != (index, digest)
    if missing:
        yield Disagreement(
            "receipt-without-entry",
            in_number(
                missing,
                "%(count)s receipt names an entry that the log lacks or has for something else",
                "%(count)s receipts name an entry that the log lacks or has for something else",
                count=missing,
            ),
        )
    if unsigned:
        yield Disagreement(
            "receipt-signature-invalid",
            in_number(
                unsigned,
                "%(count)s receipt is not signed by a key that the directory lists",
                "%(count)s receipts are not signed by a key that the directory lists",
                count=unsigned,
            ),
        )


def _vault() -> Iterator[Disagreement]:
    """Accepted reports lie in the vault; what lies there was received here, and its firm has not
    left.
    """
    in_vault = set(OpenedReport.objects.values_list("envelope_digest", flat=True).iterator(AT_ONCE))
    states = dict(Submission.objects.values_list("digest", "state").iterator(AT_ONCE))
    if lacking := lacked_of(
        [
            digest
            for digest, state in states.items()
            if state in IN_THE_VAULT and digest not in in_vault
        ]
    ):
        yield Disagreement(
            "accepted-without-vault-row",
            in_number(
                lacking,
                "%(count)s accepted report is not in the vault: its dump is older than the other",
                "%(count)s accepted reports are not in the vault: its dump is older than the other",
                count=lacking,
            ),
        )
    deleted = [digest for digest in in_vault if states.get(digest) == SubmissionState.DELETED]
    if remaining := len(deleted_but_present(deleted, timezone.now())):
        yield Disagreement(
            "deleted-in-vault",
            in_number(
                remaining,
                "%(count)s report in the vault was deleted with its firm",
                "%(count)s reports in the vault were deleted with their firms",
                count=remaining,
            ),
        )
    if unknown := len(in_vault - states.keys()):
        yield Disagreement(
            "dumps-of-different-ages",
            in_number(
                unknown,
                "%(count)s report in the vault was never received: its dump is newer than the "
                "other",
                "%(count)s reports in the vault were never received: its dump is newer than the "
                "other",
                count=unknown,
            ),
        )


def _keys() -> Iterator[Disagreement]:
    """The keys of this role are at hand, and a worker can open what waits."""
    directory = keys.published_directory()
    if settings.ROLE.signs:
        try:
            keys.receipt_key()
        except (ImproperlyConfigured, SteplabelError) as error:
            yield Disagreement("receipt-key-missing", _sentence(error))
    if not settings.ROLE.opens_reports:
        return
    try:
        ids_at_hand = {key.key_id for key in keys.processing_keys()}
    except (ImproperlyConfigured, SteplabelError) as error:
        yield Disagreement(
            error.code if isinstance(error, InputError) else "processing-key-missing",
            _sentence(error),
        )
        return
    wanted = set(directory.sealed_to(timezone.now().date()))
    wanted |= set(Submission.objects.filter(state__in=WAITING).values_list("key_id", flat=True))
    for key_id in sorted(wanted - ids_at_hand):
        yield Disagreement(
            "processing-key-missing", Phrase("no file holds the processing key %(key)s", key=key_id)
        )


def _sentence(error: SteplabelError | ImproperlyConfigured) -> str:
    return error.whole if isinstance(error, SteplabelError) else str(error.args[0])
