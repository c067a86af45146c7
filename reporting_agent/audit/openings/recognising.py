"""Which kind of file something is, by what is in it; answers of the portal's API taken apart, and
proofs and forms read.

Answers of the portal's API that hold several things, or one in base64, taken apart; and forms that
bear no signature.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.audit import published as audited
from benchmarks.audit import sample_file
from benchmarks.audit.sample_file import ListedEntry
from benchmarks.errors import InputError, Place, VerificationError
from benchmarks.phrases import enumerated, in_context
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
