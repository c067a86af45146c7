"""What a portal gives an auditor of a sampled report (its evidence, entries of the log), what
kind of answer each check gives, and the verdict that follows from them.

A check is *bound* (what is shown is what the portal accepted, logged and signed), *recomputed* (a
figure comes out again from what lies behind it) or *complete* (nothing that belongs there is
missing, nothing is there that does not belong). No kind stands for another: figures that come out
again say nothing of what was published unless they are bound to it.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from benchmarks.declared import said_by_validator
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import merkle
from benchmarks.wire.attestations import EvidenceLimit, SampleVerdict
from benchmarks.wire.logged import EntryKind, leaf_of_object


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry of the portal's log as its API gives it, with the proof under the draw's head.
    `logged` is the object in the leaf.
    """

    index: int
    on: date
    logged: bytes | None
    proof: tuple[bytes, ...]


class CheckKind(StrEnum):
    BOUND = "bound"
    RECOMPUTED = "recomputed"
    COMPLETE = "complete"


SUMMARY = "steplabel/verify-summary/1"
"""The file by which a certification body tells the portal how the checks of an opening came out, by
code.
"""

ON_SITE = "whole-recomputed"
"""Asked only of an auditor at the plant, with the plant's own files."""

OF_A_SAMPLE: dict[str, CheckKind] = {
    "report-received": CheckKind.BOUND,
    "values-logged": CheckKind.BOUND,
    "draw-promised": CheckKind.BOUND,
    "plan-sufficient": CheckKind.COMPLETE,
    "drawn-after-commitment": CheckKind.BOUND,
    "head-signed": CheckKind.BOUND,
    "commitment-logged": CheckKind.BOUND,
    "root-committed": CheckKind.BOUND,
    "challenge-signed": CheckKind.BOUND,
    "leaves-proven": CheckKind.BOUND,
    "key-committed": CheckKind.BOUND,
    "readings-committed": CheckKind.BOUND,
    "method-declared": CheckKind.RECOMPUTED,
    "noise-repeated": CheckKind.RECOMPUTED,
    "withheld-justified": CheckKind.COMPLETE,
    "ranks-and-counts": CheckKind.RECOMPUTED,
    "records-recomputed": CheckKind.RECOMPUTED,
    "records-with-evidence": CheckKind.COMPLETE,
    "one-batch-at-a-time": CheckKind.COMPLETE,
    "exclusions-justified": CheckKind.RECOMPUTED,
    "everything-opened": CheckKind.COMPLETE,
    "leaves-of-their-kind": CheckKind.COMPLETE,
    "nothing-left-out": CheckKind.COMPLETE,
    "edges-at-rest": CheckKind.COMPLETE,
    "output-weighed": CheckKind.COMPLETE,
}
"""The checks of an opening, by code. What of them a summary does not name was not done."""

QUESTIONS: tuple[tuple[Phrase, tuple[str, ...]], ...] = (
    (
        Phrase("Is this the report that the portal has?"),
        (
            "report-received",
            "values-logged",
            "commitment-logged",
            "root-committed",
            "challenge-signed",
        ),
    ),
    (
        Phrase("Was the sample drawn fairly, and is all of it opened?"),
        (
            "draw-promised",
            "plan-sufficient",
            "drawn-after-commitment",
            "head-signed",
            "everything-opened",
            "leaves-proven",
            "leaves-of-their-kind",
        ),
    ),
    (
        Phrase("Do the records follow from the plant's data?"),
        (
            "readings-committed",
            "records-recomputed",
            "records-with-evidence",
            "one-batch-at-a-time",
            "output-weighed",
            "method-declared",
        ),
    ),
    (
        Phrase("Is nothing missing?"),
        ("nothing-left-out", "edges-at-rest", "exclusions-justified", "withheld-justified"),
    ),
    (
        Phrase("Does the label follow from the records?"),
        ("ranks-and-counts", "key-committed", "noise-repeated", ON_SITE),
    ),
)
"""What an auditor asks of a report, in this order, and the checks of an opening that answer it."""

NOT_ASKED: dict[EvidenceLimit, frozenset[str]] = {
    EvidenceLimit.ENERGY_BY_BATCH: frozenset(
        {"readings-committed", "nothing-left-out", "edges-at-rest"}
    ),
    EvidenceLimit.ENERGY_FROM_ROWS: frozenset(),
    EvidenceLimit.OUTPUT_FROM_ROWS: frozenset({"output-weighed"}),
    EvidenceLimit.SINGLE_RECORDS: frozenset({ON_SITE}),
}
"""By what the evidence cannot show, the checks that are then not asked for."""

OF_THE_PORTAL: dict[str, CheckKind] = {
    "receipt-signed": CheckKind.BOUND,
    "benchmark-signed": CheckKind.BOUND,
    "benchmark-logged": CheckKind.BOUND,
    "benchmark-recomputed": CheckKind.RECOMPUTED,
    "repeats-shown-before": CheckKind.RECOMPUTED,
    "left-out-justified": CheckKind.COMPLETE,
    "explanation-follows": CheckKind.RECOMPUTED,
    "heads-agree": CheckKind.BOUND,
    "checkpoint-signed": CheckKind.BOUND,
    "statement-signed": CheckKind.BOUND,
    "directory-signed": CheckKind.BOUND,
    "pack-signed": CheckKind.BOUND,
    "practices-signed": CheckKind.BOUND,
    "entries-logged": CheckKind.BOUND,
    "version-logged": CheckKind.BOUND,
    "values-published": CheckKind.BOUND,
    "form-signed": CheckKind.BOUND,
}
"""Checks of files that the portal gives out, without a plant."""

