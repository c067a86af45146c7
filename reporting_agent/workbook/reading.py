"""The firm's workbook as batches with energy: the sheet of runs, and what the sheet `About` says of
the firm.

A blank energy is not known and stays so; a zero is a zero. Rows that cannot be read are kept with
their reason.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.carriers import CARRIERS
from benchmarks.catalogue import languages
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError, Place
from benchmarks.measurements import Batch, CarrierEnergy, ProductStatus
from benchmarks.phrases import Phrase, enumerated, in_number, listed
from benchmarks.quantities import ratio
from reporting_agent.config import Profile
from reporting_agent.config.profile import zone_named
from reporting_agent.pipeline.units import COUNTED
from reporting_agent.sources import RejectedRow, Table, read_sheet
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.sheets import open_sheet
from reporting_agent.sources.totals import TotalRow, says_a_total
from reporting_agent.sources.wanted import CellKind, Template, TemplateColumn
from reporting_agent.sources.workbooks import Book, WorkbookSheet, unreadable
from reporting_agent.workbook.run_cells import RunCells, own_cells
from reporting_agent.workbook.words import (
    COLUMNS,
    NOTES,
    SETTINGS,
    SHEETS,
    STATUS,
    EnergyColumn,
    Headings,
    Lang,
    carrier_name,
    of_a_cell,
    tell,
    understand,
)

DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_UNCERTAINTY_PCT = 2.0
NO_SETTING = Phrase("its name is no setting’s, so nothing came of its value")
_ROWS_LOOKED_AT = 20
_ROWS_OF_A_SHEET = 200  # enough to find the headings, and all that `About` says
COPIED = (".xlsx", ".xlsm")
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, SyntaxError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError),
)
"""What openpyxl raises on damage: it has no refusal of its own, and fails where a value is missing
or is no number. A SyntaxError is one of XML: openpyxl takes lxml where that is installed, whose
error is no ParseError of the standard library."""
_RUNS = Template(
    "runs",
    (
        TemplateColumn("batch_id", required=True),
        TemplateColumn("step", default=""),
        TemplateColumn("equipment", default=""),
        TemplateColumn("product", default=""),
        TemplateColumn("start", CellKind.MOMENT, required=True),
        TemplateColumn("end", CellKind.MOMENT),
        TemplateColumn("output_quantity", CellKind.NUMBER, required=True),
        TemplateColumn("output_unit", required=True),
        TemplateColumn("status", choices=tuple(STATUS), default="good"),
    ),
    open_prefixes=("energy.",),
)


@dataclass(frozen=True, slots=True)
class AboutSheet:
    """What the firm says of itself: prices in `currency` by carrier and unit, and lower heating
    values in MJ per the carrier's own unit.
    """

    name: str = ""
    timezone: str = DEFAULT_ZONE
    uncertainty_pct: float = DEFAULT_UNCERTAINTY_PCT
    currency: str = ""
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lhv: Mapping[str, float] = field(default_factory=dict)
    unread: tuple[
        RejectedRow, ...
    ] = ()  # values under a name that is no setting's: misspelled, or the firm's own note


@dataclass(frozen=True, slots=True)
class RunSheet:
    """The workbook read: its runs as batches, each with the row it stands in, and what could not be
    read.
    """

    path: Path
    sheet: str
    headings: Headings
    about: AboutSheet
    batches: list[Batch]
    rejected: list[RejectedRow]
    filled: list[frozenset[int]]  # of each run, in which of the energy columns an amount stands
    totals: list[TotalRow] = field(default_factory=list)
    other_sheets: tuple[str, ...] = ()  # that have headings of runs as well

    @property
    def lang(self) -> Lang:
        return self.headings.lang

    @property
    def passed_over(self) -> list[str]:
        """Sentences on sheets and columns of which nothing was read: a firm may think that they
        count.
        """
        sentences = []
        if self.other_sheets:
            sentences.append(
                tell(
                    NOTES["other_sheets"],
                    self.lang,
                    sheets=enumerated(self.other_sheets),
                    sheet=self.sheet,
                )
            )
        if unused := [" ".join(heading.split()) for heading in self.headings.unused]:
            example = f"{carrier_name('electricity', self.lang)} kWh"
            sentences.append(
                tell(NOTES["unused"], self.lang, columns=enumerated(unused), example=example)
            )
        return sentences

    @property
    def unread(self) -> list[tuple[str, RejectedRow]]:
        """Every row that nothing was made of, with the sheet that it stands in."""
        about = tell(SHEETS["about"], self.lang)
        return [
            *((about, row) for row in self.about.unread),
            *((self.sheet, row) for row in self.rejected),
        ]


def read(path: Path) -> RunSheet:
    """Read a workbook.

    Raises:
        InputError: it is missing or no workbook, no sheet has the template's headings, a heading's
            unit is not one of its carrier, a setting cannot be used, or most rows are unreadable;
            with file, sheet and row.
    """
    book = _book(path)
    first_rows = {name: book.sheet(name, _ROWS_OF_A_SHEET) for name in book.names}
    sheets = {name: list(sheet.rows) for name, sheet in first_rows.items()}
    name, headings, others = _sheet_of_runs(path, sheets, book.hidden)
    for column in headings.energy:
        if not _measures(column.carrier, column.unit):
            raise _wrong_unit(path, headings.row, column)
    _refuse_total_beside_parts(path, headings)
    about = _about(path, sheets, headings.lang)
    columns = {
        **headings.columns,
        **{
            f"energy.{index}": energy_column.heading
            for index, energy_column in enumerate(headings.energy)
        },
    }
    words = {tell(words, headings.lang): status for status, words in STATUS.items()}
    profile = Profile(
        sheet=name, header_row=headings.row, columns=columns, values={"status": words}
    )
    cells = own_cells(
        open_sheet(path, profile), _with_merged(path, name, first_rows[name]), columns
    )
    table = _table(path, profile, about, headings, cells)
    batches, filled, refused = _batches(table, headings, about)
    rejected = sorted(
        [*cells.set_aside.values(), *table.rejected, *refused], key=lambda row: row.place.row or 0
    )
    return RunSheet(path, name, headings, about, batches, rejected, filled, table.totals, others)


def _with_merged(path: Path, name: str, sheet: WorkbookSheet) -> WorkbookSheet:
    """The sheet with its merged ranges, where a cell far off made it be read cell by cell, without
    them.
    """
    if sheet.merged is not None:
        return sheet
    ranges = opened(path, name)[name].merged_cells.ranges
    return replace(
        sheet,
        merged=tuple(
            ((r.min_row - 1, r.min_col - 1), (r.max_row - 1, r.max_col - 1)) for r in ranges
        ),
    )


def _table(
    path: Path, profile: Profile, about: AboutSheet, headings: Headings, cells: RunCells
) -> Table:
    try:
        return read_sheet(lambda: cells.sheet, profile, _RUNS, ZoneInfo(about.timezone))
    except InputError as refusal:
        if refusal.code == "file-empty" and cells.set_aside:
            raise nothing_readable(path, headings, list(cells.set_aside.values())) from refusal
        if refusal.code == "mostly-unreadable":
            remedy = "Type the cells of this column as the template asks for them."
            wanted = of_a_cell(refusal.wanted)
            raise InputError(
                "mostly-unreadable",
                refusal.sentence,
                remedy,
                place=refusal.place,
                found=refusal.found,
                wanted=wanted,
            ) from refusal
        if refusal.code != "file-empty":
            raise
        raise InputError(
            "workbook-empty",
            "The sheet of runs contains no run.",
            "Fill in one row per run below the headings.",
            place=Place(str(path), headings.row + 1),
            found=Phrase("no row below the headings"),
            wanted=Phrase("at least one run"),
        ) from refusal


def nothing_readable(path: Path, headings: Headings, rejected: Sequence[RejectedRow]) -> InputError:
    """The refusal of a sheet of which no run can be read, with the first reason."""
    return InputError(
        "workbook-empty",
        "The sheet of runs contains no run that can be read.",
        "Fill in one row per run below the headings.",
        place=Place(str(path), headings.row + 1),
        found=in_number(
            len(rejected),
            "%(count)s row, not readable: %(first)s",
            "%(count)s rows, none readable: %(first)s",
            count=len(rejected),
            first=rejected[0].reason,
        )
        if rejected
        else Phrase("no run"),
        wanted=Phrase("at least one run"),
    )


def _book(path: Path) -> Book:
    if not path.is_file():
        raise InputError(
            "file-missing",
            "The workbook does not exist.",
            "Check the path; `steplabel-agent init --workbook FILE` writes an empty one.",
            place=Place(str(path)),
            found=Phrase("no such file"),
            wanted=Phrase("an .xlsx file"),
        )
    book = Book(path)
    if path.suffix.lower() not in COPIED:
        ending = (
            Phrase("a workbook whose name ends in %(ending)s", ending=path.suffix)
            if path.suffix
            else Phrase("a workbook whose name ends in nothing")
        )
        raise unreadable(path, ending, Phrase("an .xlsx workbook, which a copy can be made of"))
    return book


def _sheet_of_runs(
    path: Path, sheets: Mapping[str, list[tuple[int, Sequence[Cell]]]], hidden: frozenset[str]
) -> tuple[str, Headings, tuple[str, ...]]:
    """The sheet of runs with its headings, and the other sheets that could be it; a visible one
    before a hidden one, then by its name.
    """
    with_headings = {name: understand(rows[:_ROWS_LOOKED_AT]) for name, rows in sheets.items()}
    of_runs = {
        name: headings
        for name, headings in with_headings.items()
        if headings is not None
        and headings.energy
        and {"start", "output_quantity", "output_unit", "batch_id"} <= set(headings.columns)
    }
    named = {tell(SHEETS["runs"], lang) for lang in languages()}
    if of_runs:
        first, *others = sorted(of_runs, key=lambda name: (name in hidden, name not in named))
        return (
            first,
            of_runs[first],
            tuple(name for name in others if _has_rows(sheets[name], of_runs[name].row)),
        )
    wanted = ["batch_id", "start", "output_quantity", "output_unit"]
    both = "; ".join(
        ", ".join(
            [
                *(tell(COLUMNS[name], lang) for name in wanted),
                f"{carrier_name('electricity', lang)} kWh",
            ]
        )
        for lang in languages()
    )
    raise InputError(
        "workbook-without-runs",
        "No sheet of the workbook has the headings of a sheet of runs.",
        "Name the columns as the template does; `steplabel-agent init --workbook FILE` writes it.",
        place=Place(str(path), row=1),
        found=_first_rows(sheets),
        wanted=both,
    )


def _has_rows(rows: Sequence[tuple[int, Sequence[Cell]]], header: int) -> bool:
    return any(
        number > header and any(cell not in (None, "") for cell in cells) for number, cells in rows
    )


def _first_rows(sheets: Mapping[str, list[tuple[int, Sequence[Cell]]]]) -> Phrase:
    if not sheets:
        return Phrase("no sheet")
    first_rows = listed(
        Phrase("%(name)s: %(what)s", name=name, what=_first_row(rows))
        for name, rows in sheets.items()
    )
    return Phrase("%(sheets)s", sheets=first_rows)


def _first_row(rows: list[tuple[int, Sequence[Cell]]]) -> str:
    return (
        ", ".join(str(cell) for cell in rows[0][1] if cell not in (None, ""))
        if rows
        else Phrase("nothing")
    )


def _measures(carrier: str, unit: str) -> bool:
    """Whether a carrier is measured in that unit: its own, or energy where it is a fuel or heat."""
    own = CARRIERS[carrier].unit
    for allowed in (own, "MJ") if CARRIERS[carrier].thermal else (own,):
        try:
            ratio(unit, allowed)
        except InputError:
            continue
        return True
    return False


def _wrong_unit(path: Path, row: int, column: EnergyColumn) -> InputError:
    own = CARRIERS[column.carrier].unit
    return InputError(
        "unit-mismatch",
        Phrase(
            "The heading %(heading)s gives a unit in which its carrier is not measured.",
            heading=f"{column.heading!r}",
        ),
        "Write the unit after the carrier's name, and convert the figures below it if necessary.",
        place=Place(str(path), row, column.heading),
        found=column.unit or Phrase("nothing"),
        wanted=own
        if own == "kWh" or not CARRIERS[column.carrier].thermal
        else Phrase("%(unit)s, or GJ", unit=own),
    )


def _refuse_total_beside_parts(path: Path, headings: Headings) -> None:
    """Two columns of one carrier add up, as two meters do; a total beside its part would count the
    part twice.
    """
    for total in headings.energy:
        beside = next(
            (
                column
                for column in headings.energy
                if column.carrier == total.carrier and column is not total
            ),
            None,
        )
        if beside is not None and says_a_total(total.heading):
            raise InputError(
                "total-beside-parts",
                Phrase(
                    "The heading %(heading)s says a total, and another column gives energy of the "
                    "same carrier.",
                    heading=repr(total.heading),
                ),
                "Give the columns that must not count a heading that names no carrier, such as "
                "Check.",
                place=Place(str(path), headings.row, total.heading),
                found=Phrase(
                    "%(first)s and %(second)s",
                    first=repr(total.heading),
                    second=repr(beside.heading),
                ),
                wanted=Phrase("columns that together are the energy of the run"),
            )


def _about(
    path: Path, sheets: Mapping[str, list[tuple[int, Sequence[Cell]]]], lang: Lang
) -> AboutSheet:
    name = next(
        (name for name in sheets if name in {tell(SHEETS["about"], lang) for lang in languages()}),
        None,
    )
    if name is None:
        return AboutSheet()
    settings: dict[str, object] = {}
    prices: dict[str, dict[str, float]] = {}
    lhv: dict[str, float] = {}
    unread: list[RejectedRow] = []
    row_of: dict[str, int] = {}
    for row, cells in sheets[name]:
        key, value = [*cells, None, None][:2]
        if key in (None, "") or value in (None, ""):
            continue
        text = str(key).strip()
        setting = next(
            (
                setting_name
                for setting_name, words in SETTINGS.items()
                if text == tell(words, lang) or _begins(text, setting_name, lang)
            ),
            None,
        )
        if setting is not None and (before := row_of.setdefault(text, row)) != row:
            once = Phrase("one row of this name; row %(row)s has it already", row=before)
            raise _setting_refused(path, row, text, str(value), once)
        if setting in {"price", "lhv"}:
            carrier, unit = _carrier_and_unit(str(setting), text, lang)
            if carrier is None or (setting == "lhv" and unit != CARRIERS[carrier].unit):
                example = Phrase(
                    "such as %(name)s", name=carrier_setting(str(setting), "natural-gas", lang)
                )
                raise _setting_refused(path, row, text, text, example)
            if setting == "price":
                prices.setdefault(carrier, {})[unit] = _number(path, row, setting, text, value)
            else:
                lhv[carrier] = _heating_value(path, row, carrier, text, value)
        elif setting == "uncertainty_pct":
            if isinstance(value, float) and 0 < value <= 1 and _is_percent(path, name, row):
                value = round(value * 100, 9)
            settings[setting] = _number(path, row, setting, text, value)
        elif setting is None:
            unread.append(
                RejectedRow(
                    Place(str(path), row),
                    NO_SETTING,
                    text,
                    _settings_named(lang),
                    (text, str(value)),
                )
            )
        else:
            settings[setting] = str(value).strip()
    zone = str(settings.get("timezone", DEFAULT_ZONE))
    if zone_named(zone) is None:
        wanted = Phrase("a time zone of the IANA list, such as %(names)s", names="Asia/Shanghai")
        raise _setting_refused(path, None, tell(SETTINGS["timezone"], lang), zone, wanted)
    uncertainty = settings.get("uncertainty_pct", DEFAULT_UNCERTAINTY_PCT)
    return AboutSheet(
        name=str(settings.get("name", "")),
        timezone=zone,
        uncertainty_pct=float(str(uncertainty)),
        currency=str(settings.get("currency", "")),
        prices=prices,
        lhv=lhv,
        unread=tuple(unread),
    )


def _is_percent(path: Path, sheet: str, row: int) -> bool:
    """Whether a row's number is shown in percent: 2 % typed so is kept as 0.02."""
    return any(
        "%" in cell.number_format
        for cell in opened(path, sheet)[sheet][row]
        if isinstance(cell.value, int | float)
    )


