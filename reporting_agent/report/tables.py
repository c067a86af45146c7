"""The report's figures as plain tables, the source of workbook, Parquet and frames: labels,
batches, batches left out, meters, the site's balance, drivers, costs.

The page rounds what stands here; nothing is computed twice. Every column has a meaning in both
languages (`columns.toml`) and a unit, or names the column that holds it. A missing figure is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.catalogue import in_language
from benchmarks.label_keys import LabelKey
from benchmarks.labels import ExclusionReason

if TYPE_CHECKING:
    from benchmarks.labels import StepLabel
    from benchmarks.labels.result import BatchValue
    from reporting_agent.analysis import Analysis
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


def balance(analysis: Analysis) -> ReportTable:
    """One row a main or check meter with what it was held against."""
    shape: tuple[tuple[str, Kind], ...] = (
        ("kind", "text"),
        ("carrier", "text"),
        ("meter", "text"),
        ("subs_meters", "text"),
        ("main", "number"),
        ("subs", "number"),
        ("difference", "number"),
        ("allowance", "number"),
        ("unit", "text"),
        ("open", "flag"),
        ("open_days", "count"),
        ("days", "count"),
        ("hours", "count"),
        ("hours_left_out", "count"),
        ("since", "text"),
        ("look_first", "text"),
    )
    rows = [
        (
            *(
                meter_balance.kind,
                meter_balance.carrier,
                meter_balance.main.meter,
                ", ".join(side.meter for side in meter_balance.subs),
            ),
            *(
                meter_balance.main.energy,
                sum(side.energy for side in meter_balance.subs),
                meter_balance.difference,
                meter_balance.allowance,
                meter_balance.unit,
            ),
            *(
                meter_balance.is_open,
                meter_balance.open_days,
                len(meter_balance.days),
                meter_balance.hours,
                meter_balance.hours_left_out,
            ),
            *(
                None if meter_balance.since is None else meter_balance.since.isoformat(),
                meter_balance.look_first,
            ),
        )
        for meter_balance in analysis.balances
    ]
    return table("balance", shape, rows)


def adequacy(analysis: Analysis) -> ReportTable:
    """One row a meter and step: whether it suffices, and what to change."""
    shape: tuple[tuple[str, Kind], ...] = (
        ("step", "text"),
        ("carrier", "text"),
        ("meter", "text"),
        ("verdict", "text"),
        ("mean_load", "number"),
        ("load_unit", "text"),
        ("range_used", "number"),
        ("share", "number"),
        ("of_batch", "number"),
        ("own", "number"),
        ("of_period", "number"),
        ("words_en", "text"),
        ("words_zh", "text"),
    )
    rows = [
        (
            *(
                judgement.step,
                judgement.carrier,
                judgement.meter,
                str(judgement.verdict),
                None if judgement.load is None else judgement.load.mean,
                judgement.load_unit,
            ),
            *(
                judgement.range_used,
                judgement.share,
                judgement.of_batch,
                judgement.own,
                judgement.of_period,
                judgement.words,
                in_language(judgement.words, "zh"),
            ),
        )
        for judgement in analysis.adequacy
    ]
    return table("adequacy", shape, rows)


def site_balance(analysis: Analysis) -> ReportTable:
    """One row a line of the site's balance; supply less use is the residual of the carrier."""
    shape: tuple[tuple[str, Kind], ...] = (
        ("carrier", "text"),
        ("side", "text"),
        ("kind", "text"),
        ("name", "text"),
        ("source", "text"),
        ("amount", "number"),
        ("uncertainty", "number"),
        ("unit", "text"),
        ("kgce_calorific", "number"),
        ("kgce_equivalent", "number"),
    )
    carriers = () if analysis.site_balance is None else analysis.site_balance.carriers
    rows = [
        (
            *(
                carrier_balance.carrier,
                side,
                line.kind,
                line.name,
                line.source,
                line.amount,
                line.uncertainty,
            ),
            *(carrier_balance.unit, line.kgce_calorific, line.kgce_equivalent),
        )
        for carrier_balance in carriers
        for side, lines in (("supply", carrier_balance.supply), ("use", carrier_balance.use))
        for line in lines
    ]
    return table("site_balance", shape, rows)


