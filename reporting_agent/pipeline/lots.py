"""Heating values that differ from run to run: the label is held against that of one value for the period.

A laboratory's values by day are taken, and where the fuel really varied they make runs of one kiln alike. Where they make the label better
than their mean does, they scatter more than what was burnt, and the low quantile would only find the days of low assays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.measurements import Batch, CarrierEnergy, Finding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.pipeline.units import mj_in

CODE = "heating-value-scattered"
NEARLY = 0.01
"""By what share of the best the values by day may better it: what a laboratory's repeatability and sampling of a lot do (a convention of
ours)."""

Key = tuple[str, str, str]


def of_one_lot(batches: Sequence[Batch]) -> list[Batch] | None:
    """The batches with the mean heating value, by amount, of each step's fuel over all of them; None where none has two."""
    heat: dict[Key, float] = {}
    amount: dict[Key, float] = {}
    values: dict[Key, set[float]] = {}
    for batch in batches:
        for energy in batch.energy if batch.excluded is None else ():
            if (lhv := energy.lhv_mj_per_unit) is not None and mj_in(energy.unit) is None:
                key = _key(batch, energy)
                heat[key] = heat.get(key, 0.0) + energy.quantity * lhv
                amount[key] = amount.get(key, 0.0) + energy.quantity
                values.setdefault(key, set()).add(lhv)
    means = {key: heat[key] / amount[key] for key, several in values.items() if len(several) > 1 and amount[key] > 0}
    if not means:
        return None
    return [
        replace(batch, energy=tuple(_at(energy, means.get(_key(batch, energy))) for energy in batch.energy))
        if batch.energy and batch.excluded is None
        else batch
        for batch in batches
    ]


def _key(batch: Batch, energy: CarrierEnergy) -> Key:
    return batch.step, energy.carrier, energy.unit


def _at(energy: CarrierEnergy, mean: float | None) -> CarrierEnergy:
    return energy if mean is None or energy.lhv_mj_per_unit is None else replace(energy, lhv_mj_per_unit=mean)


def held(by_day: SiteLabel, by_lot: SiteLabel) -> SiteLabel:
    """The label by the values as they were given, but of a cell that they better by more than `NEARLY` the one by their mean."""
    lots = {(one.step, one.product, one.variant, one.metric): one for one in by_lot.steps}
    steps, found = [], []
    for day in by_day.steps:
        lot = lots.get((day.step, day.product, day.variant, day.metric))
        if lot is None or not _betters(day, lot):
            steps.append(day)
            continue
        steps.append(lot)
        said = Phrase(
            "Step %(step)s, %(metric)s: heating values that differ from run to run make the best %(day)s, one value for the period %(lot)s"
            " %(unit)s: they scatter more than what was burnt. The second counts, and nothing leaves the site. Correct the values, or give"
            " those of the lots under [[lhv]].",
            step=day.step, metric=str(day.metric), day=f"{day.best.value:.4g}", lot=f"{lot.best.value:.4g}", unit=day.unit,
        )  # fmt: skip
        found.append(Finding("heating-value-scattered", Severity.WARNING, said, day.used))
    return replace(by_day, steps=tuple(steps), findings=(*by_day.findings, *found))


def _betters(day: StepLabel, lot: StepLabel) -> bool:
    one, other = day.best.value, lot.best.value
    return one is not None and other is not None and other - one > NEARLY * abs(other)


def require_none(local: SiteLabel) -> None:
    """PolicyRefusal `heating-value-scattered`: a record leaves with its own heating value, so nothing leaves where those better a label."""
    for one in local.findings:
        if one.code == CODE:
            raise PolicyRefusal(
                CODE,
                one.sentence,
                Phrase("Correct the values, or give those of the lots under [[lhv]] in site.toml and leave those with the amounts out."),
            )
