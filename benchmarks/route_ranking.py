"""Where each site stands over the whole route, by its own sum of ratio x step best: rank and score
with their intervals, as at a step.

Ranked are the sites with an eligible label at every step: of a route in part there is no total to
compare. Which site is better may differ from step to step, so ranks of steps do not add up to one
of the route; this is a model of its own on the totals, as the best whole route that was reached is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from benchmarks.composition import seed_of
from benchmarks.composition.entrants import ReportedLabel, by_step, lay_out, whole_runs
from benchmarks.composition.industry_label import totals_of
from benchmarks.composition.result import WHOLE_ROUTE
from benchmarks.ranking import RankedSite, placed
from benchmarks.routes import Pack, Route

__all__ = ("WHOLE_ROUTE", "of_route", "tells")


def tells(rank_interval: tuple[int, int], of: int) -> bool:
    """Whether a rank over the route says anything: at most half of all ranks are possible. The sum
    of the steps is much less certain than they are.
    """
    low, high = rank_interval
    return 2 * (high - low + 1) <= of


def of_route(
    reported: Iterable[ReportedLabel], pack: Pack, route: Route, digests: Iterable[str]
) -> tuple[RankedSite, ...]:
    """The standings over the route, by the total's unit a tonne of its product; the same for
    whoever has the same reports.

    Empty where fewer firms than `pack.disclosure.fewest_firms` have an eligible label at every
    step, where steps have different energies, and for a route of one step, whose standings are that
    step's.

    Args:
        digests: of the reports' envelopes, which seed the stream.
    """
    laid_out = lay_out(pack, route, by_step(reported))
    headline = [cell for cell in laid_out if cell.headline]
    energies = {cell.rule.unit.partition("/")[0] for cell in headline}
    runs = whole_runs(laid_out)
    few = len({run[0].firm for run in runs}) < pack.disclosure.fewest_firms
    if few or len(energies) > 1 or len(headline) < 2:
        return ()
    named = [
        (
            run[0].site,
            run[0].firm,
            float(
                sum(
                    cell.route_step.ratio * row.label.best_value
                    for cell, row in zip(headline, run, strict=True)
                )
            ),
        )
        for run in runs
    ]
    rng = np.random.default_rng(seed_of("standings-of-route", digests))
    return placed(named, totals_of(headline, runs), f"{energies.pop()}/{pack.made_in(route)}", rng)
