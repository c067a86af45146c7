"""A table read by a query with a mark: what is late, corrected, repeated, out of order, and where
it goes on. On SQLite.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from benchmarks.errors import InputError
from extras.live.sources import databases, marks
from extras.live.sources.polled import UnexpectedAnswer
from extras.live.sources.settings import load
from extras.live.sources.sql import SqlSource
from extras.live.sources.table_settings import Sql
from extras.live.spool.acknowledging import Intake
from extras.live.spool.repeats import ArrivalOutcome
from extras.live.spool.writer import Spool

BEGIN = datetime(2025, 1, 2, 6, tzinfo=UTC)
READINGS = {
    "query": "select id, tag, at, value, quality, n from samples where id > :since order by id",
    "mark": "id",
    "start": 0,
    "columns": {
        "meter": "tag",
        "time": "at",
        "value": "value",
        "quality": "quality",
        "sequence": "n",
    },
    "look_back": 10,
    "again_s": 1e-9,
}
BATCHES = {
    "query": "select heat, began, ended, changed from heats where changed > :since order by "
    "changed",
    "mark": "changed",
    "start": "2025-01-01T00:00:00Z",
    "look_back": 3600,
    "again_s": 1e-9,
    "columns": {"batch_id": "heat", "start": "began", "end": "ended"},
    "constants": {"step": "eaf"},
}


class Historian:
    """A database, and an agent that reads it when it is told to."""

    def __init__(self, folder: Path, **readings: Any) -> None:
        self.folder = folder
        self.database = sqlite3.connect(folder / "plant.db", isolation_level=None)
        self.database.execute(
            "create table samples (id integer, tag text, at text, value real, quality text, n "
            "integer)"
        )
        self.database.execute(
            "create table heats (heat text, began text, ended text, changed text)"
        )
        self.settings = Sql.model_validate(
            {"url": "sqlite:plant.db", "readings": [READINGS | readings], "batches": [BATCHES]}
        )
        self.begin()

    def begin(self) -> None:
        self.spool = Spool(self.folder / "spool")
        self.intake = Intake(self.spool)
        self.source = SqlSource(self.settings, self.folder, self.intake)
        self.source.go_on_from(self.spool.positions)

    def restart(self) -> None:
        self.spool.close()
        self.begin()

    def write(
        self,
        number: int,
        value: float = 1.5,
        at: int | None = None,
        n: int | None = None,
        quality: str = "good",
    ) -> None:
        stamp = BEGIN + timedelta(minutes=number if at is None else at)
        self.database.execute(
            "insert into samples values (?, 'm-1', ?, ?, ?, ?)",
            (number, stamp.isoformat(), value, quality, n or number),
        )

    def read(self) -> ArrivalOutcome:
        self.source.poll()
        return self.intake.step(0.0) or ArrivalOutcome(0, 0, 0, ())


@pytest.fixture
def historian(tmp_path: Path) -> Historian:
    return Historian(tmp_path)


def test_a_query_goes_on_where_it_ended_also_after_a_restart(historian: Historian) -> None:
    for number in (1, 2, 3):
        historian.write(number)
    assert historian.read().new == 3
    assert historian.read() == ArrivalOutcome(0, 0, 0, ())
    historian.write(4)
    historian.restart()
    outcome = historian.read()
    assert (outcome.new, outcome.repeated) == (
        1,
        3,
    )  # those of the look-back, dropped by their keys


def test_of_a_long_table_only_the_look_back_is_remembered(
    historian: Historian, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while it is read for the first time."""
    monkeypatch.setattr(databases, "ROWS_AT_ONCE", 10)
    query, remembered = historian.source._queries[0], list[int]()

    def put(*_: object) -> bool:
        remembered.append(len(query.met))
        return True

    monkeypatch.setattr(historian.source, "put", put)
    for number in range(1, 201):
        historian.write(number)
    historian.source.poll()
    assert len(remembered) == 20
    assert max(remembered) < 50
    assert sorted(number for _, _, number in query.met) == list(range(190, 201))
    historian.source.poll()
    assert len(remembered) == 20


@pytest.mark.parametrize(("look_back", "expected"), [(10, 1), (0, 0)])
def test_a_row_committed_below_the_mark_is_found_within_the_look_back_and_without_it_lost(
    tmp_path: Path, look_back: float, expected: int
) -> None:
    """The second is the control."""
    historian = Historian(tmp_path, look_back=look_back)
    for number in (1, 2, 12):
        historian.write(number)
    historian.read()
    historian.write(4)
    assert historian.read().new == expected
    historian.write(1, at=99)  # more than the look-back below the mark: not read, as the bound says
    assert historian.read().new == 0


