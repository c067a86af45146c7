"""The files of an audit, recognised and put together by what is in them; answers of the portal's
API taken apart, proofs and unsigned forms read.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.audit import published as audited
from benchmarks.audit import sample_file
from benchmarks.audit.sample_file import ListedEntry, ServedEntry
from benchmarks.errors import InputError, Place, VerificationError
from benchmarks.foreign_files import read_bytes
from benchmarks.phrases import Phrase, enumerated, in_context
from benchmarks.wire import documents, logged, published
from benchmarks.wire.canonical import decode
from benchmarks.wire.logged import EntryKind

_NOT_JSON = (ValueError, RecursionError)  # a file may be all brackets
WRAPPED = ("head", "directory", "receipt", "challenge")
"""Fields of answers that hold a signed file in base64."""

FORMS = {
    "PDF": re.compile(rb"%PDF-"),
    "SVG": re.compile(rb"\s*<svg "),
    "Parquet": re.compile(rb"PAR1"),
    "JSON-LD": re.compile(rb'\s*\{\s*"@context"'),
    "ZIP": re.compile(rb"PK\x03\x04"),
    "BibTeX": re.compile(rb"@[a-z]+\{"),
    "RIS": re.compile(rb"TY  - "),
    "CSV": re.compile(rb"(?:[^\x00-\x1f,]*,){2,}[^\x00-\x1f]*\r?\n"),
    "HTML": re.compile(rb"\s*<!doctype html", re.IGNORECASE),
}
"""Files that the portal serves to be read, and how each begins."""


class VersionAct(BaseModel):
    """One entry of the log about a version, as `/api/v1/benchmarks/.../leaves/` gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Literal["published", "withdrawn"]
    document: str = Field(pattern="^[0-9a-f]{64}$")
    leaves: tuple[int, ...]
    values: tuple[int, ...]
    reason: str
    log_index: int

    @property
    def kind(self) -> EntryKind:
        return EntryKind.PUBLICATION if self.act == "published" else EntryKind.PUBLICATION_WITHDRAWN

    @property
    def digest(self) -> bytes:
        """Of the thing that the log holds: leaves or reason are part of it."""
        document = bytes.fromhex(self.document)
        if self.act == "published":
            return logged.publication(document, self.leaves, self.values)
        return logged.publication_withdrawn(document, self.reason)


def form_of(raw: bytes) -> str | None:
    """Which form to read a file is; None where it is none."""
    return next((name for name, beginning in FORMS.items() if beginning.match(raw)), None)


def items_of(raw: bytes) -> list[dict[str, Any]] | None:
    """The rows of an answer that is a list, or a page of one; None where this is no list."""
    try:
        answer = json.loads(raw)
    except _NOT_JSON:
        return None
    rows = (
        answer.get("results")
        if isinstance(answer, dict) and answer.keys() == {"results", "next"}
        else answer
    )
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def unwrapped(row: dict[str, Any]) -> Iterator[bytes]:
    """The signed files inside one row, those of the reports that it lists among them.

    Raises:
        ValueError: not in base64.
    """
    for name in WRAPPED:
        if isinstance(row.get(name), str):
            yield base64.b64decode(row[name], validate=True)
    for report in row.get("reports", ()):
        yield from unwrapped(report)


Model = TypeVar("Model", bound=BaseModel)

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

SERVED, LISTED = "served", "listed"
"""Signed files as the portal's API answers with them: one in JSON around it, or rows of a list."""

ENTRY, ACT = "log-entry", "logged-act"
"""An entry of the log without a proof, and what the log has of a published version (JSON)."""

FORM = "form"
"""A file to be read, without a signature: PDF, CSV and the like."""

COMPOSED = "composed-of"
"""What a published version was composed of, for who may see protected values (JSON)."""

APPROVED_PACK = "approved-pack"
"""A pack that was approved, or an edition of the library of practices: its signed document, or the
API's JSON around it.
"""

SCHEMAS = {
    documents.PACK_SCHEMA: APPROVED_PACK,
    documents.LIBRARY_SCHEMA: APPROVED_PACK,
    published.SCHEMA: BENCHMARK,
    audited.SCHEMA: COMPOSED,
    sample_file.SCHEMA: EVIDENCE,
}


