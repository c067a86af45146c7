"""Refuses a head of the log that too few witnesses have cosigned of late: how many, and how late,
stands in the key directory.

A portal that shows a plant another log than it shows the others has nobody independent who cosigned
that one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from benchmarks.errors import VerificationError
from benchmarks.phrases import in_number
from benchmarks.wire.checkpoints import CLOCKS_APART, Checkpoint, CosignedMoment, cosigned_by
from benchmarks.wire.directory import Directory


def require_witnessed(
    checkpoint: Checkpoint, directory: Directory, now: datetime
) -> tuple[CosignedMoment, ...]:
    """Refuse a checkpoint that fewer witnesses than the directory asks for have cosigned of late.

    Raises:
        VerificationError: `log-not-witnessed`, `note-signature-invalid`.
    """
    oldest = now - timedelta(days=directory.witnessed_within_days)
    cosignatures = cosigned_by(checkpoint, directory)
    counted = tuple(
        cosignature
        for cosignature in cosignatures
        if oldest <= cosignature.moment <= now + CLOCKS_APART
    )
    if len(counted) < directory.witnesses_required:
        raise not_witnessed(len(counted), directory)
    return counted


def not_witnessed(count: int, directory: Directory) -> VerificationError:
    """Too few have cosigned, or nothing was shown that anybody has."""
    return VerificationError(
        "log-not-witnessed",
        in_number(
            count,
            "Only %(count)s of the %(required)s required witnesses has cosigned a head of the "
            "portal's log "
            "within %(days)s days. The portal may be showing others a different log.",
            "Only %(count)s of the %(required)s required witnesses have cosigned a head of the "
            "portal's log within %(days)s days. "
            "The portal may be showing others a different log.",
            count=count,
            required=directory.witnesses_required,
            days=directory.witnessed_within_days,
        ),
        "Nothing was sent or spent. Run the command again later: witnesses work on a timer. If "
        "the fault remains, ask the witnesses "
        "that the key directory names what they saw. Use another channel than this portal.",
    )