def test_a_corrected_row_contradicts_once_and_with_a_number_of_its_own_it_is_kept(
    historian: Historian,
) -> None:
    historian.write(1, 1.5)
    historian.read()
    historian.database.execute("update samples set value = 2.5")
    outcome = historian.read()
    assert (outcome.new, outcome.repeated, outcome.contradicted) == (0, 1, 1)
    assert historian.read() == ArrivalOutcome(0, 0, 0, ())
    historian.write(2, 3.5, at=1, n=77)
    outcome = historian.read()
    assert [(reading.value, reading.sequence) for reading in outcome.readings] == [(3.5, 77)]


def test_a_row_that_cannot_be_read_is_kept_once_with_the_reason(historian: Historian) -> None:
    historian.database.execute(
        "insert into samples values (1, 'm-1', '2025-01-02T06:00:00', 1.5, 'good', 1)"
    )
    historian.write(2, quality="bad")
    outcome = historian.read()
    assert [row["why"] for row in outcome.rows if row["table"] == "unreadable"] == [
        "2025-01-02T06:00:00 has no offset from UTC, and none is declared"
    ]
    assert [str(reading.value) for reading in outcome.readings] == ["nan"]
    assert historian.read() == ArrivalOutcome(0, 0, 0, ())


def test_a_batch_is_told_when_it_begins_and_again_when_its_row_changed(
    historian: Historian,
) -> None:
    historian.database.execute(
        "insert into heats values ('H1', '2025-01-02T06:00:00+00:00', null, '2025-01-02T06:00:01Z')"
    )
    (begun,) = [row for row in historian.read().rows if row["table"] == "batches"]
    assert begun == {
        "table": "batches",
        "step": "eaf",
        "batch_id": "H1",
        "start": "2025-01-02T06:00:00+00:00",
    }
    assert historian.read().rows == ()
    historian.database.execute(
        "update heats set ended = '2025-01-02T07:00:00+00:00', changed = '2025-01-02T07:00:01Z'"
    )
    (ended,) = [row for row in historian.read().rows if row["table"] == "batches"]
    assert ended["end"] == "2025-01-02T07:00:00+00:00"


def test_a_column_called_table_decides_not_where_its_row_goes(historian: Historian) -> None:
    query = (
        "select heat as batch_id, 'position' as \"table\", changed from heats where changed > "
        ":since order by changed"
    )
    heats = {**BATCHES, "query": query, "columns": {}}
    historian.settings = Sql.model_validate({"url": "sqlite:plant.db", "batches": [heats]})
    historian.restart()
    historian.database.execute(
        "insert into heats values ('H1', '2025-01-02T06:00:00+00:00', null, '2025-01-02T06:00:01Z')"
    )
    (row,) = [row for row in historian.read().rows if row["table"] == "batches"]
    assert (row["batch_id"], row["step"]) == ("H1", "eaf")
    historian.restart()  # its spool opens again


@pytest.mark.parametrize(
    ("readings", "message"),
    [
        (
            {"query": READINGS["query"].replace("order by id", "order by id desc")},  # type: ignore[attr-defined]
            "ascending order: end it with",
        ),
        ({"mark": "at"}, "cannot be compared with 0: write start"),
        ({"mark": "tag"}, "the mark 'm-1' is no time"),
        (
            {"query": READINGS["query"].replace("quality", "quality, n as value")},  # type: ignore[attr-defined]
            "the column value stands twice",
        ),
        ({"columns": READINGS["columns"] | {"value": "kwh"}}, "gives no column kwh, only id, tag"),  # type: ignore[operator]
    ],
)
def test_a_query_that_is_not_as_it_says_is_told_and_moves_nothing(
    tmp_path: Path, readings: dict[str, Any], message: str
) -> None:
    historian = Historian(tmp_path, **readings)
    historian.write(1)
    historian.write(2)
    with pytest.raises(UnexpectedAnswer, match=message):
        historian.source.poll()
    assert historian.intake.step(0.0) is None
    assert historian.spool.positions == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [("no time", "the mark 'no time' is no time"), ("2025-01-02T06:03:00", "cannot be compared")],
)
def test_a_row_whose_mark_is_wrong_costs_no_row_before_it_once_it_is_mended(
    tmp_path: Path, wrong: str, message: str
) -> None:
    historian = Historian(
        tmp_path,
        query="select * from samples where at > :since order by n",
        mark="at",
        start="2025-01-01T00:00:00Z",
    )
    for number in (1, 2, 3):
        historian.write(number)
    historian.database.execute("insert into samples values (4, 'm-1', ?, 4.5, 'good', 4)", (wrong,))
    with pytest.raises(UnexpectedAnswer, match=message):
        historian.source.poll()
    assert historian.intake.step(0.0) is None
    historian.database.execute(
        "update samples set at = ? where id = 4", ((BEGIN + timedelta(minutes=4)).isoformat(),)
    )
    assert historian.read().new == 4