def opened(path: Path, sheet: str) -> Any:
    """The workbook as openpyxl has it; InputError `workbook-unreadable` where a part of it, or that
    sheet, is damaged.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path)
    except _DAMAGE as broken:
        raise unreadable(path, f"{type(broken).__name__}: {broken}") from broken
    if sheet not in book.sheetnames:  # openpyxl leaves out a sheet that is damaged
        raise unreadable(path, Phrase("the sheet %(sheet)s is damaged", sheet=repr(sheet)))
    return book


def _settings_named(lang: Lang) -> Phrase:
    """The names that a row of `About` may have, as the workbook's language writes them."""
    plain = [
        tell(words, lang) for setting, words in SETTINGS.items() if setting not in {"price", "lhv"}
    ]
    of_carriers = [carrier_setting(setting, "natural-gas", lang) for setting in ("price", "lhv")]
    return Phrase("one of these names: %(names)s", names=listed([*plain, *of_carriers]))


def _begins(text: str, setting: str, lang: Lang) -> bool:
    return setting in {"price", "lhv"} and text.startswith(
        tell(SETTINGS[setting], lang, carrier="\0", unit="").partition("\0")[0].rstrip()
    )


def _carrier_and_unit(setting: str, text: str, lang: Lang) -> tuple[str | None, str]:
    """Whose price or heating value a row of `About` gives, and per which unit; no carrier where it
    is none that is measured in it.
    """
    for id_ in CARRIERS:
        begins, _, ends = carrier_setting(setting, id_, lang, "\0").partition("\0")
        unit = text.removeprefix(begins).removesuffix(ends).strip()
        if text.startswith(begins) and text.endswith(ends) and _measures(id_, unit):
            return id_, unit
    return None, ""


