"""All meters against all moments asked for: one pass over the readings, flat memory, whatever their
number.

Each block of readings carries its meter's curve on to the moments it passes, so nothing but the
curves is held. A meter whose readings reach back over a block's edge is read a second time as a
whole (16 bytes a reading) and sorted; one whose whole record shows readings that must be left out
is read a second time, block by block, without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reporting_agent.metering.curve import Course
from reporting_agent.metering.own_window import OwnEnergy, OwnWindows
from reporting_agent.metering.readings import NOTHING, Readings
from reporting_agent.metering.stream import MeterQuery, MeterStream, OutOfOrder
from reporting_agent.processors import processors

Block = tuple[str, Readings, str]
"""Meter id, readings in file order, file name."""

Read = Callable[[frozenset[str]], Iterable[Block]]
"""Gives the blocks of the meters named, from the beginning; called again where a meter must be read
again.
"""


def courses(
    asked: Sequence[MeterQuery], lanes: Sequence[Read], *, fast: bool = False
) -> dict[str, Course]:
    """The course of each meter, by its id.

    Args:
        lanes: each gives the blocks of meters that stand in no other; they are followed at the same
            time, one a processor.
        fast: sound blocks take the fast path; otherwise all readings take the careful one.
    """
    by_id = {request.meter.id: request for request in asked}
    if (threads := min(len(lanes), processors())) < 2:
        followed = [_follow(read, by_id, fast) for read in lanes]
    else:
        with ThreadPoolExecutor(threads) as pool:
            followed = list(pool.map(lambda read: _follow(read, by_id, fast), lanes))
    closed = {name: course for lane in followed for name, course in lane.items()}
    return {
        name: closed[name] if name in closed else MeterStream(request).close()
        for name, request in by_id.items()
    }


def _follow(read: Read, by_id: Mapping[str, MeterQuery], fast: bool) -> dict[str, Course]:
    """The meters of one lane; read again where that is needed, and closed."""
    running: dict[str, MeterStream] = {}
    again: set[str] = set()
    own: dict[str, OwnWindows] = {}
    for name, readings, file in read(frozenset(by_id)):
        asked = by_id[name]
        if asked.own is not None:
            if name not in own:
                own[name] = OwnWindows(
                    asked.meter, asked.own, asked.longest_gap_s, asked.factor, asked.resets_us
                )
            own[name].take(readings)
        if name in again:
            continue
        if name not in running:
            running[name] = MeterStream(asked, fast=fast)
        try:
            running[name].take(readings, file)
        except OutOfOrder:
            again.add(name)
    by_itself = _close_own(own, read)
    closed = {name: follower.close() for name, follower in running.items() if name not in again}
    judged = {
        name: course.verdict
        for name, course in closed.items()
        if course.verdict is not None and course.verdict.leaves_out
    }
    if again:
        for name, readings, file in _whole(read(frozenset(again))):
            closed[name] = _whole_read(by_id[name], readings, file)
    if judged:
        second = {
            name: MeterStream(by_id[name], verdict, fast=fast) for name, verdict in judged.items()
        }
        for name, readings, file in read(frozenset(judged)):
            second[name].take(readings, file)
        closed |= {name: stream.close() for name, stream in second.items()}
    return {name: replace(course, own=by_itself.get(name)) for name, course in closed.items()}


def _close_own(own: Mapping[str, OwnWindows], read: Read) -> dict[str, OwnEnergy]:
    """Meter what is still held, and once more the windows of which readings came late."""
    for windows in own.values():
        windows.close()
    late = {name: windows for name, windows in own.items() if windows.late}
    if late:
        for name, readings, _ in read(frozenset(late)):
            late[name].take_again(readings)
        for windows in late.values():
            windows.close()
    return {name: windows.energies() for name, windows in own.items()}


def _whole_read(asked: MeterQuery, readings: Readings, file: str) -> Course:
    """One meter's readings in one piece, and once more where the whole record shows what is to be
    left out.
    """
    first = MeterStream(asked, whole=True)
    first.take(readings, file)
    course = first.close()
    if course.verdict is None or not course.verdict.leaves_out:
        return course
    second = MeterStream(asked, course.verdict)
    second.take(readings, file)
    return second.close()


def _whole(blocks: Iterable[Block]) -> Iterator[Block]:
    """Each meter's readings in one piece; places are then named by the last file."""
    gathered: dict[str, list[Readings]] = {}
    files: dict[str, str] = {}
    for name, readings, file in blocks:
        gathered.setdefault(name, []).append(readings)
        files[name] = file
    for name in list(gathered):
        yield name, NOTHING.then(*gathered.pop(name)), files[name]
