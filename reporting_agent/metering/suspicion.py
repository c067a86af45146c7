"""What one meter and the batches that it counts for are known by beside its course, and what
holding it against them showed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import DataFinding
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering.curve import Course

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What was found of one meter, and the batches (by their index in the windows) whose energy it
    makes wrong, by code.
    """

    findings: tuple[DataFinding, ...] = ()
    batches: dict[str, Flags] = field(default_factory=dict)
    events: tuple[DeclaredEvent, ...] = ()  # what would put it right, once it is declared


@dataclass(frozen=True, slots=True)
class MeterContext:
    """What else is known of the meter and its batches.

    Their outputs, the bounds of their energy per output, the course that it should repeat; and
    whether it wrote stamps in an hour that the plant's clock skips in spring.
    """

    output: Floats
    bounds: tuple[float, float] | None = None
    course: Course | None = None
    own_per_other: float = 1.0  # units of its own that are one unit of that course
    in_skipped_hour: bool = False