def test_a_number_that_is_none_spoils_its_own_row_alone(historian: Historian) -> None:
    historian.database.execute(
        "insert into samples values (1, 'm-1', '2025-01-02T06:00:00+00:00', 1.5, 'good', 9e999)"
    )
    historian.write(2)
    outcome = historian.read()
    assert [row["why"] for row in outcome.rows if row["table"] == "unreadable"] == [
        "inf is no sequence number"
    ]
    assert [reading.sequence for reading in outcome.readings] == [2]


@pytest.mark.parametrize(
    "url",
    [
        "odbc:PWD=secret;DSN=Historian",
        "odbc:DSN=Historian;Pwd=secret",
        "odbc:Password = secret;DSN=Historian",
        "postgresql://reader:secret@historian/plant",
        "postgresql://reader@historian/plant?password=secret",
    ],
)
def test_a_password_stands_in_no_url_for_the_page_shows_it(url: str) -> None:
    with pytest.raises(ValidationError, match="a password does not stand here"):
        Sql.model_validate({"url": url, "readings": [READINGS]})


def test_a_password_whose_file_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "historian.password").write_bytes("schlüssel".encode("latin-1"))
    settings = Sql.model_validate(
        {"url": "sqlite:plant.db", "password_file": "historian.password", "batches": [BATCHES]}
    )
    with pytest.raises(InputError) as refused:
        SqlSource(settings, tmp_path, Intake(Spool(tmp_path / "spool")))
    assert refused.value.code == "password-unreadable"


def test_a_database_that_is_not_there_is_told_by_its_own_words(historian: Historian) -> None:
    historian.database.execute("drop table samples")
    with pytest.raises(UnexpectedAnswer, match="query readings 1: no such table: samples"):
        historian.source.poll()


def test_nothing_can_be_written(tmp_path: Path) -> None:
    historian = Historian(
        tmp_path,
        query="insert into samples (id) values (:since) returning id, tag, at, value, quality, n",
    )
    with pytest.raises(UnexpectedAnswer, match=r"query readings 1: .* readonly"):
        historian.source.poll()


@pytest.mark.parametrize(
    ("mark", "earlier"),
    [
        (100, 90),
        (2.5, -7.5),
        (BEGIN, BEGIN - timedelta(seconds=10)),
        ("2025-01-02T06:00:00Z", "2025-01-02T05:59:50Z"),
        ("2025-01-02 06:00:00.5+01:00", "2025-01-02 05:59:50.500000+01:00"),
    ],
)
def test_a_mark_goes_back_in_its_own_form_and_is_kept_as_it_was(
    mark: marks.Mark, earlier: marks.Mark
) -> None:
    assert marks.before(mark, 10) == earlier
    assert marks.read(marks.to_json(mark)) == mark
    assert type(marks.read(marks.to_json(mark))) is type(mark)


@pytest.mark.parametrize(
    "first",
    [
        datetime.fromisoformat("0001-01-01"),
        datetime(1, 1, 1, tzinfo=UTC),
        "0001-01-01T00:00:00Z",
        "0001-01-01 00:00:00",
    ],
)
def test_the_first_day_of_the_calendar_as_start_is_the_earliest_mark(first: marks.Mark) -> None:
    """Who wants all of a table writes it so; there is no time before it to look back to."""
    assert marks.before(first, 600) == first


def test_a_query_that_two_tables_ask_is_refused(tmp_path: Path) -> None:
    """How far it was read is kept once, by its text."""
    database = {"url": "sqlite:plant.db", "readings": [READINGS]}
    with pytest.raises(InputError, match="a query that another entry asks") as refused:
        load({"folder": "spool", "sql": [database, database]}, tmp_path)
    assert refused.value.code == "source-option-invalid"
    other = {"url": "sqlite:other.db", "readings": [READINGS]}
    assert len(load({"folder": "spool", "sql": [database, other]}, tmp_path).sql) == 2
