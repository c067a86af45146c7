"""Reads the file of what a published benchmark was composed of, and requires document, reports and
labels to be those of the log.

The file `steplabel/composed-of/1` is for who may see protected values: the signed document, the
reports that entered (with site and firm, for one site a firm enters) and their protected labels, a
signed head of the log, and a proof for each leaf. From it:

1. document and head are signed by the portal; the publication's own leaf binds the document and
   names the reports' leaves;
2. every report is the envelope in its leaf, and its site, period and labels are those that were
   logged when it was accepted, so none was altered since;
3. no report is there of which leaf or values were not named, none named is missing, none is of
   another period, and no site has two;
4. composition is run again on these labels with the seed that follows from the reports, and rounded
   as the gate rounds (`recomposed`).

Which firm controls a site is the portal's word: it is not logged.
Whether the values in a report are true is another question, which the plant's own auditor answers.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmarks.composition import ReportedLabel
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.released import ReleasedLabel
from benchmarks.wire import heads, logged, published, schema
from benchmarks.wire.heads import TreeHead
from benchmarks.wire.logged import EntryKind, ReportRevision
from benchmarks.wire.merkle import require_inclusion
from benchmarks.wire.signing import VerifyingKey

SCHEMA = "steplabel/composed-of/1"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LoggedLeaf(_Strict):
    """Where something stands in the log, since when, and what proves it under the file's head."""

    index: int
    on: str
    proof: tuple[str, ...]


class EnteredReport(_Strict):
    """One report that entered, with its labels; `left_out` are those that did not: by the policy on
    audits, or as a further site.
    """

    site: str
    period: str
    revision: int
    firm: str
    envelope_digest: str
    envelope: LoggedLeaf
    values: LoggedLeaf
    salt: str  # hex
    labels: tuple[dict[str, Any], ...]
    left_out: tuple[int, ...] = ()


class ComposedOf(_Strict):
    """The file. JSON has no tuples: read it with `read`."""

    kind: Literal["steplabel/composed-of/1"] = Field(alias="schema")
    document: dict[str, Any]
    head: str
    publication: LoggedLeaf
    leaves: tuple[int, ...]
    values: tuple[int, ...]
    reports: tuple[EnteredReport, ...]


def read(content: Mapping[str, Any]) -> ComposedOf:
    """The file's parts, strictly.

    Raises:
        VerificationError: `composed-of-unreadable`.
    """
    try:
        return ComposedOf.model_validate(content, strict=False)
    except ValidationError as wrong:
        raise VerificationError(
            "composed-of-unreadable",
            "This is not a file of the reports that a benchmark was composed from.",
            Phrase(
                "Download it again from the version's page. Its schema must be %(schema)s; found: "
                "%(found)s.",
                schema=SCHEMA,
                found=wrong.errors(include_url=False)[0]["msg"],
            ),
        ) from wrong


@dataclass(frozen=True, slots=True)
class LoggedDocument:
    """A file whose every part is what the portal signed and logged; its figures are not looked at
    yet.
    """

    file: ComposedOf
    head: TreeHead
    labels: tuple[ReportedLabel, ...]
    everybody: tuple[ReportedLabel, ...]  # with the labels that were left out


def require_logged(content: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> LoggedDocument:
    """The file, once document, reports and labels are those of the log.

    Args:
        keys: the portal's receipt keys by key id, as its key directory lists them.

    Raises:
        VerificationError: `benchmark-signature-invalid`, `tree-head-signature-invalid`,
            `not-included`, `proof-malformed`: something is not what was logged; `leaves-differ`:
            reports are missing or added; `report-of-another-period`, `site-twice`;
            `composed-of-unreadable`.
    """
    file = read(content)
    published.verify(file.document, keys)
    head = heads.read(_bytes(file.head), keys).head
    act = logged.publication(published.digest(file.document), file.leaves, file.values)
    _require_leaf(EntryKind.PUBLICATION, act, file.publication, head)
    own = ((report.envelope.index, report.values.index) for report in file.reports)
    if tuple(map(sorted, zip(*own, strict=True))) != (sorted(file.leaves), sorted(file.values)):
        raise VerificationError(
            "leaves-differ",
            "The reports in the file are not those that the publication names in the log.",
            "Download the file again. If the fault remains, a report was left out or added: "
            "keep the file and the head.",
        )
    labels = [_labels(report, head) for report in file.reports]
    _require_one_a_site(file)
    entered = [
        row
        for report, own in zip(file.reports, labels, strict=True)
        for index, row in enumerate(own)
        if index not in report.left_out
    ]
    return LoggedDocument(file, head, tuple(entered), tuple(row for own in labels for row in own))


def _require_one_a_site(file: ComposedOf) -> None:
    """A version is of one period, in which a site has one report: the newest revision that was
    accepted.
    """
    period, sites = file.document.get("period"), set[str]()
    for report in file.reports:
        if report.period != period:
            raise VerificationError(
                "report-of-another-period",
                Phrase(
                    "The version is for %(period)s, but was composed from a report for %(found)s.",
                    period=str(period),
                    found=report.period,
                ),
                "Keep the file and the head: the publication in the log names that report.",
            )
        if report.site in sites:
            raise VerificationError(
                "site-twice",
                Phrase("Two reports of the site %(site)s are in the version.", site=report.site),
                "Keep the file and the head: the publication in the log names both.",
            )
        sites.add(report.site)


def _labels(report: EnteredReport, head: TreeHead) -> list[ReportedLabel]:
    """All labels of a report, once envelope and labels were found in the log."""
    envelope = _digest(report.envelope_digest)
    _require_leaf(EntryKind.ENVELOPE, envelope, report.envelope, head)
    labels = [
        schema.read_label(label, f"labels[{index}]") for index, label in enumerate(report.labels)
    ]
    of, salt = (
        ReportRevision(report.site, report.period, report.revision),
        _digest(report.salt),
    )
    _require_leaf(EntryKind.VALUES, logged.values(envelope, of, labels, salt), report.values, head)
    return [ReportedLabel(report.firm, report.site, label) for label in labels]


def _require_leaf(kind: EntryKind, digest: bytes, leaf: LoggedLeaf, head: TreeHead) -> None:
    try:
        on, proof = date.fromisoformat(leaf.on), [bytes.fromhex(node) for node in leaf.proof]
    except ValueError as wrong:
        raise VerificationError(
            "composed-of-unreadable",
            Phrase("The leaf %(index)s has no readable date or proof.", index=leaf.index),
            "Download the file again.",
        ) from wrong
    require_inclusion(logged.hashed(kind, digest, on), leaf.index, head.size, proof, head.root)


def _digest(text: str) -> bytes:
    raw = (
        bytes.fromhex(text)
        if len(text) == 64 and text == text.lower() and set(text) <= set("0123456789abcdef")
        else b""
    )
    if len(raw) != 32:
        raise VerificationError(
            "composed-of-unreadable",
            Phrase("%(text)s is not a digest or salt of 32 bytes.", text=f"{text!r}"),
            "Download the file again.",
        )
    return raw


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as wrong:
        raise VerificationError(
            "composed-of-unreadable",
            "The head in the file is not base64.",
            "Download the file again.",
        ) from wrong


def label_to_json(label: ReleasedLabel) -> dict[str, Any]:
    """A label as the file has it: the wire's map, whose values are numbers, texts and lists of
    numbers.
    """
    return schema.checked_label(label, "label")
