"""The simulated melt shop as the engine is given it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.simulator.melt_shop import YEAR

if TYPE_CHECKING:
    from benchmarks.measurements import Batch, Period
    from benchmarks.routes import Pack
    from reporting_agent.config import SiteSettings


@dataclass(frozen=True, slots=True)
class Plant:
    """The plant as the engine is given it: batches in memory, readings on the disk."""

    batches: list[Batch]
    site: SiteSettings
    pack: Pack
    paths: list[Path]
    period: Period


@lru_cache(maxsize=1)
def load(folder: Path) -> Plant:
    """The plant as pipeline.read has it when the engine begins, in a process set up as the
    agent's.
    """
    import gc

    from benchmarks import packs
    from benchmarks.measurements import Period
    from reporting_agent import sources
    from reporting_agent.cli import OBJECTS_BETWEEN_COLLECTIONS
    from reporting_agent.config import load_site
    from reporting_agent.pipeline.batches import batches_of
    from reporting_agent.pipeline.inputs import Inputs, paths_of

    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    site = load_site(folder / "site.toml")
    pack = packs.load(site.pack)
    batches = [
        batch
        for table in Inputs(site).tables(sources.BATCHES)
        for batch in batches_of(table, pack)[0]
    ]
    return Plant(
        batches,
        site,
        pack,
        paths_of(site, site.inputs.readings or ""),
        Period.parse(YEAR, site.zone),
    )
