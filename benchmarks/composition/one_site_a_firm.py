"""Which one site of a firm enters the industry's values: the largest count class, then the smallest
site id.

It is settled by a public fact and not by the noised values, because choosing a firm's better site
would choose by noise and pull the label down. The largest count class is the most precise label.
The firm's other sites stand in the standings alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.composition.reported_labels import ReportedLabel

Run = Sequence[ReportedLabel]
"""One site's labels at every step of the route, in its order; or its one label in a cell."""


def order(run: Run) -> tuple[str, int, str]:
    """By firm; of one firm the site whose smallest count class is largest comes first, then the
    smallest site id.
    """
    return run[0].firm, -min(row.label.count_class for row in run), run[0].site


def one_run_a_firm(runs: Iterable[Run]) -> list[Run]:
    """The first run of each firm, in the order of firms."""
    chosen: dict[str, Run] = {}
    for run in sorted(runs, key=order):
        chosen.setdefault(run[0].firm, run)
    return list(chosen.values())


def designate(reported: Iterable[ReportedLabel]) -> list[ReportedLabel]:
    """One site a firm of those in a cell, in the order of firms."""
    return [run[0] for run in one_run_a_firm([row] for row in reported)]
