"""Composition of the industry label: released labels + route + rule -> step bests, totals, and how
certain they are.

Read in this order: `reported_labels` (what is composed), `one_site_a_firm`, `rules` (what is
published for how many firms), `entrants` (who enters which cell), `roster` (who stands behind each
value), `simulation` (what chance is seeded with), `noise` (how uncertain one released value is),
`posterior` (where the true values lie), `curve` (how firms are spread), `savings_potential` (what
they would save), `result` (the result), `best_and_typical` (one step), `industry_label` (the whole
route), `trend` (over the years).
"""

from benchmarks.composition.best_and_typical import compose_cell
from benchmarks.composition.curve import CurvePoint
from benchmarks.composition.industry_label import compose_route, compose_with_roster, roster_of
from benchmarks.composition.one_site_a_firm import designate
from benchmarks.composition.reported_labels import ReportedLabel, by_step
from benchmarks.composition.result import IndustryCell, IndustryLabel, RouteTotal
from benchmarks.composition.roster import CellRoster, Member, Roster
from benchmarks.composition.rules import (
    apply_rule,
    averaged,
    median_of_ordered,
    rule_for,
)
from benchmarks.composition.savings_potential import Potential
from benchmarks.composition.simulation_seed import seed_of

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
