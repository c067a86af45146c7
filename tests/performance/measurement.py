"""One comparison: ours and the reference in turn, the median of several runs each."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from statistics import median
from typing import TypedDict


class Measurement(TypedDict):
    """One line of the table; seconds are medians, `peak_rss_mb` the process's own so far."""

    name: str
    ours_s: float
    reference: str
    reference_s: float
    ratio: float
    peak_rss_mb: float
    size: str


def compare(
    name: str,
    size: str,
    ours: Callable[[], object],
    reference_name: str,
    reference: Callable[[], object],
    runs: int = 5,
) -> Measurement:
    """Time both alternately, after one warm-up each, so that a noisy minute strikes both."""
    ours()
    reference()
    seconds: dict[str, list[float]] = {"ours": [], "reference": []}
    for _ in range(runs):
        for side, function in (("ours", ours), ("reference", reference)):
            start = time.perf_counter()
            function()
            seconds[side].append(time.perf_counter() - start)
    ours_s, reference_s = median(seconds["ours"]), median(seconds["reference"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "name": name,
        "ours_s": ours_s,
        "reference": reference_name,
        "reference_s": reference_s,
        "ratio": ours_s / reference_s,
        "peak_rss_mb": round(peak, 1),
        "size": size,
    }