def carrier_setting(setting: str, id_: str, lang: Lang, unit: str = "") -> str:
    """How the sheet `About` names a carrier's price or heating value, per its own unit or another:
    `Price of electricity, per kWh`.
    """
    carrier = CARRIERS[id_]
    return tell(SETTINGS[setting], lang, carrier=carrier.words, unit=unit or carrier.unit)


_NOT_NEGATIVE = Phrase("a number of at least 0, written as a number and not as text")
_NUMBERS = {
    "lhv": Phrase("a number above 0, written as a number and not as text"),
    "uncertainty_pct": Phrase(
        "a number of at least 0 and below 100, written as a number and not as text"
    ),
}


def _number(path: Path, row: int, setting: str, key: str, value: object) -> float:
    """A number that the setting may be: a heating value of 0 would count a fuel as none, and 100 %
    of uncertainty every gap as chance.
    """
    most = 100 if setting == "uncertainty_pct" else 1e9
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value < most
        or (setting == "lhv" and value == 0)
    ):
        raise _setting_refused(path, row, key, str(value), _NUMBERS.get(setting, _NOT_NEGATIVE))
    return float(value)


def _heating_value(path: Path, row: int, carrier: str, key: str, value: object) -> float:
    """MJ per the carrier's own unit; one in kJ, as GB/T 2589 and bills in China give it, is none
    that the carrier can have.
    """
    heating_value = _number(path, row, "lhv", key, value)
    possible = FactorTable.load().impossible(carrier, heating_value, CARRIERS[carrier].unit)
    if possible is not None:
        raise _setting_refused(path, row, key, str(value), possible)
    return heating_value


