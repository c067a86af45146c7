"""The energy baseline of ISO 50006 by kind of day, production and degree days, from a meter's hours
summed to local days.

    expected = level of the day's kind * its hours / 24 + sum of b * output
               + h * heating degrees + c * cooling degrees

Kinds of day are weekdays whose levels differ by less than a twentieth or their own scatter.
Coefficients are Huber's, never below 0. A term enters where it lowers the mean residual by a
twentieth. Assumptions: heating below 15 °C, cooling above 22 °C of the day's mean; a batch's output
is made evenly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.phrases import Phrase, Value, enumerated
from reporting_agent.metering.record import MeterRecord

HEATING_BELOW_C = 15.0
COOLING_ABOVE_C = 22.0
WORTH = 0.95  # of the mean size of the residuals without the term
FEWEST_DAYS = 30
_HUBER = 1.345
_NAMES = (
    *(
        Phrase("Mon"),
        Phrase("Tue"),
        Phrase("Wed"),
        Phrase("Thu"),
        Phrase("Fri"),
        Phrase("Sat"),
        Phrase("Sun"),
    ),
    Phrase("holiday"),
)
HOLIDAY = 7


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A baseline: expected energy of every day (NaN where a variable is not known), its kinds and
    its coefficients.
    """

    expected: Floats
    kind: Integers  # of every day
    kinds: tuple[Words, ...]
    levels: tuple[float, ...]  # of each kind, what a day takes besides what its variables say
    coefficients: Mapping[str, float]
    explained: float  # share of the variance of the known days


def fit_baseline(
    energy: Floats,
    weekday: Integers,
    length: Floats,
    outputs: Sequence[Mapping[str, Floats]],
    degrees: Mapping[str, Floats],
) -> Model | None:
    """Fit the days known; None where there are too few.

    Args:
        weekday: of each day, 7 on a holiday.
        length: of each day, over 24 hours: clocks are put forward and back.
        outputs: the same output in more and more detail.
        degrees: of heating and cooling, each tried by itself.
    """
    finite = np.isfinite(energy)
    if finite.sum() < FEWEST_DAYS:
        return None
    kind, kinds = _kinds(energy, weekday)
    days = np.column_stack([np.where(kind == code, length, 0.0) for code in range(len(kinds))])
    chosen: dict[str, Floats] = {}
    expected, levels, coefficients = _fitted(energy, days, chosen)
    offers = [(dict(output), True) for output in outputs] + [
        ({name: values}, False) for name, values in degrees.items()
    ]
    for terms, instead in offers:
        offered = terms if instead else chosen | terms
        with_it, its_levels, slopes = _fitted(energy, days, offered)
        both = finite & np.isfinite(with_it)
        if both.sum() < max(FEWEST_DAYS, 0.8 * finite.sum()) or not slopes.keys() & terms.keys():
            continue
        if _size(energy[both] - with_it[both]) < WORTH * _size(energy[both] - expected[both]):
            chosen = {name: offered[name] for name in slopes}
            expected, levels, coefficients = with_it, its_levels, slopes
    both = finite & np.isfinite(expected)
    whole = float(np.var(energy[both]))
    explained = (
        max(0.0, 1 - float(np.var(energy[both] - expected[both])) / whole) if whole > 0 else 0.0
    )
    return Model(expected, kind, kinds, levels, coefficients, explained)


def degree_days(mean_c: Floats) -> dict[str, Floats]:
    """Heating and cooling degrees of days, from their mean outdoor temperature."""
    return {
        "heating": np.maximum(HEATING_BELOW_C - mean_c, 0.0),
        "cooling": np.maximum(mean_c - COOLING_ABOVE_C, 0.0),
    }


def _fitted(
    energy: Floats, days: Floats, variables: Mapping[str, Floats]
) -> tuple[Floats, tuple[float, ...], dict[str, float]]:
    """Expected energy, levels, and the coefficients above 0; a variable that comes out at less is
    left out, the least first.
    """
    x = np.column_stack([days, *variables.values()])
    rows = np.isfinite(energy) & np.isfinite(x).all(axis=1)
    if rows.sum() <= x.shape[1]:
        return np.full(len(energy), np.nan), (), {}
    b = _huber(x[rows], energy[rows])
    kinds = days.shape[1]
    slopes = dict(zip(variables, b[kinds:].tolist(), strict=True))
    if slopes and min(slopes.values()) <= 0:
        least = min(slopes, key=lambda name: slopes[name])
        return _fitted(
            energy, days, {name: values for name, values in variables.items() if name != least}
        )
    expected: Floats = x @ b
    return expected, tuple(b[:kinds].tolist()), slopes


def _huber(x: Floats, y: Floats) -> Floats:
    """Huber's M-estimate by reweighted least squares from the least absolute deviations'
    neighbourhood.
    """
    weights = np.ones(len(y))
    b: Floats = np.zeros(x.shape[1])
    for _ in range(50):
        root, before = np.sqrt(weights), b
        b = np.asarray(np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0], dtype=float)
        residual = np.abs(y - x @ b)
        scale = max(
            float(np.median(residual)) / 0.6744897501960817, 1e-12 * float(np.abs(y).max()), 1e-300
        )
        weights = np.minimum(1.0, _HUBER * scale / np.maximum(residual, 1e-300))
        if np.abs(b - before).max() < 1e-9 * max(float(np.abs(b).max()), 1e-300):
            break
    return b


