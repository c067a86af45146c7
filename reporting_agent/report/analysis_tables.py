"""The tables of gaps of batches, Pareto, uses of energy and findings; all tables in the workbook's
order, and what every column means.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase
from benchmarks.texts import text_of
from reporting_agent.report import tables
from reporting_agent.report.quality import in_order
from reporting_agent.report.tables import (
    KEY,
    Kind,
    ReportColumn,
    ReportTable,
    adequacy,
    balance,
    baselines,
    costs,
    drivers,
    site_balance,
    table,
)

if TYPE_CHECKING:
    from benchmarks.labels.columns import Floats
    from benchmarks.measurements import DataFinding
    from reporting_agent.analysis import Analysis
    from reporting_agent.analysis.waste.gap_parts import StepLosses
    from reporting_agent.pipeline import LabelResult

PARTS = ("gap", "explained", "within_uncertainty", "avoidable", "unexplained")
UNITS: dict[str, str] = {"kwh": "kWh", "kgce": "kgce", "co2_kg": "kg", "money": "currency"}


def every(result: LabelResult, analysis: Analysis) -> tuple[ReportTable, ...]:
    """All tables in the order of the workbook's sheets; one with nothing in it keeps its
    columns.
    """
    steps = result.site_label.steps
    sheets = (
        tables.labels(steps, analysis.losses),
        tables.batches(steps),
        tables.excluded(steps),
        gaps(analysis),
        pareto(analysis),
        use(analysis),
        drivers(analysis),
        costs(analysis),
        balance(analysis),
        adequacy(analysis),
        site_balance(analysis),
        baselines(analysis),
        quality([*result.findings, *analysis.findings]),
    )
    return (*sheets, about(sheets))


def gaps(analysis: Analysis) -> ReportTable:
    """One row a used batch of every label that has a value: its gap in four units, split in four
    parts.
    """
    in_units = [f"{part}_{unit}" for part in ("gap", "avoidable", "unexplained") for unit in UNITS]
    numbers = ["output", "value", "at_reference", *PARTS, "moved_by_variables", *in_units]
    shape: tuple[tuple[str, Kind], ...] = (
        *KEY,
        ("batch_id", "text"),
        ("start", "time"),
        ("equipment", "text"),
        ("unit", "text"),
        ("energy_unit", "text"),
        ("currency", "text"),
        *((name, "number") for name in numbers),
    )
    columns: dict[str, list[Any]] = {name: [] for name, _ in shape}
    for losses in analysis.losses:
        batches = losses.batches
        fixed = (
            losses.step,
            losses.product,
            losses.variant,
            str(losses.metric),
            losses.unit,
            losses.energy_unit,
            losses.currency,
        )
        for name, value in zip(
            ("step", "product", "variant", "metric", "unit", "energy_unit", "currency"),
            fixed,
            strict=True,
        ):
            columns[name] += [value] * len(batches.ids)
        columns["batch_id"] += batches.ids
        columns["start"] += batches.start
        columns["equipment"] += batches.equipment
        for name, values in _numbers(losses).items():
            columns[name] += _none_for_nan(values)
    return ReportTable(
        "gaps", tuple(ReportColumn(name, kind, columns[name]) for name, kind in shape)
    )


def _numbers(losses: StepLosses) -> dict[str, Floats]:
    batches, split = losses.batches, losses.split
    gap = (
        split.explained + split.within_uncertainty + split.avoidable + split.unexplained
    )  # batches x (energy, kwh, kgce, co2_kg, money)
    return {
        "output": batches.output,
        "value": batches.value,
        "at_reference": batches.at_reference,
        "gap": gap[:, 0],
        "explained": batches.explained,
        "within_uncertainty": batches.within_uncertainty,
        "avoidable": batches.avoidable,
        "unexplained": batches.unexplained,
        "moved_by_variables": np.full(len(batches.ids), np.nan)
        if batches.moved_by_variables is None
        else batches.moved_by_variables,
        **{f"gap_{unit}": gap[:, index] for index, unit in enumerate(UNITS, start=1)},
        **{
            f"avoidable_{unit}": split.avoidable[:, index]
            for index, unit in enumerate(UNITS, start=1)
        },
        **{
            f"unexplained_{unit}": split.unexplained[:, index]
            for index, unit in enumerate(UNITS, start=1)
        },
    }


def _none_for_nan(values: Floats) -> list[float | None]:
    """Missing is None outside the arrays."""
    if not np.isnan(values).any():
        return list(values.tolist())
    return [None if value != value else value for value in values.tolist()]


def pareto(analysis: Analysis) -> ReportTable:
    """One row a group of every Pareto table."""
    amounts = [f"{part}_{unit}" for part in PARTS[1:] for unit in UNITS]
    shape: tuple[tuple[str, Kind], ...] = (
        ("dimension", "text"),
        ("step", "text"),
        ("key", "text"),
        ("name_en", "text"),
        ("name_zh", "text"),
        ("batches", "count"),
        *((name, "number") for name in amounts),
        ("running", "number"),
        ("excess", "number"),
        ("p_value", "number"),
    )
    rows = [
        (
            str(ranking.dimension),
            ranking.step,
            row.key,
            row.words.en,
            row.words.said_in("zh"),
            row.batches,
            *(getattr(getattr(row, part), unit) for part in PARTS[1:] for unit in UNITS),
            row.running,
            row.excess,
            row.p_value,
        )
        for ranking in analysis.pareto
        for row in ranking.rows
    ]
    return table("pareto", shape, rows)


def use(analysis: Analysis) -> ReportTable:
    """One row a meter and use; the rows of a meter add up to its total."""
    shape: tuple[tuple[str, Kind], ...] = (
        ("step", "text"),
        ("carrier", "text"),
        ("meter", "text"),
        ("equipment", "text"),
        ("use", "text"),
        ("energy", "number"),
        ("unit", "text"),
        ("total", "number"),
        ("missing_s", "number"),
    )
    rows = [
        (
            step_use.step,
            step_use.carrier,
            step_use.meter,
            step_use.equipment,
            str(kind),
            energy,
            step_use.unit,
            step_use.total,
            step_use.missing_s,
        )
        for step_use in analysis.value_adding
        for kind, energy in step_use.parts.items()
    ]
    return table("use", shape, rows)


def quality(findings: Sequence[DataFinding]) -> ReportTable:
    """One row a finding, worst kind first, with the first of its rows."""
    shape: tuple[tuple[str, Kind], ...] = (
        ("code", "text"),
        ("severity", "text"),
        ("count", "count"),
        ("sentence_en", "text"),
        ("sentence_zh", "text"),
        ("places", "text"),
    )
    rows = [
        (
            finding.code,
            str(finding.severity),
            finding.count,
            finding.sentence,
            in_language(finding.sentence, "zh"),
            "; ".join(str(place) for place in finding.places),
        )
        for finding in in_order(list(findings))
    ]
    return table("quality", shape, rows)


def about(tables: Sequence[ReportTable]) -> ReportTable:
    """What every column of every table means, with its unit, in both languages."""
    meaning = meanings()
    shape: list[tuple[str, Kind]] = [
        (name, "text") for name in ("table", "column", "unit", "meaning_en", "meaning_zh")
    ]
    rows = [
        (sheet.name, column.name, unit, text, in_language(text, "zh"))
        for sheet in tables
        for column in sheet.columns
        for unit, text in [meaning.get(f"{sheet.name}.{column.name}") or meaning[column.name]]
    ]
    return table("about", shape, rows)


@lru_cache(maxsize=1)
def meanings() -> dict[str, tuple[str, Phrase]]:
    """columns.toml, unit and text: by `column`, or by `table.column` where it means something else
    in that table.
    """
    raw = tomllib.loads(files(__package__).joinpath("columns.toml").read_text(encoding="utf-8"))
    return {
        f"{name}.{column}" if name != "any" else column: (
            "" if isinstance(meaning, str) else meaning.get("unit", ""),
            text_of(meaning),
        )
        for name, columns in raw.items()
        for column, meaning in columns.items()
    }
