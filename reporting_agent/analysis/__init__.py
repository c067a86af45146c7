"""What a plant can act on, from the exact label: `drivers` (what energy varies with), `baselines`
(what it was before), `energy_costs`, `waste` (what it was lost to, what to do first), `meters`
(whether they suffice) and `account` (a route over the year against its limits). An empty tuple: the
plant gives nothing to make that part from.
"""

from reporting_agent.analysis.analysing import Analysis, analyse

__all__ = ["Analysis", "analyse"]
