"""Composition of the industry label: released labels + route + rule -> step bests, totals, and how
certain they are.

Read in this order: `entrants` (who enters which cell), `rules` (which ranks are published for how
many firms), `posterior` (where the true values lie), `result`, `best_and_typical` (one step),
`industry_label` (the whole route), `behind_figures` (what published figures alone tell).
"""

from benchmarks.composition.best_and_typical import compose_cell
from benchmarks.composition.entrants import ReportedLabel, by_step, designate
from benchmarks.composition.industry_label import (
    compose_route,
    compose_with_roster,
    roster_of,
    seed_of,
)
from benchmarks.composition.posterior import Potential
from benchmarks.composition.result import (
    CellRoster,
    IndustryCell,
    IndustryLabel,
    Member,
    Roster,
    RouteTotal,
)
from benchmarks.composition.rules import (
    CurvePoint,
    apply_rule,
    averaged,
    median_of_ordered,
    rule_for,
)

__all__ = [
    "CellRoster",
    "CurvePoint",
    "IndustryCell",
    "IndustryLabel",
    "Member",
    "Potential",
    "ReportedLabel",
    "Roster",
    "RouteTotal",
    "apply_rule",
    "averaged",
    "by_step",
    "compose_cell",
    "compose_route",
    "compose_with_roster",
    "designate",
    "median_of_ordered",
    "roster_of",
    "rule_for",
    "seed_of",
]
