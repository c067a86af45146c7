"""How wide an extract must be that every record comes out of it as it was committed to: more days
around each that does not.

A batch's own day is not always enough to compute it again: a register that hung is judged over a
longer stretch, a clock by many batches, a scale by the whole record. So the agent does what the
auditor will do, on the extract alone, and where a record comes out otherwise than it was committed
to, it gives more days around it, in the end everything. An honest plant raises no alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from benchmarks.audit.committed_tree import DataTree
from benchmarks.phrases import in_number
from reporting_agent.audit.openings.recomputing import recompute
from reporting_agent.audit.openings.taking_extracts import (
    ExtractTaker,
    WholeDays,
    days_around,
    together,
)
from reporting_agent.config import SiteSettings
from reporting_agent.sources.extract import Extract

REACHES = (1, 8, 64)
"""Days before and after a batch that are given; beyond the last, the whole record."""


def wide_enough(
    tree: DataTree,
    site: SiteSettings,
    taker: ExtractTaker,
    batches: list[int],
    drawn_days: list[WholeDays],
    notify: Callable[[str], None],
) -> tuple[Extract, list[WholeDays] | None, list[int]]:
    """The first extract from which each of these batches comes out as it was committed to, and as
    often, by widening around the others.
    """
    records = {index: tree.record(index) for index in batches}
    times = Counter(records.values())
    reach = dict.fromkeys(batches, 0)
    while True:
        whole = any(width == len(REACHES) for width in reach.values())
        stretches = None if whole else together([*_around(tree, reach), *drawn_days])
        extract = taker.take(stretches)
        recomputed = recompute(site, tree.contents, extract)
        different = [
            index
            for index in batches
            if recomputed.of(tree.batches[index - 1].batch)[records[index]] < times[records[index]]
        ]
        if not different or whole:
            return extract, stretches, different
        notify(
            in_number(
                len(different),
                "%(count)s of %(all)s batches needs more days around it",
                "%(count)s of %(all)s batches need more days around them",
                count=f"{len(different):,}",
                all=f"{len(batches):,}",
            )
        )
        for index in different:
            reach[index] += 1


def _around(tree: DataTree, reach: Mapping[int, int]) -> Iterator[WholeDays]:
    for index, width in reach.items():
        batch = tree.batches[index - 1].batch
        yield days_around(batch.start, batch.end, REACHES[width])
