"""The tables of meters (balances, whether they suffice, baselines), of the site's balance, of
drivers (relevant variables) and costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.catalogue import in_language
from reporting_agent.report.tables import KEY, Kind, ReportTable, table

if TYPE_CHECKING:
    from reporting_agent.analysis import Analysis


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