OF_PAPERS: dict[str, CheckKind] = dict.fromkeys(
    ("bill-and-meters", "stock-and-meters", "sales-and-output", "calibration"), CheckKind.COMPLETE
)
"""Meters held against the world outside (`steplabel-agent reconcile`)."""

KIND_OF: dict[str, CheckKind] = {
    **OF_A_SAMPLE,
    ON_SITE: CheckKind.RECOMPUTED,
    **OF_THE_PORTAL,
    **OF_PAPERS,
}


def verdict_of(
    held: Set[str], failed: Set[str], not_checkable: Set[str], limits: Collection[EvidenceLimit]
) -> SampleVerdict:
    """The verdict of an opening whose checks came out so, by code. A check that is named nowhere,
    and that no limit of the evidence excuses, was not made. Bound is what every check that binds
    says so of.
    """
    excused = frozenset[str]().union(*(NOT_ASKED[limit] for limit in limits))
    asked = ({*OF_A_SAMPLE, ON_SITE} - excused) | held | failed | not_checkable
    binding = {code for code in asked if KIND_OF.get(code) is CheckKind.BOUND}
    return SampleVerdict(
        bound=binding <= held,
        held=len(held),
        failed=tuple(sorted(failed)),
        not_checkable=tuple(sorted(asked - held - failed)),
        limits=tuple(limit for limit in EvidenceLimit if limit in limits),
    )


SCHEMA = "steplabel/audit-evidence/1"
FILES = ("directory", "commitment", "challenge", "receipt", "head", "promise", "draw")
"""The files inside, in base64; the draw from when it was handed in."""

ENTRIES = (EntryKind.COMMITMENT, EntryKind.ENVELOPE, EntryKind.VALUES, EntryKind.AUDIT_PROMISE)


class ListedEntry(BaseModel):
    """An entry of the log as the portal lists it (`/api/v1/log/entries/`, `/api/v1/log/entry/`):
    nothing proves it yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int = Field(ge=0)
    kind: EntryKind
    logged: str = Field(alias="object", pattern="^[0-9a-f]{64}$")
    on: date
    leaf_hash: str

    @property
    def recomputed(self) -> bytes:
        """The leaf hash of what the entry says."""
        return merkle.leaf_hash(leaf_of_object(self.kind, bytes.fromhex(self.logged), self.on))


class ServedEntry(ListedEntry):
    """The answer of the portal's log to a question for a proof (`/api/v1/log/inclusion/`)."""

    size: int
    proof: tuple[str, ...]

    def entry(self) -> ProvenEntry:
        return ProvenEntry(
            self.index,
            self.on,
            bytes.fromhex(self.logged),
            tuple(bytes.fromhex(digest) for digest in self.proof),
        )


class SampleFile(BaseModel):
    """The file. What a part says is not looked at yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["steplabel/audit-evidence/1"] = Field(alias="schema")
    site: str
    period: str
    revision: int
    files: dict[
        Literal["directory", "commitment", "challenge", "receipt", "head", "promise", "draw"], str
    ]
    entries: tuple[ServedEntry, ...]
    restarts: tuple[str, ...] = ()
    """The coordinator's statements of restarts of the log in which the entry was lost that the
    challenge names, in base64.
    """

    @field_validator("files")
    @classmethod
    def _whole(cls, files: dict[str, str]) -> dict[str, str]:
        """All of them are there: what was taken out would not be looked at, and nothing would say
        so.
        """
        if lacking := sorted({*FILES} - {"draw"} - files.keys()):
            raise ValueError(Phrase("%(names)s: not in the file", names=", ".join(lacking)))
        return files

    def contents(self) -> dict[str, bytes]:
        """The files by name."""
        return {name: base64.b64decode(text, validate=True) for name, text in self.files.items()}

    def statements(self) -> tuple[bytes, ...]:
        """The statements of restarts; their signature is not looked at yet."""
        return tuple(base64.b64decode(text, validate=True) for text in self.restarts)


def read(content: Mapping[str, Any]) -> SampleFile:
    """The file's parts.

    Raises:
        VerificationError: `evidence-unreadable`.
    """
    try:
        file = SampleFile.model_validate(content)
        file.contents()
        file.statements()
        for entry in file.entries:
            entry.entry()
    except ValueError as wrong:  # pydantic's are among them
        message = _fault(wrong) if isinstance(wrong, ValidationError) else str(wrong)
        raise VerificationError(
            "evidence-unreadable",
            "This is not the evidence file of a sample.",
            Phrase(
                "Download it again from the page of the sample. Its schema must be %(schema)s; "
                "found: %(found)s.",
                schema=SCHEMA,
                found=message,
            ),
        ) from wrong
    return file


def _fault(wrong: ValidationError) -> str:
    """The first fault; what this file's own rule says in a phrase stays one."""
    first = wrong.errors(include_url=False)[0]
    return said_by_validator(first) or first["msg"]


def written(
    site: str,
    period: str,
    revision: int,
    files: Mapping[str, bytes],
    entries: list[dict[str, Any]],
    restarts: Iterable[bytes] = (),
) -> dict[str, Any]:
    """The file, as JSON; what could not be read back is not written. Without statements it is as
    agents before them read it.
    """
    content = {
        "schema": SCHEMA,
        "site": site,
        "period": period,
        "revision": revision,
        "files": {
            name: base64.b64encode(files[name]).decode("ascii") for name in FILES if name in files
        },
        "entries": entries,
    }
    if statements := [base64.b64encode(restart).decode("ascii") for restart in restarts]:
        content["restarts"] = statements
    read(content)
    return content
