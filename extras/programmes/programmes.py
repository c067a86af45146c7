"""Programmes for leaders and grades, as data (`programmes.toml`): what each asks for, and what on
record here shows it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from benchmarks.declared import Words

SOURCE = Path(__file__).with_name("programmes.toml")
REPORT, ATTESTATION, SYSTEM = "report", "attestation", "system:"


@dataclass(frozen=True, slots=True)
class Criterion:
    """`shown_by` says what on record shows it; `own` that the programme does not ask for it and
    this portal adds it.
    """

    id: str
    asks: Words
    shown_by: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Programme:
    id: str
    name: Words
    source: Words
    status: Literal["read", "unverified"]
    criteria: tuple[Criterion, ...]

    def criterion(self, criterion_id: str) -> Criterion | None:
        return next(
            (criterion for criterion in self.criteria if criterion.id == criterion_id), None
        )


@cache
def programmes() -> dict[str, Programme]:
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["programme"]
    return {
        entry["id"]: Programme(
            entry["id"],
            Words(**entry["name"]),
            Words(**entry["source"]),
            entry["status"],
            tuple(Criterion(**{**row, "asks": Words(**row["asks"])}) for row in entry["criteria"]),
        )
        for entry in read
    }
