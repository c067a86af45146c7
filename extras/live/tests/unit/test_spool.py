"""The spool: what is kept once, what a torn end and damage look like, and that it hands over what
it took.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from extras.live.batch_tables import refuse_without_batches
from extras.live.sources.settings import load
from extras.live.spool import layout, repeats
from extras.live.spool.between_moments import readings_between
from extras.live.spool.compaction import AGAIN_US, write
from extras.live.spool.dropping import drop
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.meter_state import LATEST_KEPT
from extras.live.spool.reading import Reading
from extras.live.spool.writer import DAY_US, Spool, SpoolFull, now_us
from extras.live.spool_source import SpoolKind
from reporting_agent.sources import conformance, interface

T0 = 1_735_800_000_000_000


def numbered_readings(count: int, first: int = 0, meter: str = "m-1") -> list[Reading]:
    return [
        Reading(
            meter, T0 + number * 1_000_000, number + 0.25, number, received_us=T0, consecutive=True
        )
        for number in range(first, first + count)
    ]


def readings_held(folder: Path, meter: str = "m-1") -> list[tuple[int, float]]:
    source = SpoolKind().connect({"folder": "."}, folder, UTC)
    return [
        pair
        for block in source.readings(frozenset({meter}))
        for pair in zip(block.time_us.tolist(), block.value.tolist(), strict=True)
    ]


def as_held(readings: list[Reading]) -> list[tuple[int, float]]:
    return [(reading.time_us, reading.value) for reading in readings]


def test_the_spool_is_a_source_like_any_other() -> None:
    """By the conformance kit of sources, half of its plant in Parquet and half in a segment, found
    by its name.
    """
    assert [
        check for check in conformance.check(interface.named("spool")) if not check.passed
    ] == []


@pytest.mark.parametrize("again", ["at once", "after opening", "after Parquet", "long after"])
def test_what_comes_again_is_dropped(tmp_path: Path, again: str) -> None:
    sent = numbered_readings(2 * LATEST_KEPT if again == "long after" else 20)
    spool = Spool(tmp_path)
    assert spool.append(sent).new == len(sent)
    if again == "after Parquet":
        spool.seal()
    if again != "at once":
        spool.close()
        spool = Spool(tmp_path)
    outcome = spool.append([*sent[:10], *numbered_readings(1, len(sent))])
    assert (outcome.new, outcome.repeated, outcome.contradicted) == (1, 10, 0)
    spool.close()
    assert readings_held(tmp_path) == as_held([*sent, *numbered_readings(1, len(sent))])


def test_a_late_reading_is_kept_and_told_and_another_value_of_one_that_is_there_is_not_taken(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path)
    first, late, last = numbered_readings(3)
    spool.append([first, last])
    outcome = spool.append([late, first._replace(value=7.0)])
    assert (outcome.new, outcome.repeated, outcome.contradicted, outcome.late) == (1, 1, 1, [late])
    spool.close()
    assert readings_held(tmp_path) == as_held([first, last, late])


@pytest.mark.parametrize("ahead_days", [2, 4_000])
def test_a_stamp_far_ahead_is_kept_once_and_makes_nothing_after_it_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead_days: int
) -> None:
    """Neither by its numbers nor by its time; nor is the disk asked for what comes after it."""
    sent = numbered_readings(4)
    ahead = sent[1]._replace(time_us=sent[1].time_us + ahead_days * DAY_US)
    spool = Spool(tmp_path)
    spool.append([sent[0], ahead])
    with monkeypatch.context() as patched:
        patched.setattr(repeats, "looked_up", lambda *_: pytest.fail("the disk was asked"))
        assert spool.append(sent[2:]).late == []
        anew = sent[0]._replace(time_us=T0 + 10_000_000, sequence=0)
        assert spool.append([anew]).late == []
    assert (spool.meters["m-1"].highest, spool.meters["m-1"].gaps.highest) == ((anew.time_us, 0), 0)
    for seals in (False, True):  # learned from the segment, then from the state
        if seals:
            spool.seal()
        spool.close()
        spool = Spool(tmp_path)
        assert spool.meters["m-1"].highest == (anew.time_us, 0)
        again = spool.append(
            [ahead._replace(received_us=ahead.time_us)]
        )  # its time has come, and so has it
        assert (again.new, again.repeated) == (0, 1)
    spool.close()
    assert readings_held(tmp_path) == as_held([sent[0], ahead, *sent[2:], anew])


def test_a_clock_that_is_always_far_ahead_makes_nothing_late_and_its_repeats_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [
        reading._replace(time_us=reading.time_us + 4_000 * DAY_US)
        for reading in numbered_readings(2 * LATEST_KEPT)
    ]
    spool = Spool(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(repeats, "looked_up", lambda *_: pytest.fail("the disk was asked"))
        assert [spool.append([reading]).late for reading in sent] == [[]] * len(sent)
    outcome = spool.append([sent[0], sent[-1], sent[-1]._replace(sequence=9_999, value=7.0)])
    assert (outcome.new, outcome.repeated, len(outcome.corrected)) == (1, 2, 1)
    spool.close()


def test_a_gap_is_known_until_it_is_filled_also_by_the_next_process(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    sent = numbered_readings(10)
    spool.append([*sent[:3], *sent[6:]])
    assert spool.meters["m-1"].gaps.ranges == [(3, 5)]
    spool.seal()
    spool.close()
    spool = Spool(tmp_path)
    spool.append([sent[4]])
    assert spool.meters["m-1"].gaps.ranges == [(3, 3), (5, 5)]
    spool.append([sent[3], sent[5]])
    assert spool.meters["m-1"].gaps.missing == 0
    again = [reading._replace(time_us=reading.time_us + DAY_US) for reading in numbered_readings(2)]
    spool.append(again)  # the counter began anew: nothing is missing
    assert spool.meters["m-1"].gaps.ranges == []
    spool.close()


@pytest.mark.parametrize("left", [1, 12, 13, 40])
def test_a_torn_end_is_cut_off_and_what_was_synced_stays(tmp_path: Path, left: int) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(5))
    path = layout.segments(tmp_path)[0]
    whole = path.stat().st_size
    spool.append(numbered_readings(5, 5))
    spool.close()
    os.truncate(path, whole + left)
    assert readings_held(tmp_path) == as_held(numbered_readings(5))
    spool = Spool(tmp_path)
    assert spool.append(numbered_readings(10)).new == 5
    spool.close()
    assert readings_held(tmp_path) == as_held(numbered_readings(10))


def test_a_flipped_bit_before_the_end_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(5))
    spool.append(numbered_readings(5, 5))
    spool.close()
    path = layout.segments(tmp_path)[0]
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="differ from what was written") as refused:
        Spool(tmp_path)
    assert refused.value.code == "spool-damaged"
    assert in_language(refused.value.found, "zh") == "第 0 字节处校验和不符，其后还有数据帧"
    assert in_language(refused.value.wanted, "zh") == "写入时的内容"


@pytest.mark.parametrize("died", ["before the state", "before it was deleted"])
def test_a_death_while_a_segment_becomes_parquet_is_finished_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, died: str
) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(20))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if died == "before the state":
            patched.setattr(spool, "_save_state", dies)
        else:
            patched.setattr(Path, "unlink", dies)
        with pytest.raises(KeyboardInterrupt):
            spool.seal()
    spool.close()
    assert readings_held(tmp_path) == as_held(numbered_readings(20))
    spool = Spool(tmp_path)
    assert len(layout.segments(tmp_path)) == 1
    assert spool.append(numbered_readings(20)).new == 0
    spool.close()
    assert readings_held(tmp_path) == as_held(numbered_readings(20))


def test_a_disk_that_is_full_once_a_segment_is_parquet_ends_nothing_and_keeps_it_from_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(20))

    def full(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    def until(reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not reached():
            assert time.monotonic() < deadline, spool.compaction.trouble
            spool.turn(T0 + DAY_US)
            time.sleep(0.02)

    with monkeypatch.context() as patched:
        patched.setattr("tempfile.mkstemp", full)  # of this process, in which the state is saved
        until(lambda: "No space left" in spool.compaction.trouble)
        assert len(layout.days(tmp_path)) == 1
        spool.close()
        spool = Spool(tmp_path)
        assert "No space left" in spool.compaction.trouble
        assert spool.append(numbered_readings(21)).new == 1
        spool.turn(T0)
        assert spool.compaction._process is None, "not at once"
    spool.turn(now_us() + AGAIN_US)
    until(lambda: not spool.compaction.trouble)
    assert [layout.number_of(path) for path in layout.segments(tmp_path)] == [2, 3]
    spool.close()
    assert readings_held(tmp_path) == as_held(numbered_readings(21))


def test_a_day_that_is_over_becomes_parquet_of_its_name(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([Reading("m-1", T0, math.nan, received_us=T0)])
    spool.turn(T0 + 1)
    assert layout.days(tmp_path) == []
    turned(spool)
    assert [path.name[:10] for path in layout.days(tmp_path)] == [
        str(datetime.fromtimestamp(T0 / 1e6, UTC).date())
    ]
    spool.close()
    assert math.isnan(readings_held(tmp_path)[0][1])


def turned(spool: Spool) -> None:
    """Until all days before are Parquet."""
    for _ in range(2_400):
        spool.turn(T0 + DAY_US)
        if len(layout.segments(spool.folder)) == 1:
            return
        time.sleep(0.05)
    raise TimeoutError(spool.compaction.trouble)


def test_readings_arrive_while_a_day_becomes_parquet_and_a_process_that_is_killed_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(20))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", shutil.which("false"))
        spool.turn(T0 + DAY_US)
        process = spool.compaction._process
        assert process is not None
        process.wait()
        spool.turn(T0 + DAY_US)
    assert layout.days(tmp_path) == []
    assert spool.append(numbered_readings(20, 20)).new == 20
    assert spool.append(numbered_readings(1)).repeated == 1
    spool.turn(T0 + DAY_US + 1)
    assert spool.compaction._process is None, "not at once"
    spool.turn(T0 + DAY_US + AGAIN_US)
    process = spool.compaction._process
    assert process is not None
    process.kill()
    process.wait()
    spool.turn(T0 + DAY_US + AGAIN_US)
    assert "-9" in spool.compaction.trouble
    assert readings_held(tmp_path) == as_held(numbered_readings(40))
    spool.close()
    spool = Spool(tmp_path)
    turned(spool)
    assert (len(layout.days(tmp_path)), spool.compaction.trouble) == (2, "")
    spool.close()
    assert readings_held(tmp_path) == as_held(numbered_readings(40))


def test_a_segment_that_has_its_parquet_already_is_read_once(tmp_path: Path) -> None:
    """As it is between the end of the process that writes it and the next round."""
    spool = Spool(tmp_path)
    spool.append(numbered_readings(20))
    write(tmp_path, layout.number_of(layout.segments(tmp_path)[0]))
    assert (len(layout.days(tmp_path)), len(layout.segments(tmp_path))) == (1, 1)
    times_us, _ = readings_between(tmp_path, frozenset({"m-1"}), T0, T0 + DAY_US)["m-1"]
    assert times_us.tolist() == [reading.time_us for reading in numbered_readings(20)]
    assert readings_held(tmp_path) == as_held(numbered_readings(20))
    spool.close()


def test_a_full_spool_takes_nothing_or_drops_its_oldest_day_as_it_is_told(tmp_path: Path) -> None:
    waits = Spool(tmp_path / "waits", most_bytes=3_000)
    waits.append(numbered_readings(80))
    with pytest.raises(SpoolFull):
        waits.append(numbered_readings(80, 80))
    waits.close()
    assert readings_held(tmp_path / "waits") == as_held(numbered_readings(80))
    drops = Spool(tmp_path / "drops", most_bytes=6_000, drop_oldest=True)
    for turn in range(4):
        drops.append(numbered_readings(80, turn * 80))
        drops.seal()
    assert drops.dropped
    assert readings_held(tmp_path / "drops")[-80:] == as_held(numbered_readings(80, 240))
    drops.close()


def test_a_full_spool_of_a_single_day_drops_it_once_it_is_written(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most_bytes=3_000, drop_oldest=True)
    spool.append(numbered_readings(80))
    for _ in range(2):  # what comes waits meanwhile, and the segment is left once
        with pytest.raises(SpoolFull):
            spool.append(numbered_readings(80, 80))
    for _ in range(600):
        spool.turn(T0)
        if not spool.compaction.trouble and layout.days(tmp_path):
            break
        time.sleep(0.1)
    while len(layout.segments(tmp_path)) > 1:
        spool.turn(T0)
    assert spool.append(numbered_readings(80, 80)).new == 80
    spool.close()
    assert readings_held(tmp_path)[-80:] == as_held(numbered_readings(80, 80))


def test_a_full_disk_drops_the_oldest_day_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also without `most_gb`; as much as the segments take, which need room for their Parquet, and
    no more.
    """
    spool = Spool(tmp_path, drop_oldest=True)
    for turn in range(3):
        spool.append(numbered_readings(80, turn * 80))
        spool.seal()
    write, held_bytes = os.pwrite, _bytes_of(tmp_path)

    def on_a_full_disk(handle: int, content: bytes, at: int) -> int:
        if _bytes_of(tmp_path) >= held_bytes:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, content, at)

    monkeypatch.setattr(os, "pwrite", on_a_full_disk)
    assert spool.append(numbered_readings(20, 240)).new == 20
    assert spool.dropped == [f"{datetime.fromtimestamp(T0 / 1e6, UTC).date()}.00000001.parquet"]
    held_bytes = 0
    with pytest.raises(SpoolFull):
        spool.append(numbered_readings(20, 260))
    spool.close()
    assert layout.days(tmp_path) == []
    assert readings_held(tmp_path) == as_held(numbered_readings(20, 240))


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("beside", [0, 5])
def test_with_the_oldest_day_go_its_rows_but_for_batches(tmp_path: Path, beside: int) -> None:
    """Of a segment with readings and of one of rows alone."""
    row, topic = (
        {"table": "batches", "batch_id": "H1", "step": "eaf"},
        {"table": "unreadable", "topic": "t", "payload": "x" * 4_000},
    )
    spool = Spool(tmp_path, most_bytes=20_000, drop_oldest=True)
    spool.append(numbered_readings(beside), [row, *[topic] * 3])
    spool.seal()
    spool.append([], [topic, topic])
    spool.seal()
    spool.append(numbered_readings(20, 20))
    assert spool.append(numbered_readings(20, 40)).new == 20
    spool.close()
    assert kept_rows(tmp_path) == [row, topic, topic]
    assert readings_held(tmp_path) == as_held(numbered_readings(40, 20))


