"""A plant's wall clock to UTC: of an hour that came twice, which one; of an hour that never was,
that it never was.

Stamps without an offset are resolved in the order in which one meter's readings stand: within the
hour that the clock repeated in autumn, those after the step back belong to the second pass. Two
lone readings of one stamp in that hour are its first and second pass (hourly readings). Where rows
are not in the order of time nothing can tell the passes apart, and all are taken as the first;
stamps with an offset need none of this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER_US = 900_000_000
_DAY_US = 96 * _QUARTER_US


@dataclass(slots=True)
class _Passed:
    """How far one meter has come within an hour that came twice."""

    edge: int = 0  # the change, in the local time before it
    last: int = 0
    second: bool = False


@dataclass(slots=True)
class WallClock:
    """The clock of one zone, with what each meter has passed of an hour that came twice."""

    zone: tzinfo
    _edges: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _offsets: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _span: tuple[int, int] = (0, 0)
    _passed: dict[str, _Passed] = field(default_factory=dict)

    def utc(self, meter: str, local_us: Integers) -> Integers:
        """UTC microseconds of a meter's next readings; stamps in an hour that never was move on by
        its width.
        """
        if not len(local_us):
            return local_us
        changes = self._changes(local_us)
        if not len(changes):
            return local_us - np.int64(
                self._offsets[np.searchsorted(self._local_edges, local_us[0], side="right")]
            )
        offset_index = np.searchsorted(self._local_edges, local_us, side="right")
        for index in changes:
            edge, width = self._change(index)
            if width < 0:
                offset_index[local_us == edge] = (
                    index  # the moment of the change by the old clock: an interval ends there
                )
            elif width > 0:
                near = np.flatnonzero((local_us >= edge - width) & (local_us <= edge))
                second = self._second_pass(meter, edge, width, local_us[near])
                offset_index[near[second:]] = index + 1
                at_change = np.flatnonzero(local_us == edge)
                if (
                    len(at_change) > 1
                ):  # intervals that end there: the first by the old clock, as it is put back
                    offset_index[at_change[0]] = index
        return local_us - self._offsets[offset_index]

    def steady_offset_us(self, low_us: int, high_us: int) -> int | None:
        """The offset of a stretch of local time within a day of which no change of it lies; else
        None.
        """
        if len(self._near(low_us, high_us)):
            return None
        return int(
            self._offsets[np.searchsorted(self._edges, low_us - self._offsets[0], side="right") - 1]
        )

    def never(self, local_us: Integers) -> NDArray[np.bool_] | None:
        """Which stamps lie inside an hour that the clock skipped; None where it skipped none.

        Its first moment does not, where an interval ends there: by the clock until then it is the
        moment of the change itself. Who stamps an hour later as well has not moved the clock: both
        are the same moment by one that did.
        """
        skipped: NDArray[np.bool_] | None = None
        for index in self._changes(local_us) if len(local_us) else []:
            edge, width = self._change(index)
            if width < 0:
                ends_there = not (local_us == edge - width).any()
                inside = (local_us > edge if ends_there else local_us >= edge) & (
                    local_us < edge - width
                )
                skipped = inside if skipped is None else skipped | inside
        return skipped if skipped is not None and skipped.any() else None

    @property
    def _local_edges(self) -> Integers:
        """Each change in the local time before it."""
        return self._edges[1:] + self._offsets[:-1]

    def _change(self, index: int) -> tuple[int, int]:
        return int(self._local_edges[index]), int(self._offsets[index] - self._offsets[index + 1])

    def _changes(self, local_us: Integers) -> list[int]:
        """The changes of the offset within a day of the stamps."""
        return self._near(int(local_us.min()), int(local_us.max()))

    def _near(self, low: int, high: int) -> list[int]:
        self._cover(low, high)
        near = (self._local_edges > low - _DAY_US) & (self._local_edges < high + _DAY_US)
        indices: list[int] = np.flatnonzero(near).tolist()
        return indices

    def _second_pass(self, meter: str, edge: int, width: int, near: Integers) -> int:
        """From which of the readings within the hour on, its end included, they are of its second
        pass.
        """
        if not len(near):
            return 0
        state = self._passed.setdefault(meter, _Passed())
        before = state.last if state.edge == edge else int(near[0])
        already = state.second and state.edge == edge
        back = np.flatnonzero(np.diff(near, prepend=before) <= -width // 2)
        inside = np.flatnonzero(near < edge)
        if already:
            first = 0
        elif len(back):
            first = int(back[0])
        elif len(inside) == 2 and near[inside[0]] == near[inside[1]]:
            first = int(inside[1])
        else:
            first = len(near)
        state.edge, state.last, state.second = edge, int(near[-1]), first < len(near)
        return first

    def _cover(self, low: int, high: int) -> None:
        """Know every change of the offset from a year before to a year after."""
        if self._span[0] <= low and high < self._span[1]:
            return
        year = 366 * _DAY_US
        first = min(low, self._span[0] or low) // _DAY_US * _DAY_US - year
        last = max(high, self._span[1] - year) + year
        self._edges, self._offsets = _offsets(
            first // year * year, -(-last // year) * year, self.zone
        )
        self._span = (first + _DAY_US, last - _DAY_US)


@lru_cache(maxsize=64)
def _offsets(first: int, last: int, zone: tzinfo) -> tuple[Integers, Integers]:
    """Every change of the zone's offset, with the offset from each on; the first entry is the
    beginning.
    """
    edges, offsets = [first], [_offset(first, zone)]
    for day in range(first, last, _DAY_US):
        if _offset(day + _DAY_US, zone) != offsets[-1]:
            before, after = day, day + _DAY_US  # bisect to the quarter hour: zones change on those
            while after - before > _QUARTER_US:
                middle = (before + after) // 2 // _QUARTER_US * _QUARTER_US
                before, after = (
                    (middle, after) if _offset(middle, zone) == offsets[-1] else (before, middle)
                )
            edges.append(after)
            offsets.append(_offset(after, zone))
    return np.array(edges, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(instant_us: int, zone: tzinfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=instant_us)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
