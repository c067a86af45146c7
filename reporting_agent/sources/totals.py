"""Which rows of a table are totals or subtotals: by a word for one, or by a blank key and amounts
that are the sum of the rows above.

A total is told and never taken as a row. A row is one where its first filled cell, or its key, is a
word for one (declared under `totals`, or one of the usual words below); or where its key is blank
and an amount in it is the sum of the rows since the total before, or of all rows. A usual word in
the key of a row that can be read in every column, and whose amounts are no such sum, may be a name:
that row is neither a total nor a row, but set aside.

Sums are compared within half of the last digit that the total shows. A total that differs from the
rows above it is worth more than one that agrees: rows are missing from the file, or could not be
read.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.errors import Place
from benchmarks.phrases import Phrase
from reporting_agent.sources.cells import Cell, plain

WORDS: list[str] = tomllib.loads(
    (Path(__file__).parent / "totals.toml").read_text(encoding="utf-8")
)["words"]
_USUAL = re.compile(
    rf"(?:{'|'.join(map(re.escape, sorted(WORDS, key=len, reverse=True)))})(?:[\s:：(（].*)?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A row that sums others: where it stands, and whether its amounts agree with the rows above
    (None: it has none that could).
    """

    place: Place
    agrees: bool | None
    found: str = ""
    summed: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row that cannot be read shows of being a total."""

    place: Place
    named: bool  # a word for a total stands in its first filled cell, or in its key
    declared: bool  # one that the profile declares
    keyless: bool
    # blank where a row must have something, or of a table whose rows are others than the file's
    incomplete: bool

    @property
    def possible(self) -> bool:
        return self.named or self.keyless


def names_a_total(cell: Cell, declared: Sequence[str] = ()) -> bool:
    """Whether the cell is a word for a total, alone or before what it totals ("Total May",
    "合计（吨）").
    """
    if not isinstance(cell, str):
        return False
    text = plain(cell).rstrip(":： ")
    return bool(_USUAL.fullmatch(text)) or any(
        text.casefold().startswith(plain(word).casefold()) for word in declared if word
    )


def says_a_total(heading: str) -> bool:
    """Whether a word of a column's heading is one for a total; in writing without spaces, wherever
    it stands.
    """
    words = re.split(r"[\s_\-./,:;，、]+", plain(heading))
    return any(map(names_a_total, words)) or any(
        word in heading for word in WORDS if word[0] >= "\u3000"
    )


def names_a_total_by_declaration(cell: Cell, declared: Sequence[str]) -> bool:
    """Whether a word that the profile declares stands here; then it is a total whatever else the
    row holds.
    """
    return isinstance(cell, str) and any(
        plain(cell).casefold().startswith(plain(word).casefold()) for word in declared if word
    )


@dataclass(slots=True)
class RunningSums:
    """What a total is compared with: the sum of each adding column since the total before, and of
    all rows.

    Every row is added once, however many totals ask: a file may hold as many rows without a key as
    rows.
    """

    columns: Mapping[str, list[float | None]]  # the table's own lists, growing
    _added: int = 0
    _begun: int = 0  # rows before the group
    _group: dict[str, float] = field(default_factory=dict)
    _whole: dict[str, float] = field(default_factory=dict)

    def begin_group(self, rows: int) -> None:
        """What comes now belongs to the next subtotal."""
        self._add(rows)
        self._group.clear()
        self._begun = rows

    def total(
        self, claim: Claim, amounts: Mapping[str, tuple[float, float]], rows: int
    ) -> TotalRow | None:
        """The row as a total, where it is one; `amounts` and `rows` as `judge` takes them."""
        agrees, stated, summed = self.judge(amounts, rows)
        if not claim.named:
            return (
                TotalRow(claim.place, agrees)
                if claim.keyless and agrees and rows - self._begun > 1
                else None
            )
        return (
            TotalRow(claim.place, agrees, stated, summed)
            if agrees or claim.declared or claim.incomplete
            else None
        )

    def judge(
        self, amounts: Mapping[str, tuple[float, float]], rows: int
    ) -> tuple[bool | None, str, str]:
        """Whether every amount of a total is a sum, with what was found and what the rows add up
        to.

        `amounts` are value and half of its last digit by column; `rows` is how many rows have been
        read so far.
        """
        self._add(rows)
        agrees: bool | None = None
        for name, (amount, half_a_digit) in amounts.items():
            group, whole = self._group.get(name, 0.0), self._whole.get(name, 0.0)
            near = half_a_digit + 1e-9 * max(abs(amount), abs(whole))
            if abs(group - amount) > near and abs(whole - amount) > near:
                return False, f"{name} {amount:.10g}", _sums(f"{group:.10g}", f"{whole:.10g}")
            agrees = True
        return agrees, "", ""

    def _add(self, rows: int) -> None:
        for name, values in self.columns.items():
            new = math.fsum(value for value in values[self._added : rows] if value is not None)
            self._group[name] = self._group.get(name, 0.0) + new
            self._whole[name] = self._whole.get(name, 0.0) + new
        self._added = rows


def half_a_digit(text: str) -> float:
    """Half of the last digit shown: 0.05 for 12.3. Both signs count as a decimal sign; of a whole
    number it is 0.5.
    """
    match = re.search(r"[.,](\d+)$", text)
    return 0.5 * 10.0 ** -len(match[1]) if match else 0.5


def _sums(group: str, whole: str) -> str:
    """Of the rows since the total before, and of all rows, where these differ as they are
    written.
    """
    return group if group == whole else Phrase("%(first)s or %(rest)s", first=group, rest=whole)
