"""Small blocks of many meters put together to fewer, so that the cost of a block is paid once for tens of thousands of readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from reporting_agent.sources.reading_log import ReadingBlock

ENOUGH = 1 << 16  # readings of one meter that go on at once
MOST_HELD = 1 << 21  # readings of all meters that wait: 50 MB


def gathered(blocks: Iterable[ReadingBlock]) -> Iterator[ReadingBlock]:
    """The same readings, each meter's in the same order; a block never spans two files."""
    held: dict[str, list[ReadingBlock]] = {}
    waiting = 0
    for block in blocks:
        before = held.get(block.meter)
        if before and before[0].file != block.file:
            waiting -= sum(len(part.time_us) for part in before)
            yield _joined(held.pop(block.meter))
        elif not before and len(block.time_us) >= ENOUGH:
            yield block
            continue
        held.setdefault(block.meter, []).append(block)
        waiting += len(block.time_us)
        if waiting >= MOST_HELD:
            for parts in held.values():
                yield _joined(parts)
            held, waiting = {}, 0
    for parts in held.values():
        yield _joined(parts)


def _joined(parts: list[ReadingBlock]) -> ReadingBlock:
    if len(parts) == 1:
        return parts[0]
    time_us = np.concatenate([part.time_us for part in parts])
    value = np.concatenate([part.value for part in parts])
    row = np.concatenate([part.row for part in parts])
    return ReadingBlock(parts[0].meter, time_us, value, row, parts[0].file)
