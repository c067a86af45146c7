"""A small plant for these tests: loads by the minute of a line that runs batches, and what a meter
of each kind writes of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.curve import Course
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.segments import Readings
from reporting_agent.metering.stream import MeterQuery, courses

Kind = Literal["register", "rate", "interval"]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

SECOND = 1_000_000
MINUTE_S, DAY_S = 60, 86_400
STEP_S = 300
START_S = 1_735_689_600  # 2025-01-01T00:00:00Z


def meter(kind: Kind, **more: object) -> Meter:
    return Meter(
        id="m",
        step="eaf",
        carrier="electricity",
        reading=kind,
        unit="kW" if kind == "rate" else "kWh",
        **more,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """Batches (seconds since 1970, in order) and the power of every minute, kW."""

    start_s: Integers
    end_s: Integers
    power: Floats

    @property
    def windows(self) -> Windows:
        return Windows(self.start_s * SECOND, self.end_s * SECOND)

    def at(self, moment_s: Integers | Floats) -> Floats:
        """Energy until the moment, kWh."""
        until = np.concatenate(([0.0], np.cumsum(self.power / 60)))
        counted: Floats = np.interp(
            np.asarray(moment_s, float), START_S + MINUTE_S * np.arange(len(until)), until
        )
        return counted


def line(
    days: int = 60,
    *,
    length_s: int = 3300,
    pause_s: int = 900,
    seed: int = 1,
    busy_kw: float = 4000.0,
    idle: float = 0.05,
) -> Line:
    """Batches one after another, each with its own power, with pauses of a different length
    between.
    """
    chance = np.random.default_rng(seed)
    count = int(days * DAY_S / (length_s + pause_s))
    pauses = np.round(pause_s * chance.uniform(0.5, 1.5, count) / 60).astype(np.int64) * 60
    start_s = START_S + 1800 + np.concatenate(([0], np.cumsum(length_s + pauses[:-1])))
    power = np.full(days * 1440 + 600, idle * busy_kw)
    for start, level in zip(
        start_s.tolist(), (busy_kw * chance.normal(1.0, 0.04, count)).tolist(), strict=True
    ):
        first = (start - START_S) // 60
        power[first : first + length_s // 60] = level
    power *= chance.normal(1.0, 0.05, len(power))
    return Line(start_s, start_s + length_s, power)


def stamps(days: int = 60, step_s: int = STEP_S) -> Integers:
    return np.arange(START_S + step_s, START_S + days * DAY_S + step_s, step_s, dtype=np.int64)


def written(of: Line, kind: Kind, moments_s: Integers, quantum: float = 0.1) -> Floats:
    """What a perfect meter writes at these moments."""
    counted = np.floor(of.at(moments_s) / quantum) * quantum
    if kind == "register":
        return np.round(counted + 5000.0, 6)
    before = np.floor(of.at(moments_s[:1] - (moments_s[1] - moments_s[0])) / quantum) * quantum
    energy = np.diff(counted, prepend=before)
    if kind == "interval":
        return np.round(energy, 6)
    return (
        np.round(
            energy
            * 3600
            / np.diff(moments_s, prepend=moments_s[0] - (moments_s[1] - moments_s[0]))
            / quantum
        )
        * quantum
    )


def course(
    of: Meter,
    moments_s: Integers,
    value: Iterable[float],
    *,
    line: Line | None = None,
    block: int = 1 << 16,
    gap_s: float = 1800,
) -> Course:
    """The meter's course; readings reach it in blocks, rows count from 2."""
    asked_us = np.zeros(0, dtype=np.int64)
    if line is not None:
        from reporting_agent.metering.moments import stretches_of

        asked_us = np.concatenate(
            (line.windows.start_us, line.windows.end_us, stretches_of(line.windows))
        )
    data = Readings(
        np.asarray(moments_s, np.int64) * SECOND,
        np.asarray(list(value), float),
        np.arange(2, 2 + len(moments_s)),
    )

    def read(names: frozenset[str]) -> Iterable[tuple[str, Readings, str]]:
        for start in range(0, len(data), block):
            yield of.id, data.at(slice(start, start + block)), "readings.csv"

    return courses([MeterQuery(of, asked_us, gap_s)], [read])[of.id]


def counts_by_code(of: Course) -> dict[str, int]:
    return {finding.code: finding.count for finding in of.findings}


def rows(of: Course, code: str) -> list[int]:
    return [
        place.row or 0
        for finding in of.findings
        if finding.code == code
        for place in finding.places
    ]
