"""What a plant can act on: losses by cause, Pareto, where to look first, and what the energy was
used for.

Six rooms: `drivers` (what energy varies with), `baselines` (what it was before), `energy_costs`
(what it cost), `waste` (what it was lost to, and what to do first), `meters` (whether they suffice)
and `account` (a route over the year, and the limits it is held against). Everything here is made
from the exact label and stays on the site. An empty tuple means that the plant gives nothing to
make that part from.
"""

from reporting_agent.analysis.analysing import Analysis, analyse

__all__ = ["Analysis", "analyse"]
