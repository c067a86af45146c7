"""All rooms of the analysis, one after another: everything that the report shows beyond the label
itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.label_keys import LabelKey
from benchmarks.labels import StepLabel
from benchmarks.measurements import DataFinding
from reporting_agent.analysis.account import flow
from reporting_agent.analysis.account.flow import MaterialFlow, material_flow
from reporting_agent.analysis.account.route import route_accounts
from reporting_agent.analysis.account.types import RouteAccount
from reporting_agent.analysis.baselines.baseline import Baseline, baselines
from reporting_agent.analysis.drivers.result import StepDrivers
from reporting_agent.analysis.drivers.study import drivers
from reporting_agent.analysis.energy_costs.batch_costs import StepCost, costs
from reporting_agent.analysis.meters import adequacy as adequacy_of_meters
from reporting_agent.analysis.meters import balance
from reporting_agent.analysis.meters.adequacy import Adequacy
from reporting_agent.analysis.meters.balance import Balance
from reporting_agent.analysis.waste.advice import advise
from reporting_agent.analysis.waste.gains import Advice
from reporting_agent.analysis.waste.gap_parts import StepLosses, losses
from reporting_agent.analysis.waste.pareto import Pareto, paretos
from reporting_agent.analysis.waste.use import StepUse, uses
from reporting_agent.changes.questioned_label import QuestionedLabel
from reporting_agent.changes.review import Review
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.site_balance import SiteBalance, site_balance


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
    unquestioned: tuple[
        StepLabel, ...
    ] = ()  # the labels without the batches that open questions make doubtful
    doubtful: frozenset[LabelKey] = (
        frozenset()
    )  # labels that have such batches: nothing is concluded from them

    @property
    def findings(self) -> list[DataFinding]:
        """What the meters show against each other: balances that do not close, meters that do not
        suffice.
        """
        return [
            *balance.findings(self.balances),
            *adequacy_of_meters.findings(self.adequacy),
            *flow.findings(self.site_balance),
        ]


def analyse(site: SiteSettings, label: QuestionedLabel) -> Analysis:
    """Look for what the plant could do with less energy; every part that finds nothing to work on
    stays empty.
    """
    result = label.result
    moving = drivers(site, result)
    lost = losses(site, result, moving)
    tables = paretos(result.data.pack, lost)
    used = uses(site, result)
    balanced = site_balance(result.sitewide(site))
    return Analysis(
        losses=lost,
        pareto=tables,
        first_look=advise(site, result, lost, tables, used),
        value_adding=used,
        balances=balance.balances(site, result),
        adequacy=adequacy_of_meters.adequacy(site, result),
        site_balance=balanced,
        routes=route_accounts(site, result, balanced, in_question=bool(label.review.open)),
        drivers=moving,
        baselines=baselines(site, result),
        costs=costs(site, result),
        flow=material_flow(site, result),
        review=label.review,
        unquestioned=label.unquestioned,
        doubtful=label.doubtful,
    )
