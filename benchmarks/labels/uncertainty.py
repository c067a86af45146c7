"""How sure a label is: the expanded uncertainty (k = 2, about 95 %) of best, typical and mean, in
the label's unit.

Two parts, independent of each other, added as squares (JCGM 100, 5.1.2):

- `meter`: what the meters may be wrong by, the systematic part alone: it acts on every batch alike
  and does not average out over them. What each batch's own readings may be wrong by spreads the
  batches, and is in the second part.
- `sampling`: another year of the same plant would have other batches. For a quantile, the distance
  to the further of two order statistics (David and Nagaraja, Order Statistics, 7.1): the ranks k -+
  1.96 sqrt(n q (1-q) d), rounded outwards, where d corrects
  for batches in sequence being alike, d = (1+r)/(1-r) with r the lag-1 autocorrelation of "at or
  below the quantile" (Wilks, Statistical Methods, 5.2.4), never below 1. Where a rank falls off the
  end, the end is taken and `bounded` is false: so few batches hold no interval. The mean is exact
  over the batches used; only the batches that are missing make it uncertain: 1.96 s sqrt(d/n)
  sqrt(1 - n/N), N the good batches of the period.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, hypot, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.released import rank

Floats = NDArray[np.float64]

_Z = 1.96
_MOST_ALIKE = 0.95  # autocorrelation above this leaves nothing to tell an interval by


@dataclass(frozen=True, slots=True)
class ExpandedUncertainty:
    """Expanded uncertainty of one value, with its two parts, all in the label's unit."""

    value: float
    meter: float
    sampling: float
    bounded: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "meter": self.meter,
            "sampling": self.sampling,
            "bounded": self.bounded,
        }


@dataclass(frozen=True, slots=True)
class LabelUncertainty:
    """Of one label; `relative_meter` is the meters' part as a share of the energy."""

    unit: str
    relative_meter: float
    best: ExpandedUncertainty | None
    typical: ExpandedUncertainty
    mean: ExpandedUncertainty

    def to_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "coverage_factor": 2,
            "relative_meter": self.relative_meter,
            "best": None if self.best is None else self.best.to_json(),
            "typical": self.typical.to_json(),
            "mean": self.mean.to_json(),
        }


def label_uncertainty(
    in_sequence: Floats,
    quantile: Fraction,
    best: float | None,
    mean: float,
    good: int,
    relative_meter: float,
    unit: str,
) -> LabelUncertainty:
    """Of a label made from these values at reference conditions, given in the order of the batches'
    start.

    Args:
        good: how many good batches were read, used or not.
        relative_meter: the expanded error that all used batches have in common, as a share of their
            energy.
    """
    ordered = np.sort(in_sequence)
    spread = float(np.std(in_sequence, ddof=1)) if len(in_sequence) > 1 else 0.0
    missing = max(1.0 - len(in_sequence) / good, 0.0) if good else 0.0
    lost = _Z * spread * sqrt(alike(in_sequence) / len(in_sequence) * missing)
    return LabelUncertainty(
        unit=unit,
        relative_meter=relative_meter,
        best=None
        if best is None
        else _of_quantile(
            in_sequence, ordered, float(quantile), rank(quantile, len(ordered)), relative_meter
        ),
        typical=_of_quantile(in_sequence, ordered, 0.5, (len(ordered) + 1) // 2, relative_meter),
        mean=_expanded(abs(mean) * relative_meter, lost),
    )


def alike(in_sequence: Floats) -> float:
    """How many batches in sequence tell as much as one independent batch: (1+r)/(1-r), at least
    1.
    """
    centred = in_sequence - in_sequence.mean()
    variance = float((centred**2).sum())
    if variance == 0.0 or len(centred) < 3:
        return 1.0
    r = min(max(float((centred[1:] * centred[:-1]).sum()) / variance, 0.0), _MOST_ALIKE)
    return (1 + r) / (1 - r)


def _of_quantile(
    in_sequence: Floats, ordered: Floats, q: float, k: int, relative_meter: float
) -> ExpandedUncertainty:
    value = float(ordered[k - 1])
    reach = _Z * sqrt(len(ordered) * q * (1 - q) * alike((in_sequence <= value).astype(float)))
    low, high = floor(k - reach), ceil(k + reach)
    bounded = low >= 1 and high <= len(ordered)
    below, above = float(ordered[max(low, 1) - 1]), float(ordered[min(high, len(ordered)) - 1])
    return _expanded(abs(value) * relative_meter, max(value - below, above - value), bounded)


def _expanded(meter: float, sampling: float, bounded: bool = True) -> ExpandedUncertainty:
    return ExpandedUncertainty(hypot(meter, sampling), meter, sampling, bounded)
