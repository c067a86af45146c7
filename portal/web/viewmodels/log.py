"""The page of the transparency log."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.viewmodels.shared import Figure, Item


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """One entry with what proves it under the head of the page."""

    title: str
    items: tuple[Item, ...]
    proof: tuple[str, ...]  # hashes, the nearest first
    proof_url: str


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """Who cosigns heads of the log, and what they cosigned last."""

    name: str
    at: str
    size: str


@dataclass(frozen=True, slots=True)
class LogPage:
    figures: tuple[Figure, ...]
    head: tuple[Item, ...]
    witnesses: tuple[WitnessRow, ...]
    required: str
    entry: LoggedEntry | None
