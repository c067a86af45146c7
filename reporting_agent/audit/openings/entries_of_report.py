"""Which entries of the log, among those that were handed in, are the audited report's.

Proofs of the entries of a published version are of all its reports, and one entry may be proven
under several heads. The receipt names the entry of the sealed report; commitment and promise are
told by what the entry holds. Where several entries of the values lie side by side, nothing tells
which is the report's, and none is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.audit.sample_file import ProvenEntry, ServedEntry
from benchmarks.audit.signed_draws import Draw, Promise
from benchmarks.wire import logged
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.receipts import Receipt
from reporting_agent.audit.openings.files import HandedInFiles


def entries_of(
    files: HandedInFiles, draw: Draw, receipt: Receipt | None, promise: Promise | None
) -> Mapping[EntryKind, ProvenEntry]:
    """The report's own entry of each kind, with the proof under the draw's head where there is one;
    not one of which nothing tells.
    """
    objects = {EntryKind.COMMITMENT: draw.commitment.digest}
    if promise is not None:
        objects[EntryKind.AUDIT_PROMISE] = promise.digest
    chosen = {}
    for kind, entries in files.entries.items():
        own = list(entries)
        if kind is EntryKind.ENVELOPE and receipt is not None:
            own = [entry for entry in own if entry.index == receipt.log_index]
        elif len({entry.index for entry in own}) > 1:
            thing = objects.get(kind)
            own = [
                entry
                for entry in own
                if thing is not None
                and entry.logged == logged.object_of(bytes.fromhex(thing)).hex()
            ]
        if len({entry.index for entry in own}) == 1:
            chosen[kind] = _under(draw.head.size, own).entry()
    return chosen


def _under(size: int, proofs: list[ServedEntry]) -> ServedEntry:
    return next((proof for proof in proofs if proof.size == size), proofs[0])
