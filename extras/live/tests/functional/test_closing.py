"""The report of a period that closed: waits for every meter, is made once, told once, and never
sent where it is refused.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from extras.live.closing import PeriodClosing, last_lines
from extras.live.sources.growing_files import FileSource
from extras.live.sources.settings import load
from extras.live.sources.source import LiveSource
from extras.live.sources.table_settings import GrowingFiles
from extras.live.spool.acknowledging import Intake
from extras.live.spool.lost_numbers import row_given_up
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from reporting_agent.sending.consent import SCHEME
from tests.functional.test_submit_survives_kill import Plant, Server

pytestmark = pytest.mark.slow


class Room:
    """Asks for reports as `watch` does, at a clock of its own."""

    def __init__(self, site: Path, spool: Spool, reports: dict[str, object], now: datetime) -> None:
        self.site, self.spool, self.reports, self.now, self.told = (
            site,
            spool,
            reports,
            now,
            list[str](),
        )
        self.sources: list[LiveSource] = []
        self.closing: PeriodClosing | None = None
        self.restart()

    def restart(self) -> None:
        if self.closing is not None:
            self.closing.stop()
        settings = load(
            {"folder": str(self.spool.folder), "reports": self.reports}, self.site.parent
        )
        self.closing = PeriodClosing(
            load_site(self.site),
            settings,
            lambda sentence: self.told.append(str(sentence)),
            lambda: self.now,
        )

    def notices(self) -> list[str]:
        assert self.closing is not None
        self.closing.round(self.spool, self.sources)
        return [str(state) for _, state, _ in self.closing.notices()]

    def until_told(self, count: int) -> None:
        deadline = time.monotonic() + 90
        while len(self.told) < count:
            assert time.monotonic() < deadline
            self.notices()
            time.sleep(0.05)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    writer = Spool(tmp_path / "spool")
    yield writer
    writer.close()


def test_it_waits_for_every_source_and_meter_past_the_end_and_makes_the_label(
    tmp_path: Path, spool: Spool
) -> None:
    furnaces = Furnaces(heats=6)
    site = furnaces.fed_by(tmp_path, "")
    end = datetime(2025, 1, 31, 23, tzinfo=UTC)  # of January in Berlin
    room = Room(
        site,
        spool,
        {"every": "month", "first": "2025-01", "grace_h": 2},
        end + timedelta(hours=1.9),
    )
    sent = [
        Reading(
            reading.meter,
            round(reading.stamp.timestamp() * 1e6),
            reading.value,
            reading.number,
            consecutive=True,
        )
        for reading in furnaces.readings()
    ]
    spool.append(
        [reading for reading in sent if reading.sequence != 7],
        [{"table": "batches", **row} for row in furnaces.batches()],
    )
    assert room.notices() == []  # in its grace
    room.now = end + timedelta(hours=2)
    silent = FileSource(
        GrowingFiles.model_validate({"path": "a.csv", "batches": {}}), tmp_path, Intake(spool)
    )
    room.sources = [silent]
    assert room.notices() == ["2025-01 waits: a.csv is not read (no answer yet)"]
    room.sources = []
    assert room.notices() == ["2025-01 waits: eaf-1-electricity has sent no reading since its end"]
    last = [
        reading._replace(time_us=round(end.timestamp() * 1e6), sequence=len(sent) // 4)
        for reading in sent[-4:]
    ]
    spool.append(last)
    assert room.notices() == ["2025-01 waits: readings of eaf-1-electricity are missing"]
    spool.append([reading for reading in sent if reading.sequence == 7])
    assert room.notices() == ["2025-01 is being made"]
    room.until_told(1)
    assert room.told[0].startswith("Report of 2025-01: done at 2025-02-01T01:00:00+00:00")
    assert (tmp_path / "reports" / "2025-01").exists()
    room.restart()
    assert [notice for notice in room.notices() if "is being made" in notice] == []


def test_a_meter_is_waited_for_within_its_from_and_until_alone(
    tmp_path: Path, spool: Spool
) -> None:
    """Gas of the second furnace was counted by another meter from 20 January on; the period after
    asks for that one alone.
    """
    furnaces = Furnaces(heats=6)
    site = furnaces.fed_by(tmp_path, "")
    parts = site.read_text("utf-8").partition('[[meters]]\nid = "eaf-2-gas"')
    new = "".join(parts[1:]).replace("eaf-2-gas", "eaf-2-gas-b") + "from = 2025-01-20\n"
    site.write_text("".join(parts) + "until = 2025-01-20\n" + new, "utf-8")
    spool.append([], [{"table": "batches", **row} for row in furnaces.batches()])
    sent = {meter.id: 0 for meter in load_site(site).meters}

    def sends(meter: str, at: datetime) -> None:
        sent[meter] += 1
        spool.append([Reading(meter, round(at.timestamp() * 1e6), 1.0, sent[meter])])

    for month, end in (
        ("2025-01", datetime(2025, 1, 31, 23, tzinfo=UTC)),
        ("2025-02", datetime(2025, 2, 28, 23, tzinfo=UTC)),
    ):
        room = Room(
            site, spool, {"every": "month", "first": month, "grace_h": 2}, end + timedelta(hours=2)
        )
        for meter in ("eaf-1-electricity", "eaf-1-gas", "eaf-2-electricity"):
            sends(meter, end)
        assert room.notices() == [f"{month} waits: eaf-2-gas-b has sent no reading since its end"]
        sends("eaf-2-gas-b", end)
        assert room.notices() == [f"{month} is being made"]
        assert room.closing is not None
        room.closing.stop()
    earlier = Room(
        site, spool, {"every": "year", "first": "2024"}, datetime(2025, 1, 2, tzinfo=UTC)
    )
    assert earlier.notices() == ["2024 waits: eaf-2-gas has sent no reading since its end"]


def test_readings_that_were_given_up_keep_it_no_longer_and_it_is_told_with_the_report(
    tmp_path: Path, spool: Spool
) -> None:
    furnaces = Furnaces(heats=6)
    site = furnaces.fed_by(tmp_path, "")
    end = datetime(2025, 1, 31, 23, tzinfo=UTC)
    room = Room(
        site, spool, {"every": "month", "first": "2025-01", "grace_h": 2}, end + timedelta(hours=2)
    )
    sent = [
        Reading(
            row.meter, round(row.stamp.timestamp() * 1e6), row.value, row.number, consecutive=True
        )
        for row in furnaces.readings()
    ]
    last = [
        reading._replace(time_us=round(end.timestamp() * 1e6), sequence=len(sent) // 4)
        for reading in sent[-4:]
    ]
    lacking = [reading for reading in sent if (reading.meter, reading.sequence) != ("eaf-1-gas", 7)]
    spool.append([*lacking, *last], [{"table": "batches", **row} for row in furnaces.batches()])
    assert room.notices() == ["2025-01 waits: readings of eaf-1-gas are missing"]
    spool.append([], [row_given_up("eaf-1-gas", 7, 7, round(end.timestamp() * 1e6))])
    assert room.notices() == ["2025-01 is being made"]
    room.until_told(2)
    assert room.told[0].startswith("Report of 2025-01: done")
    notice = (
        "Report of 2025-01: without readings that did not come although they were requested: "
        "eaf-1-gas 7–7"
    )
    assert room.told[1] == room.notices()[-1] == notice


def due(folder: Path, spool: Spool, **reports: object) -> Room:
    """A report of January for which nothing is waited for."""
    furnaces = Furnaces(heats=6)
    end = datetime(2025, 1, 31, 23, tzinfo=UTC)
    sent = [
        Reading(row.meter, round(row.stamp.timestamp() * 1e6), row.value, row.number)
        for row in furnaces.readings()
    ]
    last = [
        reading._replace(time_us=round(end.timestamp() * 1e6), sequence=len(sent))
        for reading in sent[-4:]
    ]
    spool.append([*sent, *last], [{"table": "batches", **row} for row in furnaces.batches()])
    settings = {"every": "month", "first": "2025-01", "grace_h": 0, **reports}
    return Room(furnaces.fed_by(folder, ""), spool, settings, end + timedelta(hours=1))


def test_a_period_that_is_refused_keeps_none_after_it_and_stays_in_sight(
    tmp_path: Path, spool: Spool
) -> None:
    """What stands in the way of December is in nobody's way for January."""
    room = due(tmp_path, spool, first="2024-12")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "2024-12").write_text("no folder")
    room.until_told(2)
    assert [sentence.partition(" at ")[0] for sentence in room.told] == [
        "Report of 2024-12: refused",
        "Report of 2025-01: done",
    ]
    refused, done = room.notices()
    assert refused.startswith("Report of 2024-12: refused")
    assert done.startswith("Report of 2025-01: done")
    room.reports["first"] = "2025-01"
    room.restart()
    assert room.notices() == [done]


