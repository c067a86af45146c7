"""The truth behind every file: forty heats of one furnace, or its quarter hours, and how one
language writes them.
"""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

FIRST = datetime(2025, 5, 1, 6, 0)  # noqa: DTZ001 - the plant's wall clock
HEATS = 40


@dataclass(frozen=True, slots=True)
class Heat:
    """One batch; t, kWh, and times by the plant's clock."""

    name: str
    start: datetime
    end: datetime
    output: float
    energy_kwh: float


@dataclass(frozen=True, slots=True)
class Habit:
    """How firms of one language write: signs, dates, and the words above their columns."""

    language: str
    zone: str
    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    date: str
    clock: str
    batch: str
    start: str
    end: str
    day: str
    time: str
    year_month_day: tuple[str, str, str]
    output: str
    energy: str
    product: str
    stamp: str
    machine: str
    pieces: str
    iteration: str
    groups: tuple[str, str]
    total: str
    day_total: str
    title: str
    cover: str
    data: str
    sensor: str
    duration: str
    power: str

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def number(self, value: float, digits: int = 1, *, grouped: bool = False) -> str:
        """A number as this language writes it."""
        text = f"{value:,.{digits}f}" if grouped else f"{value:.{digits}f}"
        return text.translate(str.maketrans(",.", self.thousands + self.decimal))

    def moment(self, at: datetime) -> str:
        return at.strftime(f"{self.date} {self.clock}")


@lru_cache(maxsize=1)
def habits() -> tuple[Habit, ...]:
    """All twelve, in the order of habits.toml."""
    by_language = tomllib.loads((Path(__file__).parent / "habits.toml").read_text(encoding="utf-8"))
    lists = ("year_month_day", "groups")
    return tuple(
        Habit(language, **words | {key: tuple(words[key]) for key in lists})
        for language, words in by_language.items()
    )


def heats(seed: int) -> list[Heat]:
    """Four a day; every number has at most one decimal, every time whole minutes, so that every
    layout can hold it.
    """
    chance = random.Random(seed)  # noqa: S311 - a plant, no secret
    first = FIRST + timedelta(days=10 * (seed % 3))  # of some files no day is above 12
    series = []
    for number in range(HEATS):
        start = first + timedelta(hours=6 * number, minutes=chance.randrange(60))
        end = start + timedelta(minutes=chance.randrange(45, 75))
        series.append(
            Heat(
                f"H{seed:02}{number:03}",
                start,
                end,
                chance.randrange(1100, 1300) / 10,
                chance.randrange(400_000, 700_000) / 10,
            )
        )
    return series
