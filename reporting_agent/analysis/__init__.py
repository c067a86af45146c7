"""What a plant can act on: losses by cause, Pareto, where to look first, and what the energy was used for.

Six rooms: `drivers` (what energy varies with), `baselines` (what it was before), `energy_costs` (what it cost), `waste` (what it was
lost to, and what to do first), `meters` (whether they suffice) and `account` (a route over the year, and the limits it is held against).
Everything here is made from the exact label and stays on the site. An empty tuple means that the plant gives nothing to make that part
from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from benchmarks.declared import worded
from benchmarks.guidance.causes import Cause
from benchmarks.label_keys import LabelKey
from benchmarks.labels import Grade, StepLabel
from benchmarks.measurements import Finding, Period
from reporting_agent.analysis.account import open_balances
from reporting_agent.analysis.account.flow import BoughtInEnergy, Cumulative, MaterialFlow, StepYield, material_flow
from reporting_agent.analysis.account.route import route_accounts
from reporting_agent.analysis.account.types import RouteAccount
from reporting_agent.analysis.baselines.baseline import Baseline, baselines
from reporting_agent.analysis.drivers.result import StepDrivers
from reporting_agent.analysis.drivers.study import drivers
from reporting_agent.analysis.energy_costs.amounts import Amount
from reporting_agent.analysis.energy_costs.batch_costs import StepCost, costs
from reporting_agent.analysis.meters import adequacy as adequacy_of_meters
from reporting_agent.analysis.meters import balance
from reporting_agent.analysis.meters.adequacy import Adequacy
from reporting_agent.analysis.meters.balance import Balance
from reporting_agent.analysis.waste.advice import advise
from reporting_agent.analysis.waste.causes import CauseRule
from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.analysis.waste.gains import Advice
from reporting_agent.analysis.waste.gap_parts import BatchColumns, StepLosses, losses
from reporting_agent.analysis.waste.pareto import Dimension, Pareto, ParetoRow, paretos
from reporting_agent.analysis.waste.use import StepUse, uses
from reporting_agent.analysis.waste.waterfall import BatchLoss, CausePart, VariablePart
from reporting_agent.changes.review import Review, review
from reporting_agent.config import Site
from reporting_agent.pipeline import LabelResult, label, label_of
from reporting_agent.pipeline.provisos import in_the_future
from reporting_agent.pipeline.site_balance import SiteBalance, site_balance

__all__ = [
    "Adequacy",
    "Advice",
    "Amount",
    "Analysis",
    "Balance",
    "Baseline",
    "BatchColumns",
    "BatchLoss",
    "BoughtInEnergy",
    "Cause",
    "CausePart",
    "CauseRule",
    "Cumulative",
    "Dimension",
    "MaterialFlow",
    "Pareto",
    "ParetoRow",
    "Questioned",
    "RouteAccount",
    "SiteBalance",
    "StepCost",
    "StepDrivers",
    "StepLosses",
    "StepUse",
    "StepYield",
    "Use",
    "VariablePart",
    "analyse",
    "label_json",
    "questioned",
]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the report shows beyond the label itself. Confidential."""

    losses: tuple[StepLosses, ...] = ()
    pareto: tuple[Pareto, ...] = ()
    first_look: tuple[Advice, ...] = ()
    value_adding: tuple[StepUse, ...] = ()
    balances: tuple[Balance, ...] = ()
    adequacy: tuple[Adequacy, ...] = ()
    site_balance: SiteBalance | None = None
    routes: tuple[RouteAccount, ...] = ()
    drivers: tuple[StepDrivers, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    costs: tuple[StepCost, ...] = ()
    flow: MaterialFlow | None = None
    review: Review = field(default_factory=Review)
    unquestioned: tuple[StepLabel, ...] = ()  # the labels without the batches that open questions make doubtful
    doubtful: frozenset[LabelKey] = frozenset()  # labels that have such batches: nothing is concluded from them

    @property
    def findings(self) -> list[Finding]:
        """What the meters show against each other: balances that do not close, meters that do not suffice."""
        return [*balance.findings(self.balances), *adequacy_of_meters.findings(self.adequacy), *open_balances.findings(self.site_balance)]

    def ungraded(self, result: LabelResult) -> LabelResult:
        """The result without the grades of labels that are in question: a figure that may be wrong meets no limit."""
        steps = tuple(
            replace(label, grade=_UNANSWERED) if LabelKey.of(label) in self.doubtful else label for label in result.site_label.steps
        )
        return replace(result, site_label=replace(result.site_label, steps=steps))


class Questioned(NamedTuple):
    """What is asked of a record, the labels without the batches that open questions make doubtful, and which labels have such batches."""

    review: Review
    unquestioned: tuple[StepLabel, ...]
    doubtful: frozenset[LabelKey]


def questioned(site: Site, result: LabelResult) -> Questioned:
    """Look for changes that nobody has explained, and which labels they put in question: nothing may be concluded from those."""
    asked = review(site, result.data)
    if not asked.open:
        return Questioned(asked, (), frozenset())
    without = label_of(site, asked.without(result.data, site.zone), result.site_label.period).steps
    return Questioned(asked, without, _doubtful(result.site_label.steps, without))


_UNANSWERED = Grade(None, "change-unanswered", why=worded("No grade is tested until the change in the data of this label is explained."))


def _doubtful(labels: Sequence[StepLabel], without: Sequence[StepLabel]) -> frozenset[LabelKey]:
    """Labels that lose batches with what is in question."""
    left = {LabelKey.of(label): label.used for label in without}
    return frozenset(LabelKey.of(label) for label in labels if left.get(LabelKey.of(label), 0) < label.used)


def label_json(result: LabelResult, analysis: Analysis) -> dict[str, Any]:
    """The content of label.json with what only the analysis knows: what the meters' energy was for, and the gap by cause.

    `value_adding.meters` of a step's every entry and `gap.by_cause` of the entry's own stand beside what the label says; `gap.avoidable`,
    what named causes took, is taken out of the label's `unexplained`.
    """
    payload = result.to_json()
    meters: dict[str, list[dict[str, Any]]] = {}
    for step_use in analysis.value_adding:
        meters.setdefault(step_use.step, []).append(step_use.to_json())
    losses = {LabelKey.of(loss): loss for loss in analysis.losses}
    for entry in payload["steps"]:
        entry["value_adding"]["meters"] = meters.get(entry["step"], [])
        lost = losses.get(LabelKey(*(entry[name] for name in LabelKey._fields)))
        if entry["gap"] is not None and lost is not None:
            _divide(entry["gap"], lost)
    payload["route_accounts"] = [account.to_json() for account in analysis.routes]
    payload["changes"] = [question.to_json() for question in analysis.review.questions]
    payload["changes_told_from"] = [limit.to_json() for limit in analysis.review.limits]
    payload["without_questioned"] = [
        {
            "step": label.step,
            "product": label.product,
            "variant": label.variant,
            "metric": str(label.metric),
            "used": label.used,
            "best": label.best.value,
        }
        for label in analysis.unquestioned
    ]
    return payload


def _divide(gap: dict[str, Any], found: StepLosses) -> None:
    """Take what named causes took out of what the label alone calls unexplained, in all and batch by batch."""
    gap |= {"avoidable": found.avoidable.energy, "unexplained": found.unexplained.energy}
    gap["by_cause"] = {str(cause): amount.energy for cause, amount in found.by_cause.items()}
    own = found.batches
    parts = dict(zip(own.ids, zip(own.avoidable.tolist(), own.unexplained.tolist(), strict=True), strict=True))
    for batch in gap["batches"]:
        batch["avoidable"], batch["unexplained"] = parts[batch["batch_id"]]


class Labelled(NamedTuple):
    """A site's label over a period as a person is shown it, and what was found about it."""

    result: LabelResult
    analysis: Analysis


def labelled(site: Site, period: Period, now: datetime, *, outward: bool = False) -> Labelled:
    """Label a site over a period for a person: runs that begin later than `now` are told beside it, and a label in question has no grade.

    Args:
        outward: judge the batches as they would leave, too.

    Raises:
        InputError: a file, the configuration or the period cannot be used; says file, row, column, found and wanted.
    """
    result = label(site, period, outward=outward)
    result = replace(result, site_label=in_the_future.with_sentences(result.site_label, now))
    analysis = analyse(site, result)
    return Labelled(analysis.ungraded(result), analysis)


def analyse(site: Site, result: LabelResult) -> Analysis:
    """Look for what the plant could do with less energy; every part that finds nothing to work on stays empty."""
    moving = drivers(site, result)
    lost = losses(site, result, moving)
    tables = paretos(result.data.pack, lost)
    used = uses(site, result)
    in_question = questioned(site, result)
    balanced = site_balance(result.sitewide(site))
    return Analysis(
        losses=lost,
        pareto=tables,
        first_look=advise(site, result, lost, tables, used),
        value_adding=used,
        balances=balance.balances(site, result),
        adequacy=adequacy_of_meters.adequacy(site, result),
        site_balance=balanced,
        routes=route_accounts(site, result, balanced, in_question=bool(in_question.review.open)),
        drivers=moving,
        baselines=baselines(site, result),
        costs=costs(site, result),
        flow=material_flow(site, result),
        review=in_question.review,
        unquestioned=in_question.unquestioned,
        doubtful=in_question.doubtful,
    )
