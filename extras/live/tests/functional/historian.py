"""A plant's historian on a PostgreSQL of its own, and the program that writes what the plant
measures into it, or into files.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from extras.live.tests.functional.plant import Plant
from fixtures.simulator.furnaces import Sent
from tests.servers.postgres import Cluster

TABLES = """
create table samples (id bigserial primary key, tag text, at timestamptz, value float8, n bigint);
create table heats (
    heat text primary key, step text, product text, began timestamptz, ended timestamptz, tapped float8, unit text, variant text,
    furnace text, hot_metal float8, power_on float8, changed timestamptz default clock_timestamp()
);
create role reader login;
grant select on samples, heats to reader;
"""
_TOLD = """
insert into heats values (%s, 'eaf', 'liquid-steel', %s, %s, %s, 't', 'any', %s, 0, %s)
on conflict (heat) do update
set ended = excluded.ended, tapped = excluded.tapped, power_on = excluded.power_on, changed = clock_timestamp()
"""
SITE = """[[source.sql]]
url = "postgresql://reader@127.0.0.1:{port}/postgres"
every_s = 0.2

[[source.sql.readings]]
query = "select id, tag, at, value, n from samples where id > :since order by id"
mark = "id"
start = 0
look_back = {look_back}
again_s = 0.5
columns = {{ meter = "tag", time = "at", value = "value", sequence = "n" }}

[[source.sql.batches]]
query = "select * from heats where changed > :since order by changed"
mark = "changed"
start = 2020-01-01T00:00:00Z
look_back = 60
again_s = 0.5
[source.sql.batches.columns]
batch_id = "heat"
step = "step"
product = "product"
start = "began"
end = "ended"
output_quantity = "tapped"
output_unit = "unit"
variant = "variant"
equipment = "furnace"
"var.hot_metal_pct" = "hot_metal"
"var.power_on_s" = "power_on"

"""


class Historian:
    """The database. Rows are committed a few at a time, some long after rows with higher ids, and
    some twice.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        with self._connected() as connection:
            connection.execute(TABLES)

    def _connected(self) -> psycopg.Connection[object]:
        return psycopg.connect(
            f"host=127.0.0.1 port={self.cluster.port} user=postgres dbname=postgres",
            connect_timeout=5,
        )

    def until_done(self, act: Callable[[psycopg.Connection[object]], None]) -> None:
        """In one transaction, again and again while the server is away; a commit that was not
        answered is done twice.
        """
        deadline = time.monotonic() + 60
        while True:
            try:
                with self._connected() as connection:
                    act(connection)
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return

    def send(self, readings: Sequence[Sent], late: Sequence[Sent] = ()) -> None:
        """`readings`; where there are `late` ones they take lower ids and are committed after
        `readings` were.
        """

        def act(connection: psycopg.Connection[object]) -> None:
            _insert(connection, late)
            if late:
                self.send(readings)

        self.until_done(act if late else lambda connection: _insert(connection, readings))

    @contextmanager
    def held_back(self, readings: Sequence[Sent]) -> Iterator[None]:
        """Rows that have their ids, and are committed by whoever leaves."""
        with self._connected() as connection:
            _insert(connection, readings)
            yield

    def tell(self, row: dict[str, str]) -> None:
        """A heat begins, and then its row is completed."""
        for end, tapped, power in (
            (None, None, None),
            (row["end"], row["output_quantity"], row["var.power_on_s"]),
        ):
            columns = (row["batch_id"], row["start"], end, tapped, row["equipment"], power)
            self.until_done(lambda connection, columns=columns: connection.execute(_TOLD, columns))  # type: ignore[misc]


def _insert(connection: psycopg.Connection[object], readings: Sequence[Sent]) -> None:
    rows = [(reading.meter, reading.stamp, reading.value, reading.number) for reading in readings]
    with connection.cursor() as cursor:
        cursor.executemany("insert into samples (tag, at, value, n) values (%s, %s, %s, %s)", rows)


@contextmanager
def written(plant: Plant, historian: Historian, over_s: float) -> Iterator[None]:
    """All of the plant's readings and heats are written meanwhile; whoever leaves waits for the
    last.
    """

    def write() -> None:
        chance = random.Random(11)  # noqa: S311 - which rows are late
        parts = [plant.sent[index : index + 20] for index in range(0, len(plant.sent), 20)]
        for index, part in enumerate(parts):
            plant.wait(20 * index)
            time.sleep(over_s / len(parts))
            if chance.random() < 0.3:
                historian.send(part[8:], late=part[:8])
            else:
                historian.send(part)
            if chance.random() < 0.1:
                historian.send(part[:3])  # a program that was not sure
        for row in plant.furnaces.batches():
            historian.tell(row)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        plant.grant(1.0)
        thread.join()


FILES = """[[source.files]]
path = "../out/*.csv"
every_s = 0.2
delimiter = ";"
[source.files.readings]
columns = { meter = "tag", time = "at", value = "kWh", sequence = "n" }

[[source.files]]
path = "../out/heats.txt"
every_s = 0.2
delimiter = "|"
[source.files.batches]
"""


@contextmanager
def appended(plant: Plant, over_s: float) -> Iterator[None]:
    """The same into a file that is rotated every so many lines, each written in two halves; heats
    into another.
    """
    folder = plant.folder / "out"
    folder.mkdir(exist_ok=True)

    def write() -> None:
        file = None
        for index, reading in enumerate(plant.sent):
            plant.wait(index)
            if index % 150 == 0:
                file = _rotated(file, folder, index)
            assert file is not None
            line = f"{reading.meter};{reading.stamp.isoformat()};{reading.value!r};{reading.number}\n".encode()
            os.write(file, line[:-7])
            if index % 20 == 0:
                time.sleep(over_s * 20 / len(plant.sent))
            os.write(file, line[-7:])
        rows = plant.furnaces.batches()
        text = "\n".join(
            "|".join(cells) for cells in (list(rows[0]), *(list(row.values()) for row in rows))
        )
        (folder / "heats.txt").write_text(text + "\n", "utf-8")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        plant.grant(1.0)
        thread.join()


def _rotated(file: int | None, folder: Path, index: int) -> int:
    """Begin again under the same name; what was there has a number from now on."""
    live = folder / "meters.csv"
    if file is not None:
        os.close(file)
        live.rename(folder / f"meters-{index}.csv")
    descriptor = os.open(live, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, b"tag;at;kWh;n\n")
    return descriptor
