"""The files of an audit, told apart by what is in them: nobody has to say which is which."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.audit import published as audited
from benchmarks.errors import InputError, Place, VerificationError
from benchmarks.wire import published
from benchmarks.wire.canonical import decode

KINDS = {
    "opening": "opening",
    "sealed_opening": "sealed-opening",
    "draw": "draw",
    "promise": "promise",
    "commitment": "commitment",
    "challenge": "challenge",
    "receipt": "receipt",
    "directory": "directory",
    "tree_head": "tree-head",
}
"""The field that only a file of the kind has, and the kind."""


INCLUSION = "inclusion-proof"
"""The answer of the portal's log to a question for a proof, kept as it came (JSON)."""

CONSISTENCY = "consistency-proof"
"""Its answer to whether the log of one size begins with that of another, kept as it came (JSON)."""

BENCHMARK = "benchmark"
"""A published version, as the portal gives it (JSON)."""


COMPOSED = "composed-of"
"""What a published version was composed of, for who may see protected values (JSON)."""


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

    @property
    def inclusion(self) -> tuple[bytes, ...] | None:
        """The proof that the commitment is in the log, where it was handed in."""
        raw = self.by_kind.get(INCLUSION)
        return None if raw is None else _proof(raw)


def read_all(paths: list[Path]) -> Files:
    """Read and tell apart.

    Raises:
        InputError: `audit-file-unreadable`, `audit-file-unknown`, `audit-file-twice`.
    """
    found: dict[str, bytes] = {}
    receipts: list[bytes] = []
    heads: list[bytes] = []
    consistency: list[Consistency] = []
    for path in paths:
        raw = read_one(path)
        kind = kind_of(raw, path)
        if kind == "tree-head":
            heads.append(raw)
            found.setdefault(kind, raw)
        elif kind == "receipt":
            receipts.append(raw)
        elif (between := _between(raw)) is not None:
            consistency.append(between)
        elif kind in found:
            raise InputError(
                "audit-file-twice",
                f"Two files are a {kind}.",
                "Give one file of each kind.",
                place=Place(str(path)),
                found=kind,
                wanted="one",
            )
        else:
            found[kind] = raw
    return Files(found, tuple(receipts), tuple(heads), tuple(consistency))


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
    if raw.lstrip()[:1] == b"{":
        if _proof(raw) is not None:
            return INCLUSION if _between(raw) is None else CONSISTENCY
        schema = document(raw).get("schema")
        if schema in (published.SCHEMA, audited.SCHEMA):
            return BENCHMARK if schema == published.SCHEMA else COMPOSED
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


def _unknown(path: Path) -> InputError:
    return InputError(
        "audit-file-unknown",
        "The file is none that an audit knows.",
        "Give the files as they were written: they are binary, and no program may have changed them on the way.",
        place=Place(str(path)),
        wanted=", ".join([*KINDS.values(), INCLUSION, CONSISTENCY, BENCHMARK, COMPOSED]),
    )