NAMES = {
    str(name): name
    for name in (
        in_context("a file of an audit", "opening"),
        in_context("a file of an audit", "sealed-opening"),
        in_context("a file of an audit", "draw"),
        in_context("a file of an audit", "promise"),
        in_context("a file of an audit", "commitment"),
        in_context("a file of an audit", "challenge"),
        in_context("a file of an audit", "receipt"),
        in_context("a file of an audit", "directory"),
        in_context("a file of an audit", "tree-head"),
        in_context("a file of an audit", "statement"),
        in_context("a file of an audit", "inclusion-proof"),
        in_context("a file of an audit", "consistency-proof"),
        in_context("a file of an audit", "benchmark"),
        in_context("a file of an audit", "composed-of"),
        in_context("a file of an audit", "evidence"),
        in_context("a file of an audit", "checkpoint"),
        in_context("a file of an audit", "log-entry"),
        in_context("a file of an audit", "logged-act"),
        in_context("a file of an audit", "form"),
    )
}
"""The kinds as people are told of them."""


@dataclass(frozen=True, slots=True)
class Consistency:
    """What is to prove that the log of `second` entries begins with that of `first`; nothing is
    checked here.
    """

    first: int
    second: int
    proof: tuple[bytes, ...]


def kind_of(raw: bytes, path: Path) -> str:
    """Which kind of file it is."""
    if raw.startswith(b"steplabel/log/"):
        return CHECKPOINT
    if raw.lstrip()[:1] == b"{" and (kind := _kind_of_document(raw)) is not None:
        return kind
    if items_of(raw) is not None:
        return LISTED
    if form_of(raw) is not None:
        return FORM
    try:
        value = decode(raw)
    except VerificationError as refused:
        raise unknown(path) from refused
    names = set(value) if isinstance(value, dict) else set()
    for name, kind in KINDS.items():  # a sealed opening names its draw
        if name in names and (name != "draw" or "sealed_opening" not in names):
            return kind
    raise unknown(path)


def _kind_of_document(raw: bytes) -> str | None:
    """Which kind of JSON document; None where it is none that is known."""
    if proof_of(raw) is not None:
        return INCLUSION if between(raw) is None else CONSISTENCY
    content = document(raw)
    if (kind := SCHEMAS.get(str(content.get("schema")))) is not None:
        return kind
    if "pack_toml" in content or {"document", "library", "log"} <= set(content):
        return APPROVED_PACK
    if "checkpoint" in content:
        return SERVED_CHECKPOINT
    for name, model in ((ENTRY, ListedEntry), (ACT, VersionAct)):
        if read_as(model, raw) is not None:
            return name
    return SERVED if any(isinstance(content.get(name), str) for name in WRAPPED) else None


def document(raw: bytes) -> dict[str, Any]:
    """A JSON document; empty where this is none."""
    try:
        content = json.loads(raw)
    except _NOT_JSON:
        return {}
    return content if isinstance(content, dict) else {}


def proof_of(raw: bytes) -> tuple[bytes, ...] | None:
    """The hashes of an inclusion proof; None where this is none."""
    try:
        return tuple(bytes.fromhex(sibling) for sibling in json.loads(raw)["proof"])
    except (*_NOT_JSON, TypeError, KeyError):
        return None


def between(raw: bytes) -> Consistency | None:
    """A proof between two sizes of the log; None where this is none."""
    proof, content = proof_of(raw), document(raw)
    first, second = content.get("first"), content.get("second")
    if proof is None or type(first) is not int or type(second) is not int:
        return None
    return Consistency(first, second, proof)


def read_as(model: type[Model], raw: bytes) -> Model | None:
    """An answer of the portal's API of that shape; None where it has another."""
    try:
        return model.model_validate_json(raw)
    except ValueError:
        return None


def unknown(path: Path) -> InputError:
    return InputError(
        "audit-file-unknown",
        "This kind of file is not used in an audit.",
        "Give the files exactly as they were written. They are binary, and no program may change "
        "them on the way.",
        place=Place(str(path)),
        wanted=enumerated(NAMES.values()),
    )


