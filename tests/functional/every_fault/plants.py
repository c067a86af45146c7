"""One simulated works, written and put through the real pipeline."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from benchmarks.measurements import Period
from fixtures.simulator.works import Truth, Works
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult
from tests.analysed import analysed

ALL_PLACES = 1_000_000


@dataclass(frozen=True, slots=True)
class Tried:
    """A works and what the agent made of its files."""

    works: Works
    truth: Truth
    result: LabelResult
    analysis: Analysis


def try_plant(
    pack: str, seed: int, rate: float, *, road: str | None = None, folder: Path | None = None
) -> Tried:
    """Write the works and label it. Findings carry the first rows only; here they carry all of
    them, so that each can be compared.
    """
    with tempfile.TemporaryDirectory() as temporary:
        directory = folder or Path(temporary)
        works = Works.live(pack, seed)
        truth = works.write(directory, rate, road)  # type: ignore[arg-type]
        site = load_site(directory / "site.toml")
        with (
            patch("reporting_agent.metering.tally.PLACES_KEPT", ALL_PLACES),
            patch("reporting_agent.pipeline.examining.PLACES_KEPT", ALL_PLACES),
            patch("reporting_agent.pipeline.energy_by_batch.PLACES_KEPT", ALL_PLACES),
        ):
            result = pipeline.label(site, Period.parse(truth.period, site.zone))
        return Tried(works, truth, result, analysed(site, result))
