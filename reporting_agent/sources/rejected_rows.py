"""Rows that are not used: totals of others, and unusable ones, which a person corrects in
rejected.csv.

A row is a total where its first filled cell or its key is a word for one, or its key is blank and
an amount is the sum of the rows since the total before, or of all (within half of the last digit
shown). A row is known again by a digest of input, file name and cells as they were; a correction
whose row is gone, or stands twice with different cells, is reported and not used.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePath

from benchmarks.csv_cells import as_written, csv_of
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.sources.cells import Cell, RejectedRow, plain
from reporting_agent.sources.sheets import open_sheet

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


USED = "corrected: read as it stands here"
REASONS = ("file", "row", "column", "reason", "found", "wanted", "input", "row_id")
_OWN = "own: "  # before a file's own header that is one of these
_EXTRA = "cell "  # of a row longer than its header
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")


def identity(wanted: str, file: str, cells: Sequence[Cell]) -> str:
    """Twelve hexadecimal digits that name a row by what it held in its file; blank cells at its end
    are as good as none.
    """
    texts = [as_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    parts = (wanted, PurePath(file).name, *texts)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def as_text(cell: Cell) -> str:
    """A cell as rejected.csv shows it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return (
        str(int(cell))
        if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15
        else str(cell)
    )


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """One corrected row: where it stands in the corrections file, and its cells by the file's own
    header.
    """

    place: Place
    cells: Mapping[str, Cell]
    meant: tuple[str, str]  # input and name of the file whose row it corrects

    def over(self, header: Sequence[str], original: Sequence[Cell]) -> list[Cell]:
        """The row as corrected; a cell that says the same stays the original."""
        padded = [*original, *[None] * (len(header) - len(original))]
        return [
            self._cell(name, was) for name, was in zip(header, padded[: len(header)], strict=True)
        ]

    def _cell(self, name: str, was: Cell) -> Cell:
        now = self.cells.get(name)
        if _says(now) == _says(was):
            return was
        return (_moment(now.strip()) or now) if isinstance(now, str) else now


@dataclass
class Corrections:
    """All corrected rows by identity, and what became of them."""

    rows: dict[str, CorrectedRow] = field(default_factory=dict)
    twice: list[Place] = field(default_factory=list)
    met: set[str] = field(default_factory=set)  # identities that stood in the inputs
    used: dict[str, RejectedRow] = field(
        default_factory=dict
    )  # rows as they were read, for the next rejected.csv

    @cached_property
    def _files_meant(self) -> frozenset[tuple[str, str]]:
        """Input and file name of each: digests are computed of their rows alone."""
        return frozenset(correction.meant for correction in self.rows.values())

    def mended(
        self, wanted: str, file: str, header: Sequence[str], cells: Sequence[Cell]
    ) -> list[Cell] | None:
        """The cells of this very row as corrected; None where nobody corrected it."""
        if (wanted, PurePath(file).name) not in self._files_meant:
            return None
        name = identity(wanted, file, cells)
        correction = self.rows.get(name)
        if correction is None:
            return None
        self.met.add(name)
        return correction.over(header, cells)

    def use(
        self,
        wanted: str,
        file: str,
        header: Sequence[str],
        row: int,
        cells: Sequence[Cell],
        mended: Sequence[Cell],
    ) -> None:
        """Note that the row was read as corrected."""
        name = identity(wanted, file, cells)
        self.used[name] = RejectedRow(
            Place(file, row), USED, "", "", tuple(mended), tuple(header), wanted, name
        )

    @property
    def unused(self) -> list[Place]:
        """Where corrections stand whose row is not there (any more) as it was."""
        return [correction.place for name, correction in self.rows.items() if name not in self.met]


def load(*paths: Path) -> Corrections:
    """Read corrected rejected.csv files (or the same saved as .xlsx).

    Raises:
        InputError: one cannot be read, or lacks the column row_id.
    """
    corrections = Corrections()
    for path in paths:
        _load(path, corrections)
    for place in corrections.twice:
        corrections.rows = {
            name: correction
            for name, correction in corrections.rows.items()
            if correction.place != place
        }
    return corrections


def _load(path: Path, corrections: Corrections) -> None:
    sheet = open_sheet(path, Profile())
    if "row_id" not in sheet.header:
        raise InputError(
            "column-missing",
            "The corrections lack the column that names each row.",
            "Correct the rejected.csv that `check` or `label` wrote, and keep its first columns.",
            place=Place(sheet.file, 1, "row_id"),
            found=", ".join(name for name in sheet.header if name) or Phrase("no headers"),
            wanted="row_id",
        )
    for row, cells in sheet.rows:
        named = dict(zip(sheet.header, cells, strict=False))
        name = as_text(named.get("row_id")).strip()
        if not name:
            continue
        own = {
            header.removeprefix(_OWN): _unguarded(cell)
            for header, cell in named.items()
            if header not in REASONS
        }
        meant = (
            as_text(named.get("input")),
            PurePath(as_text(named.get("file")).replace("\\", "/")).name,
        )
        correction = CorrectedRow(Place(sheet.file, row), own, meant)
        before = corrections.rows.get(name)
        if before is not None and {k: _says(v) for k, v in before.cells.items()} != {
            k: _says(v) for k, v in own.items()
        }:
            corrections.twice += [
                place
                for place in (before.place, correction.place)
                if place not in corrections.twice
            ]
        corrections.rows.setdefault(name, correction)


def as_csv(rejected: Iterable[RejectedRow]) -> str:
    """rejected.csv: the reason, then the row in its own columns."""
    rows = list(rejected)
    own = list(dict.fromkeys(name for row in rows for name in _own_names(row)))
    lines: list[list[str]] = []
    for rejection in rows:
        cells = dict(zip(_own_names(rejection), rejection.original, strict=False))
        reasons = (
            rejection.place.file,
            rejection.place.row,
            rejection.place.column,
            rejection.reason,
            rejection.found,
            rejection.wanted,
            rejection.input,
            rejection.row_id,
        )
        lines.append([as_text(cell) for cell in (*reasons, *(cells.get(name) for name in own))])
    return csv_of([*REASONS, *(_OWN + name if name in REASONS else name for name in own)], lines)


def _own_names(rejection: RejectedRow) -> list[str]:
    """The header, blank and doubled names made distinct by their column, and names for cells beyond
    it.
    """
    names: list[str] = []
    for number, name in enumerate(rejection.header, start=1):
        names.append(name if name and name not in names else f"{_EXTRA}{number}")
    return names + [
        f"{_EXTRA}{number}" for number in range(len(names) + 1, len(rejection.original) + 1)
    ]


def _unguarded(cell: Cell) -> Cell:
    return as_written(cell) if isinstance(cell, str) else cell


def _says(cell: Cell) -> object:
    """What a cell says, however a spreadsheet writes it: numbers by value, stamps by moment, texts
    as they look.
    """
    if isinstance(cell, str):
        text = plain(cell)
        if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
            return float(text)
        return moment.isoformat() if (moment := _moment(text)) is not None else text
    if isinstance(cell, datetime):
        return cell.isoformat()
    return "" if cell is None else float(cell) if isinstance(cell, int | float) else str(cell)


def _moment(text: str) -> datetime | None:
    """The moment that an ISO stamp is; None of another text, and where there is no such moment (30
    February, 24:00).
    """
    if _ISO.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
