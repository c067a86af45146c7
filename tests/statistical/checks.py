"""Which checks there are, and how one is run. Beside `__main__`, because a process of its own can
import only what has a name.
"""

from __future__ import annotations

import time
from importlib import import_module
from importlib.util import find_spec

from tests.statistical.outcome import Outcome

OF_EXTRAS = {"alerts": "extras.live.tests.statistical.alerts"}

CHECKS = (
    "differencing",
    "corrections",
    "single_firms",
    "outward_road",
    "stability",
    "composition",
    "one_liar",
    "coverage",
    "insider",
    "savings",
    "causes",
    *(("alerts",) if find_spec("extras") else ()),
    "left_out",
    "audit",
    "sampler",
    "comparison",
    "exact_law",
    "sound",
    "utility",
    "enough",
    "odds",
    "scores",
    "potentials",
    "route_scores",
    "drawing",
)
"""Modules of this package with `run(long) -> Outcome`; the longest first, since two run at a
time.
"""


def run(asked: tuple[str, bool]) -> tuple[Outcome, float]:
    """One check by its module's name, in the long form or not, and its processor seconds: in
    `bin/test` it runs on what the tests leave.
    """
    name, long = asked
    start = time.process_time()
    outcome: Outcome = import_module(OF_EXTRAS.get(name, f"tests.statistical.{name}")).run(long)
    return outcome, time.process_time() - start
