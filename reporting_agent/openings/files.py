"""The files of an audit, told apart by what is in them: nobody has to say which is which."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.audit import published as audited
from benchmarks.audit import sample_file
from benchmarks.audit.entries import Entry
from benchmarks.audit.sample_file import ServedEntry
from benchmarks.errors import InputError, Place, VerificationError
from benchmarks.wire import published
from benchmarks.wire.canonical import decode
from benchmarks.wire.logged import Kind

TREE_HEAD = "tree-head"
STATEMENT = "statement"
KINDS = {
    "opening": "opening",
    "sealed_opening": "sealed-opening",
    "draw": "draw",
    "promise": "promise",
    "commitment": "commitment",
    "challenge": "challenge",
    "receipt": "receipt",
    "directory": "directory",
    "tree_head": TREE_HEAD,
    "attestation": STATEMENT,
    "withdrawal": STATEMENT,
}
"""The field that only a file of the kind has, and the kind."""


INCLUSION = "inclusion-proof"
"""The answer of the portal's log to a question for a proof, kept as it came (JSON)."""

CONSISTENCY = "consistency-proof"
"""Its answer to whether the log of one size begins with that of another, kept as it came (JSON)."""

BENCHMARK = "benchmark"
"""A published version, as the portal gives it (JSON)."""


EVIDENCE = "evidence"
"""The evidence file of a sample, as the portal gives it (JSON): several of the others in one."""

CHECKPOINT, SERVED_CHECKPOINT = "checkpoint", "served-checkpoint"
"""A head of the log in the form of public logs: text, or the API's JSON around it."""

HEAD, DIRECTORY = "served-head", "served-directory"
"""Tree head and key directory as the portal's API answers with them (JSON around the signed file)."""

COMPOSED = "composed-of"
"""What a published version was composed of, for who may see protected values (JSON)."""


WITH_AN_OPENING = frozenset({"draw", "promise", "commitment", INCLUSION})
"""Kinds that are checked together with an opening alone."""

SCHEMAS = {published.SCHEMA: BENCHMARK, audited.SCHEMA: COMPOSED, sample_file.SCHEMA: EVIDENCE}


@dataclass(frozen=True, slots=True)
class Consistency:
    """What is to prove that the log of `second` entries begins with that of `first`; nothing is checked here."""

    first: int
    second: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """What was handed in, by kind; of receipts, heads and proofs between heads there may be several, the first head being the draw's."""

    by_kind: dict[str, bytes] = field(default_factory=dict)
    receipts: tuple[bytes, ...] = ()
    heads: tuple[bytes, ...] = ()
    consistency: tuple[Consistency, ...] = ()
    entries: Mapping[Kind, Entry] = field(default_factory=dict)
    evidence_of: tuple[str, str, int] | None = None
    """Site, period and revision that an evidence file says it is of."""

    @property
    def of_an_audit(self) -> bool:
        """Whether files are here that say something only together with an opening."""
        return bool(self.entries) or self.evidence_of is not None or not self.by_kind.keys().isdisjoint(WITH_AN_OPENING)

    @property
    def inclusion(self) -> tuple[bytes, ...] | None:
        """The proof that the commitment is in the log, where it was handed in."""
        if Kind.COMMITMENT in self.entries:
            return self.entries[Kind.COMMITMENT].proof
        raw = self.by_kind.get(INCLUSION)
        return None if raw is None else _proof(raw)


def read_all(paths: list[Path]) -> Files:
    """Read and tell apart. What is inside an evidence file counts as if it had been given by itself.

    Raises:
        InputError: `audit-file-unreadable`, `audit-file-unknown`, `audit-file-twice`.
        VerificationError: `evidence-unreadable`.
    """
    pile = _Pile()
    for path in paths:
        pile.add(read_one(path), path)
    return Files(pile.by_kind, tuple(pile.receipts), tuple(pile.heads), tuple(pile.consistency), pile.entries, pile.evidence_of)


