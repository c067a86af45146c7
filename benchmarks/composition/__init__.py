"""Composition of the industry label: released labels + route + rule -> step bests, totals, and how certain they are.

Read in this order: `participants` (who enters, one site a firm), `rules` (what is published for how many firms),
`noise` (how uncertain one released value is), `posterior` (where the true values lie), `industry` (the result),
`cells` (one step), `route` (the whole).
"""

from benchmarks.composition.cells import compose_step
from benchmarks.composition.industry import IndustryLabel, RouteTotal, StepBest
from benchmarks.composition.participants import CellRoster, Member, Participant, Roster, by_step, designate
from benchmarks.composition.route import compose_route, roster_of
from benchmarks.composition.rules import apply_rule, rule_for, smallest_used

__all__ = [
    "CellRoster",
    "IndustryLabel",
    "Member",
    "Participant",
    "Roster",
    "RouteTotal",
    "StepBest",
    "apply_rule",
    "by_step",
    "compose_route",
    "compose_step",
    "designate",
    "roster_of",
    "rule_for",
    "smallest_used",
]
