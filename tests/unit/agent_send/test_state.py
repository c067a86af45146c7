"""The state directory: durable, exclusive, closed to others."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from reporting_agent.state import SCHEMA_VERSION, StateDirectory, transaction, write_whole


def test_the_argument_comes_before_the_environment_and_that_before_home(tmp_path: Path) -> None:
    environ = {"STEPLABEL_STATE": str(tmp_path / "environment")}
    assert (
        StateDirectory.locate(tmp_path / "argument", environ, tmp_path).path
        == tmp_path / "argument"
    )
    assert StateDirectory.locate(None, environ, tmp_path).path == tmp_path / "environment"
    assert StateDirectory.locate(None, {}, tmp_path).path == tmp_path / ".steplabel"


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert not StateDirectory(tmp_path / "state").exists()
    assert list(tmp_path.iterdir()) == []


def test_what_is_committed_is_written_through_to_the_disk(state: StateDirectory) -> None:
    with state.connect() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_a_transaction_is_all_or_nothing(state: StateDirectory) -> None:
    insert = "INSERT INTO ledger VALUES ('eaf', 'h', 'r', 1, 1, 2016, 0, 'p')"

    def interrupted(connection: sqlite3.Connection) -> None:
        with transaction(connection):
            connection.execute(insert)
            raise KeyboardInterrupt

    with state.connect() as connection:
        with pytest.raises(KeyboardInterrupt):
            interrupted(connection)
        assert connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0] == 0


def test_a_second_process_is_told_that_the_directory_is_busy(state: StateDirectory) -> None:
    program = (
        "import pathlib, sys\n"
        "from reporting_agent.state import StateDirectory\n"
        "with StateDirectory(pathlib.Path(sys.argv[1])).exclusive():\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(state.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError) as refused, state.exclusive():
            pass
        assert refused.value.code == "state-busy"
    finally:
        holder.kill()
        holder.communicate()
    with state.exclusive():  # the system let go of a killed holder's lock
        pass


def test_a_database_that_a_half_restored_backup_left_is_told_in_words(
    state: StateDirectory,
) -> None:
    with state.connect() as connection, transaction(connection):
        connection.executemany(
            "INSERT INTO closed VALUES (?, '2016', 1, '')",
            [(bytes([number]) * 400,) for number in range(200)],
        )
    whole = state.database.read_bytes()
    for left in (b"not a database" * 300, whole[:4096] + b"\xff" * (len(whole) - 4096)):
        state.database.write_bytes(left)
        with pytest.raises(InputError) as refusal, state.connect() as connection:
            connection.execute("SELECT * FROM closed ORDER BY period").fetchall()
        assert refusal.value.code == "state-damaged"
        assert state.database.read_bytes()[:14] == left[:14]


def test_a_state_directory_that_is_a_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    with pytest.raises(InputError) as refusal, StateDirectory(tmp_path / "state").connect():
        pass
    assert refusal.value.code == "state-not-written"


def test_a_directory_of_a_newer_version_is_left_alone(state: StateDirectory) -> None:
    with state.connect() as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(InputError) as refused, state.connect():
        pass
    assert refused.value.code == "state-too-new"


def test_a_file_is_written_whole_or_stays_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    write_whole(file, b"old")

    def full_disk(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parcel SET state = 'sealed'",
        "UPDATE parcel SET state = 'posted'",
        "INSERT INTO ledger VALUES ('eaf', 'h', 'r', 1.5, 1, 2016, 0, 'p')",
        "INSERT INTO ledger VALUES ('eaf', 'h', 'r', 0, 1, 2016, 0, 'p')",
    ],
    ids=["sealed-without-envelope", "unknown-state", "float-epsilon", "zero-epsilon"],
)
def test_the_database_itself_refuses_rows_that_make_no_sense(
    state: StateDirectory, statement: str
) -> None:
    with state.connect() as connection:
        connection.execute(
            "INSERT INTO parcel (site, period, revision, sequence, correction, state, "
            "data_digest, method_digest, planned_at) "
            "VALUES ('s', '2016', 1, 1, 0, 'planned', x'00', x'00', '')"
        )
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