def _setting_refused(path: Path, row: int | None, key: str, found: str, wanted: str) -> InputError:
    return InputError(
        "workbook-setting-wrong",
        "A setting of the workbook cannot be used.",
        "Correct the cell beside the name.",
        place=Place(str(path), row, key),
        found=repr(found),
        wanted=wanted,
    )


def _batches(
    table: Table, headings: Headings, about: AboutSheet
) -> tuple[list[Batch], list[frozenset[int]], list[RejectedRow]]:
    """The runs, in which energy columns of each an amount stands, and the rows whose unit of output
    is none.
    """
    batches: list[Batch] = []
    filled: list[frozenset[int]] = []
    refused: list[RejectedRow] = []
    names = list(table.columns)
    machines: dict[str, set[str]] = {}
    for run, machine in zip(table.columns["batch_id"], table.columns["equipment"], strict=True):
        machines.setdefault(run, set()).add(machine)
    for index, cells in enumerate(zip(*table.columns.values(), strict=True)):
        row = dict(zip(names, cells, strict=True))
        try:
            unit, factor = output_unit(row["output_unit"])
        except InputError as wrong:
            where = table.place(index, headings.columns["output_unit"])
            texts = tuple("" if cell is None else str(cell) for cell in cells)
            refused.append(
                RejectedRow(
                    where, wrong.sentence, repr(row["output_unit"]), wrong.wanted or "", texts
                )
            )
            continue
        energy = tuple(
            CarrierEnergy(
                energy_column.carrier,
                row[f"energy.{number}"],
                energy_column.unit,
                lhv_mj_per_unit=_lhv(energy_column, about),
            )
            for number, energy_column in enumerate(headings.energy)
            if row.get(f"energy.{number}") is not None
        )
        filled.append(
            frozenset(
                number
                for number in range(len(headings.energy))
                if row.get(f"energy.{number}") is not None
            )
        )
        batches.append(
            Batch(
                batch_id=_name_of(row["batch_id"], row["equipment"], machines[row["batch_id"]]),
                step=cell_of(row["step"], row["product"], unit),
                product=row["product"],
                variant="",
                start=row["start"],
                end=_end_of(row["start"], row["end"]),
                output=row["output_quantity"] * factor,
                equipment=row["equipment"],
                status=ProductStatus(row["status"]),
                energy=energy,
                place=table.place(index),
            )
        )
    return batches, filled, refused


