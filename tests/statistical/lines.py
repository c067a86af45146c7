"""Simulated works of one step, with the real simulator's pauses, idling, changeovers, start-ups,
standstills and faults.

Their files are written as a plant's, so that everything after that is the agent's own way from the
raw file.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from fixtures.simulator.works import Works
from fixtures.simulator.works.design import (
    ALUMINIUM,
    CEMENT,
    DESIGNS,
    STEEL,
    SectorDesign,
    StepDesign,
    Use,
)


def _of(design: SectorDesign, step: str, lines: int, **changes: object) -> SectorDesign:
    """One step of a sector's works, on its first lines, with few loggers beside it."""
    own = next(candidate for candidate in design.steps if candidate.step == step)
    shaped: StepDesign = dataclasses.replace(own, lines=own.lines[:lines], **changes)  # type: ignore[arg-type]  # fields of the design
    return dataclasses.replace(design, steps=(shaped,), shared=(), loggers=1, roads=("csv",))


_CASTING = (
    Use("electricity", "kWh", 45.0, metered="register", quantum=0.1),
    Use("natural-gas", "Nm3", 20.5, lhv_mj=35.5),
)

RUNS: Mapping[str, SectorDesign] = {
    "2 h": _of(
        ALUMINIUM, "aluminium-casting", 1, run_s=7200, pause_s=900, holds=False, uses=_CASTING
    ),
    "8 h": _of(CEMENT, "cement-grinding", 1),
    "24 h": _of(CEMENT, "clinker-burning", 1),
}
"""One line each, by the length of its runs; the kiln never pauses."""

HONEST: tuple[SectorDesign, ...] = (
    *RUNS.values(),
    _of(CEMENT, "raw-meal-homogenisation", 1),
    _of(CEMENT, "cement-grinding", 2),
    dataclasses.replace(ALUMINIUM, loggers=1, roads=("csv",)),
    _of(STEEL, "eaf", 1),
)
"""Lines of all three sectors: shifts, days, heats with gas at work, an arc furnace to the
minute.
"""

MILLS = _of(CEMENT, "cement-grinding", 2)


def write(design: SectorDesign, folder: Path, *, seed: int, days: int, rate: float) -> Works:
    """The works' files, with faults at `rate` times the real rates."""
    with patch.dict(DESIGNS, {design.pack: dataclasses.replace(design, days=days)}):
        works = Works.live(design.pack, seed)
        works.write(folder, rate)
    if (
        len((folder / "energy.csv").read_text(encoding="utf-8").splitlines()) == 1
    ):  # every carrier is metered: no sheet to read
        site = folder / "site.toml"
        site.write_text(
            site.read_text(encoding="utf-8").replace('energy = "energy.csv"\n', ""),
            encoding="utf-8",
        )
    return works


def put_up_scales(folder: Path) -> None:
    """A scale on every line of the works, which weighed each run at its end, rejects included."""
    with (folder / "batches.csv").open(encoding="utf-8", newline="") as file:
        runs = [row for row in csv.DictReader(file) if float(row["output_quantity"]) > 0]
    with (folder / "scales.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("scale_id", "timestamp", "quantity", "unit"))
        for row in runs:
            weight = float(row["output_quantity"]) + float(row["reject_quantity"] or 0)
            writer.writerow(
                (f"{row['equipment']}-scale", moment(row["end"]).isoformat(), weight, "t")
            )
    site = folder / "site.toml"
    text = site.read_text(encoding="utf-8").replace(
        'readings = "readings/*"', 'readings = "readings/*"\nscales = "scales.csv"'
    )
    for line, step in sorted({(row["equipment"], row["step"]) for row in runs}):
        text += f'\n[[scales]]\nid = "{line}-scale"\nstep = "{step}"\nequipment = "{line}"\n'
    site.write_text(text, encoding="utf-8")


def put_up_belts(folder: Path, minutes: int) -> None:
    """A belt scale on every line, with a row every so many minutes of what ran over it."""
    put_up_scales(folder)
    site = folder / "site.toml"
    site.write_text(
        site.read_text(encoding="utf-8").replace("[[scales]]\n", '[[scales]]\nweighs = "flow"\n'),
        encoding="utf-8",
    )
    step, sums = timedelta(minutes=minutes), dict[tuple[str, datetime], float]()
    with (folder / "batches.csv").open(encoding="utf-8", newline="") as file:
        runs = [row for row in csv.DictReader(file) if float(row["output_quantity"]) > 0]
    for row in runs:
        now, end = (moment(row[name]).astimezone(UTC) for name in ("start", "end"))
        a_second = (float(row["output_quantity"]) + float(row["reject_quantity"] or 0)) / (
            end - now
        ).total_seconds()
        while now < end:
            until = datetime.fromtimestamp(
                (now.timestamp() // step.total_seconds() + 1) * step.total_seconds(), UTC
            )
            sums[row["equipment"], until] = (
                sums.get((row["equipment"], until), 0.0)
                + a_second * (min(until, end) - now).total_seconds()
            )
            now = until
    with (folder / "scales.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("scale_id", "timestamp", "quantity", "unit"))
        writer.writerows(
            (f"{line}-scale", until.isoformat(), weight, "t")
            for (line, until), weight in sorted(sums.items())
        )


def moment(text: str) -> datetime:
    """A moment of the log; the end of a day is 24:00 of it."""
    if "24:00:00" not in text:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(text.replace("24:00:00", "00:00:00")) + timedelta(days=1)
