"""What one meter shows of its runs, kept for those who look for changes: energy, edges, and the shift that its load tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering import rests
from reporting_agent.metering.clock_search import Told, search
from reporting_agent.metering.curve import Curve
from reporting_agent.metering.edges import Edges, Reach, seen
from reporting_agent.metering.rests import Rests
from reporting_agent.metering.shifts import FULLY_KNOWN, Bins

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

NOTHING = 0.05  # of the usual power of the runs


@dataclass(frozen=True, slots=True, eq=False)
class RunRecord:
    """The runs that a meter counts for, in order of start: half-open windows in UTC microseconds.

    `ids` are the batches' own, `energy` in the record's unit, `known` the share of its seconds, `silent` the share in whole stretches
    of the search (quarters of an hour) of which the meter shows next to nothing. `rests` are told of a log without pauses only.
    """

    ids: tuple[str, ...]
    start_us: Integers
    end_us: Integers
    energy: Floats
    known: Floats
    edges: Edges
    told: Told
    silent: Floats
    rests: Rests | None

    def __len__(self) -> int:
        return len(self.start_us)


def of_runs(curve: Curve, start_us: Integers, end_us: Integers, ids: Sequence[str], bin_edges_us: Integers) -> RunRecord:
    """The runs along one curve that was asked for the edges of `Reach.of` them, for `rests.moments_us` and for `bin_edges_us`."""
    energy, known_s = curve.over(start_us, end_us)
    length_s = (end_us - start_us) / 1e6
    told, silent = Told.nothing(), np.zeros(len(start_us))
    if len(bin_edges_us) > 1:
        in_bins, known_in_bins_s = curve.over(bin_edges_us[:-1], bin_edges_us[1:])
        bins = Bins(bin_edges_us, in_bins, known_in_bins_s * 1e6 / (bin_edges_us[1] - bin_edges_us[0]))
        told = search(bins, start_us, end_us)
        silent = _silent(bins, start_us, end_us, np.abs(energy) / length_s) / length_s
    return RunRecord(
        tuple(ids),
        start_us,
        end_us,
        energy,
        np.minimum(known_s / length_s, 1.0),
        seen(curve, Reach.of(start_us, end_us)),
        told,
        silent,
        rests.seen(curve, start_us, end_us),
    )


def _silent(bins: Bins, start_us: Integers, end_us: Integers, power: Floats) -> Floats:
    """Seconds of each run in stretches of which less than `NOTHING` of the usual power is known."""
    width_s = float(bins.edge_us[1] - bins.edge_us[0]) / 1e6
    nothing = (bins.known >= FULLY_KNOWN) & (np.abs(bins.energy) < NOTHING * width_s * float(np.median(power)))
    until_s = np.concatenate(([0.0], np.cumsum(nothing * width_s)))
    first = np.searchsorted(bins.edge_us, start_us)
    last = np.maximum(np.searchsorted(bins.edge_us, end_us, side="right") - 1, first)
    silent: Floats = until_s[last] - until_s[first]
    return silent
