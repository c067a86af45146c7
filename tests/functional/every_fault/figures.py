"""Label, gap, use of energy and balance of the site as the agent gives them, against what the
simulator knows; as shares.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measurements import OperatingState, ProductStatus
from tests.functional.every_fault.plants import Tried

NO_TIME = frozenset({"end-missing", "end-before-start", "eighteen-seconds"})
IMPOSSIBLE = frozenset({"sentinel", "negative-energy", "impossible-power"})
COSTS_OF_FAULTS = frozenset({"excluded", "outside", "unplaced"})


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far one figure lies from the truth, as a share of the whole that it is part of."""

    what: str
    share: float


def labels(tried: Tried) -> list[Deviation]:
    """Each label against the pack's rule over the exact values of the runs that it used."""
    deviations = []
    for label in tried.result.site_label.steps:
        key = (label.step, label.variant, label.metric)
        if key in tried.truth.labels:
            used = {value.batch_id for value in label.values if value.excluded is None}
            deviations.append(
                Deviation(
                    f"{_name(tried)} {key[0]} {key[1]} {key[2].value}",
                    _away(label.best.value, tried.works.label(key, used)),
                )
            )
    return deviations


def labels_of_all_runs(tried: Tried) -> list[Deviation]:
    """Each label against the rule over every good run, had nothing been lost: what faults cost in
    runs is in it as well.
    """
    values = {
        (label.step, label.variant, label.metric): label.best.value
        for label in tried.result.site_label.steps
    }
    return [
        Deviation(f"{_name(tried)} {key[0]} {key[1]} {key[2].value}", _away(values.get(key), true))
        for key, true in tried.truth.labels.items()
    ]


def _away(value: float | None, true: float) -> float:
    return float("inf") if value is None else value / true - 1


def gaps(tried: Tried) -> list[Deviation]:
    """Each part of each gap, over the batches that the label used, as a share of their whole gap
    above the label that was found.
    """
    deviations = []
    for label in tried.result.site_label.steps:
        key = (label.step, label.variant, label.metric)
        if label.gap is None or label.best.value is None or key not in tried.truth.labels:
            continue
        true = tried.works.gaps(key, label.best.value)
        used = [value.batch_id for value in label.values if value.excluded is None]
        whole = sum(true[name].energy for name in used)
        for part in ("explained", "within_uncertainty", "unexplained"):
            away = getattr(label.gap, part) - sum(getattr(true[name], part) for name in used)
            deviations.append(
                Deviation(f"{_name(tried)} {key[0]} {key[1]} {key[2].value} {part}", away / whole)
            )
    return deviations


def uses(tried: Tried) -> list[Deviation]:
    """What each main meter's energy was for, as a share of all that it counted.

    Value-adding is compared over the batches whose time the log tells and whose record is no
    impossible one, by the share of their time that readings tell. The rest is in parts of its own
    (excluded, outside, unplaced), which have no truth to be compared with: it is what faults cost.
    """
    deviations = []
    struck = {
        batch for fault in tried.truth.faults if fault.kind in NO_TIME for batch in fault.batches
    }
    shares = {
        (batch.step, batch.batch_id, energy.carrier): energy.completeness
        for batch in reversed(tried.result.data.batches)  # of a row that stands twice, the first
        if batch.status is ProductStatus.GOOD
        and batch.state is OperatingState.NORMAL
        and batch.excluded not in IMPOSSIBLE
        for energy in batch.energy
        if (batch.step, batch.batch_id) not in struck and not energy.allocated
    }
    meters = {meter.id: meter for meter in tried.works.meters}
    for use in tried.analysis.value_adding:
        true = tried.truth.uses.get(use.meter)
        if true is None:
            continue
        meter = meters[use.meter]
        ran = tried.works.runs[meter.step]
        row_of = {name: row for row, name in enumerate(ran.ids)}
        expected = dict(true)
        expected["value-adding"] = sum(
            share
            * energy
            * ran.output[row_of[name]]
            / (ran.output[row_of[name]] + ran.reject[row_of[name]])
            for name, energy in tried.truth.energy_of[use.meter].items()
            if (share := shares.get((meter.step, name, meter.carrier))) is not None
        )
        parts = {
            str(part): energy
            for part, energy in use.parts.items()
            if str(part) not in COSTS_OF_FAULTS
        }
        true_total = sum(true.values())
        for part in sorted({*expected, *parts}):
            away = parts.get(part, 0.0) - expected.get(part, 0.0)
            deviations.append(Deviation(f"{_name(tried)} {use.meter} {part}", away / true_total))
    return deviations


def balances(tried: Tried) -> list[Deviation]:
    """What the site's main meter counts beyond its declared loss and the meters below it, as a
    share of what it counts.
    """
    unmeasured, loss = tried.truth.unmeasured, tried.works.design.declared_loss
    expected = unmeasured * (1 - loss) / (1 + unmeasured)
    return [
        Deviation(
            f"{_name(tried)} {balance.main.meter}",
            float("inf") if balance.share is None else balance.share - expected,
        )
        for balance in tried.analysis.balances
        if balance.kind == "subs"
    ]


def _name(tried: Tried) -> str:
    return f"{tried.truth.pack} {tried.works.seed} x{tried.truth.rate:g}"
