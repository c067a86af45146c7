"""The tables of statutory online monitoring, filled from what was measured, with figures of their
quality.

A value is *good* where readings cover at least the share of its time that the schema asks for and,
of a month, the sum of its days lies near enough to it; else it says which of the two it lacks
(`incomplete`, `days-deviate`). An interval without one known second has no energy: unknown is never
nought. Only a month has it where a register was read across its gaps, as one that is read by hand
once a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.phrases import Phrase, listed
from extras.exports.coal_equivalent import CoalEquivalents
from extras.exports.intervals import (
    Flags,
    Floats,
    IntervalSeries,
    QuarterHours,
    SiteIntervals,
)
from extras.exports.monitoring_schema import (
    NUMBERS,
    OF_QUALITY,
    Every,
    ExportTable,
    MonitoringSchema,
)
from reporting_agent.report.tables import Kind, ReportColumn, ReportTable, table

GOOD, INCOMPLETE, DEVIATING = "good", "incomplete", "days-deviate"


def fill(measured: SiteIntervals, schema: MonitoringSchema, site: str) -> list[ReportTable]:
    """Every table of the schema, and last `quality`: a row a meter and month."""
    filled = [_filled(spec, measured, schema, site) for spec in schema.tables]
    return [*filled, quality(measured, schema)]


def _filled(
    spec: ExportTable, measured: SiteIntervals, schema: MonitoringSchema, site: str
) -> ReportTable:
    columns: dict[str, list[Any]] = {column.name: [] for column in spec.columns}
    for series in measured.meters if spec.of == "meter" else measured.steps:
        values = _values(series, spec.every, measured, schema, site)
        for column in spec.columns:
            cells = values[column.field]
            if column.digits is not None:
                cells = [
                    None if cell is None else round(cell, column.digits or None) for cell in cells
                ]  # of no digits a whole number
            columns[column.name] += cells
    kinds: dict[str, Kind] = {
        column.name: "number" if column.field in NUMBERS else "text" for column in spec.columns
    }
    return ReportTable(
        spec.name,
        tuple(ReportColumn(name, kinds[name], values) for name, values in columns.items()),
    )


def _values(
    series: IntervalSeries,
    every: Every,
    measured: SiteIntervals,
    schema: MonitoringSchema,
    site: str,
) -> dict[str, Sequence[Any]]:
    """By field, one value an interval."""
    clock = measured.clock
    edges = clock.edges_us(every)
    count = max(len(edges) - 1, 0)
    starts, ends = (
        [clock.moment(at) for at in bounds.tolist()] for bounds in (edges[:-1], edges[1:])
    )
    series = series.told_in(schema.units.get(series.carrier, series.unit))
    month = every == "month"
    share = shares(series, clock, every)
    counted = something_counted(series, clock, every)
    kgce = CoalEquivalents(measured.factors, measured.heating_values).over(series, clock, every)
    output = [None] * count if series.output is None else clock.sums(series.output, every).tolist()
    return {
        "site": [site] * count,
        "object": [series.object] * count,
        "step": [series.step] * count,
        "equipment": [series.equipment] * count,
        "carrier": [series.carrier] * count,
        "direction": [str(series.direction)] * count,
        "time": [
            schema.time.written(moment)
            for moment in (starts if schema.time.stamp == "start" else ends)
        ],
        "start": [schema.time.written(moment) for moment in starts],
        "end": [schema.time.written(moment) for moment in ends],
        "energy": _where(counted, amounts(series, clock, every)),
        "unit": [series.unit] * count,
        "kgce": _where(counted & np.isfinite(kgce), kgce),
        "output": output,
        "output_unit": [series.output_unit] * count,
        "day_sum": _where(share > 0, clock.sums(series.energy, every)) if month else [None] * count,
        "day_sum_deviation_pct": deviations(series, clock) if month else [None] * count,
        "completeness_pct": (100 * share).tolist(),
        "quality": [
            ", ".join(_lacks(*pair, schema)) or GOOD
            for pair in zip(share, _deviation(series, clock, every, count), strict=True)
        ],
    }


def _where(tells: Flags, values: Floats) -> list[float | None]:
    """None where nothing is known: the sum of unknown days is not nought."""
    return [
        value if is_known else None
        for value, is_known in zip(values.tolist(), tells.tolist(), strict=True)
    ]


def something_counted(series: IntervalSeries, clock: QuarterHours, every: Every) -> Flags:
    """In which intervals anything is known of the energy: by a second that readings cover, of a
    month also by a gap that they close.
    """
    seconds = clock.sums(series.known_s, every) > 0
    return (
        seconds | (clock.sums(np.abs(series.unplaced), every) > 0) if every == "month" else seconds
    )


def amounts(series: IntervalSeries, clock: QuarterHours, every: Every) -> Floats:
    """Energy over the intervals, in the series' unit; of a month with what a register counted
    across gaps.
    """
    placed = clock.sums(series.energy, every)
    return placed + clock.sums(series.unplaced, every) if every == "month" else placed


def shares(series: IntervalSeries, clock: QuarterHours, every: Every) -> Floats:
    """Which part of each interval's seconds readings cover, 0 to 1."""
    edges = clock.edges_us(every)
    seconds = (edges[1:] - edges[:-1]) / 1e6
    covered: Floats = clock.sums(series.known_s, every) / seconds
    return covered