WITH_AN_OPENING = frozenset({"draw", "promise", "commitment", INCLUSION})
"""Kinds that are checked together with an opening alone."""

SHOWN_BY_AN_OPENING = frozenset({EntryKind.VALUES, EntryKind.AUDIT_PROMISE})
"""Entries whose thing an opening or its draw holds, and nothing that the portal gives alone."""


@dataclass(frozen=True, slots=True)
class HandedInFiles:
    """What was handed in, by kind; of receipts, heads and proofs between heads there may be
    several, the first head being the draw's.
    """

    by_kind: dict[str, bytes] = field(default_factory=dict)
    receipts: tuple[bytes, ...] = ()
    versions: tuple[bytes, ...] = ()
    """Published versions, plain or with what they were composed of: cells of one may repeat
    another.
    """
    heads: tuple[bytes, ...] = ()
    consistency: tuple[Consistency, ...] = ()
    entries: Mapping[EntryKind, tuple[ServedEntry, ...]] = field(default_factory=dict)
    """Of each kind the one that an evidence file has, else every one that was given by itself."""
    evidence_of: tuple[str, str, int] | None = None
    """Site, period and revision that an evidence file says it is of."""
    listed: tuple[ListedEntry, ...] = ()
    """Every entry of the log that was given by itself, with a proof or without."""
    acts: tuple[VersionAct, ...] = ()
    forms: tuple[str, ...] = ()
    packs: tuple[bytes, ...] = ()
    """Approved packs, with their files or the signed document alone."""
    rows: bool = False
    """Whether an answer was given that is a list, be it empty."""
    restarts: tuple[bytes, ...] = ()
    """The coordinator's statements of restarts of the log, not yet verified."""

    @property
    def of_an_audit(self) -> bool:
        """Whether files are here that say something only together with an opening."""
        audited = not self.entries.keys().isdisjoint(SHOWN_BY_AN_OPENING)
        return (
            audited
            or self.evidence_of is not None
            or not self.by_kind.keys().isdisjoint(WITH_AN_OPENING)
        )

    @property
    def inclusion_proof(self) -> tuple[bytes, ...] | None:
        """The proof that the commitment is in the log, where it was given without its entry."""
        raw = self.by_kind.get(INCLUSION)
        return None if raw is None else proof_of(raw)


def read_all(paths: list[Path]) -> HandedInFiles:
    """Read and tell apart. What is inside an evidence file counts as if it had been given by
    itself.

    Raises:
        InputError: `audit-file-unreadable`, `audit-file-unknown`, `audit-file-twice`.
        VerificationError: `evidence-unreadable`.
    """
    pile = _Pile()
    for path in paths:
        pile.add(read_one(path), path)
    proven = {kind: tuple(entries) for kind, entries in pile.entries.items()} | {
        kind: (entry,) for kind, entry in pile.of_evidence.items()
    }
    several = (
        tuple(pile.receipts),
        tuple(pile.versions),
        tuple(pile.heads),
        tuple(pile.consistency),
        proven,
    )
    lists = (tuple(pile.listed), tuple(pile.acts), tuple(pile.forms), tuple(pile.packs), pile.rows)
    return HandedInFiles(
        pile.by_kind, *several, pile.evidence_of, *lists, restarts=tuple(pile.restarts)
    )


