"""Which readings are missing, when they are asked for again, and when no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from extras.live.sources import payloads
from extras.live.sources.asking_again import MOST_REQUESTS, RepeatedQuestions
from extras.live.sources.settings import MqttReadings
from extras.live.spool.gaps import FURTHEST, Gaps
from extras.live.spool.lost_numbers import row_given_up
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool

T0 = 1_735_800_000_000_000
FAR = 9_000_000_000_000_000


def _reading(number: int, *, at: int | None = None) -> Reading:
    return Reading(
        "m",
        T0 + (number if at is None else at) * 1_000_000,
        number + 0.5,
        number,
        received_us=T0,
        consecutive=True,
    )


def _gaps(*numbers: int) -> Gaps:
    gaps = Gaps()
    for number in numbers:
        gaps.take(number, later=True)
    return gaps


def _mapping(*, consecutive: bool = True) -> MqttReadings:
    fields = {"time": "t", "value": "v", "sequence": "n"}
    return MqttReadings(topic="works/+", meter="m", fields=fields, consecutive=consecutive)


def _unreadable(payload: bytes) -> dict[str, object]:
    _, (wrong,) = payloads.readings(_mapping(), "works/m", payload, T0)
    return dict(payloads.unreadable("works/m", payload, wrong))


@pytest.mark.parametrize("far", [FAR, 500_000])
def test_one_far_number_opens_no_gap_once_the_line_goes_on(far: int) -> None:
    """The further one opens none from the first; the nearer one is taken back."""
    assert _gaps(1, 2, 3, far, 4, 5, 6).ranges == []
    assert _gaps(1, 2, 3, far, 6, 7).ranges == [(4, 5)]
    assert _gaps(1, 2, 3, far, 4, 5, 6).highest == 6


def test_a_counter_that_goes_on_far_ahead_is_a_restart() -> None:
    gaps = _gaps(1, 2, 3, FAR, FAR + 1, FAR + 4)
    assert (gaps.ranges, gaps.jump, gaps.before) == ([(FAR + 2, FAR + 3)], (3, FAR), None)
    assert _gaps(1, FAR, FAR // 2, 2, 3, 5).ranges == [(4, 4)]
    assert _gaps(1, 2 + FURTHEST).missing == FURTHEST
    assert _gaps(1, 3 + FURTHEST).missing == 0


def test_a_far_number_at_a_far_time_is_forgotten_too() -> None:
    """Each reading after it is then earlier than the latest."""
    gaps = _gaps(1, 2)
    gaps.take(FAR, later=True)
    for number in (3, 4, 6):
        gaps.take(number, later=False)
    assert (gaps.ranges, gaps.highest) == ([(5, 5)], 6)


def test_a_far_number_is_forgotten_by_the_next_process_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([_reading(1), _reading(2), _reading(FAR, at=3)])
    spool.seal()
    spool.close()
    spool = Spool(tmp_path)
    spool.append([_reading(3, at=4), _reading(5, at=5)])
    assert spool.meters["m"].gaps.ranges == [(4, 4)]
    spool.close()


def test_missing_readings_are_asked_for_after_growing_pauses_and_then_given_up() -> None:
    asking, missing, asked = RepeatedQuestions(), {"m": [(7, 7)]}, []
    for second in range(4_000):
        due = asking.due(missing, second)
        if due.ask:
            asking.asked(due.ask, second)
            asked.append(second)
        if due.give_up:
            break
    assert asked == [5, 15, 35, 75, 155, 315, 635, 1275]
    assert len(asked) == MOST_REQUESTS
    assert (second, due.give_up) == (2555, {"m": [(7, 7)]})


def test_what_is_only_late_is_not_asked_for() -> None:
    """A thousand readings, each 4 s behind the one after it: every number is missing once."""
    asking = RepeatedQuestions()
    for tenth in range(10_000):
        late = [(number, number) for number in range(tenth // 10, tenth // 10 + 4)]
        assert not asking.due({"m": late}, tenth / 10).ask
    assert asking.due({"m": late}, tenth / 10 + 5).ask == {"m": late}


def test_who_was_not_asked_is_not_given_up() -> None:
    asking = RepeatedQuestions()
    for second in range(10_000):
        assert not asking.due({"m": [(7, 7)]}, second).give_up


def test_a_range_of_which_something_comes_is_asked_for_on() -> None:
    asking = RepeatedQuestions()
    for second in range(20_000):
        due = asking.due({"m": [(second // 100, 1_000)]}, second)
        asking.asked(due.ask, second)
        assert not due.give_up


@pytest.mark.parametrize("again", ["at once", "after opening", "after Parquet"])
def test_a_numbered_message_that_cannot_be_read_is_kept_once_and_its_number_counts(
    tmp_path: Path, again: str
) -> None:
    row = _unreadable(b'{"t": "yesterday", "v": 1, "n": 2}')
    spool = Spool(tmp_path)
    spool.append([_reading(1), _reading(3)])
    assert spool.append([], [row]).rows == [row]
    if again == "after Parquet":
        spool.seal()
    if again != "at once":
        spool.close()
        spool = Spool(tmp_path)
    assert spool.meters["m"].gaps.ranges == []
    assert not spool.append([_reading(4)], [row, row]).rows
    assert spool.meters["m"].gaps.ranges == []
    spool.append([_reading(6)], [_unreadable(b'{"t": "yesterday", "v": 1, "n": 5}')])
    assert spool.meters["m"].gaps.ranges == []
    spool.close()


def test_of_a_list_the_number_of_the_reading_that_cannot_be_read_counts_alone() -> None:
    """The others were not taken: they are missing, and may come each by itself."""
    row = _unreadable(
        b'[{"t": "2025-01-02T07:00:00Z", "v": 1, "n": 4}, {"t": "2025-01-02T07:00:01Z", "v": "?", '
        b'"n": 5}]'
    )
    assert (row["meter"], row["number"]) == ("m", 5)
    assert "number" not in _unreadable(b'{"t": "yesterday", "v": 1, "n": "?"}')


@pytest.mark.parametrize("again", ["at once", "after opening", "after Parquet"])
def test_what_was_given_up_is_not_missing_and_counts_if_it_comes(
    tmp_path: Path, again: str
) -> None:
    spool = Spool(tmp_path)
    spool.append([_reading(1), _reading(5)])
    spool.append([], [row_given_up("m", 2, 3, T0)])
    if again == "after Parquet":
        spool.seal()
    if again != "at once":
        spool.close()
        spool = Spool(tmp_path)
    gaps = spool.meters["m"].gaps
    assert (gaps.ranges, gaps.given_up) == ([(4, 4)], [(2, 3, T0)])
    assert spool.append([_reading(3)]).new == 1
    assert gaps.given_up == [(2, 2, T0)]
    spool.close()