def test_a_period_whose_label_was_made_is_not_sealed_by_that(
    tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner looks at local reports first, and lets them be sealed from the same period on once
    they agree.
    """
    room = due(tmp_path, spool, every="quarter", first="2024-Q4")
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\necho "$3"\n')
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    done = "Report of 2024-Q4: done at 2025-02-01T00:00:00+00:00"
    room.until_told(1)
    room.restart()
    assert (room.told, room.notices()) == ([f"{done}: label"], [done])
    room.reports |= {"step": "seal", "terms": SCHEME, "agreed_by": "M. Weber"}
    room.restart()
    assert room.notices() == ["2024-Q4 is being made"]
    room.until_told(2)
    room.restart()
    assert (room.told[1:], room.notices()) == ([f"{done}: submit"], [done])


def test_a_folder_that_cannot_be_made_refuses_the_report_and_ends_nothing(
    tmp_path: Path, spool: Spool
) -> None:
    room = due(tmp_path, spool, out="share/2025")
    (tmp_path / "share").write_text("not mounted")
    assert room.notices() == [
        "Report of 2025-01: refused at 2025-02-01T00:00:00+00:00, nothing was sent"
    ]
    assert room.notices() == [
        "Report of 2025-01: refused at 2025-02-01T00:00:00+00:00, nothing was sent"
    ]
    (sentence,) = room.told
    assert "share/2025" in sentence
    (tmp_path / "share").unlink()
    room.restart()
    assert room.notices()[0] == "2025-01 is being made"
    assert room.closing is not None
    room.closing.stop()


def test_a_command_that_ends_as_none_of_ours_does_is_refused_and_what_cannot_be_remembered_is_told(
    tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """120 is Python's where its output cannot be written."""
    room = due(tmp_path, spool)
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nprintf 'no \\377 room'\nexit 120\n")
    program.chmod(0o700)
    (spool.folder / "reports.json").mkdir()
    monkeypatch.setattr(sys, "executable", str(program))
    room.until_told(2)
    assert room.told[0].startswith("What reports.json is to remember cannot be saved")
    assert (
        room.told[1]
        == "Report of 2025-01: refused at 2025-02-01T00:00:00+00:00, nothing was sent: no \ufffd "
        "room"
    )


def test_it_is_sent_once_and_where_it_is_refused_nothing_is_and_it_is_told_once(
    tmp_path: Path, spool: Spool
) -> None:
    with Server() as server:
        plant = Plant(tmp_path, server.url, server.portal.token.text())
        agreed: dict[str, object] = {
            "every": "year",
            "first": "2016",
            "step": "send",
            "terms": SCHEME,
            "agreed_by": "M. Weber",
            "state": "state",
        }
        room = Room(plant.site, spool, agreed, datetime(2017, 1, 2, 12, tzinfo=UTC))
        room.until_told(1)
        assert room.told[0].startswith(
            "Report of 2016: refused at 2017-01-02T12:00:00+00:00, nothing was sent:"
        )
        assert "enrol" in room.told[0]
        room.restart()  # as site.toml is read again: it is tried, and told no second time
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            room.notices()
            time.sleep(0.05)
        assert len(room.told) == 1
        assert plant.enrol().returncode == 0
        room.restart()
        room.until_told(2)
        assert room.told[1].startswith("Report of 2016: done")
        assert len(server.portal.submissions) == 1
        room.restart()
        assert room.notices() == ["Report of 2016: done at 2017-01-02T12:00:00+00:00"]
        (
            spool.folder / "reports.json"
        ).unlink()  # a kill between the portal's receipt and our note of it
        room.restart()
        room.until_told(3)
        assert len(server.portal.submissions) == 1
        assert len(set(server.portal.bodies)) == 1


def test_of_a_long_answer_the_last_whole_lines_are_told() -> None:
    answer = "\n".join(f"{line}: " + "x" * 300 for line in range(20))
    shortened = last_lines(answer)
    assert shortened.startswith("…\n")
    assert set(shortened.splitlines()[1:]) <= set(answer.splitlines())
    assert shortened.endswith(answer[-1700:])
    assert last_lines("short") == "short"


@pytest.mark.parametrize(
    ("reports", "wanted"),
    [
        ({"every": "year", "first": "2016", "step": "send"}, "needs the owner's consent"),
        (
            {
                "every": "year",
                "first": "2016",
                "step": "seal",
                "terms": "scheme-1",
                "agreed_by": "M. Weber",
            },
            "needs the owner's consent",
        ),
        ({"every": "year", "first": "2016-01"}, "first must be a year"),
        (
            {
                "every": "month",
                "first": "2016-01",
                "step": "send",
                "terms": SCHEME,
                "agreed_by": "M. Weber",
            },
            "a quarter or a year",
        ),
    ],
)
def test_without_the_owners_consent_the_settings_are_refused(
    tmp_path: Path, reports: dict[str, object], wanted: str
) -> None:
    with pytest.raises(InputError) as refused:
        load({"folder": "spool", "reports": reports}, tmp_path)
    assert wanted in str(refused.value.wanted)


def test_periods_follow_one_another() -> None:
    for every, first, names in (
        ("month", "2025-11", ["2025-11", "2025-12", "2026-01"]),
        ("quarter", "2025-Q4", ["2025-Q4", "2026-Q1"]),
        ("year", "2025", ["2025", "2026"]),
    ):
        reports = load({"folder": "s", "reports": {"every": every, "first": first}}, Path()).reports
        assert reports is not None
        assert [
            period.name for period in reports.periods(UTC, datetime(2026, 1, 20, tzinfo=UTC))
        ] == names
