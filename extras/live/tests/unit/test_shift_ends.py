"""The end of a shift is told once, after what comes late had its time, and of shifts long ago
nothing is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from extras.live.control_room import shift_words
from extras.live.control_room.shift_ends import WAITS_S, ShiftEnds
from extras.live.control_room.shifts import LineDone, Shift, bounds
from extras.live.running.totals import RunningTotals
from extras.live.spool.reading import Reading
from extras.live.watching import SiteWatch
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from tests.unit.agent_read.test_site_config import GOOD

STARTS = ("06:00", "14:00", "22:00")
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HEADING = "Shift of 2026-11-05, 22:00 to 06:00 ended:"
NO_LABEL = "above the label – kgce/t"


class Line:
    """Readings of one meter, looked at every ten seconds."""

    def __init__(self, folder: Path) -> None:
        self.totals = RunningTotals(load_site(Furnaces(heats=1).write(folder)), date(2026, 11, 25))
        self.folder, self.now_s, self.settled = folder, 0.0, True
        self.restart()

    def restart(self) -> None:
        """The spool's readings are there, as they are when an agent begins again."""
        self.ends = ShiftEnds(STARTS, UTC, self.folder)
        self.ends.start(self.totals)

    def read(self, *stamps: datetime) -> None:
        times = [round(stamp.timestamp() * 1e6) for stamp in stamps]
        self.totals.take(
            [
                Reading("eaf-1-gas", time_us, 1.0, received_us=round(NOW.timestamp() * 1e6))
                for time_us in times
            ]
        )

    def look(self, seconds: float, wall: datetime = NOW) -> list[datetime]:
        """Beginnings of the shifts that are told meanwhile."""
        begun = []
        for _ in range(round(seconds / 10)):
            self.now_s += 10.0
            if (
                span := self.ends.due(
                    self.totals, wall, self.now_s, is_settled=lambda: self.settled
                )
            ) is not None:
                begun.append(span[0])
                self.ends.mark_told(span)
        return begun


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


@pytest.mark.parametrize("pieces", [1, 7, 63])
def test_a_backlog_tells_of_the_shift_before_this_one_alone_however_it_is_read(
    line: Line, pieces: int
) -> None:
    hours = [NOW - HOUR * before for before in range(21 * 24, -1, -1)]
    size = len(hours) // pieces
    shifts: list[datetime] = []
    for first in range(0, len(hours), size):
        line.read(*hours[first : first + size])
        shifts += line.look(60)
    assert shifts == [datetime(2026, 11, 24, 22, tzinfo=UTC)]


def test_a_shift_is_told_half_a_minute_after_its_end_and_once_nothing_late_waits(
    line: Line,
) -> None:
    line.read(NOW - 4 * HOUR, NOW - 3.5 * HOUR)
    line.ends.start(line.totals)
    assert line.look(60) == []
    line.read(NOW - 2.9 * HOUR)
    assert line.look(WAITS_S) == []
    line.settled = False
    assert line.look(600) == []
    line.settled = True
    assert line.look(10) == [datetime(2026, 11, 24, 22, tzinfo=UTC)]
    assert line.look(600) == []


def test_a_shift_that_a_restarted_agent_had_told_is_not_told_again(line: Line) -> None:
    line.read(NOW - 12 * HOUR, NOW - HOUR)
    line.ends.start(line.totals)
    line.read(NOW)
    assert line.look(600) == []


def test_an_agent_that_is_restarted_just_after_a_shifts_end_tells_it_once(line: Line) -> None:
    """It ended a shift before too, so that it knows which was the last."""
    wall = datetime(2026, 11, 24, 22, tzinfo=UTC)
    line.read(wall - HOUR)
    line.restart()
    line.read(wall)
    assert line.look(60, wall) == [datetime(2026, 11, 24, 14, tzinfo=UTC)]
    line.read(NOW - 3.1 * HOUR, NOW - 2.99 * HOUR)
    assert line.look(WAITS_S - 10) == []
    line.restart()
    assert line.look(60) == [datetime(2026, 11, 24, 22, tzinfo=UTC)]
    line.restart()
    assert line.look(600) == []


def test_after_a_weekend_without_the_agent_the_last_shift_alone_is_told(line: Line) -> None:
    line.read(NOW - 60 * HOUR)
    line.ends.start(line.totals)
    line.read(NOW - 50 * HOUR)
    assert line.look(60) == []
    line.read(NOW)
    assert line.look(60) == [datetime(2026, 11, 24, 22, tzinfo=UTC)]


def test_a_disk_that_does_not_take_what_was_told_is_said_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = (
        '[[source.files]]\npath = "*.csv"\nreadings = { columns = { meter = "tag", time = "at", '
        'value = "v" } }\n'
    )
    sentences: list[str] = []
    watch = SiteWatch(
        load_site(Furnaces(heats=1).fed_by(tmp_path, tables)),
        lambda sentence: sentences.append(str(sentence)),
    )
    watch.room.start()
    (tmp_path / "spool" / "shift.json").mkdir()
    monkeypatch.setattr(ShiftEnds, "due", lambda *_, **__: (NOW - 8 * HOUR, NOW))
    watch.room.round(watch)
    assert [sentence.partition(" (")[0] for sentence in sentences[-2:]] == [
        "Shift of 2026-11-25, 02:00 to 10:00 ended: –",
        "What shift.json is to remember cannot be saved",
    ]
    watch.teller.stop()
    watch.spool.close()


@pytest.mark.parametrize(
    ("lines", "english", "chinese"),
    [
        (
            [LineDone("eaf-1", 8, 807.0, 10.4), LineDone("eaf-2", 1, 99.0, None)],
            (
                f"{HEADING} eaf-1: batches 8, output 807.0 t, above the label +10.4 kgce/t; eaf-2: "
                f"batches 1, output 99.00 t, {NO_LABEL}"
            ),
            "eaf-1：批次 8，产量 807.0 t，高于标签 +10.4 kgce/t",
        ),
        ([], f"{HEADING} –", "–"),
    ],
)
def test_its_sentence_says_what_each_figure_is(
    lines: Sequence[LineDone], english: str, chinese: str
) -> None:
    start = datetime(2026, 11, 5, 22, tzinfo=UTC)
    sentence = shift_words.ended(Shift(start, start + 8 * HOUR, tuple(lines), ()), UTC)
    assert sentence == english
    assert chinese in in_language(sentence, "zh-hans")


def test_shifts_that_begin_at_hours_of_one_digit_are_in_the_order_of_the_day(
    tmp_path: Path,
) -> None:
    """07:30 local time lies in the shift from 6:00 to 14:00, for the runs of a log as in the
    control room.
    """
    (tmp_path / "site.toml").write_text(
        GOOD + '[runs]\nshift_starts = ["6:00", "14:00", "22:00"]\n', encoding="utf-8"
    )
    site = load_site(tmp_path / "site.toml")
    at = datetime(2026, 3, 2, 7, 30, tzinfo=site.zone)
    first, last = bounds(site.runs.shift_starts, at, site.zone)
    assert (first, last) == (at.replace(hour=6, minute=0), at.replace(hour=14, minute=0))
