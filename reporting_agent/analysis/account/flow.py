"""Material flow on the site: yields, the energy of a product batch with all that went before it,
what was bought; balances that do not close, in sentences.

A parent's product is shared among its children by output and rejects. Energies are metric `total`
in kgce as measured, on the plant's **own** ratios, and compared with nothing; bought intermediates
stand apart at the pack's typical value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels.columns import Floats
from benchmarks.measurements import Batch, DataFinding, Metric, Severity
from benchmarks.phrases import Phrase, Value, joined
from benchmarks.routes import Pack
from reporting_agent.analysis.figures import plain, shown, to_one_decimal
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.material_flow import parents_of
from reporting_agent.pipeline.site_balance import CarrierBalance, SiteBalance

_DEEPEST = 50  # generations: a chain longer than this names itself


class StepYield(NamedTuple):
    """Between two steps: `consumed` of the first step's output became `produced` of the second's,
    over batches that name their parents.
    """

    earlier: str
    later: str
    consumed: float
    produced: float
    children: int

    @property
    def ratio(self) -> float:
        """The earlier step's output per unit of the later's: the plant's own material ratio, a
        secret.
        """
        return self.consumed / self.produced


@dataclass(frozen=True, slots=True, eq=False)
class Cumulative:
    """Batches of one step whose whole way is known; energies in kgce per output, columns in the
    order of the log.
    """

    step: str
    ids: Sequence[str]
    own: Floats
    upstream: Floats
    mean: float  # output-weighted, own and upstream

    @property
    def total(self) -> Floats:
        return self.own + self.upstream


class BoughtInEnergy(NamedTuple):
    """Upstream energy of an intermediate that was bought; `source` says where the value is from,
    `assumed` that it is no published one.
    """

    made_by: str
    into: str
    quantity: float
    unit: str
    kgce_per_unit: float | None
    kgce: float | None
    source: str
    assumed: bool
    words: Words


@dataclass(frozen=True, slots=True)
class MaterialFlow:
    """What the log's parents tell."""

    yields: tuple[StepYield, ...]
    cumulative: tuple[Cumulative, ...]
    bought_in: tuple[BoughtInEnergy, ...]


def material_flow(site: SiteSettings, result: LabelResult) -> MaterialFlow | None:
    """None where no batch names a parent and nothing bought is declared."""
    batches, pack = (
        [batch for batch in result.data.batches if batch.excluded != "duplicate"],
        result.data.pack,
    )
    parents = parents_of(batches)
    bought = tuple(
        _bought(pack, purchase.made_by, purchase.into, purchase.quantity)
        for purchase in site.bought_in
        if purchase.quantity
    )
    if not parents and not bought:
        return None
    shares = _shares(batches, parents)
    return MaterialFlow(
        _yields(batches, shares, pack),
        _cumulative(batches, parents, shares, _energies(result)),
        bought,
    )


def _shares(
    batches: Sequence[Batch], parents: Mapping[int, Sequence[int]]
) -> dict[tuple[int, int], float]:
    """By (parent, child), the part of the parent's product that the child took."""
    made_of: dict[int, float] = {}
    for child, own in parents.items():
        for parent in own:
            made_of[parent] = made_of.get(parent, 0.0) + _all_output(batches[child])
    return {
        (parent, child): _all_output(batches[child]) / made_of[parent]
        for child, own in parents.items()
        for parent in own
        if made_of[parent] > 0
    }


def _all_output(batch: Batch) -> float:
    return batch.output + batch.reject


def _yields(
    batches: Sequence[Batch], shares: Mapping[tuple[int, int], float], pack: Pack
) -> tuple[StepYield, ...]:
    amounts: dict[tuple[str, str], float] = {}
    children: dict[tuple[str, str], set[int]] = {}
    for (parent, child), share in shares.items():
        key = (batches[parent].step, batches[child].step)
        amounts[key] = amounts.get(key, 0.0) + share * batches[parent].output
        children.setdefault(key, set()).add(child)
    order = {step.id: index for index, step in enumerate(pack.steps)}
    outputs = {key: sum(batches[child].output for child in own) for key, own in children.items()}
    ordered = sorted(amounts, key=lambda key: (order.get(key[0], 0), order.get(key[1], 0)))
    return tuple(
        StepYield(*key, amounts[key], outputs[key], len(children[key]))
        for key in ordered
        if outputs[key] > 0
    )


def _energies(result: LabelResult) -> dict[tuple[str, str], float]:
    """kgce of every batch whose comprehensive energy is complete, by step and id."""
    return {
        (label.step, value.batch_id): value.energy
        for label in result.site_label.steps
        if label.metric is Metric.TOTAL and not label.missing_carriers
        for value in label.values
        if value.energy is not None and value.excluded != "duplicate"
    }


