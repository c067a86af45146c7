"""The steps whose records nothing bounds, as settings and opened records show it: what `no-bound` says, computed again.

Settings show cells filled from above, campaigns and meters shared by what others did; opened records show batches on one meter that
overlap. Rows of an extract without a record are not asked: nobody committed to them. What a file decides as a whole (its encoding, a
quote over several lines) no opening shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measurements import Batch
from benchmarks.routes import Pack
from reporting_agent.config import Site
from reporting_agent.pipeline import outward, own_metering
from reporting_agent.sources import LOG
from reporting_agent.sources.extract import Extract


def unbounded(site: Site, pack: Pack, extract: Extract, committed: Sequence[Batch], *, by_batch: bool) -> frozenset[str]:
    """Steps of which one record could change any number of others.

    Args:
        committed: the opened records that are batches.
        by_batch: whether no reading of any meter was committed to: then nothing is metered, and no reading is of several batches.
    """
    runs = LOG.name in extract.gives()
    if outward.declared(site, runs=runs):
        return frozenset(step.id for step in pack.steps)
    if runs or by_batch:
        return frozenset()
    found = own_metering.entangled(own_metering.outgoing(committed, site, pack), site)
    return frozenset(step for step, reasons in found.items() if reasons)