def baselines(analysis: Analysis) -> ReportTable:
    """One row a run of days that a meter's baseline does not explain."""
    shape: tuple[tuple[str, Kind], ...] = (
        ("meter", "text"),
        ("step", "text"),
        ("carrier", "text"),
        ("first", "text"),
        ("last", "text"),
        ("signal", "text"),
        ("energy", "number"),
        ("unit", "text"),
        ("sentence_en", "text"),
        ("sentence_zh", "text"),
    )
    rows = [
        (
            *(
                baseline.meter,
                baseline.step,
                baseline.carrier,
                anomaly.first.isoformat(),
                anomaly.last.isoformat(),
                anomaly.signal,
            ),
            *(anomaly.energy, anomaly.unit, anomaly.sentence.en, anomaly.sentence.said_in("zh")),
        )
        for baseline in analysis.baselines
        for anomaly in baseline.anomalies
    ]
    return table("baselines", shape, rows)


def drivers(analysis: Analysis) -> ReportTable:
    """One row a relevant variable of every label, with its interval and what a setting would
    save.
    """
    shape: tuple[tuple[str, Kind], ...] = (
        *KEY,
        ("variable", "text"),
        ("variable_unit", "text"),
        ("kind", "text"),
        ("verdict", "text"),
        ("doubt", "text"),
        ("recorded", "count"),
        ("low", "number"),
        ("typical", "number"),
        ("high", "number"),
        ("per_unit", "number"),
        ("per_unit_low", "number"),
        ("per_unit_high", "number"),
        ("over_range", "number"),
        ("over_range_low", "number"),
        ("over_range_high", "number"),
        ("p_value", "number"),
        ("saving", "number"),
        ("saving_low", "number"),
        ("saving_high", "number"),
        ("energy_unit", "text"),
    )
    nothing = (None, None, None)
    rows = []
    for label in analysis.drivers:
        savings = {saving.variable: saving for saving in label.savings}
        for driver in label.drivers:
            saving = savings.get(driver.variable)
            rows.append(
                (
                    *(
                        label.step,
                        label.product,
                        label.variant,
                        str(label.metric),
                        driver.variable,
                        driver.unit,
                        str(driver.kind),
                    ),
                    *(
                        str(driver.verdict),
                        None if driver.doubt is None else str(driver.doubt),
                        driver.recorded,
                    ),
                    *(driver.low, driver.typical, driver.high),
                    *(driver.per_unit or nothing),
                    *(driver.over_range or nothing),
                    driver.p_value,
                    *(saving.energy if saving else nothing),
                    saving.energy_unit if saving else None,
                )
            )
    return table("drivers", shape, rows)


def costs(analysis: Analysis) -> ReportTable:
    """One row a step, carrier and tariff period; demand and carbon as rows of their own."""
    shape: tuple[tuple[str, Kind], ...] = (
        ("step", "text"),
        ("carrier", "text"),
        ("period", "text"),
        ("energy", "number"),
        ("unit", "text"),
        ("cost", "number"),
        ("currency", "text"),
    )
    rows: list[Sequence[Any]] = []
    for step_cost in analysis.costs:
        rows += [
            (
                step_cost.step,
                part.carrier,
                part.period,
                part.energy,
                part.unit,
                part.cost,
                step_cost.currency,
            )
            for part in step_cost.by_period
        ]
        beside = {"demand": step_cost.demand, "carbon": step_cost.carbon}
        rows += [
            (step_cost.step, "", kind, None, "", cost, step_cost.currency)
            for kind, cost in beside.items()
            if cost
        ]
    return table("costs", shape, rows)
