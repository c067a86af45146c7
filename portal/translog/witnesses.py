"""Takes in cosignatures of the log, and says which checkpoint is offered until enough witnesses
signed it, and which is shown to whom.

A witness comes by its own timer and cosigns the largest head that it has seen. On a log that grows
between two visits no two of them would ever cosign the same head; so what is offered to witnesses
stays where one of them has begun, until as many as the directory asks for have cosigned it. Then
the next one is offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.db.models import Count, Max, QuerySet

from benchmarks.phrases import Phrase, in_number
from benchmarks.wire import checkpoints, notes
from benchmarks.wire.checkpoints import Checkpoint
from benchmarks.wire.signing import ReceiptKey
from portal.keys import PublishedDirectory
from portal.problems import RefusedError
from portal.translog import selectors
from portal.translog.models import Cosignature

MOST_SIZES = 1_000
"""How far back a witnessed head is looked for. One is a round of the witnesses, so the last lies
among the first few.
"""


class CheckpointChoice(StrEnum):
    """Which checkpoint is asked for."""

    NEWEST = "newest"
    OFFERED = "offered"  # to witnesses
    WITNESSED = "witnessed"  # the largest that as many have cosigned as the directory asks for


@dataclass(frozen=True, slots=True)
class WitnessView:
    """A witness that the directory names, and its last word; None where it has said nothing yet."""

    name: str
    fingerprint: str
    size: int | None
    at: datetime | None


def checkpoint(shown: CheckpointChoice, directory: PublishedDirectory, key: ReceiptKey) -> bytes:
    """The checkpoint with the log's signature and the last cosignature of every named witness at
    that size.

    Raises:
        RefusedError: `log-not-witnessed` (404).
    """
    now = selectors.head(key).size  # kept outside the database before anything is shown
    size = (
        now
        if shown is CheckpointChoice.NEWEST
        else _offered(directory)
        if shown is CheckpointChoice.OFFERED
        else _witnessed(directory)
    )
    if size is None:
        raise RefusedError(
            404,
            "log-not-witnessed",
            in_number(
                directory.content.witnesses_required,
                "No head of the log has the cosignature of %(required)s witness yet.",
                "No head of the log has the cosignatures of %(required)s witnesses yet.",
                required=directory.content.witnesses_required,
            ),
            "Ask again after the witnesses have come. The page of the log shows when each was "
            "last here.",
        )
    last = {row.witness: row for row in _named(directory).filter(size=size).order_by("signed_at")}
    lines = [notes.parse_line(row.line) for row in last.values()]
    return checkpoints.issue(directory.fingerprint, size, selectors.root_at(size), key, lines)


def take(raw: bytes, directory: PublishedDirectory, now: datetime) -> int:
    """Keep the cosignatures of named witnesses under a checkpoint of this log; how many of them
    were new.

    Raises:
        VerificationError: malformed, of another log, not signed by the log, or a cosignature that
            does not hold.
        RefusedError: `witness-unknown` (403), `cosignature-of-another-log` (409),
            `log-size-unknown` (404), `cosignature-ahead` (400).
    """
    checkpoint = checkpoints.read(raw, directory.fingerprint, directory.content.receipt_keys())
    signatures = checkpoint.note.signed_by(directory.content.witness_keys())
    if not signatures:
        raise RefusedError(
            403,
            "witness-unknown",
            "No witness that the key directory names has cosigned this checkpoint.",
            "Give the witness's public key to the portal's operator, who adds it to the next key "
            "directory.",
        )
    _require_own(checkpoint)
    new = 0
    for key, line in signatures:
        at = datetime.fromtimestamp(line.time or 0, UTC)
        if at > now + checkpoints.CLOCKS_APART:
            raise RefusedError(
                400,
                "cosignature-ahead",
                "The time of the cosignature is in the future.",
                "Set the clock of the witness's machine.",
            )
        _, created = Cosignature.objects.get_or_create(
            witness=key.key.key_id,
            size=checkpoint.size,
            signed_at=at,
            defaults={
                "root": checkpoint.root.hex(),
                "line": line.line.rstrip("\n"),
                "received_at": now,
            },
        )
        new += created
    return new


def witnesses(directory: PublishedDirectory) -> tuple[WitnessView, ...]:
    """Everybody whom the directory names, with their last cosignature."""
    newest = _named(directory).values("witness").annotate(last=Max("pk")).values("last")
    rows = {row.witness: row for row in Cosignature.objects.filter(pk__in=newest)}
    return tuple(
        WitnessView(
            witness.name,
            witness.note_key.key.key_id,
            row.size if row else None,
            row.signed_at if row else None,
        )
        for witness in directory.content.witnesses
        for row in [rows.get(witness.note_key.key.key_id)]
    )


def _require_own(checkpoint: Checkpoint) -> None:
    """Two logs of one size under the portal's own key: somebody else holds it, or this log was set
    back.
    """
    if selectors.root_at(checkpoint.size) != checkpoint.root:
        raise RefusedError(
            409,
            "cosignature-of-another-log",
            Phrase(
                "The checkpoint is signed by this portal's key, but the portal's log of %(size)s "
                "entries has another root.",
                size=checkpoint.size,
            ),
            "Keep the checkpoint: it is evidence. Tell the operator and the coordinator by a way "
            "other than this portal. The receipt "
            "key may have been stolen, or the log was restored from a backup.",
        )


def _offered(directory: PublishedDirectory) -> int:
    witnessed = _witnessed(directory) or 0
    begun = max((size for size in _signers(directory) if size > witnessed), default=None)
    return selectors.size() if begun is None else begun


def _witnessed(directory: PublishedDirectory) -> int | None:
    enough = max(directory.content.witnesses_required, 1)
    return max(
        (size for size, signers in _signers(directory).items() if signers >= enough), default=None
    )


def _signers(directory: PublishedDirectory) -> dict[int, int]:
    """How many of the named witnesses have cosigned, by size, of the sizes that any of them
    cosigned last.
    """
    recent = (
        _named(directory)
        .values("size")
        .annotate(signers=Count("witness", distinct=True))
        .order_by("-size")[:MOST_SIZES]
    )
    return {row["size"]: row["signers"] for row in recent}


def _named(directory: PublishedDirectory) -> QuerySet[Cosignature]:
    fingerprints = [witness.note_key.key.key_id for witness in directory.content.witnesses]
    rows: QuerySet[Cosignature] = Cosignature.objects.filter(witness__in=fingerprints)
    return rows