def deviations(series: IntervalSeries, clock: QuarterHours) -> list[float | None]:
    """By month, how far the sum of its days lies from it, in percent of the month; None of a month
    in which nothing was counted.
    """
    whole, days = amounts(series, clock, "month"), clock.sums(series.energy, "month")
    pairs = zip(whole.tolist(), days.tolist(), strict=True)
    return [None if month == 0 else abs(month - days) / abs(month) * 100 for month, days in pairs]


def _deviation(
    series: IntervalSeries, clock: QuarterHours, every: Every, count: int
) -> list[float | None]:
    return deviations(series, clock) if every == "month" else [None] * count


def _lacks(share: float, deviation: float | None, schema: MonitoringSchema) -> Iterator[str]:
    if 100 * share < schema.quality.completeness_least_pct:
        yield INCOMPLETE
    if deviation is not None and deviation > schema.quality.day_sums_most_pct:
        yield DEVIATING


_QUALITY: tuple[tuple[str, Kind], ...] = (
    ("meter", "text"),
    ("month", "text"),
    ("completeness_pct", "number"),
    ("completeness_least_pct", "number"),
    ("day_sum_deviation_pct", "number"),
    ("day_sums_most_pct", "number"),
    ("quality", "text"),
)


def quality(measured: SiteIntervals, schema: MonitoringSchema) -> ReportTable:
    """One row a meter and month: both figures, what they are held against, and whether they reach
    it.
    """
    rows = []
    edges = measured.clock.edges_us("month")
    months = [measured.clock.moment(at).strftime("%Y-%m") for at in edges[:-1].tolist()]
    least, most = schema.quality.completeness_least_pct, schema.quality.day_sums_most_pct
    for series in measured.meters:
        figures = zip(
            months,
            shares(series, measured.clock, "month").tolist(),
            deviations(series, measured.clock),
            strict=True,
        )
        for month, share, deviation in figures:
            verdict = ", ".join(_lacks(share, deviation, schema)) or GOOD
            rows.append(
                (
                    series.object,
                    month,
                    round(100 * share, 2),
                    least,
                    None if deviation is None else round(deviation, 3),
                    most,
                    verdict,
                )
            )
    return table(OF_QUALITY, _QUALITY, rows)


def remarks(measured: SiteIntervals, schema: MonitoringSchema, today: date) -> list[Phrase | str]:
    """What a reader has to know beside the tables."""
    sentences: list[Phrase | str] = []
    if measured.silent:
        sentences.append(
            Phrase(
                "Meters without one reading in the period are in no table: %(meters)s.",
                meters=", ".join(measured.silent),
            )
        )
    if measured.shared:
        sentences.append(
            Phrase(
                "Meters that several steps share are only in the tables of meters, because the "
                "sharing rule divides batches and not "
                "quarter hours: %(meters)s.",
                meters=", ".join(measured.shared),
            )
        )
    if measured.sparse:
        sentences.append(
            Phrase(
                "Readings of these meters are more than 15 minutes apart; a quarter-hour value "
                "between two of them is an even share, "
                "not a measurement: %(meters)s.",
                meters=", ".join(measured.sparse),
            )
        )
    if measured.unmetered:
        sentences.append(
            Phrase(
                "Energy that is recorded per batch does not show when it was used, so it is in no "
                "table: %(energy)s.",
                energy=listed(
                    Phrase("%(step)s: %(carrier)s", step=step, carrier=CARRIERS[carrier].words)
                    for step, carrier in measured.unmetered
                ),
            )
        )
    kgce = CoalEquivalents(measured.factors, measured.heating_values)
    if without := [
        series.object for series in measured.meters if kgce.lack(series, measured.clock)
    ]:
        sentences.append(
            Phrase(
                "What these meters counted has no coal equivalent, at least on some days, because "
                "no factor is in force or no heating "
                "value is given for it: %(meters)s.",
                meters=", ".join(without),
            )
        )
    if measured.clock.months_cut:
        sentences.append(
            Phrase(
                "A month that is only partly in the period has no row: a few days are not a month."
            )
        )
    if measured.clock.period.end.date() > today:
        sentences.append(
            Phrase("The period has not ended: the time still to come counts as missing.")
        )
    return sentences
