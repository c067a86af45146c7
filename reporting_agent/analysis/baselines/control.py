"""A residual control chart for days that remember the day before, and the shifts and single days
that stand out. Residuals in standard deviations of their kind of day, after a robust AR(1):

- EWMA, z_t = (1 - w) z_{t-1} + w r_t, w = 0.2, for shifts and drifts; var z = var r * w / (2 - w) *
  (1 + phi (1 - w)) / (1 - phi (1 - w)) (Schmid 1997, Sequential Analysis 16).
- Innovation e_t = r_t - phi r_{t-1} (Alwan and Roberts 1988), for single days.

Limits were simulated for a tenth of a false alarm a year on clean normal days. CUSUM is for
reading. A shift is dated by the stretch around the alarm with the largest sum for its length
(maximum likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Flags, Floats, Integers

WEIGHT = 0.2
EWMA_WIDTH = 3.6
SINGLE_WIDTH = 4.5
LEAST_SINGLE = 3.0
ALARMS_A_YEAR = 0.12
"""Of a chart whose days only differ by chance: measured over 300 years, and
kept by a test.
"""
FEWEST_DAYS = 60
"""Known days below which no chart is drawn: autocorrelation and spread would be guesses."""

_MOST_PHI = 0.9
_FEWEST_OF_KIND = 15  # days from which a kind has a spread of its own
_LEAST_SPREAD = (
    0.2  # of all days' spread: a kind of day that hardly moves must not alarm at every watt
)


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """The chart's lines, a value a day in standard deviations of the day's kind; NaN where the
    residual is not known.
    """

    standard: Floats  # the residual itself
    ewma: Floats
    limit: Floats  # symmetric
    phi: float
    usual: float  # energy that one standard deviation is on a usual day
    drifting: Flags  # EWMA beyond its limit
    single: Flags  # the day's own innovation beyond its limit


@dataclass(frozen=True, slots=True)
class ControlSignal:
    """Days first..last (indices of the arrays, last included) that stand out together; `signal` is
    ewma or single.
    """

    first: int
    last: int
    energy: float
    signal: str


def control(residual: Floats, kind: Integers | None = None) -> Control:
    """The chart of one baseline's residuals (energy), NaN where the day is not known; `kind` is
    each day's kind.
    """
    finite = np.isfinite(residual)
    spread = _spreads(
        residual, finite, np.zeros(len(residual), dtype=np.int64) if kind is None else kind
    )
    standard = residual / spread
    phi = _persistence(standard, finite)
    innovation = np.full(len(residual), np.nan)
    follows = finite[1:] & finite[:-1]
    innovation[1:][follows] = (standard[1:] - phi * standard[:-1])[follows]
    scatter = _robust_deviation(innovation[np.isfinite(innovation)])
    alone = np.where(
        finite & ~np.isfinite(innovation), standard, innovation / scatter
    )  # no day before: the residual, which scatters more
    bounded = np.clip(standard, -4, 4)  # one wild day must not make a shift of many
    ewma, limit = _ewma(bounded, finite, phi)
    with np.errstate(invalid="ignore"):
        drifting = np.abs(ewma) > limit
        single = (np.abs(alone) > SINGLE_WIDTH) & (
            np.abs(standard) > LEAST_SINGLE
        )  # back to normal after a bad day is none
    return Control(
        standard, ewma, limit, phi, float(np.sqrt(np.mean(spread[finite] ** 2))), drifting, single
    )


def _spreads(residual: Floats, finite: Flags, kind: Integers) -> Floats:
    """Robust standard deviation of each day's kind."""
    of_all = _robust_deviation(residual[finite])
    spread = np.full(len(residual), of_all)
    for code in np.unique(kind[finite]).tolist():
        own = finite & (kind == code)
        if own.sum() >= _FEWEST_OF_KIND:
            spread[kind == code] = max(_robust_deviation(residual[own]), _LEAST_SPREAD * of_all)
    return spread