def test_a_disk_that_is_full_in_the_middle_of_a_frame_leaves_the_segment_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(5))
    write, calls = os.pwrite, [0]

    def half(handle: int, content: bytes, at: int) -> int:
        calls.append(at)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, content[:30], at)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", half)
        with pytest.raises(SpoolFull):
            spool.append(numbered_readings(5, 5))
    assert spool.append(numbered_readings(5, 5)).new == 5
    spool.close()
    assert readings_held(tmp_path) == as_held(numbered_readings(10))


def test_a_spool_in_a_folder_with_files_of_others_clears_away_nothing_but_its_own_half_written_ones(
    tmp_path: Path,
) -> None:
    """`folder = "."` puts it beside site.toml, where hidden files of others lie."""
    (tmp_path / ".ssh").mkdir()
    others = [tmp_path / ".profile", tmp_path / ".ssh" / ".known"]
    Spool(tmp_path).close()
    own = [
        tmp_path / ".state.json.a1b2c3d4",
        tmp_path / "days" / ".2025-01-02.00000001.parquet.a1b2c3d4",
    ]
    for path in (*others, *own):
        path.write_text("x")
    Spool(tmp_path).close()
    assert [path.exists() for path in (*others, *own)] == [True, True, False, False]


def test_files_of_others_beside_a_spool_take_none_of_its_room(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    for name in ("batches.csv", "history/readings.csv"):
        (tmp_path / name).write_bytes(b"x" * 10_000)
    spool = Spool(tmp_path, most_bytes=6_000, drop_oldest=True)
    assert spool.append(numbered_readings(80)).new == 80
    spool.close()
    assert readings_held(tmp_path) == as_held(numbered_readings(80))


def test_two_processes_do_not_write_one_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(InputError) as refused:
        Spool(tmp_path)
    assert refused.value.code == "spool-in-use"
    spool.close()


def test_of_a_batch_the_row_that_came_later_stands_and_one_that_runs_is_no_input_yet(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path)
    begins = {"table": "batches", "batch_id": "H1", "step": "eaf", "start": "2025-01-02T06:00:00Z"}
    spool.append([], [begins, {**begins, "batch_id": "H2"}])
    spool.seal()
    spool.append(
        [],
        [
            {
                "table": "batches",
                "batch_id": "H1",
                "step": "eaf",
                "end": "2025-01-02T07:00:00Z",
                "output_quantity": "120",
            }
        ],
    )
    spool.close()
    source = SpoolKind().connect({"folder": "."}, tmp_path, UTC)
    sheet = source.table("batches")
    assert [dict(zip(sheet.header, cells, strict=True)) for _, cells in sheet.rows] == [
        {
            "batch_id": "H1",
            "step": "eaf",
            "start": "2025-01-02T06:00:00Z",
            "end": "2025-01-02T07:00:00Z",
            "output_quantity": "120",
        }
    ]


def between(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let that happen once, between the listing of a spool's files and the reading of them."""
    listed, waiting = layout.parts, [happens]

    def parts(folder: Path) -> tuple[list[Path], list[Path]]:
        listed_parts = listed(folder)
        while waiting:
            waiting.pop()()
        return listed_parts

    monkeypatch.setattr(layout, "parts", parts)


@pytest.mark.parametrize("lay_as", ["Parquet", "a segment"])
def test_a_day_that_is_deleted_for_room_while_the_spool_is_read_is_refused(
    lay_as: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its batches would stand without energy, or a meter would be judged by days that its energy
    lacks.
    """
    spool = Spool(tmp_path)
    for first in (0, 10):
        spool.append(numbered_readings(10, first))
        if first or lay_as == "Parquet":
            spool.seal()
    oldest = 1

    def goes() -> None:
        spool.seal()
        drop(tmp_path, oldest)

    between(monkeypatch, goes)
    with pytest.raises(InputError) as refused:
        readings_held(tmp_path)
    assert (
        refused.value.code,
        Path(refused.value.place.file if refused.value.place else "").parent.parent,
    ) == ("spool-day-gone", tmp_path)
    assert "most_gb" in in_language(refused.value.remedy, "en")
    spool.close()


def test_a_day_that_is_deleted_for_room_between_two_readings_of_the_spool_is_refused(
    tmp_path: Path,
) -> None:
    """One command reads a meter more than once, and all that it says rests on the same readings."""
    spool = Spool(tmp_path)
    for first in (0, 10):
        spool.append(numbered_readings(10, first))
        spool.seal()
    source = SpoolKind().connect({"folder": "."}, tmp_path, UTC)
    assert sum(len(block.time_us) for block in source.readings(frozenset({"m-1"}))) == 20
    assert sum(len(block.time_us) for block in source.readings(frozenset({"m-1"}))) == 20
    drop(tmp_path, layout.number_of(layout.days(tmp_path)[0]))
    with pytest.raises(InputError, match="spool-day-gone"):
        list(source.readings(frozenset({"m-1"})))
    spool.close()


def test_a_segment_that_becomes_parquet_between_two_readings_of_the_spool_changes_nothing(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(10))
    source = SpoolKind().connect({"folder": "."}, tmp_path, UTC)
    first = [block.value.tolist() for block in source.readings(frozenset({"m-1"}))]
    spool.seal()
    assert [block.value.tolist() for block in source.readings(frozenset({"m-1"}))] == first
    spool.close()


@pytest.mark.parametrize("becomes", ["Parquet", "deleted for room"])
def test_a_spool_without_batches_is_told_whole_while_its_files_change(
    becomes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered_readings(10))
    if becomes != "Parquet":
        spool.seal()
        spool.append(numbered_readings(5, 10))
        oldest = layout.number_of(layout.days(tmp_path)[0])
    between(monkeypatch, spool.seal if becomes == "Parquet" else lambda: drop(tmp_path, oldest))
    with pytest.raises(InputError) as refused:
        refuse_without_batches(load({"folder": "."}, tmp_path), [])
    assert refused.value.code == "source-input-missing"
    left = 10 if becomes == "Parquet" else 5
    assert in_language(refused.value.found, "en").startswith(f"readings: {left}, meters: 1")
    spool.close()
