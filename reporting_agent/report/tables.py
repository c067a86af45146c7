"""The report's figures as plain tables, the source of workbook, Parquet and frames: labels,
batches, and batches left out.

The page rounds what stands here; nothing is computed twice. Every column has a meaning in both
languages (`columns.toml`) and a unit, or names the column that holds it. A missing figure is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.label_keys import LabelKey
from benchmarks.labels import ExclusionReason

if TYPE_CHECKING:
    from benchmarks.labels import StepLabel
    from benchmarks.labels.result import BatchValue
    from reporting_agent.analysis.waste.gap_parts import StepLosses

Kind = Literal["text", "number", "count", "time", "flag"]


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """One column. `values` has one entry a row, None where nothing is known."""

    name: str
    kind: Kind
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Columns of one length, under a name that is also the sheet's and the file's."""

    name: str
    columns: tuple[ReportColumn, ...]

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def rows(self) -> Iterator[tuple[Any, ...]]:
        return zip(*(column.values for column in self.columns), strict=True)

    def column(self, name: str) -> Sequence[Any]:
        return next(column.values for column in self.columns if column.name == name)


def table(
    name: str, shape: Sequence[tuple[str, Kind]], rows: Sequence[Sequence[Any]]
) -> ReportTable:
    """A table from its rows; for the long ones make the columns themselves."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(shape)
    return ReportTable(
        name,
        tuple(
            ReportColumn(title, kind, tuple(values))
            for (title, kind), values in zip(shape, columns, strict=True)
        ),
    )


KEY: tuple[tuple[str, Kind], ...] = (
    ("step", "text"),
    ("product", "text"),
    ("variant", "text"),
    ("metric", "text"),
)


def labels(steps: Sequence[StepLabel], losses: Sequence[StepLosses]) -> ReportTable:
    """One row a label: what label.json says of it, in columns; the four parts of its gap are those
    of its losses.
    """
    of = {LabelKey.of(cell): cell for cell in losses}
    shape: tuple[tuple[str, Kind], ...] = (
        *KEY,
        ("boundary", "text"),
        ("unit", "text"),
        ("energy_unit", "text"),
        ("read", "count"),
        ("used", "count"),
        ("completeness", "number"),
        ("minimum", "number"),
        ("best", "number"),
        ("best_uncertainty", "number"),
        ("rule", "text"),
        ("reason", "text"),
        ("typical", "number"),
        ("mean", "number"),
        ("output", "number"),
        ("energy", "number"),
        ("value_adding_share", "number"),
        ("gap", "number"),
        ("explained", "number"),
        ("within_uncertainty", "number"),
        ("avoidable", "number"),
        ("unexplained", "number"),
        ("beside_en", "text"),
        ("beside_zh", "text"),
    )
    return table(
        "labels", shape, [_label_row(label, of.get(LabelKey.of(label))) for label in steps]
    )


def _label_row(label: StepLabel, losses: StepLosses | None) -> tuple[Any, ...]:
    parts = ("gap", "explained", "within_uncertainty", "avoidable", "unexplained")
    split = [None if losses is None else getattr(losses, part).energy for part in parts]
    return (
        *LabelKey.of(label),
        label.boundary,
        label.unit,
        label.energy_unit,
        label.read,
        label.used,
        label.completeness,
        label.minimum,
        label.best.value,
        None
        if label.uncertainty is None or label.uncertainty.best is None
        else label.uncertainty.best.value,
        label.best.rule,
        label.best.reason,
        label.typical,
        label.mean,
        label.output,
        sum(label.energy_by_carrier.values()) if label.energy_by_carrier else None,
        label.value_adding.share,
        *split,
        *(
            "\n".join(why.said_in(lang) for why in (*label.account, *label.provisos))
            for lang in ("en", "zh")
        ),
    )


def batches(steps: Sequence[StepLabel]) -> ReportTable:
    """One row a batch and metric, used or not: the content of batches.parquet. What was not
    measured is none, and not zero.
    """
    columns: dict[str, list[Any]] = {name: [] for name in _BATCHES}
    for label in steps:
        repeated = (label.step, label.product, label.variant, str(label.metric), label.unit)
        for name, value in zip(
            ("step", "product", "variant", "metric", "unit"), repeated, strict=True
        ):
            columns[name] += [value] * len(label.values)
        fields = zip(*map(_measured, label.values), strict=True) if label.values else ((),) * 7
        for name, values in zip(
            ("batch_id", "start", "value", "at_reference", "energy", "output", "excluded"),
            fields,
            strict=True,
        ):
            columns[name] += values
    return ReportTable(
        "batches", tuple(ReportColumn(name, kind, columns[name]) for name, kind in _BATCHES.items())
    )


def _measured(value: BatchValue) -> BatchValue:
    """Without the zeros of a batch of which nothing was measured."""
    unknown = value.excluded == ExclusionReason.ENERGY_UNKNOWN and not value.energy
    return value._replace(value=None, at_reference=None, energy=None) if unknown else value


_BATCHES: dict[str, Kind] = {
    "step": "text",
    "product": "text",
    "variant": "text",
    "metric": "text",
    "unit": "text",
    "batch_id": "text",
    "start": "time",
    "value": "number",
    "at_reference": "number",
    "energy": "number",
    "output": "number",
    "excluded": "text",
}


def excluded(steps: Sequence[StepLabel]) -> ReportTable:
    """Batches left out, one row a label and reason."""
    rows = [
        (*LabelKey.of(label), reason, number)
        for label in steps
        for reason, number in label.excluded.items()
    ]
    return table("excluded", (*KEY, ("reason", "text"), ("batches", "count")), rows)
