"""What firms would save at a step if those above a reference came down to it, per unit of the
step's output.

Of every firm that enters, the distance of its typical batch above the reference (none where it lies
below), averaged over all of them: `typical` is the industry's typical value of the same draw,
`best` the industry's best. Firms count one each, because a firm's output never reaches the portal;
what a typical batch takes stands for all of a firm's batches.

Noise lifts what is cut off at nothing. Posterior draws take that out where firms are spread as a
normal law has it; of two humps they stand 2.6 % too high. So the value is that of the released ones
less what as much noise again would lift it by (simulation extrapolation: Cook and Stefanski 1994,
*Journal of the American Statistical Association* 89, 1314-1328; here in closed form), and the draws
give the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr

from benchmarks.composition.posterior import Array, ObservedValues, jump_probability

Reference = Literal["typical", "best"]


@dataclass(frozen=True, slots=True)
class Potential:
    """What the firms would save on average by coming down to `to`, with its 95 % interval, in the
    metric's unit.
    """

    to: Reference
    value: float
    interval: tuple[float, float]


def saved(firms: Array, reference: Array) -> Array:
    """Of each row of firms' values the mean distance above that row's reference."""
    return np.asarray(np.maximum(firms - reference[:, None], 0.0).mean(axis=-1))


def without_noise(observed: ObservedValues, reference: float) -> float:
    """The mean distance of the true values above the reference. A value that is a jump tells of
    none.
    """
    above, sds = observed.values - reference, observed.sds
    lifted = sds * np.exp(-((above / sds) ** 2) / 2) / np.sqrt(2 * np.pi) + above * ndtr(
        above / sds
    )
    return float(
        np.average(2 * np.maximum(above, 0.0) - lifted, weights=1 - jump_probability(observed))
    )
