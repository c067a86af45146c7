"""Entries and versions in the portal's log, held against heads at hand: which are the audited
report's, whether a version was composed of opened values, and what was handed in again.

An entry says its own leaf hash; nothing is known before a head stands beside it, by the proof of
one entry or the root over all. Of several entries of the values side by side none is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from benchmarks.audit.evidence import TAKE_THE_FILE, CheckOutcome, check_held, failed, not_checkable
from benchmarks.audit.sample_file import ListedEntry, ProvenEntry, ServedEntry
from benchmarks.audit.signed_draws import Draw, Promise
from benchmarks.declared import Words, worded
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, in_number, joined
from benchmarks.wire import logged, merkle, restarts
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings.files import HandedInFiles, VersionAct


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


def relogged(
    entry: ProvenEntry | None,
    statements: Iterable[bytes],
    fingerprint: str | None,
    keys: Mapping[str, VerifyingKey],
    challenge: Challenge | None,
) -> ProvenEntry | None:
    """The commitment's entry since the restart; None where it stands where the challenge says, or
    no statement excuses that it does not.

    Whether it is in the log is not looked at here: `commitment-logged` asks for the proof.

    Args:
        entry: the commitment's, as it was handed in.
        statements: of restarts, not yet verified.
    """
    if (
        entry is None
        or challenge is None
        or fingerprint is None
        or entry.index == challenge.log_index
    ):
        return None
    for raw in statements:
        with suppress(VerificationError):  # not the coordinator's
            if restarts.verify(raw, fingerprint, keys).lost(
                challenge.log_index, challenge.given_on
            ):
                return entry
    return None


_AS_SERVED = Phrase(
    "Ask the portal again. If it gives the same answer, keep the file and the head: together they "
    "are evidence against it."
)


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """What a signed file says of an entry: a receipt of a report's, a challenge of a
    commitment's.
    """

    kind: EntryKind
    digest: bytes
    on: date

    def agrees(self, entry: ListedEntry) -> bool:
        return (self.kind, logged.object_of(self.digest).hex(), self.on) == (
            entry.kind,
            entry.logged,
            entry.on,
        )


def entries_logged(
    entries: Iterable[ListedEntry], roots: Mapping[int, bytes], signed: Mapping[int, SignedEntry]
) -> CheckOutcome:
    """Whether entries are what they say, and in the log of a head at hand.

    Args:
        roots: of verified heads, by size.
        signed: what verified files at hand say of entries, by index.
    """
    code, shown = "entries-logged", list(entries)
    number = len({entry.index for entry in shown})
    if wrong := _wrong(shown, roots, signed):
        sentence = in_number(
            len(wrong),
            "%(wrong)s of %(entries)s entries differs from the log of the tree head that was "
            "given.",
            "%(wrong)s of %(entries)s entries differ from the log of the tree head that was given.",
            wrong=len(wrong),
            entries=number,
        )
        return failed(code, sentence, _AS_SERVED, wrong)
    if not shown:
        return not_checkable(
            code, Phrase("The portal's answer lists no entry, so nothing in it can be checked.")
        )
    lacking = sorted({entry.index for entry in shown} - bound(shown, roots))
    if lacking and not roots:
        return not_checkable(
            code,
            in_number(
                number,
                "The leaf hash of %(entries)s entry can be recomputed, but no signed head was "
                "given with it.",
                "The leaf hashes of %(entries)s entries can be recomputed, but no signed head was "
                "given with them.",
                entries=number,
            ),
            Phrase(
                "Give a tree head or a checkpoint, the portal's key directory, and --fingerprint."
            ),
        )
    if lacking:
        return not_checkable(
            code,
            in_number(
                len(lacking),
                "%(lacking)s of %(entries)s entries has no proof for a tree head that was given.",
                "%(lacking)s of %(entries)s entries have no proof for a tree head that was given.",
                lacking=len(lacking),
                entries=number,
            ),
            Phrase(
                "Ask the portal's log for the inclusion proof of each entry "
                "(index=%(index)s&size=%(size)s and so on), or for all "
                "entries (from=0&to=%(size)s). Give its answers as files.",
                index=lacking[0],
                size=max(roots),
            ),
        )
    return check_held(
        code,
        in_number(
            number,
            "%(entries)s entry is in the log of a head that the portal signed.",
            "%(entries)s entries are in the log of a head that the portal signed.",
            entries=number,
        ),
        number,
    )


def version_logged(
    acts: Iterable[VersionAct],
    entries: Iterable[ListedEntry],
    roots: Mapping[int, bytes],
    document: str | None,
) -> CheckOutcome:
    """Whether what the portal says of a published version is what its log holds.

    Args:
        document: digest (hex) of the published version that was given beside it; None where none
            was.
    """
    code, stated, shown = "version-logged", list(acts), list(entries)
    held_there, proven = {entry.index: entry for entry in shown}, bound(shown, roots)
    wrong = [
        Words.of(_named(act)) for act in stated if _differs(act, held_there.get(act.log_index))
    ]
    if wrong:
        sentence = in_number(
            len(wrong),
            "%(wrong)s entry of the log does not match what the portal states about the version.",
            "%(wrong)s entries of the log do not match what the portal states about the version.",
            wrong=len(wrong),
        )
        return failed(code, sentence, _AS_SERVED, wrong)
    if document is not None and document not in {act.document for act in stated}:
        return failed(
            code,
            Phrase(
                "What the portal states about the version refers to a different document from the "
                "one given."
            ),
            _AS_SERVED,
        )
    if lacking := [act.log_index for act in stated if act.log_index not in proven]:
        return not_checkable(
            code,
            Phrase(
                "No proof was given that entry %(index)s, which binds the version, is in the log.",
                index=lacking[0],
            ),
            Phrase(
                "Ask the portal's log for the inclusion proof of index=%(index)s. Give its answer "
                "and the tree head of the same size.",
                index=lacking[0],
            ),
        )
    leaves = max(len(act.leaves) for act in stated)
    whose = in_number(
        leaves,
        "The log binds this version to the %(leaves)s report that it names.",
        "The log binds this version to the %(leaves)s reports that it names.",
        leaves=leaves,
    )
    if document is not None:
        whose = in_number(
            leaves,
            "The log binds the version given to the %(leaves)s report that it names.",
            "The log binds the version given to the %(leaves)s reports that it names.",
            leaves=leaves,
        )
    for act in stated:
        if act.act == "withdrawn":
            whose = joined(whose, Phrase("It was withdrawn: %(reason)s", reason=act.reason))
    return check_held(code, whose, leaves)


def _named(act: VersionAct) -> Phrase:
    if act.act == "published":
        return Phrase("%(index)s: publication of the version", index=act.log_index)
    return Phrase("%(index)s: withdrawal of the version", index=act.log_index)


def values_published(
    acts: Iterable[VersionAct], report: int | None, values: int | None
) -> CheckOutcome:
    """Whether a version was composed of the very values that were opened: those of the log's entry
    that `values-logged` is about.

    Args:
        acts: what the portal says of the version (`version-logged` holds it against the log).
        report, values: entries of the sealed report and of the values found in it; None where
        receipt or entry are not at hand.
    """
    code = "values-published"
    publications = [act for act in acts if act.act == "published"]
    if report is None or values is None:
        return not_checkable(
            code,
            Phrase(
                "Without the receipt and the log entry of this report, it is not known which "
                "values the version had to use."
            ),
            TAKE_THE_FILE,
        )
    of_it = [act for act in publications if report in act.leaves]
    if not of_it:
        return not_checkable(
            code,
            Phrase(
                "The version did not use this report (entry %(index)s of the log).", index=report
            ),
            Phrase(
                "Give the log's entries for the version that used this report. If this report "
                "should have been used and was not, "
                "ask the coordinator."
            ),
        )
    if any(values not in act.values for act in of_it):
        return failed(
            code,
            Phrase(
                "The version used other values of this report than those that were opened (entry "
                "%(index)s).",
                index=values,
            ),
            Phrase(
                "Keep the opening, the evidence file and the portal's answer, and tell the "
                "coordinator: the published version was "
                "not composed from these values."
            ),
        )
    return check_held(
        code,
        Phrase(
            "The version used the values that were opened, entry %(index)s of the log.",
            index=values,
        ),
        len(of_it),
    )


def bound(entries: Iterable[ListedEntry], roots: Mapping[int, bytes]) -> set[int]:
    """Indices of entries that lie under a head at hand, by a proof of their own or because every
    entry of its log is there.
    """
    shown = list(entries)
    leaves = {entry.index: entry.recomputed for entry in shown}
    indices = {
        entry.index for entry in shown if isinstance(entry, ServedEntry) and _proves(entry, roots)
    }
    for size, root in roots.items():
        if (
            leaves.keys() >= set(range(size))
            and merkle.Tree(leaves[at] for at in range(size)).root() == root
        ):
            indices |= set(range(size))
    return indices


def _wrong(
    shown: list[ListedEntry], roots: Mapping[int, bytes], signed: Mapping[int, SignedEntry]
) -> list[Words]:
    leaves: dict[int, bytes] = {}
    wrong = set()
    for entry in shown:
        unlike = leaves.setdefault(entry.index, entry.recomputed) != entry.recomputed
        refuted = (
            isinstance(entry, ServedEntry) and entry.size in roots and not _proves(entry, roots)
        )
        contradicted = entry.index in signed and not signed[entry.index].agrees(entry)
        if entry.leaf_hash != entry.recomputed.hex() or unlike or refuted or contradicted:
            wrong.add(entry.index)
    for size, root in roots.items():
        whole = not wrong and leaves.keys() >= set(range(size))
        if whole and merkle.Tree(leaves[at] for at in range(size)).root() != root:
            wrong |= set(range(size))
    return [worded("entry %(index)s", index=index) for index in sorted(wrong)]


def _proves(entry: ServedEntry, roots: Mapping[int, bytes]) -> bool:
    if entry.size not in roots:
        return False
    try:
        merkle.require_inclusion(
            entry.recomputed, entry.index, entry.size, entry.entry().proof, roots[entry.size]
        )
    except VerificationError:
        return False
    return True


def _differs(act: VersionAct, entry: ListedEntry | None) -> bool:
    return entry is not None and (act.kind, logged.object_of(act.digest).hex()) != (
        entry.kind,
        entry.logged,
    )
