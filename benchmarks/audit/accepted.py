"""Checks that an opening is of the report that the portal accepted: the receipt, its entry in the
log, and the values found in it.

What a plant shows an auditor could come out right to the digit and still not be what it sent. The
portal's receipt names the sealed report; the worker logged the protected values that it found
inside, hidden by the report's own salt (`benchmarks.wire.logged.values`); the report in the opening
has to give that very entry.
"""

from __future__ import annotations

from benchmarks.audit.entries import ProvenEntry
from benchmarks.audit.evidence import (
    TAKE_THE_FILE,
    CheckOutcome,
    Evidence,
    check_held,
    failed,
    not_checkable,
    refused,
)
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, in_number
from benchmarks.wire import logged, merkle
from benchmarks.wire.logged import EntryKind, ReportRevision
from benchmarks.wire.receipts import Receipt

_AFTER_THE_HEAD = Phrase(
    "It was logged after the tree head of the draw, so no proof of it is possible."
)


def report_received(evidence: Evidence) -> CheckOutcome:
    """The portal took a sealed report of this site, period and revision, and its log holds it."""
    code, receipt, entry = (
        "report-received",
        evidence.public.receipt,
        evidence.public.entries.get(EntryKind.ENVELOPE),
    )
    if receipt is None:
        return not_checkable(
            code,
            Phrase("No receipt signed with a key of the portal's directory was given."),
            TAKE_THE_FILE,
        )
    commitment, header = evidence.draw.commitment, receipt.header
    if (header.site, header.period, header.revision) != (
        commitment.site,
        commitment.period,
        commitment.revision,
    ):
        return failed(
            code,
            Phrase(
                (
                    "The receipt is for %(site)s, %(period)s, revision %(revision)s, and not for "
                    "the report that the sample was drawn from."
                ),
                site=header.site,
                period=header.period,
                revision=header.revision,
            ),
            Phrase("Ask the portal for the receipt of the report that the draw names."),
        )
    if entry is None:
        return not_checkable(
            code,
            Phrase("The proof that the sealed report is in the log was not given."),
            TAKE_THE_FILE,
        )
    if receipt.log_index >= evidence.draw.head.size:
        return not_checkable(code, _AFTER_THE_HEAD)
    leaf = logged.hashed(
        EntryKind.ENVELOPE, bytes.fromhex(receipt.envelope_digest), receipt.received_on
    )
    try:
        merkle.require_inclusion(
            leaf, receipt.log_index, evidence.draw.head.size, entry.proof, evidence.draw.head.root
        )
    except VerificationError as refusal:
        return refused(code, refusal)
    return check_held(
        code,
        Phrase(
            "The portal received the sealed report %(digest)s… on %(day)s and logged it as entry "
            "%(entry)s.",
            digest=receipt.envelope_digest[:16],
            day=receipt.received_on.isoformat(),
            entry=f"{receipt.log_index:,}",
        ),
    )


def values_logged(evidence: Evidence) -> CheckOutcome:
    """The protected values that the plant shows are those that the portal found in the report it
    accepted, and logged.
    """
    code, receipt, entry = (
        "values-logged",
        evidence.public.receipt,
        evidence.public.entries.get(EntryKind.VALUES),
    )
    if receipt is None:
        return not_checkable(
            code,
            Phrase("Without the receipt it is not known which sealed report the values came from."),
            TAKE_THE_FILE,
        )
    if entry is None or entry.logged is None:
        return not_checkable(
            code,
            Phrase("The log entry for the values of this report was not given."),
            TAKE_THE_FILE,
        )
    if entry.index >= evidence.draw.head.size:
        return not_checkable(code, _AFTER_THE_HEAD)
    try:
        _require_logged(entry, evidence)
    except VerificationError as refusal:
        return refused(code, refusal)
    if entry.logged != _object(evidence, receipt):
        return failed(
            code,
            Phrase(
                "The report in the opening is not the one that the portal accepted. Entry "
                "%(entry)s of the log is for the values "
                "found in the sealed report %(digest)s…, which differ from the values shown.",
                entry=f"{entry.index:,}",
                digest=receipt.envelope_digest[:16],
            ),
            Phrase(
                "What was checked is not what was published. Keep the opening and the evidence "
                "file, and tell the coordinator: the report"
                " must not remain in force."
            ),
        )
    labels = len(evidence.report.released.labels)
    return check_held(
        code,
        in_number(
            labels,
            "The only protected value shown is the one that the portal found in the sealed report "
            "and logged as entry %(entry)s.",
            "All %(labels)s protected values shown are those that the portal found in the sealed "
            "report and logged as entry %(entry)s.",
            labels=labels,
            entry=f"{entry.index:,}",
        ),
        labels,
    )


def _object(evidence: Evidence, receipt: Receipt) -> bytes:
    """What the log has to hold for the values of the opened report in the envelope of the
    receipt.
    """
    released, salt = evidence.report.released, evidence.report.salt
    of = ReportRevision(released.site, released.period, released.revision)
    return logged.object_of(
        logged.values(bytes.fromhex(receipt.envelope_digest), of, released.labels, salt)
    )


def _require_logged(entry: ProvenEntry, evidence: Evidence) -> None:
    """Refuse an entry that the log of the draw's head does not hold at its place."""
    head = evidence.draw.head
    leaf = merkle.leaf_hash(logged.leaf_of_object(EntryKind.VALUES, entry.logged or b"", entry.on))
    merkle.require_inclusion(leaf, entry.index, head.size, entry.proof, head.root)
