"""Fuel that neither the files nor the account of the site name: a process of heat that takes far
less heat than such plants do.

A pack says what its steps usually take of heat (`TypicalTake`). A label whose step took far less,
or none, says so with its size; fuel that stands in no file and no account only its bills show. Some
plants run on less (hot charging, heat from electricity): nothing is held.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import Pack
from reporting_agent.pipeline.provisos.beside_the_meters import in_unit_of
from reporting_agent.pipeline.provisos.between_steps import StepEnergyUse
from reporting_agent.pipeline.sitewide import SiteTotals

FAR = 0.75
"""Of the typical, from which on down heat is far below it, where that is beyond what such plants
scatter by (a convention of ours).
"""
HARDLY_ANY = 0.25
"""Of the typical, what is hardly any heat, however much such plants scatter (a convention of
ours).
"""


def sentences(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What the step takes of heat, what is typical, and by how much the label would be higher with
    that.
    """
    step, output = pack.step(label.step), whole.outputs.get(label.step, 0.0)
    usual = next(
        (take for take in step.takes if take.metric is Metric.THERMAL and take.typical > 0), None
    )
    heats = [
        carrier
        for carrier in (*step.boundary.carriers, *step.boundary.counted)
        if CARRIERS[carrier].thermal and counts(carrier, label.metric)
    ]
    if usual is None or label.best.value is None or not heats or not output > 0:
        return
    use = StepEnergyUse.of(step, usual, whole)
    amount = 0.0 if use is None else use.amount
    far = min(usual.typical - (usual.most - usual.typical) / 2, FAR * usual.typical)
    if amount >= max(far, HARDLY_ANY * usual.typical):
        return
    heat = max(use.mj, key=use.mj.__getitem__) if use is not None else heats[0]
    missing_mj = (usual.typical - amount) * MJ_PER[usual.unit]
    size = in_unit_of(label, heat, missing_mj, "MJ", None, whole, pack)
    if size <= WORTH_TELLING * abs(label.best.value):
        return
    sentence = Phrase(
        "The step uses %(amount)s of heat per %(per)s; typical is %(typical)s. Some plants need "
        "less, for example with hot charging "
        "or electric heat. If fuel is missing from the files and the account, the label would be "
        "higher by up to %(size)s %(unit)s. "
        "Keep the bills of all fuels for an auditor.",
        amount=f"{significant(amount, 3)} {usual.unit}",
        per=step.output_unit,
        typical=f"{usual.typical:g} {usual.unit}",
        size=significant(size, 3),
        unit=label.unit,
    )
    yield Words.of(sentence)
