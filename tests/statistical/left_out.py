"""Are batches left out of the log found, and is nobody honest accused? Works of one line, by the
length of their runs.

Runs chosen by chance are taken out of the raw log; the meter's readings stay. The agent reads the
files and judges the whole time as `verify` judges the days and edges that it is shown. A work is
*found* where the standard plan's draw shows one of the stretches in question: it draws a day on
which one lies, or a batch beside which one begins. Honest works have the simulator's faults at the
real rates and are looked at as a whole, every day and every edge: more than any draw shows.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import tempfile
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.arrangement import arrange
from benchmarks.audit.evidence import QuestionedStretch
from benchmarks.audit.records import DAY_US, MeterDay
from benchmarks.audit.sampling_plan import STANDARD, Stratum, StratumKind, draw, seed
from benchmarks.measurements import Period
from fixtures.simulator.works.design import SectorDesign
from reporting_agent import pipeline
from reporting_agent.audit.openings.close_look import BESIDE_US, length_us, looks, span_us
from reporting_agent.audit.openings.extracts import ExtractTaker
from reporting_agent.audit.openings.left_out import account, longest_of
from reporting_agent.config import load_site
from reporting_agent.pipeline import PlantData
from tests.statistical import lines
from tests.statistical.outcome import Outcome

SHARES = (0.02, 0.05, 0.10, 0.20)
WORKS, WORKS_LONG = 4, 200
HONEST, HONEST_LONG = 16, 1_000
DAYS = 60
PERIOD = "2025"
FOUND_AT_LEAST = 0.9  # of works, where a tenth or more of the runs is missing


def run(long: bool) -> Outcome:
    works, honest = (WORKS_LONG, HONEST_LONG) if long else (WORKS, HONEST)
    rows, sound = [], True
    for name, design in lines.RUNS.items():
        detected = dict.fromkeys(SHARES, 0)
        runs = 0
        for number in range(works):
            with tempfile.TemporaryDirectory() as folder:
                runs += _tried(design, Path(folder), number, detected)
        sound &= all(detected[share] >= FOUND_AT_LEAST * works for share in SHARES if share >= 0.1)
        rows.append(
            (name, f"{runs / works:.0f}", *(f"{detected[share]} of {works}" for share in SHARES))
        )
    alarms = sum(_alarms(number) for number in range(honest))
    sound &= alarms == 0
    return Outcome(
        "left-out",
        sound,
        f"in how many of {works} works of one line, {DAYS} days each, a draw by the standard plan "
        "shows that runs were left out; "
        f"{alarms} alarms in {honest:,} honest works with the simulator's faults",
        ("runs of", "runs a work", *(f"{100 * share:.0f} % left out" for share in SHARES)),
        tuple(rows),
        page="audit.md",
    )


def _tried(design: SectorDesign, folder: Path, number: int, detected: dict[float, int]) -> int:
    """One works with ever more of its runs left out; how many it has."""
    lines.write(design, folder, seed=number, days=DAYS, rate=0)
    with (folder / "batches.csv").open(encoding="utf-8", newline="") as file:
        header, *log = csv.reader(file)
    state = header.index("state")
    runs = [index for index, row in enumerate(log) if not row[state]]
    order = np.random.default_rng([number, 12]).permutation(runs).tolist()
    for share in detected:
        gone = set(order[: max(round(share * len(runs)), 1)])
        with (folder / "batches.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [header, *(row for index, row in enumerate(log) if index not in gone)]
            )
        data, questioned, days = judged(folder)
        detected[share] += is_shown(
            data, questioned, days, f"{design.steps[0].run_s} {number} {share}"
        )
    return len(runs)


def judged(folder: Path) -> tuple[PlantData, tuple[QuestionedStretch, ...], list[MeterDay]]:
    """What is questioned in a works of which every day and every batch is shown, and the days of
    all its meters.
    """
    with contextlib.redirect_stderr(io.StringIO()):
        site = load_site(folder / "site.toml")
        extract = ExtractTaker.of(site).take(None)
        period = Period.parse(PERIOD, site.zone)
        days = [
            MeterDay(meter, "", day * DAY_US, 1, bytes(32))
            for meter, record in sorted((extract.readings or {}).items())
            for day in sorted(set((record.time_us // DAY_US).tolist()))
        ]
        close_looks = looks(
            site, extract.readings, days, ()
        )  # every day is looked at, so every edge is
        data = pipeline.read(
            site,
            period,
            extract,
            closely=lambda windows: {
                name: look.moments(windows[name]) for name, look in close_looks.items()
            },
        )
        label = pipeline.label_of(site, data, period)
    filed = arrange(label, data.batches, data.pack, lambda batch: batch.start in period, ()).batches
    accounted = account(
        close_looks, data.meters, filed, data.batches, longest_s=longest_of(data.pack)
    )
    return data, () if accounted is None else accounted.questioned, days


def is_shown(
    data: PlantData, questioned: Sequence[QuestionedStretch], days: Sequence[MeterDay], name: str
) -> bool:
    """Whether a draw by the standard plan shows one of these stretches."""
    used = [batch for batch in data.batches if batch.excluded is None and length_us(batch)]
    strata = [
        Stratum("used", StratumKind.USED, 0, len(used)),
        Stratum("days", StratumKind.DAYS, len(used), len(days)),
    ]
    nonce, head, root = (
        hashlib.sha256(f"{name} {what}".encode()).digest() for what in ("nonce", "head", "root")
    )
    drawn = {leaf.position for leaf in draw(strata, STANDARD, seed(nonce, head, 50, root))}
    edges = np.array(
        [us for index in drawn if index < len(used) for us in span_us(used[index])], dtype=np.int64
    )
    shown_days = {
        (days[index - len(used)].meter, days[index - len(used)].start_us)
        for index in drawn
        if index >= len(used)
    }
    return any(_is_on(stretch, shown_days) or _is_beside(stretch, edges) for stretch in questioned)


def _is_on(stretch: QuestionedStretch, days: Set[tuple[str, int]]) -> bool:
    return any(
        (stretch.meter, day * DAY_US) in days
        for day in range(stretch.start_us // DAY_US, (stretch.end_us - 1) // DAY_US + 1)
    )


def _is_beside(stretch: QuestionedStretch, edges_us: NDArray[np.int64]) -> bool:
    """Whether so much of it lies within two hours of a drawn batch's edge that it is questioned
    there too.
    """
    reach = np.minimum(stretch.end_us, edges_us + BESIDE_US) - np.maximum(
        stretch.start_us, edges_us - BESIDE_US
    )
    return bool((reach >= 15 * 60 * 1_000_000).any())


def _alarms(number: int) -> int:
    design = lines.HONEST[number % len(lines.HONEST)]
    with tempfile.TemporaryDirectory() as folder:
        lines.write(
            design,
            Path(folder),
            seed=number,
            days=DAYS if design.steps[0].reading_s >= 300 else 14,
            rate=1,
        )
        return bool(judged(Path(folder))[1])