@dataclass(slots=True)
class _Pile:
    """What was read so far. The same file twice is one."""

    by_kind: dict[str, bytes] = field(default_factory=dict)
    receipts: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    consistency: list[Consistency] = field(default_factory=list)
    entries: dict[Kind, Entry] = field(default_factory=dict)
    evidence_of: tuple[str, str, int] | None = None

    def add(self, raw: bytes, path: Path) -> None:
        kind = kind_of(raw, path)
        if kind == EVIDENCE:
            inside = sample_file.read(document(raw))
            self.evidence_of = (inside.site, inside.period, inside.revision)
            for content in inside.contents().values():
                self.add(content, path)
            self.entries |= {entry.kind: entry.entry() for entry in inside.entries}
        elif kind == SERVED_CHECKPOINT:
            self.add(str(document(raw)["checkpoint"]).encode(), path)
        elif kind in (HEAD, DIRECTORY):
            self.add(_unwrapped(raw, path), path)
        elif kind == TREE_HEAD:
            if raw not in self.heads:
                self.heads.append(raw)
            self.by_kind.setdefault(kind, raw)
        elif kind == "receipt":
            self.receipts.append(raw)
        elif (between := _between(raw)) is not None:
            self.consistency.append(between)
        elif (entry := _entry(raw)) is not None:
            self.entries[entry.kind] = entry.entry()
        elif self.by_kind.setdefault(kind, raw) != raw:
            raise InputError(
                "audit-file-twice",
                f"Two different files are a {kind}.",
                "Give one file of each kind.",
                place=Place(str(path)),
                found=kind,
                wanted="one",
            )


def read_one(path: Path) -> bytes:
    """The file's bytes."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "audit-file-unreadable",
            "The file cannot be read.",
            "Give the path of a file that is there.",
            place=Place(str(path)),
            found=str(error.strerror or error),
        ) from error


def kind_of(raw: bytes, path: Path) -> str:
    """Which kind of file it is."""
    if raw.startswith(b"steplabel/log/"):
        return CHECKPOINT
    if raw.lstrip()[:1] == b"{":
        if _proof(raw) is not None:
            return INCLUSION if _between(raw) is None else CONSISTENCY
        told = document(raw)
        if (kind := SCHEMAS.get(str(told.get("schema")))) is not None:
            return kind
        if "checkpoint" in told:
            return SERVED_CHECKPOINT
        if "head" in told or "directory" in told:
            return HEAD if "head" in told else DIRECTORY
    try:
        value = decode(raw)
    except VerificationError as refused:
        raise _unknown(path) from refused
    names = set(value) if isinstance(value, dict) else set()
    for name, kind in KINDS.items():  # a sealed opening names its draw
        if name in names and (name != "draw" or "sealed_opening" not in names):
            return kind
    raise _unknown(path)


def document(raw: bytes) -> dict[str, Any]:
    """A JSON document; empty where this is none."""
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _proof(raw: bytes) -> tuple[bytes, ...] | None:
    """The hashes of an inclusion proof; None where this is none."""
    try:
        return tuple(bytes.fromhex(one) for one in json.loads(raw)["proof"])
    except (ValueError, TypeError, KeyError):
        return None


def _between(raw: bytes) -> Consistency | None:
    """A proof between two sizes of the log; None where this is none."""
    proof, told = _proof(raw), document(raw)
    first, second = told.get("first"), told.get("second")
    if proof is None or type(first) is not int or type(second) is not int:
        return None
    return Consistency(first, second, proof)


def _entry(raw: bytes) -> ServedEntry | None:
    """An entry of the log with its proof, as the portal's API gives it; None where a proof alone stands there."""
    try:
        return ServedEntry.model_validate_json(raw)
    except ValueError:
        return None


def _unwrapped(raw: bytes, path: Path) -> bytes:
    """The signed file inside an answer of the portal's API."""
    told = document(raw)
    try:
        return base64.b64decode(str(told.get("head", told.get("directory"))), validate=True)
    except ValueError as wrong:
        raise _unknown(path) from wrong


def _unknown(path: Path) -> InputError:
    return InputError(
        "audit-file-unknown",
        "The file is none that an audit knows.",
        "Give the files as they were written: they are binary, and no program may have changed them on the way.",
        place=Place(str(path)),
        wanted=", ".join([*dict.fromkeys(KINDS.values()), INCLUSION, CONSISTENCY, BENCHMARK, COMPOSED, EVIDENCE, CHECKPOINT]),
    )