def _cumulative(
    batches: Sequence[Batch],
    parents: Mapping[int, Sequence[int]],
    shares: Mapping[tuple[int, int], float],
    energies: Mapping[tuple[str, str], float],
) -> tuple[Cumulative, ...]:
    totals_by_index: dict[int, float | None] = {}

    def whole(index: int, depth: int = 0) -> float | None:
        """Energy of a batch with all that went before it; None where some of it is not known."""
        if index in totals_by_index:
            return totals_by_index[index]
        batch = batches[index]
        total = energies.get((batch.step, batch.batch_id))
        own = parents.get(index, ())
        if total is None or len(own) < len(set(batch.parents)) or depth > _DEEPEST:
            totals_by_index[index] = None
            return None
        for parent in own:
            above = whole(parent, depth + 1)
            if above is None:
                totals_by_index[index] = None
                return None
            total += above * shares.get(
                (parent, index), 0.0
            )  # of a parent whose children made nothing, none took a part
        totals_by_index[index] = total
        return total

    by_step: dict[str, list[int]] = {}
    for index in parents:
        if (
            whole(index) is not None
            and batches[index].output > 0
            and batches[index].excluded is None
        ):
            by_step.setdefault(batches[index].step, []).append(index)
    totals = []
    for step, indices in by_step.items():
        output = np.array([batches[index].output for index in indices])
        own = (
            np.array([energies[batches[index].step, batches[index].batch_id] for index in indices])
            / output
        )
        total = np.array([totals_by_index[index] for index in indices], dtype=float) / output
        totals.append(
            Cumulative(
                step,
                [batches[index].batch_id for index in indices],
                own,
                total - own,
                float((total * output).sum() / output.sum()),
            )
        )
    return tuple(totals)


def _bought(pack: Pack, made_by: str, into: str, quantity: float) -> BoughtInEnergy:
    step = pack.step(made_by)
    rule = step.metric(Metric.TOTAL)
    if rule is None or not rule.unit.startswith("kgce/"):
        words = Words.of(
            Phrase(
                "%(quantity)s %(output_unit)s of %(product)s bought in; the pack has no typical "
                "value of its energy.",
                quantity=plain(quantity),
                output_unit=step.output_unit,
                product=step.product_words,
            )
        )
        return BoughtInEnergy(
            made_by, into, quantity, step.output_unit, None, None, "", True, words
        )
    assumed = rule.grid_source.kind == "engineering-assumption" or not rule.grid_source.verified
    bought: dict[str, Value] = {
        "quantity": plain(quantity),
        "output_unit": step.output_unit,
        "product": step.product_words,
        "used": plain(rule.typical * quantity),
        "typical": f"{rule.typical:g}",
        "unit": rule.unit,
    }
    words = Words.of(
        Phrase(
            "%(quantity)s %(output_unit)s of %(product)s bought in: %(used)s kgce used elsewhere, "
            "at the pack's typical"
            " %(typical)s %(unit)s (an assumption). It is never ranked.",
            **bought,
        )
        if assumed
        else Phrase(
            "%(quantity)s %(output_unit)s of %(product)s bought in: %(used)s kgce used elsewhere, "
            "at the pack's typical"
            " %(typical)s %(unit)s. It is never ranked.",
            **bought,
        )
    )
    source = rule.grid_source.text
    return BoughtInEnergy(
        made_by,
        into,
        quantity,
        step.output_unit,
        rule.typical,
        rule.typical * quantity,
        source,
        assumed,
        words,
    )


def findings(site_balance: SiteBalance | None) -> list[DataFinding]:
    """What does not close, and amounts that could not be used."""
    if site_balance is None:
        return []
    return [
        *site_balance.notes,
        *(
            (_untold if balance.closes is None else _open)(balance)
            for balance in site_balance.carriers
            if not balance.closes
        ),
    ]


def _open(balance: CarrierBalance) -> DataFinding:
    share = "" if balance.share is None else f" ({to_one_decimal(balance.share)})"
    difference = Phrase(
        "%(carrier)s: %(supplied)s were available, %(used)s accounted for. The difference of "
        "%(residual)s is larger than the meters' "
        "possible error (±%(allowance)s).",
        carrier=CARRIERS[balance.carrier].words.each(str.capitalize),
        supplied=f"{shown(balance.supplied, 4)} {balance.unit}",
        used=f"{shown(balance.used, 4)} {balance.unit}",
        residual=f"{shown(balance.residual)} {balance.unit}{share}",
        allowance=f"{shown(balance.allowance)} {balance.unit}",
    )
    cause = (
        Phrase("A user is not metered, or a loss is not declared.")
        if balance.residual > 0
        else Phrase("Something is counted twice, or a supply is not declared.")
    )
    return DataFinding("site-balance-open", Severity.WARNING, joined(difference, cause), 1)


def _untold(balance: CarrierBalance) -> DataFinding:
    sentence = Phrase(
        "%(carrier)s: the meters cannot show whether the balance closes. Of %(supplied)s "
        "supplied, their error may be ±%(allowance)s."
        " State their classes, fill the gaps in their readings, or meter what is only stated.",
        carrier=CARRIERS[balance.carrier].words.each(str.capitalize),
        supplied=f"{shown(balance.supplied, 4)} {balance.unit}",
        allowance=f"{shown(balance.allowance)} {balance.unit}",
    )
    return DataFinding("site-balance-untold", Severity.WARNING, sentence, 1)
