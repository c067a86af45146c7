"""A walk counts what is entered from its start to its return, each function once."""

import sys

from benchmarks.quantities import ratio
from tests.house.walks import Walk


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