@dataclass(slots=True)
class _Pile:
    """What was read so far. The same file twice is one."""

    by_kind: dict[str, bytes] = field(default_factory=dict)
    receipts: list[bytes] = field(default_factory=list)
    versions: dict[bytes, None] = field(default_factory=dict)
    heads: list[bytes] = field(default_factory=list)
    consistency: list[Consistency] = field(default_factory=list)
    entries: dict[EntryKind, list[ServedEntry]] = field(default_factory=dict)
    of_evidence: dict[EntryKind, ServedEntry] = field(default_factory=dict)
    evidence_of: tuple[str, str, int] | None = None
    listed: list[ListedEntry] = field(default_factory=list)
    acts: list[VersionAct] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    packs: list[bytes] = field(default_factory=list)
    rows: bool = False
    restarts: list[bytes] = field(default_factory=list)

    def add(self, raw: bytes, path: Path) -> None:
        kind = kind_of(raw, path)
        if kind == EVIDENCE:
            inside = sample_file.read(document(raw))
            self.evidence_of = (inside.site, inside.period, inside.revision)
            for content in inside.contents().values():
                self.add(content, path)
            self.of_evidence |= {entry.kind: entry for entry in inside.entries}
            self.restarts += inside.statements()
        elif kind in (SERVED_CHECKPOINT, SERVED, LISTED, ENTRY, ACT, FORM):
            self._add_served(kind, raw, path)
        elif kind == TREE_HEAD:
            if raw not in self.heads:
                self.heads.append(raw)
            self.by_kind.setdefault(kind, raw)
        elif kind == "receipt":
            self.receipts.append(raw)
        elif kind == APPROVED_PACK:
            self.packs.append(raw)
        elif kind in (BENCHMARK, COMPOSED):
            self.versions[raw] = None
            self.by_kind.setdefault(kind, raw)
        elif (proof := between(raw)) is not None:
            self.consistency.append(proof)
        elif (entry := read_as(ServedEntry, raw)) is not None:
            self.entries.setdefault(entry.kind, []).append(entry)
            self.listed.append(entry)
        elif self.by_kind.setdefault(kind, raw) != raw:
            raise InputError(
                "audit-file-twice",
                Phrase(
                    "Two different files are both a %(kind)s.",
                    kind=NAMES.get(kind, kind),
                ),
                "Give one file of each kind.",
                place=Place(str(path)),
                found=NAMES.get(kind, kind),
                wanted=Phrase("one"),
            )

    def _add_served(self, kind: str, raw: bytes, path: Path) -> None:
        """What an answer of the portal's API holds, and forms."""
        if kind == SERVED_CHECKPOINT:
            self.add(str(document(raw)["checkpoint"]).encode(), path)
        elif kind == SERVED:
            self._add_unwrapped(document(raw), path)
        elif kind == LISTED:
            self._add_rows(items_of(raw) or [], path)
        elif kind == ENTRY:
            self.listed.append(ListedEntry.model_validate_json(raw))
        elif kind == ACT:
            self.acts.append(VersionAct.model_validate_json(raw))
        else:
            self.forms.append(form_of(raw) or kind)

    def _add_rows(self, rows: list[dict[str, Any]], path: Path) -> None:
        """Rows of a list one by one; those in which nothing is signed or logged make the whole a
        form to be read.
        """
        self.rows = True
        for row in rows:
            raw = json.dumps(row).encode()
            signed_or_logged = (
                row.get("schema") == documents.PACK_SCHEMA
                or read_as(ListedEntry, raw) is not None
                or read_as(VersionAct, raw) is not None
            )
            if signed_or_logged:
                self.add(raw, path)
            elif not self._add_unwrapped(row, path) and "JSON" not in self.forms:
                self.forms.append("JSON")

    def _add_unwrapped(self, answer: dict[str, Any], path: Path) -> bool:
        """What is signed inside an answer; whether there is anything."""
        try:
            inside = list(unwrapped(answer))
        except (
            ValueError,
            TypeError,
            AttributeError,
        ) as wrong:  # JSON of another shape, of whatever program
            raise unknown(path) from wrong
        for content in inside:
            self.add(content, path)
        return bool(inside)


def read_one(path: Path) -> bytes:
    """The file's bytes."""
    try:
        return read_bytes(path)
    except OSError as error:
        raise InputError(
            "audit-file-unreadable",
            "The file cannot be read.",
            "Give the path of an existing file.",
            place=Place(str(path)),
            found=str(error.strerror or error),
        ) from error


def lacking(what: Phrase, why: Phrase) -> InputError:
    return InputError(
        "audit-file-lacking",
        Phrase("The %(what)s is missing: %(why)s.", what=what, why=why),
        "Give it as well.",
        wanted=what,
    )