def _end_of(start: datetime, end: datetime | None) -> datetime | None:
    """None where the day alone is typed on which the run began as well: it says that the run ended
    then, and not when.
    """
    return (
        None if end is not None and end.time() == time.min and end.date() == start.date() else end
    )


def _name_of(run: str, machine: str, machines: AbstractSet[str]) -> str:
    """A day's or a shift's name may stand once for each machine; without its machine, a row may be
    one of the others again.
    """
    return run if len(machines) == 1 or "" in machines else f"{run} · {machine}"


def _lhv(column: EnergyColumn, about: AboutSheet) -> float | None:
    """MJ per unit of the column, from what the firm gave per the carrier's own unit."""
    own_lhv = about.lhv.get(column.carrier)
    try:
        return (
            None if own_lhv is None else own_lhv * ratio(column.unit, CARRIERS[column.carrier].unit)
        )
    except InputError:
        return None  # the column is in GJ and needs none


def cell_of(step: str, product: str, unit: str) -> str:
    """What is compared with itself only: one step, one product, one kind of unit. It is the id of a
    step in the firm's own method.
    """
    return "\x1f".join((step, product, unit))


def output_unit(text: str) -> tuple[str, float]:
    """The unit a label is per, and how many of it one `text` is: masses in t, counts in 1,000
    items, else m, m2, m3.

    Raises:
        InputError: `unit-unknown`.
    """
    if text in COUNTED:
        return "1000 items", COUNTED[text] / 1000
    for unit in ("t", "m", "m2", "m3"):
        try:
            return unit, ratio(text, unit)
        except InputError:
            continue
    raise InputError(
        "unit-unknown",
        Phrase("A label cannot be given per this unit of output."),
        "Write a unit of mass, length, area or volume, or a count.",
        found=repr(text),
        wanted=Phrase("t, kg, items, pieces, m, m2 or m3"),
    )
