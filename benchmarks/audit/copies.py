"""Batches that were committed to more often than the plant's rows give them.

Each leaf of such a batch is true by itself: it comes out when it is computed again. Copies are
equal in value, so they stand side by side in the order of the tree, but a draw may open one of them
alone. So a used record that was opened is looked for as well in the leaves of which only the hash
is shown: a proof begins with that of the leaf beside its own, and the report's key gives the salt.
How surely this finds copies stands in docs/audit.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.audit.commitment import salt_of
from benchmarks.audit.evidence import Evidence
from benchmarks.audit.records import of_batch
from benchmarks.measurements import Batch
from benchmarks.wire.merkle import leaf_hash


def surplus(evidence: Evidence) -> dict[int, Batch]:
    """By leaf, the batches that stand in the tree more often than the rows give them.

    A record that the rows do not give at all is none: whatever of it does not come out is another
    check's.
    """
    end = max(
        (part.excluded_first + part.excluded for part in evidence.contents.steps), default=0
    )  # what stands behind is in no label
    opened = {
        index: of_batch(batch, batch.excluded)
        for index, batch in evidence.batches.items()
        if index < end
    }
    batches = {record: evidence.batches[index] for index, record in opened.items()}
    indices_of: dict[bytes, list[int]] = {}
    for index, record in sorted([*opened.items(), *_known_by_hash(evidence, opened)]):
        indices_of.setdefault(record, []).append(index)
    beyond: dict[int, Batch] = {}
    for record, indices in indices_of.items():
        times_in_rows = evidence.recomputed(batches[record])[record]
        if times_in_rows:
            beyond |= dict.fromkeys(indices[times_in_rows:], batches[record])
    return beyond


def _known_by_hash(evidence: Evidence, opened: Mapping[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """Leaves that were not opened and hold a used record of their cell that was."""
    opening, contents = evidence.opening, evidence.contents
    beside = {leaf.index ^ 1: leaf.proof[0] for leaf in opening.leaves if leaf.proof}
    for cell in (cell for part in contents.steps for cell in part.cells):
        within = range(cell.first, cell.first + cell.used)
        records = {record for index, record in opened.items() if index in within}
        for index, shown in beside.items():
            if index in within and index not in opened:
                salt = salt_of(opening.key, index)
                for record in records:
                    if leaf_hash(salt + record) == shown:
                        yield index, record
