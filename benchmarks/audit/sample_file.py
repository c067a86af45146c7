"""The evidence file of one sample: all that an auditor needs from the portal, in one file that the
portal serves as JSON.

It holds the portal's signed files as they were exchanged (key directory, commitment, challenge,
receipt, promise, draw, tree head) and the entries of the log that they and the values found in the
report are, each with its proof under that head. Nothing in it is taken on the word of whoever hands
it over: every part is signed, or proven under the head. No value and no salt of a report stands in
it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from benchmarks.audit.entries import ProvenEntry
from benchmarks.declared import said_by_validator
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import merkle
from benchmarks.wire.logged import EntryKind, leaf_of_object

SCHEMA = "steplabel/audit-evidence/1"
FILES = ("directory", "commitment", "challenge", "receipt", "head", "promise", "draw")
"""The files inside, in base64."""

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
        if lacking := sorted(set(FILES) - files.keys()):
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
            Phrase("This is not the evidence file of a sample."),
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
