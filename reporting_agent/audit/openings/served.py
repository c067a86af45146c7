"""Answers of the portal's API that hold several things, or one in base64, taken apart; and forms that bear no signature."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.wire import logged
from benchmarks.wire.logged import Kind

WRAPPED = ("head", "directory", "receipt", "challenge")
"""Fields of answers that hold a signed file in base64."""

FORMS = {
    "PDF": re.compile(rb"%PDF-"),
    "ZIP": re.compile(rb"PK\x03\x04"),
    "BibTeX": re.compile(rb"@[a-z]+\{"),
    "RIS": re.compile(rb"TY  - "),
    "CSV": re.compile(rb"(?:[^\x00-\x1f,]*,){2,}[^\x00-\x1f]*\r?\n"),
    "HTML": re.compile(rb"\s*<!doctype html", re.IGNORECASE),
}
"""Files that the portal serves to be read, and how each begins."""


class Act(BaseModel):
    """One entry of the log about a version, as `/api/v1/benchmarks/.../leaves/` gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Literal["published", "withdrawn"]
    document: str = Field(pattern="^[0-9a-f]{64}$")
    leaves: tuple[int, ...]
    values: tuple[int, ...]
    reason: str
    log_index: int

    @property
    def kind(self) -> Kind:
        return Kind.PUBLICATION if self.act == "published" else Kind.PUBLICATION_WITHDRAWN

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
        told = json.loads(raw)
    except ValueError:
        return None
    rows = told.get("results") if isinstance(told, dict) and told.keys() == {"results", "next"} else told
    return rows if isinstance(rows, list) and all(isinstance(one, dict) for one in rows) else None


def unwrapped(told: dict[str, Any]) -> Iterator[bytes]:
    """The signed files inside one row, those of the reports that it lists among them.

    Raises:
        ValueError: not in base64.
    """
    for name in WRAPPED:
        if isinstance(told.get(name), str):
            yield base64.b64decode(told[name], validate=True)
    for report in told.get("reports", ()):
        yield from unwrapped(report)