def _ewma(standard: Floats, finite: Flags, phi: float) -> tuple[Floats, Floats]:
    """The moving average and its limit; over an unknown day both stand."""
    ewma, share = np.full(len(standard), np.nan), np.zeros(len(standard))
    level, weight_squared = 0.0, 1.0
    for day in np.flatnonzero(finite).tolist():
        level = (1 - WEIGHT) * level + WEIGHT * float(standard[day])
        weight_squared *= (1 - WEIGHT) ** 2
        ewma[day], share[day] = level, 1 - weight_squared
    inflated = (1 + phi * (1 - WEIGHT)) / (1 - phi * (1 - WEIGHT))
    limit = EWMA_WIDTH * np.sqrt(WEIGHT / (2 - WEIGHT) * inflated * share)
    return ewma, np.where(finite, limit, np.nan)


def events(residual: Floats, chart: Control) -> list[ControlSignal]:
    """Runs of days that stand out: shifts first, then single days outside them. Energies are sums
    of the residuals.
    """
    known_days = np.flatnonzero(np.isfinite(residual))
    alarms: list[ControlSignal] = []
    covered = np.zeros(len(residual), dtype=bool)
    position = 0
    while position < len(known_days):
        if not chart.drifting[known_days[position]]:
            position += 1
            continue
        sign = np.sign(chart.ewma[known_days[position]])
        first = position
        while (
            first > 0
            and sign * chart.ewma[known_days[first - 1]] > 0
            and not covered[known_days[first - 1]]
        ):
            first -= 1  # back to where the average left zero
        last = position
        while (
            last + 1 < len(known_days)
            and chart.drifting[known_days[last + 1]]
            and np.sign(chart.ewma[known_days[last + 1]]) == sign
        ):
            last += 1
        days = known_days[first : last + 1]
        begin, end = _ends(sign * np.clip(chart.standard[days], -4, 4))
        covered[days] = True
        own = days[begin : end + 1]
        alarms.append(
            ControlSignal(
                int(own[0]),
                int(own[-1]),
                float(residual[own].sum()),
                "single" if len(own) == 1 else "ewma",
            )
        )
        position = last + 1
    alarms += [
        ControlSignal(day, day, float(residual[day]), "single")
        for day in np.flatnonzero(chart.single & ~covered).tolist()
    ]
    return sorted(alarms, key=lambda event: event.first)


def _ends(standard: Floats) -> tuple[int, int]:
    """First and last position of the stretch whose sum over the root of its length is largest."""
    begin, end = 0, len(standard) - 1
    for _ in range(2):
        tail = np.cumsum(standard[: end + 1][::-1])[::-1] / np.sqrt(np.arange(end + 1, 0, -1))
        begin = int(np.argmax(tail))
        head = np.cumsum(standard[begin:]) / np.sqrt(np.arange(1, len(standard) - begin + 1))
        end = begin + int(np.argmax(head))
    return begin, end


def _persistence(standard: Floats, finite: Flags) -> float:
    """Lag-1 autocorrelation over pairs of known days within 3 robust deviations, with Kendall's
    small-sample correction.
    """
    centred = standard - np.median(standard[finite])
    spread = _robust_deviation(standard[finite])
    with np.errstate(invalid="ignore"):
        inside = finite & (np.abs(centred) < 3 * spread)
    pairs = inside[1:] & inside[:-1]
    before, after = centred[:-1][pairs], centred[1:][pairs]
    energy = float(np.sqrt(float(before @ before) * float(after @ after)))
    if energy <= 0:
        return 0.0
    phi = float(before @ after) / energy
    return float(np.clip(phi + (1 + 3 * phi) / len(before), 0.0, _MOST_PHI))


def _robust_deviation(values: Floats) -> float:
    deviation = float(np.median(np.abs(values - np.median(values)))) / 0.6744897501960817
    return max(deviation, 1e-9 * float(np.max(np.abs(values), initial=0.0)), 1e-300)
