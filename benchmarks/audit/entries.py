"""Entries of the portal's log, as an auditor has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry of the portal's log as its API gives it, with the proof under the draw's head.
    `logged` is the object in the leaf.
    """

    index: int
    on: date
    logged: bytes | None
    proof: tuple[bytes, ...]
