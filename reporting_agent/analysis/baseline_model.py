"""The energy baseline of ISO 50006: what a day should take, from its kind, what was produced, and the weather where it is known.

expected = level of the day's kind + b * production + h * heating degrees + c * cooling degrees

Kinds of day are weekdays that run alike: neighbours in level are taken together while they differ by less than a twentieth, or by
less than their own scatter. Coefficients are Huber's (no day decides alone) and never below 0: what a day makes cannot give
energy back. A term enters only where it lowers the robust spread of the residuals by a twentieth.

Assumption: heating begins below 15 °C and cooling above 22 °C of the day's mean. A batch's output is made evenly from its start to its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from benchmarks.routes import Words

HEATING_BELOW_C = 15.0
COOLING_ABOVE_C = 22.0
WORTH = 0.95  # of the spread without the term
FEWEST_DAYS = 30
_HUBER = 1.345
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "holiday")
_NAMES_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日", "节假日")
HOLIDAY = 7


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A baseline: expected energy of every day (NaN where a variable is not known), its kinds and its coefficients."""

    expected: Floats
    kind: Integers  # of every day
    kinds: tuple[Words, ...]
    coefficients: Mapping[str, float]
    explained: float  # share of the variance of the known days


def fit_baseline(energy: Floats, weekday: Integers, variables: Mapping[str, Floats]) -> Model | None:
    """Fit the days known; None where there are too few. `weekday` is 7 on a holiday."""
    known = np.isfinite(energy)
    if known.sum() < FEWEST_DAYS:
        return None
    kind, kinds = _kinds(energy, weekday)
    chosen: list[str] = []
    expected, coefficients = _fitted(energy, kind, variables, chosen)
    for name in variables:
        with_it, found = _fitted(energy, kind, variables, [*chosen, name])
        both = known & np.isfinite(with_it)
        if both.sum() < max(FEWEST_DAYS, 0.8 * known.sum()) or found[name] <= 0:
            continue
        if _spread(energy[both] - with_it[both]) < WORTH * _spread(energy[both] - expected[both]):
            chosen.append(name)
            expected, coefficients = with_it, found
    both = known & np.isfinite(expected)
    whole = float(np.var(energy[both]))
    explained = max(0.0, 1 - float(np.var(energy[both] - expected[both])) / whole) if whole > 0 else 0.0
    return Model(expected, kind, kinds, coefficients, explained)


def degree_days(mean_c: Floats) -> dict[str, Floats]:
    """Heating and cooling degrees of days, from their mean outdoor temperature."""
    return {"heating": np.maximum(HEATING_BELOW_C - mean_c, 0.0), "cooling": np.maximum(mean_c - COOLING_ABOVE_C, 0.0)}


def _fitted(energy: Floats, kind: Integers, variables: Mapping[str, Floats], names: Sequence[str]) -> tuple[Floats, dict[str, float]]:
    levels = np.column_stack([kind == code for code in range(int(kind.max()) + 1)]).astype(float)
    x = np.column_stack([levels, *(variables[name] for name in names)])
    rows = np.isfinite(energy) & np.isfinite(x).all(axis=1)
    if rows.sum() <= x.shape[1]:
        return np.full(len(energy), np.nan), dict.fromkeys(names, 0.0)
    b = _huber(x[rows], energy[rows])
    expected: Floats = x @ b
    return expected, dict(zip(names, b[levels.shape[1] :].tolist(), strict=True))


def _huber(x: Floats, y: Floats) -> Floats:
    """Huber's M-estimate by reweighted least squares from the least absolute deviations' neighbourhood."""
    weights = np.ones(len(y))
    b: Floats = np.zeros(x.shape[1])
    for _ in range(50):
        root, before = np.sqrt(weights), b
        b = np.asarray(np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0], dtype=float)
        residual = np.abs(y - x @ b)
        scale = max(float(np.median(residual)) / 0.6744897501960817, 1e-12 * float(np.abs(y).max()), 1e-300)
        weights = np.minimum(1.0, _HUBER * scale / np.maximum(residual, 1e-300))
        if np.abs(b - before).max() < 1e-9 * max(float(np.abs(b).max()), 1e-300):
            break
    return b


def _kinds(energy: Floats, weekday: Integers) -> tuple[Integers, tuple[Words, ...]]:
    """Weekdays (and holidays) merged into kinds of day by their median and scatter; the lowest kind first."""
    present = [code for code in range(8) if np.isfinite(energy[weekday == code]).any()]
    groups = sorted(([code] for code in present), key=lambda group: float(np.nanmedian(energy[weekday == group[0]])))
    whole = float(np.nanmedian(np.abs(energy)))
    apart: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}  # a merging changes only the steps beside it
    while len(groups) > 1:
        for low, high in pairwise(groups):
            if (key := (tuple(low), tuple(high))) not in apart:
                apart[key] = _step(energy, weekday, low, high, whole)
        steps = [apart[tuple(low), tuple(high)] for low, high in pairwise(groups)]
        least = int(np.argmin(steps))
        if steps[least] >= 1:
            break
        groups[least : least + 2] = [sorted(groups[least] + groups[least + 1])]
    code_of = {code: place for place, group in enumerate(groups) for code in group}
    kind = np.array([code_of.get(code, len(groups) - 1) for code in weekday.tolist()], dtype=np.int64)
    return kind, tuple(Words(en=_range(group, _NAMES, "–", ", "), zh=_range(group, _NAMES_ZH, "至", "、")) for group in groups)


def _step(energy: Floats, weekday: Integers, low: list[int], high: list[int], whole: float) -> float:
    """How far two groups stand apart: 1 is a twentieth of the usual energy, or three standard errors, whichever is more."""
    first, second = (energy[np.isin(weekday, group) & np.isfinite(energy)] for group in (low, high))
    error = np.hypot(_spread(first) / np.sqrt(len(first)), _spread(second) / np.sqrt(len(second)))
    needed = max(0.05 * whole, 3 * float(error), 1e-300)
    return abs(float(np.median(second) - np.median(first))) / needed


def _range(codes: list[int], names: Sequence[str], dash: str, separator: str) -> str:
    week = [code for code in codes if code != HOLIDAY]
    named = [names[code] for code in codes]
    if len(week) > 2 and week == list(range(week[0], week[-1] + 1)):
        named = [f"{names[week[0]]}{dash}{names[week[-1]]}", *named[len(week) :]]
    return separator.join(named)


def _spread(values: Floats) -> float:
    return float(np.median(np.abs(values - np.median(values)))) / 0.6744897501960817
