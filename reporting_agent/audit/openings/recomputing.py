"""The records of batches made again from an extract by the agent's own pipeline, and the meters'
energy between more moments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.audit.arrangement import arrange
from benchmarks.audit.committed_tree import Contents, FiledBatch
from benchmarks.audit.records import microseconds, of_batch
from benchmarks.measurements import Batch, CarrierEnergy, Period
from reporting_agent import pipeline, sources
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import heating_values
from reporting_agent.pipeline.following import Integers
from reporting_agent.sending import pooled_labels
from reporting_agent.sources.extract import Extract

Key = tuple[str, str, int]  # step, id, start


@dataclass(frozen=True, slots=True)
class RecomputedRecords:
    """What an extract gives: records by their key (several where rows stand twice), and its batches
    as they were filed.

    `beyond` are those of other times than the report's: their lines ran, and no record of the
    report is of them. `given` is the energy of the plant's own rows, by step and batch id: what no
    meter tells.
    """

    records: dict[Key, Counter[bytes]]
    batches: tuple[FiledBatch, ...]
    beyond: tuple[Batch, ...] = ()
    given: Mapping[tuple[str, str], tuple[CarrierEnergy, ...]] = field(default_factory=dict)

    def of(self, batch: Batch) -> Counter[bytes]:
        """The records that stand under the key of a committed one."""
        return self.records.get(key_of(batch), Counter())


def key_of(batch: Batch) -> Key:
    return batch.step, batch.batch_id, microseconds(batch.start)


def recompute(site: SiteSettings, contents: Contents, extract: Extract) -> RecomputedRecords:
    """The records that the site's settings and pack make of the extract, for the report that the
    table of contents is of.

    Raises:
        InputError: the pack is not at hand, or nothing can be read from the extract.
    """
    if not extract.gives() & {sources.BATCHES.name, sources.LOG.name}:
        return RecomputedRecords({}, ())  # nothing was drawn that batches were made from
    period = Period.parse(contents.period, site.zone)
    windows = contents.windows
    data = pipeline.read(site, pooled_labels.covered(period, windows), extract, outward=True)
    label = pooled_labels.leaving(site, data, pipeline.outgoing_label(site, data, period), windows)
    judged = data.outgoing.batches
    arranged = arrange(
        label, judged, data.pack, lambda batch: pooled_labels.covers(batch, period, windows), ()
    )
    records: dict[Key, Counter[bytes]] = {}
    for batch, excluded in arranged.batches:
        records.setdefault(key_of(batch), Counter())[of_batch(batch, excluded)] += 1
    beyond = tuple(batch for batch in judged if not pooled_labels.covers(batch, period, windows))
    rows = heating_values.settle(data.outgoing.logged, site, alone=True).batches
    energy_by_key = {(batch.step, batch.batch_id): batch.energy for batch in rows if batch.energy}
    return RecomputedRecords(records, arranged.batches, beyond, energy_by_key)


def meters_closely(
    site: SiteSettings, contents: Contents, extract: Extract, closely: Mapping[str, Integers]
) -> tuple[MeterRecord, ...]:
    """The meters' accounts by the same extract, with their energy between further moments by meter.

    A pass of its own: gas and steam are brought to normal state piece by piece between the moments
    asked for, so that a record of a batch comes out to the last bit only where nothing besides is
    asked.

    Raises:
        InputError: as `recompute`.
    """
    if not extract.gives() & {sources.BATCHES.name, sources.LOG.name}:
        return ()
    period = Period.parse(contents.period, site.zone)
    return pipeline.read(
        site, pooled_labels.covered(period, contents.windows), extract, closely=lambda _: closely
    ).meters
