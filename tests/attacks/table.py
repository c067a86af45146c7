"""The table of `docs/attacks.md`: one row an attack, stated by the test that ran it, held against
the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "attacks.md"
BEGIN, END = "<!-- table: attacks -->", "<!-- end: attacks -->"
HEAD = "| attack | defence | bound | measured | with the defence off |\n|---|---|---|---|---|"

ORDER = (
    "membership",
    "one-for-many",
    "one-byte-for-many",
    "reconstruction",
    "redraw",
    "redraw-by-key",
    "versions",
    "overlap",
    "period",
    "two-differ",
    "several-differ",
    "came-back",
    "correction-others",
    "correction-firm",
    "metrics",
    "years",
    "trend",
    "trend-own-firm",
    "reasons",
    "reported",
    "best-group",
    "best-group-versions",
    "group-counts",
    "standing",
    "one-firm",
    "one-liar",
    "alone",
    "two",
    "all-but-one",
    "replay",
    "splice",
    "mutation",
    "substitution",
    "policy",
    "challenge",
    "set-back",
    "two-histories",
    "lost-witness",
    "one-opening",
    "another-report",
    "withheld-step",
    "at-one-time",
    "left-out",
    "policy-digest",
    "forked-head",
    "falsified",
    "said-of-itself",
    "checks-left-out",
    "no-directory",
    "no-opening",
    "promise-unlogged",
    "replaced-revision",
    "flood",
    "reading",
    "lock-out",
    "host",
    "first-mail",
    "account-told",
    "stolen-database",
    "logs",
)
"""The rows by name, in the order of the document."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attack as it was measured. `name` is one of ORDER; the rest are the cells of its line."""

    name: str
    attack: str
    defence: str
    bound: str
    measured: str
    off: str

    @property
    def line(self) -> str:
        return f"| {self.attack} | {self.defence} | {self.bound} | {self.measured} | {self.off} |"


def filled(text: str, lines: Mapping[str, str]) -> str:
    """The document with these lines, by name, between its markers.

    Raises:
        LookupError: a row is missing, or the document has no place for the table.
    """
    if missing := [name for name in ORDER if name not in lines]:
        raise LookupError(f"no test stated {', '.join(missing)}")
    if BEGIN not in text or END not in text:
        raise LookupError(f"{DOCUMENT.name} has no place for the table: {BEGIN} ... {END}")
    before, rest = text.split(BEGIN, 1)
    table = "\n".join((HEAD, *(lines[name] for name in ORDER)))
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END, 1)[1]}"


def lines_of(text: str) -> list[str]:
    """The lines of the table as the document holds them, without the head."""
    inside = text.split(BEGIN, 1)[1].split(END, 1)[0].strip()
    return inside.splitlines()[2:]
