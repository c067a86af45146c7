"""Runs out of a production log that knows no batches: rows added up over hours, shifts, days,
months or campaigns.

A row covers the time since the same equipment's row before, or its `span_s`, and belongs to the
local window of its middle. Assumptions: output and energy cover the same time; a row in another
state than normal is left out with both; of equal rows the first counts; whole-number energies are a
counter's increments, so rows with output and 0 energy are kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, OperatingState, Severity
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Step
from reporting_agent.config import Runs, SiteSettings
from reporting_agent.pipeline.fuels_in_the_log import LoggedFuel, Of, told_of
from reporting_agent.pipeline.units import over_time, to_output_unit
from reporting_agent.sources import RejectedRow, Table

PLACES_KEPT = 20

SENTENCES = {
    "log-first-row": Phrase(
        "first rows of an equipment's log: the time that they cover is not known; left out"
    ),
    "log-gap": Phrase(
        "rows that cover longer than longest_gap_s of the pack's label rule; left out, the time "
        "counts as missing"
    ),
    "log-not-normal": Phrase(
        "rows in another state than normal; left out of the runs with their output and energy"
    ),
    "log-energy-unknown": Phrase("rows without an energy; left out, the time counts as missing"),
    "log-time-unknown": Phrase(
        "rows of a mean power that cover no time (the time stamp of an earlier row of the "
        "equipment, or no span_s), so that what "
        "they used is not known; left out"
    ),
    "log-repeated": Phrase(
        "rows that are identical to an earlier one in every column; counted once. If the same was "
        "made twice, write the sum in one row"
    ),
    "log-same-stamp": Phrase(
        "rows that cover no time of their own (the time stamp of an earlier row of the equipment, "
        "or no span_s); their amounts are kept"
    ),
    "log-standing": Phrase("rows with energy and no output: standstill, kept in its run"),
    "log-coarse-energy": Phrase(
        "rows with output and 0 energy, because the counter shows whole units; kept, because it "
        "catches up within the run"
    ),
}
EXCLUDING = frozenset(
    {
        "log-first-row",
        "log-gap",
        "log-not-normal",
        "log-energy-unknown",
        "log-time-unknown",
        "log-repeated",
    }
)


@dataclass(frozen=True, slots=True)
class EnergyOutsideRuns:
    """Energy of a log's rows that stand in no run: in another state than normal, or of a time that
    is not known (state None).
    """

    step: str
    carrier: str
    unit: str
    state: OperatingState | None
    start: datetime  # of the window of time that a run would have held
    energy: float


@dataclass(frozen=True, slots=True)
class CutRuns:
    """Runs as batches, with the rows that were left out or are worth knowing. Batches and
    `left_out` hold all energy of the log.
    """

    batches: list[Batch]
    left_out: list[EnergyOutsideRuns]
    rejected: list[RejectedRow]
    findings: list[DataFinding]
    beside: list[Of]  # what the rows of a run hold in columns that nothing maps


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the log with the time it covers."""

    equipment: str
    step: Step
    product: str
    variant: str
    state: OperatingState
    start: datetime
    end: datetime
    output: float  # in the step's output unit
    energy: float | None
    place: Place
    first: bool
    stated: OperatingState = OperatingState.NORMAL  # as the row itself says
    variables: Mapping[str, float] = field(default_factory=dict)
    fuels: Sequence[LoggedFuel] = ()
    besides: Mapping[str, float] = field(default_factory=dict)  # by further carrier, as written

    @property
    def span_s(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(slots=True)
class Run:
    """What adds up to one run."""

    rows: list[LogRow] = field(default_factory=list)
    missing_s: float = 0.0
    left: dict[tuple[str, OperatingState | None], float] = field(default_factory=dict)
    fuels: list[LoggedFuel] = field(default_factory=list)


def cut(tables: Sequence[Table], site: SiteSettings, pack: Pack) -> CutRuns:
    """Cut a log into runs by the site's [runs] table."""
    unit, factor = (
        over_time(site.runs.unit) if site.runs.energy == "rate" else (site.runs.unit, 1.0)
    )
    rows, rejected, repeated = rows_of(tables, site.runs, pack)
    noted: dict[str, list[Place]] = {"log-repeated": repeated} if repeated else {}
    built: dict[tuple[str, str, str, str, datetime], Run] = {}
    for row, window in zip(rows, _windows(rows, site), strict=True):
        run = built.setdefault(
            (row.equipment, row.step.id, row.product, row.variant, window), Run()
        )
        run.fuels += row.fuels
        codes = list(codes_of(row, site.runs))
        for code in codes:
            noted.setdefault(code, []).append(row.place)
        if not EXCLUDING & set(codes):
            run.rows.append(row)
            continue
        state = row.state if codes[0] == "log-not-normal" else None
        for carrier, _, energy in _energies(row, site.runs, unit, factor):
            key = carrier, state
            run.left[key] = run.left.get(key, 0.0) + energy
        if state is None:
            run.missing_s += row.span_s
    batches, beside = made_of(built, site, unit, factor)
    units = {site.runs.carrier: unit} | {
        carrier: over_time(written)[0] for carrier, written in site.runs.units.items()
    }
    left_out = [
        EnergyOutsideRuns(key[1], carrier, units[carrier], state, _begins(run.rows, key[4]), energy)
        for key, run in built.items()
        for (carrier, state), energy in run.left.items()
        if energy
    ]
    findings = [_finding(code, noted[code]) for code in SENTENCES if code in noted]
    assumed = [_unit_assumed(site.runs.unit, len(rows))] if site.runs.unit_assumed else []
    return CutRuns(batches, left_out, rejected, [*findings, *assumed], beside)


def made_of(
    built: Mapping[tuple[str, str, str, str, datetime], Run],
    site: SiteSettings,
    unit: str,
    factor: float,
) -> tuple[list[Batch], list[Of]]:
    """The runs as batches, in order of start and id, and what their rows hold beside."""
    pairs = [
        (batch_of(key, run, site.runs, unit, factor), run.fuels)
        for key, run in built.items()
        if run.rows
    ]
    pairs.sort(key=lambda pair: (pair[0].start, pair[0].batch_id))
    return [batch for batch, _ in pairs], [
        ((batch.step, batch.batch_id), mention) for batch, mentions in pairs for mention in mentions
    ]


def rows_of(
    tables: Sequence[Table], setting: Runs, pack: Pack
) -> tuple[list[LogRow], list[RejectedRow], list[Place]]:
    """The rows of all files in order of equipment and stamp, those that cannot be used, and where a
    row stands once more.

    A row that is equal to an earlier one in every column names the same run by its own cells.
    """
    _refuse_without_unit(tables, setting)
    steps = {step.id: step for step in pack.steps}
    rows: list[LogRow] = []
    rejected: list[RejectedRow] = []
    repeated: list[Place] = []
    before: dict[str, datetime] = {}
    state_before: dict[str, OperatingState] = {}
    of_stamp: tuple[str, datetime] | None = None
    contents: set[frozenset[tuple[str, Any]]] = set()  # of the rows of this equipment and stamp
    for table, index in _in_order(tables):
        if not isinstance(
            index, int
        ):  # it cannot be read: the next one covers no time of it, and has the state that it says
            before[index["equipment"]] = index["timestamp"]
            if index.get("state"):
                state_before[index["equipment"]] = OperatingState(index["state"])
            continue
        row: dict[str, Any] = {name: column[index] for name, column in table.columns.items()}
        place = table.place(index)
        if of_stamp != (stamp := (row["equipment"], row["timestamp"])):
            of_stamp, contents = stamp, set()
        content = frozenset((name, cell) for name, cell in row.items() if cell is not None)
        if content in contents:
            repeated.append(place)
            continue
        contents.add(content)
        equipment, end = (
            row["equipment"],
            row["timestamp"],
        )  # of a row that cannot be used too: the next one does not cover its time
        first = setting.row_covers == "since-previous" and equipment not in before
        start = (
            before.get(equipment, end)
            if setting.row_covers == "since-previous"
            else end - timedelta(seconds=row["span_s"] or 0.0)
        )
        before[equipment] = end
        stated = OperatingState(row["state"])
        state = (
            state_before.get(equipment, stated) if setting.row_state == "from-the-stamp" else stated
        )
        state_before[equipment] = stated
        step = steps.get(row["step"])
        if step is None:
            rejected.append(
                _refused(place, "step", row, Phrase("the pack has no such step"), ", ".join(steps))
            )
            continue
        try:
            output = row["output_quantity"] * to_output_unit(row["output_unit"], step)
        except InputError as wrong:
            rejected.append(
                _refused(
                    place, "output_unit", row, wrong.sentence, wrong.wanted or step.output_unit
                )
            )
            continue
        variables = {
            name.removeprefix("var."): float(value)
            for name, value in row.items()
            if name.startswith("var.") and value is not None
        }
        besides = {
            name.removeprefix("energy."): float(value)
            for name, value in row.items()
            if name.startswith("energy.") and value is not None
        }
        mentioned = [
            mentioned
            for column in table.carriers
            if (mentioned := told_of(table, column, index)) is not None
        ]
        fields = (
            row["product"],
            row["variant"],
            state,
            start,
            end,
            output,
            row["energy"],
            place,
            first,
            stated,
            variables,
            mentioned,
            besides,
        )
        rows.append(LogRow(equipment, step, *fields))
    return rows, rejected, repeated


def _refuse_without_unit(tables: Sequence[Table], setting: Runs) -> None:
    """InputError `unit-missing` of a column of energy that no unit is given for: it would count
    nowhere.
    """
    for table in tables:
        for name in table.columns:
            carrier = name.removeprefix("energy.")
            if name.startswith("energy.") and carrier not in setting.units:
                raise InputError(
                    "unit-missing",
                    Phrase("Nothing says in which unit %(column)s is.", column=name),
                    Phrase(
                        'Add to [runs]: units = { %(carrier)s = "kWh" }, with its own unit.',
                        carrier=carrier,
                    ),
                    place=Place(table.file, column=name),
                    found=name,
                    wanted=Phrase("a unit under [runs] units"),
                )


def _in_order(tables: Sequence[Table]) -> list[tuple[Table, int | Mapping[str, Any]]]:
    """Every row of these files by its table and index, one that cannot be read by what it does
    tell, in order of equipment and stamp; of one stamp as they stand."""
    rows: list[tuple[Table, int | Mapping[str, Any]]] = [
        (table, index) for table in tables for index in range(len(table))
    ]
    rows += [
        (table, unread)
        for table in tables
        for unread in table.unread
        if unread.get("equipment") and unread.get("timestamp")
    ]
    return sorted(rows, key=_turn)


def _turn(row: tuple[Table, int | Mapping[str, Any]]) -> tuple[str, datetime]:
    table, index = row
    if isinstance(index, int):
        return table.columns["equipment"][index], table.columns["timestamp"][index]
    return index["equipment"], index["timestamp"]


def codes_of(row: LogRow, setting: Runs) -> Iterator[str]:
    """What is to be said of the row; the first excluding code is the reason it is left out."""
    if row.state is not OperatingState.NORMAL:
        yield "log-not-normal"
        return
    if row.first:
        yield "log-first-row"
        return
    if row.span_s > row.step.label_rule.longest_gap_s:
        yield "log-gap"
        return
    if row.energy is None:
        yield "log-energy-unknown"
        return
    if row.span_s == 0:
        if setting.energy == "rate":
            yield "log-time-unknown"
            return
        yield "log-same-stamp"
    if row.energy > 0 and row.output == 0:
        yield "log-standing"
    if row.energy == 0 and row.output > 0:
        yield "log-coarse-energy"


def _windows(rows: Sequence[LogRow], site: SiteSettings) -> Iterator[datetime]:
    """What run each row belongs to, by the local time at which that run's window begins.

    A campaign begins with an equipment's first row of a product or variant, and with the first
    after a gap longer than the label rule's; the time of the gap is in none.
    """
    if site.runs.by != "campaign":
        yield from (window_of(row, site) for row in rows)
        return
    running: dict[str, tuple[tuple[str, str, str], datetime]] = {}
    for row in rows:
        campaign = (row.step.id, row.product, row.variant)
        begins = row.start.astimezone(site.zone)
        if row.span_s > row.step.label_rule.longest_gap_s:
            running.pop(row.equipment, None)
            yield begins
            continue
        if row.equipment not in running or running[row.equipment][0] != campaign:
            running[row.equipment] = (campaign, begins)
        yield running[row.equipment][1]


def window_of(row: LogRow, site: SiteSettings) -> datetime:
    """Local start of the hour, shift, day or month that holds the middle of the row's time."""
    local = (row.start + (row.end - row.start) / 2).astimezone(site.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if site.runs.by == "day":
        return midnight
    if site.runs.by == "month":
        return midnight.replace(day=1)
    if site.runs.by == "hour":
        return local.replace(minute=0, second=0, microsecond=0)
    starts = [60 * int(clock[:-3]) + int(clock[-2:]) for clock in site.runs.shift_starts]
    index = bisect_right(starts, 60 * local.hour + local.minute) - 1
    day = midnight if index >= 0 else midnight - timedelta(days=1)
    return day.replace(hour=starts[index] // 60, minute=starts[index] % 60)


def batch_of(
    key: tuple[str, str, str, str, datetime], run: Run, setting: Runs, unit: str, factor: float
) -> Batch:
    equipment, step, product, variant, window = key
    rows = run.rows
    covered_s = sum(row.span_s for row in rows)
    whole_span_s = covered_s + run.missing_s
    amounts: dict[tuple[str, str], float] = {}
    known_s: dict[tuple[str, str], float] = {}
    for row in rows:
        for carrier, unit_of_it, energy in _energies(row, setting, unit, factor):
            one = carrier, unit_of_it
            amounts[one] = amounts.get(one, 0.0) + energy
            known_s[one] = known_s.get(one, 0.0) + row.span_s
    return Batch(
        batch_id="/".join(
            part for part in (equipment, product, variant, f"{window:%Y-%m-%dT%H:%M}") if part
        ),
        step=step,
        product=product or rows[0].step.product,
        variant=variant,
        start=_begins(rows, window),
        end=max(row.end for row in rows),
        output=sum(row.output for row in rows),
        equipment=equipment,
        variables={**_means(rows), "power_on_s": covered_s},
        energy=tuple(
            CarrierEnergy(
                *(carrier, amount, unit_of_it),
                completeness=known_s[carrier, unit_of_it] / whole_span_s if whole_span_s else 1.0,
            )
            for (carrier, unit_of_it), amount in amounts.items()
        ),
        place=rows[0].place,
    )


def _begins(rows: Sequence[LogRow], window: datetime) -> datetime:
    """The start of a run's first row; of one that reaches back over midnight that of the window,
    whose day and period are the run's.
    """
    first = min((row.start for row in rows), default=window)
    return window if first.astimezone(window.tzinfo).date() < window.date() else first


def _means(rows: Sequence[LogRow]) -> dict[str, float]:
    """Output-weighted means of the variables that every row with output gives."""
    making = [row for row in rows if row.output > 0]
    output = sum(row.output for row in making)
    names = (
        set(making[0].variables).intersection(*(row.variables for row in making))
        if making
        else set()
    )
    return {
        name: sum(row.variables[name] * row.output for row in making) / output
        for name in sorted(names)
    }


def _energies(
    row: LogRow, setting: Runs, unit: str, factor: float
) -> Iterator[tuple[str, str, float]]:
    """What a row used: carrier, unit and amount; of a further carrier where the row tells it."""
    amount = row.energy or 0.0
    hours = row.span_s / 3600
    yield setting.carrier, unit, amount * hours * factor if setting.energy == "rate" else amount
    for carrier, written in setting.units.items():
        if carrier in row.besides:
            of_amount, per_hour = over_time(written)
            is_rate = of_amount != written
            value = row.besides[carrier]
            yield carrier, of_amount, value * hours * per_hour if is_rate else value


def _refused(
    place: Place, column: str, row: dict[str, Any], reason: str, wanted: str
) -> RejectedRow:
    return RejectedRow(
        Place(place.file, place.row, column),
        reason,
        repr(row[column]),
        wanted,
        _as_texts(row.values()),
    )


def _as_texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in values)


def _finding(code: str, places: Sequence[Place]) -> DataFinding:
    severity = Severity.WARNING if code in EXCLUDING else Severity.NOTICE
    count = len(places)
    sentence = Phrase("%(count)s %(rows)s.", count=f"{count:,}", rows=SENTENCES[code])
    return DataFinding(code, severity, sentence, count, tuple(places[:PLACES_KEPT]))


def _unit_assumed(unit: str, rows: int) -> DataFinding:
    return DataFinding(
        "unit-assumed",
        Severity.WARNING,
        Phrase(
            "The unit of the log's energy, %(unit)s, is an assumption: nothing in the file proves "
            "it. Every value scales with it. "
            "Compare runs of this log only with one another.",
            unit=unit,
        ),
        rows,
    )
