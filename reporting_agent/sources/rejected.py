"""A row that could not be used, with everything a person needs to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.errors import Place
from reporting_agent.sources.cells import Cell


@dataclass(frozen=True, slots=True)
class Rejected:
    """Where the row stands, why it was set aside, what stood there, what was wanted, and the row in its own columns.

    `row_id` is the row's identity, by which a correction finds it; `input` the one of `[inputs]` that it was read for.
    """

    place: Place
    reason: str
    found: str
    wanted: str
    original: tuple[Cell, ...]
    header: tuple[str, ...] = ()
    input: str = ""
    row_id: str = ""
