"""Batches that one machine is said to have made at once: of one step, product and variant, with
more than half of the shorter in common.

Logs do hold such pairs: taps that overlap, two rows for one run, several furnaces under one name.
So a pair alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.measurements import Batch

SHARED = 0.5
"""Of the shorter of two batches, what they share at least to be one (a convention of ours): logs of
taps overlap by minutes.
"""


def at_once(batches: Sequence[Batch], indices: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Pairs of batches that name the same machine, product and variant and share more than `SHARED`
    of the shorter, the earlier first.
    """
    lines: dict[tuple[str, ...], list[int]] = {}
    for index in indices:
        batch = batches[index]
        if batch.equipment and batch.end is not None and batch.end > batch.start:
            lines.setdefault(
                (batch.step, batch.equipment, batch.product, batch.variant), []
            ).append(index)
    for own in lines.values():
        first, latest = -1, None
        for index in sorted(own, key=lambda index: batches[index].start):
            start, end = batches[index].start, batches[index].end or batches[index].start
            if latest is not None and min(latest, end) - start > SHARED * min(
                latest - batches[first].start, end - start
            ):
                yield first, index
                latest = max(latest, end)
            elif latest is None or end > latest:
                first, latest = index, end