def _kinds(energy: Floats, weekday: Integers) -> tuple[Integers, tuple[Words, ...]]:
    """Weekdays (and holidays) merged into kinds of day by their median and scatter; the lowest kind
    first.
    """
    present = [code for code in range(8) if np.isfinite(energy[weekday == code]).any()]
    groups = sorted(
        ([code] for code in present),
        key=lambda group: float(np.nanmedian(energy[weekday == group[0]])),
    )
    whole = float(np.nanmedian(np.abs(energy)))
    apart: dict[
        tuple[tuple[int, ...], tuple[int, ...]], float
    ] = {}  # a merging changes only the steps beside it
    while len(groups) > 1:
        for low, high in pairwise(groups):
            if (key := (tuple(low), tuple(high))) not in apart:
                apart[key] = _step(energy, weekday, low, high, whole)
        steps = [apart[tuple(low), tuple(high)] for low, high in pairwise(groups)]
        least = int(np.argmin(steps))
        if steps[least] >= 1:
            break
        groups[least : least + 2] = [sorted(groups[least] + groups[least + 1])]
    code_of = {code: index for index, group in enumerate(groups) for code in group}
    kind = np.array(
        [code_of.get(code, len(groups) - 1) for code in weekday.tolist()], dtype=np.int64
    )
    return kind, tuple(Words.of(_range(group)) for group in groups)


def _step(
    energy: Floats, weekday: Integers, low: list[int], high: list[int], whole: float
) -> float:
    """How far two groups stand apart: 1 is a twentieth of the usual energy, or three standard
    errors, whichever is more.
    """
    first, second = (energy[np.isin(weekday, group) & np.isfinite(energy)] for group in (low, high))
    error = np.hypot(_spread(first) / np.sqrt(len(first)), _spread(second) / np.sqrt(len(second)))
    needed = max(0.05 * whole, 3 * float(error), 1e-300)
    return abs(float(np.median(second) - np.median(first))) / needed


def _range(codes: list[int]) -> Value:
    week = [code for code in codes if code != HOLIDAY]
    named = [_NAMES[code] for code in codes]
    if len(week) > 2 and week == list(range(week[0], week[-1] + 1)):
        named = [
            Phrase("%(first)s–%(last)s", first=_NAMES[week[0]], last=_NAMES[week[-1]]),
            *named[len(week) :],
        ]
    return enumerated(named)


def _size(residual: Floats) -> float:
    return float(np.abs(residual).mean())


def _spread(values: Floats) -> float:
    return float(np.median(np.abs(values - np.median(values)))) / 0.6744897501960817


LEAST_KNOWN = 0.95
"""Share of a day's hours whose energy must be known; the rest is filled in proportion."""

HOUR_US = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class LocalHours:
    """Where each hour of a record lies on the site's clock."""

    day: Integers  # index in `days`
    clock: Integers  # 0 to 23
    days: tuple[date, ...]  # every day from first to last
    weekday: Integers  # of each of `days`: 0 is Monday

    @classmethod
    def of(cls, hour_us: Integers, zone: tzinfo) -> LocalHours:
        local = [
            (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)
            for moment in hour_us.tolist()
        ]
        ordinal = np.array([moment.toordinal() for moment in local], dtype=np.int64)
        first, last = int(ordinal.min()), int(ordinal.max())
        days = tuple(date.fromordinal(number) for number in range(first, last + 1))
        return cls(
            day=ordinal - first,
            clock=np.array([moment.hour for moment in local], dtype=np.int64),
            days=days,
            weekday=np.array([day.weekday() for day in days], dtype=np.int64),
        )

    def midnights_us(self, zone: tzinfo) -> Integers:
        """Where each of the days begins, and where the last one ends, in UTC microseconds."""
        begins = [
            datetime.combine(day, time(), zone)
            for day in (*self.days, self.days[-1] + timedelta(days=1))
        ]
        return np.array(
            [round(moment.timestamp()) * 1_000_000 for moment in begins], dtype=np.int64
        )

    def lengths(self, zone: tzinfo) -> Floats:
        """Of each of the days, over 24 hours: a clock that is put forward or back makes 23 or
        25.
        """
        lengths: Floats = np.diff(self.midnights_us(zone)) / (24 * HOUR_US)
        return lengths


def in_own_time(record: MeterRecord, hours: LocalHours) -> Flags:
    """The local days from the meter's `from` to its `until`: it may be read on elsewhere."""
    return np.array([record.meter.counts_within(day, day) for day in hours.days], dtype=bool)


def day_energy(record: MeterRecord, hours: LocalHours) -> Floats:
    """Energy of each local day of the meter's own time, NaN where less than `LEAST_KNOWN` of a
    whole day is known.
    """
    count = len(hours.days)
    length = np.diff(np.append(record.hour_us, record.end_us)) / HOUR_US
    known_hours = np.bincount(hours.day, weights=record.hour_known * length, minlength=count)
    energy = np.bincount(hours.day, weights=record.hour_energy, minlength=count)
    whole = np.maximum(
        np.bincount(hours.day, weights=length, minlength=count), 23.0
    )  # a day cut off by the period's edge is no day
    sound = in_own_time(record, hours) & (known_hours / whole >= LEAST_KNOWN)
    day: Floats = np.where(
        sound, energy * whole / np.where(known_hours > 0, known_hours, 1.0), np.nan
    )
    return day
