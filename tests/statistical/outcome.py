"""What a statistical check gives: whether it held, one sentence, and the table that goes into the
document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    held: bool
    sentence: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    page: str = "privacy.md"  # of `docs`, which holds the table

    def markdown(self) -> str:
        """The table as it stands in the document."""
        lines = [
            _line(self.header),
            _line(["---"] * len(self.header)),
            *(_line(row) for row in self.rows),
        ]
        return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
