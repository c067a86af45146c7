"""A PostgreSQL historian and files that grow, with agent and server killed by SIGKILL: the spool
holds what was written, once.

A killed agent loses what it had not synced as well, as in a power failure.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from benchmarks.errors import InputError
from extras.live.sources import polled
from extras.live.sources.sql import SqlSource
from extras.live.sources.table_settings import Sql
from extras.live.spool.acknowledging import Intake
from extras.live.spool.repeats import ArrivalOutcome
from extras.live.spool.segments import frames
from extras.live.spool.writer import Spool
from extras.live.tests.functional.agent import Agent, all_there, end_all, killed_at_random_instants
from extras.live.tests.functional.historian import FILES, SITE, TABLES, Historian, appended, written
from extras.live.tests.functional.plant import Plant, energies, equal_to_the_files
from fixtures.simulator.furnaces import Furnaces
from tests.servers import odbc
from tests.servers.line import laid
from tests.servers.postgres import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

NONE = ArrivalOutcome(0, 0, 0, ())
LOOK_BACK = 400  # ids: more than are written while the longest transaction is open


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="steplabel-historian-"))
    folder.chmod(0o755)  # the server runs as nobody
    server = Cluster(folder).make().start()
    yield server
    end_all()
    server.stop()
    shutil.rmtree(folder)


def heats_are_told(plant: Plant) -> None:
    """Readings are all there; the rows of heats come a poll later."""
    deadline = time.monotonic() + 30
    while _heats_in_spool(plant) < len(plant.furnaces.batches()):
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _heats_in_spool(plant: Plant) -> int:
    try:
        return len(energies(plant.live))
    except InputError as refusal:
        if refusal.code != "source-input-missing":  # no row of a heat yet
            raise
        return 0


def test_a_historian_killed_at_random_instants_gives_the_labels_of_the_files(
    tmp_path: Path, cluster: Cluster, long: bool, record_property: Callable[[str, object], None]
) -> None:
    """Two agents and a server; with `--long` a hundred deaths, every third of the server, and the
    network drops before each.
    """
    deaths = 100 if long else 3
    plant = Plant(tmp_path, Furnaces(heats=60 if long else 6), granted=0.0)
    historian = Historian(cluster)
    with laid(cluster.port) as line:
        plant.furnaces.fed_by(plant.live.parent, SITE.format(port=line.port, look_back=LOOK_BACK))
        with written(plant, historian, over_s=deaths * 3.0):
            agent = killed_at_random_instants(plant, plant.grant, deaths, "is read", cluster, line)
        assert all_there(plant)
        heats_are_told(plant)
        agent.says("is read")
        agent.end()
    assert line.dropped >= deaths / 2  # some fall between two connections
    record_property(
        "killed", f"PostgreSQL, {deaths} deaths, {line.dropped} drops, {equal_to_the_files(plant)}"
    )


def test_the_driver_of_odbc_gives_the_labels_of_the_files(
    tmp_path: Path, cluster: Cluster, record_property: Callable[[str, object], None]
) -> None:
    """Through unixODBC and PostgreSQL's driver, with an agent that is killed once. ODBC's times
    have no offset: the session says which.
    """
    plant = Plant(tmp_path, Furnaces(heats=1), granted=0.5)
    historian, driver = Historian(cluster), odbc.postgresql()
    # the site's own, in which batches without an offset are read
    session = "ConnSettings=set time zone 'Europe/Berlin'"
    string = f"odbc:Driver={driver.file};Server=127.0.0.1;Port={cluster.port};Database=postgres;UID=reader;{session}"
    text = (
        SITE.format(port=cluster.port, look_back=LOOK_BACK)
        .replace("00:00:00Z", "00:00:00")
        .replace("again", 'offset = "+01:00"\nagain', 1)
    )
    plant.furnaces.fed_by(plant.live.parent, re.sub('url = ".*"', f'url = "{string}"', text))
    with written(plant, historian, over_s=1.0):
        agent = Agent(plant, environment=driver.environment)
        agent.receives()
        agent.kill()
        plant.grant(1.0)
        agent = Agent(plant, environment=driver.environment)
    assert all_there(plant)
    heats_are_told(plant)
    agent.end()
    record_property("replayed", f"ODBC, {equal_to_the_files(plant)}")


def test_files_read_by_an_agent_that_is_killed_give_the_labels_of_the_files(
    tmp_path: Path, long: bool, record_property: Callable[[str, object], None]
) -> None:
    """With `--long` a hundred deaths, all while lines are written: what is granted before each
    takes longer than its instant is away.
    """
    deaths = 100 if long else 3
    plant = Plant(tmp_path, Furnaces(heats=60 if long else 6), granted=0.0)
    plant.furnaces.fed_by(plant.live.parent, FILES)
    writing: list[bool] = []  # before each grant, so after each death before every other

    def grant(share: float) -> None:
        writing.append(plant.sends)
        plant.grant(share)

    try:
        with appended(plant, over_s=deaths * 3.0):
            agent = killed_at_random_instants(plant, grant, deaths, "is read")
        assert writing[2::2] == [True] * deaths
        assert all_there(plant)
        heats_are_told(plant)
        agent.says("is read")
        agent.end()
    finally:
        end_all()
    record_property("killed", f"files, {deaths} deaths, {equal_to_the_files(plant)}")


def test_an_agent_that_notes_its_position_before_it_synced_loses_readings(tmp_path: Path) -> None:
    """The control: by this the tests above can fail."""
    plant = Plant(tmp_path, Furnaces(heats=1))
    plant.furnaces.fed_by(plant.live.parent, FILES)
    try:
        with appended(plant, over_s=8.0):
            Agent(plant, "before-writing", "acknowledge-first").died()
            agent = Agent(plant)
        time.sleep(3)
        agent.end()
    finally:
        end_all()
    spooled = {meter: set(readings) for meter, readings in plant.spooled().items()}
    assert (
        sum(
            len(set(readings) - spooled.get(meter, set()))
            for meter, readings in plant.sent_of().items()
        )
        > 0
    )


def test_a_historian_without_a_look_back_loses_what_was_committed_out_of_order(
    tmp_path: Path, cluster: Cluster
) -> None:
    """The control of the look-back."""
    plant = Plant(tmp_path, Furnaces(heats=1))
    historian = Historian(cluster)
    plant.furnaces.fed_by(plant.live.parent, SITE.format(port=cluster.port, look_back=0))
    agent = Agent(plant)
    agent.says("is read")
    with historian.held_back(plant.sent[:20]):
        historian.send(plant.sent[20:])
        time.sleep(2)  # those are read by then
    time.sleep(2)
    agent.end()
    assert {meter: len(readings) for meter, readings in plant.spooled().items()} == {
        meter: len(readings) - 5 for meter, readings in plant.sent_of().items()
    }


def test_a_source_whose_query_waits_for_a_lock_is_left_and_hands_on_nothing_later(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polled, "LEAVING_S", 1.0)
    query = {
        "query": "select id, tag, at, value from samples where id > :since order by id",
        "mark": "id",
        "start": 0,
    }
    reading = {**query, "columns": {"meter": "tag", "time": "at", "value": "value"}}
    settings = Sql.model_validate(
        {"url": f"postgresql://reader@127.0.0.1:{cluster.port}/postgres", "readings": [reading]}
    )
    intake = Intake(Spool(tmp_path / "spool"))
    source = SqlSource(settings, tmp_path, intake)
    address = f"host=127.0.0.1 port={cluster.port} user=postgres dbname=postgres"
    with psycopg.connect(address, autocommit=True) as plant, psycopg.connect(address) as altering:
        plant.execute(TABLES.encode())
        plant.execute(
            "insert into samples (tag, at, value) values ('m-1', '2025-01-02 06:00+00', 1)"
        )
        altering.execute("lock table samples in access exclusive mode")
        source.start()
        while (
            plant.execute(
                "select 1 from pg_stat_activity where usename = 'reader' and wait_event_type = "
                "'Lock'"
            ).fetchone()
            is None
        ):
            time.sleep(0.05)
        leaving = threading.Thread(target=source.stop, daemon=True)
        leaving.start()
        leaving.join(10)
        assert not leaving.is_alive()
        altering.rollback()
        while not source.lifeline.ended:
            time.sleep(0.05)
    assert intake.step(1.0) is None
    assert source.lifeline.fault == ""


@pytest.mark.parametrize("mark", ["id", "at"])
def test_a_time_that_no_calendar_holds_stops_no_query(
    tmp_path: Path, cluster: Cluster, mark: str
) -> None:
    """As the column of the time and as the mark; of `infinity` it is told once, however often it is
    read again.
    """
    settings = Sql.model_validate(
        {
            "url": f"postgresql://reader@127.0.0.1:{cluster.port}/postgres",
            "readings": [
                {
                    "query": f"select id, tag, at, value from samples where {mark} > :since order "  # noqa: S608 - ours
                    f"by {mark}",
                    "mark": mark,
                    "start": 0 if mark == "id" else datetime(2020, 1, 1, tzinfo=UTC),
                    "look_back": 10,
                    "again_s": 1e-9,
                    "columns": {"meter": "tag", "time": "at", "value": "value"},
                }
            ],
        }
    )
    intake = Intake(Spool(tmp_path / "spool"))
    source = SqlSource(settings, tmp_path, intake)
    with psycopg.connect(
        f"host=127.0.0.1 port={cluster.port} user=postgres dbname=postgres", autocommit=True
    ) as plant:
        plant.execute(TABLES.encode())
        for at in ("2025-01-02 06:00+00", "infinity", "0044-03-15 12:00 BC", "2025-01-02 06:01+00"):
            plant.execute(
                "insert into samples (tag, at, value) values ('m-1', %s::timestamptz, 1)", (at,)
            )
        source.poll()
        assert (intake.step(0.0) or NONE).new == 2
        plant.execute(
            "insert into samples (tag, at, value) values ('m-1', '2025-01-02 06:02+00', 1)"
        )
        source.poll()
        assert (intake.step(0.0) or NONE).new == 1
    source.close()
    rows = [
        row
        for path in (tmp_path / "spool" / "segments").glob("*.log")
        for frame in frames(path)
        for row in frame.rows
    ]
    unreadable = [str(row["why"]) for row in rows if row["table"] == "unreadable"]
    assert len(unreadable) == (
        2 if mark == "id" else 1
    )  # what is before Christ is before the first mark
    assert any("'infinity' is no time" in why for why in unreadable)
