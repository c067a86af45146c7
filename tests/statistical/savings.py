"""Verified savings of plants whose saving is known, from their files: how often the 95 % interval
holds it (docs/savings.md).

Every plant is written as site.toml, batches.csv, hourly readings and actions.toml, and goes the way
of `steplabel-agent savings`. Its meter's days have an idle and a running level, two products of
different need whose shares change, a declared condition, a season, and errors that remember the day
before; then an action saves nothing, a little, or a step of 2 to 10 %.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import load_site
from reporting_agent.savings import VerifiedSaving, load_actions, verified
from reporting_agent.savings.telling import SavingVerdict
from tests.statistical.outcome import Outcome

Floats = NDArray[np.float64]
FIRST = date(2022, 1, 1)
LEAST_HELD, LEAST_TOLD = 0.95, 0.5  # of intervals; of the plants tried
LONG, SHORT = 50, 8  # plants of each kind

SITE = """
[site]
id = "works"
timezone = "Asia/Shanghai"
pack = "cement"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "el"
step = "cement-grinding"
carrier = "electricity"
reading = "interval"
unit = "kWh"
[[events]]
step = "cement-grinding"
from = {day}
kind = "process"
reason = "The action of actions.toml"
[[events]]
meter = "el"
from = {day}
kind = "process"
reason = "The action of actions.toml"
[[events]]
step = "cement-grinding"
from = {first}
kind = "process"
reason = "These readings spread the energy of a day evenly over its runs, so no run's output is matched by its own."
[variables.moisture_pct]
kind = "condition"
"""
ACTIONS = """
[[actions]]
id = "lids"
what = "Lids on the ladles"
meter = "el"
owner = "Wang Li"
state = "done"
day = {day}
baseline = "{first}/{day}"
reporting = "{day}/{last}"
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plants. `season` is the share of the energy that swings over the year; `drift` the
    noise that lasts for months.
    """

    name: str
    effect: tuple[float, float]
    mix_moves: float = 0.0
    season: float = 0.0
    drift: float = 0.0


KINDS = (
    Kind("no effect", (0.0, 0.0)),
    Kind("a step of 2 to 10 %", (0.02, 0.10)),
    Kind("other products, another output", (0.0, 0.05), mix_moves=0.4),
    Kind("a season of 6 %", (0.0, 0.05), season=0.06),
)
DRIFTING = Kind("months that drift, 0.6 of the error", (0.0, 0.05), drift=0.6)


def run(long: bool) -> Outcome:
    """Plants of every kind; held where at least 95 % of all intervals hold the truth, or a chance
    of 1 in 100 is not left.
    """
    rows, inside_count, intervals = [], 0, 0
    for kind in (*KINDS, DRIFTING):
        cases = [_case(kind, seed) for seed in range(LONG if long else SHORT)]
        with_interval = [case for case in cases if case.half_width is not None]
        inside = sum(case.inside for case in with_interval)
        false = sum(
            case.verdict in {SavingVerdict.SAVED, SavingVerdict.USED_MORE} and case.truth == 0
            for case in with_interval
        )
        rows.append(
            (
                kind.name,
                f"{len(cases)}",
                f"{len(with_interval)}",
                f"{inside}",
                f"{100 * float(np.median([case.half_width for case in with_interval])):.1f} %"
                if with_interval
                else "",
                f"{false}" if kind.effect[1] == 0 else "",
            )
        )
        if kind is not DRIFTING:
            inside_count, intervals = inside_count + inside, intervals + len(with_interval)
    # where next to nothing is told, next to nothing can be wrong
    tried = len(KINDS) * (LONG if long else SHORT)
    enough = intervals >= LEAST_TOLD * tried and inside_count >= (
        LEAST_HELD * intervals if long else np.floor(0.88 * intervals)
    )
    return Outcome(
        "savings",
        bool(enough),
        f"verified savings of plants whose saving is known, from their files: {inside_count} of "
        f"{intervals} intervals of 95 % hold it "
        "where errors remember from day to day",
        (
            "plants",
            "tried",
            "a saving told",
            "interval holds the truth",
            "half of it, of the expected energy",
            "a saving where there is none",
        ),
        tuple(rows),
        page="savings.md",
    )


@dataclass(frozen=True, slots=True)
class Known:
    """One plant: its true saving in kWh, and what was said of it."""

    truth: float
    inside: bool
    half_width: float | None
    verdict: SavingVerdict


def _case(kind: Kind, seed: int) -> Known:
    rng = np.random.default_rng([seed, KINDS.index(kind) if kind in KINDS else 9])
    reporting = int(rng.choice([60, 120, 180, 365]))
    with tempfile.TemporaryDirectory() as folder:
        truth = write(Path(folder), kind, rng, 365, reporting)
        site = load_site(Path(folder) / "site.toml")
        (saving,), _ = verified(site, load_actions(site), FIRST + timedelta(days=800))
    return _outcome_of(saving, truth)


def _outcome_of(saving: VerifiedSaving, truth: float) -> Known:
    forecast = saving.forecast
    if forecast is None:
        return Known(truth, False, None, saving.verdict)
    return Known(
        truth,
        forecast.low <= truth <= forecast.high,
        (forecast.high - forecast.low) / 2 / forecast.expected,
        saving.verdict,
    )


def write(
    folder: Path, kind: Kind, rng: np.random.Generator, baseline: int, reporting: int
) -> float:
    """The files of one plant; returns what its action truly saved, kWh."""
    count = baseline + reporting
    number = np.arange(count)
    runs = ((number % 7 != 6) | (rng.random(count) < 0.1)) & (rng.random(count) > 0.03)
    share = rng.uniform(0.3, 0.7) + 0.15 * rng.standard_normal(count)
    level = 1 + 0.2 * rng.standard_normal(count)
    if kind.mix_moves:
        share[baseline:] += rng.uniform(-kind.mix_moves, kind.mix_moves)
        level[baseline:] *= rng.uniform(0.8, 1.1)
    share = np.clip(share, 0.05, 0.95)
    output = np.where(runs, 2000 * np.clip(level, 0.4, 1.5), 0.0)
    moisture = 6 + rng.standard_normal(count)
    need = np.where(runs, 12_000.0, 4_000.0) + output * (
        share * rng.uniform(38, 44) + (1 - share) * rng.uniform(30, 36)
    )
    need += output * 0.8 * (moisture - 6)
    need *= 1 + kind.season * np.cos(2 * np.pi * (number - rng.integers(365)) / 365.25)
    need *= 1 + rng.uniform(0.02, 0.06) * _errors(rng, count, kind.drift)
    effect = rng.uniform(*kind.effect)
    used = need.copy()
    used[baseline:] *= 1 - effect
    write_batches(folder / "batches.csv", output, share, moisture)
    write_readings(folder / "readings.csv", used, runs)
    days = {
        "first": FIRST,
        "day": FIRST + timedelta(days=baseline),
        "last": FIRST + timedelta(days=count),
    }
    (folder / "site.toml").write_text(SITE.format(**days), encoding="utf-8")
    (folder / "actions.toml").write_text(ACTIONS.format(**days), encoding="utf-8")
    return float((need - used).sum())


def _errors(rng: np.random.Generator, count: int, drift: float) -> Floats:
    """Unit variance; each day remembers the one before, and `drift` of it lasts for a month."""
    rho = rng.uniform(0, 0.8)
    drawn = rng.standard_normal(count)
    for position in range(1, count):
        drawn[position] = rho * drawn[position - 1] + np.sqrt(1 - rho**2) * drawn[position]
    months = np.repeat(rng.standard_normal(count // 30 + 1), 30)[:count]
    errors: Floats = np.sqrt(1 - drift**2) * drawn + drift * months
    return errors


def write_batches(path: Path, output: Floats, share: Floats, moisture: Floats) -> None:
    lines = [
        "batch_id,step,product,variant,start,end,output_quantity,output_unit,status,state,var.moisture_pct"
    ]
    for number, whole in enumerate(output.tolist()):
        if not whole:
            continue
        day = FIRST + timedelta(days=number)
        for name, variant, hour, part in (
            ("A", "portland", 6, share[number]),
            ("B", "blended", 14, 1 - share[number]),
        ):
            times = f"{day}T{hour:02}:00:00+08:00,{day}T{hour + 8:02}:00:00+08:00"
            lines.append(
                f"{name}-{number},cement-grinding,cement,{variant},{times},{whole * part:.3f},t,good,normal,{moisture[number]:.3f}"
            )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_readings(path: Path, used: Floats, runs: NDArray[np.bool_]) -> None:
    shape = np.where((np.arange(24) >= 6) & (np.arange(24) < 22), 3.0, 1.0)
    midnight = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=timezone(timedelta(hours=8)))
    lines = ["meter_id,timestamp,value"]
    for number, energy in enumerate(used.tolist()):
        weights = shape if runs[number] else np.ones(24)
        for hour, part in enumerate((energy * weights / weights.sum()).tolist()):
            stamp = midnight + timedelta(days=number, hours=hour + 1)
            lines.append(f"el,{stamp.isoformat()},{part:.4f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
