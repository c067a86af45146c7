"""A plant of arc furnaces behind a real broker, its site.toml for `watch`, and what must come
out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.measurements import Period
from fixtures.simulator.furnaces import Furnaces, Sent
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.sources import interface


@dataclass
class Plant:
    """The plant's files for the offline road in `offline`, and the same behind a broker in
    `live`.
    """

    folder: Path
    furnaces: Furnaces = field(default_factory=Furnaces)
    granted: float = 1.0
    """The share of its readings that it may send by now. It grows with the deaths, so that each
    comes while something is sent.
    """
    reached: int = 0  # readings that it began to send

    def __post_init__(self) -> None:
        self.offline = self.furnaces.write(self.folder / "offline")
        self.live = self.folder / "live" / "site.toml"
        self.sent = self.furnaces.readings()

    def listens_at(self, port: int, version: str = "5") -> Path:
        """site.toml whose readings and batches come from the broker at this port."""
        return self.furnaces.behind(self.live.parent, port, version)

    def grant(self, share: float) -> None:
        self.granted = share

    def wait(self, index: int) -> None:
        """Until the reading at this index, counted from 0, may be sent."""
        while index >= self.granted * len(self.sent):
            time.sleep(0.02)
        self.reached = index + 1

    @property
    def sends(self) -> bool:
        """Whether some of what it may send is not sent yet."""
        return self.reached < int(self.granted * len(self.sent))

    def spooled(self) -> dict[str, list[tuple[int, float]]]:
        """What the spool holds of each meter, in order of time."""
        site = load_site(self.live)
        source = interface.connect("spool", dict(site.source), site.folder, site.zone)
        by_meter: dict[str, list[tuple[int, float]]] = {}
        for block in source.readings(frozenset(meter.id for meter in site.meters)):
            by_meter.setdefault(block.meter, []).extend(
                zip(block.time_us.tolist(), block.value.tolist(), strict=True)
            )
        return {meter: sorted(readings) for meter, readings in by_meter.items()}

    def sent_of(self) -> dict[str, list[tuple[int, float]]]:
        return expected(self.sent)


def expected(sent: list[Sent]) -> dict[str, list[tuple[int, float]]]:
    """The same of what was sent."""
    by_meter: dict[str, list[tuple[int, float]]] = {}
    for reading in sent:
        by_meter.setdefault(reading.meter, []).append(
            (round(reading.stamp.timestamp() * 1e6), reading.value)
        )
    return by_meter


def energies(site_file: Path, year: str = "2025") -> dict[str, list[tuple[str, bytes]]]:
    """The energy of every batch by carrier, its bits."""
    site = load_site(site_file)
    data = pipeline.read(site, Period.parse(year, site.zone))
    return {
        batch.batch_id: [
            (energy.carrier, np.float64(energy.quantity).tobytes()) for energy in batch.energy
        ]
        for batch in sorted(data.batches, key=lambda batch: batch.batch_id)
    }


def equal_to_the_files(plant: Plant) -> str:
    """Readings are those that were written and energies those of the files, to the bit."""
    assert plant.spooled() == plant.sent_of()
    offline = energies(plant.offline)
    assert offline
    assert all(offline.values())
    assert energies(plant.live) == offline
    return (
        f"{len(plant.sent):,} readings, {len(offline)} batches: 0 lost, 0 doubled, energies equal "
        "to the bit"
    )
