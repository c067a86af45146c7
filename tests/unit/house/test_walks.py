"""A walk counts what is entered from its start to its return, each function once."""

import re
import sys

from benchmarks.quantities import ratio
from tests.house.walks import ROOT, Walk, reading


def walked(start: str) -> Walk:
    walk = Walk(start)
    before = sys.getprofile()
    sys.setprofile(walk)
    try:
        for _ in range(3):
            ratio("kWh", "MJ")
    finally:
        sys.setprofile(before)
    return walk


def test_a_walk_begins_at_its_start_and_a_loop_counts_once() -> None:
    walk = walked("benchmarks/quantities.py:ratio")
    assert walk.rooms == ["benchmarks/quantities.py"]
    assert walk.counted == (1, 0)


def test_what_is_never_called_is_no_walk() -> None:
    assert walked("benchmarks/quantities.py:nothing").counted == (0, 0)


def test_a_step_back_into_a_room_is_a_return() -> None:
    walk = Walk("")
    walk.rooms = ["a.py", "b.py", "a.py", "c.py", "b.py"]
    assert walk.counted == (3, 2)


def test_the_map_counts_a_reading_as_it_is_walked() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = re.search(r"from its file to the batches\*\* \((\d+) rooms, (\d+) returns", page)
    assert drawn is not None
    rooms = reading()
    assert (len(set(rooms)), len(rooms) - len(set(rooms))) == (int(drawn[1]), int(drawn[2]))
