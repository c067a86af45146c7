"""A firm's consent: what its reports said, and whether it is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    at: datetime
    by: str
    choice: str


@dataclass(frozen=True, slots=True)
class TermsRow:
    report: str
    revision: int
    purpose: str
    use: str
    naming: str
    retention: str
    scheme: str
    terms: str


@dataclass(frozen=True, slots=True)
class ConsentPage:
    firm: str
    led: bool
    named: bool
    history: tuple[ChoiceRow, ...]
    reports: tuple[TermsRow, ...]
