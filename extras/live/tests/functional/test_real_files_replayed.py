"""A plant's real files played through SQL, growing files and MQTT give the labels of the offline
road, to the bit.

In the short form some weeks of each file, with `--long` all of the heats and of the quarter-hours,
and months of the brewery's meters.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from extras.live.sources.source import NOT_YET
from extras.live.tests.functional.plant import energies
from extras.live.watching import SiteWatch
from fixtures.gateway import Gateway
from fixtures.simulator.furnaces import Sent
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.sources.meter_readings import stream_readings
from reporting_agent.sources.reading_log import ReadingLog
from tests.functional.real_data import DATA, HEATS, METER, PROFILES, ROOT, site_of
from tests.servers.mosquitto import Broker
from tests.servers.postgres import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.mosquitto, pytest.mark.timeout(1800)]

BREWERY = sorted((DATA / "craft_brewery").glob("meter_usage_*.parquet"))
MAPPED = 'columns = { meter = "meter", time = "t", value = "v", sequence = "n" }'

_METER = """[[meters]]
id = "{meter}"
step = "rolling"
carrier = "electricity"
reading = "interval"
unit = "kWh"
interval_s = 900

"""
_SQL = """[[source.sql]]
url = "postgresql://postgres@127.0.0.1:{port}/postgres"
every_s = 0.2

[[source.sql.batches]]
query = "select * from told where changed > :since order by changed"
mark = "changed"
start = 0

[[source.sql.readings]]
query = "select * from samples where n > :since order by n"
mark = "n"
start = -1
{mapped}

"""
_FILES = """[[source.files]]
path = "out/readings*"
every_s = 0.1
[source.files.readings]
{mapped}

[[source.files]]
path = "out/batches*"
every_s = 0.1
[source.files.batches]

"""
_MQTT = """[[source.mqtt]]
host = "127.0.0.1"
port = {port}
client_id = "replay"

[[source.mqtt.batches]]
topic = "works/batches"

[[source.mqtt.readings]]
topic = "works/meters/+"
meter_level = 3
fields = {{ time = "t", value = "v", sequence = "n" }}

"""


@dataclass
class Played:
    """What a real file holds: its offline site, and the same as rows that arrive."""

    offline: Path
    period: str
    readings: list[Sent] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)

    def live(self, sources: str) -> Path:
        """site.toml of the same plant whose batches, and readings where there are, come from these
        sources.
        """
        text = self.offline.read_text("utf-8")
        inputs = re.search(r"\[inputs\]\n((?:[^\[\n].*\n)*)", text)
        assert inputs is not None
        lines = [
            line for line in inputs[1].splitlines() if not line.startswith(("batches", "readings"))
        ]
        text = text.replace(
            inputs[0],
            "\n".join(
                [
                    "[inputs]",
                    'source = "spool"',
                    *lines,
                    "",
                    "[source]",
                    'folder = "spool"',
                    "",
                    sources,
                ]
            ),
        )
        text = re.sub(
            r"\[mapping\.(batches|readings)\]\n(?:(?!\[mapping|\[\[|\[runs).*\n)*", "", text
        )
        (self.offline.parent / "live.toml").write_text(text, "utf-8")
        return self.offline.parent / "live.toml"


def quarter_hours(folder: Path, *, long: bool) -> Played:
    site = site_of(*METER, folder)
    _shortened(folder / METER[1], 35_041 if long else 1_500)
    log = folder / "log.csv"
    subprocess.run(
        [sys.executable, "-m", "fixtures", "log", folder / METER[1], log],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    lines = log.read_text("utf-8").splitlines()
    names = lines[0].split(",")
    rows = [
        {name: cell for name, cell in zip(names, line.split(","), strict=True) if cell}
        for line in lines[1:]
    ]
    return Played(site, "2018", _readings(site), rows)


def heats(folder: Path, *, long: bool) -> Played:
    """Their log: energy stands in the same file, which the live site reads as well. Heats without
    an end (0, 20 of 14,727) are left out of both: to a plant that runs they have not ended."""
    site = site_of(*HEATS, folder)
    lines = _shortened(folder / HEATS[1], 14_728 if long else 1_000, without=":00,0,")
    names = lines[0].split(",")
    rows = []
    for line in lines[1:]:
        cells = dict(zip(names, line.split(","), strict=True))
        row = {
            "batch_id": cells["heat_id"],
            "start": cells["start"],
            "end": cells["end"],
            "var.power_on_s": cells["power_on_s"],
        }
        row |= {
            "step": "eaf",
            "equipment": "eaf-1",
            "output_quantity": "122.5",
            "output_unit": "t",
            "var.hot_metal_pct": "0",
        }
        rows.append({name: cell for name, cell in row.items() if cell})
    return Played(site, "2015", [], rows)


def _shortened(path: Path, count: int, without: str = "\n\n") -> list[str]:
    """The real file's first lines in its place, those left out that hold a text."""
    whole = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines(keepends=True)
    lines = [line for line in whole[:count] if without not in line]
    path.unlink()
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return [line.rstrip("\r\n") for line in lines]


def brewery(folder: Path, *, long: bool) -> Played:
    """Seven meters of a brewery, as the furnaces of a rolling mill by day: a log is made up,
    energies are the brewery's.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not BREWERY:
        pytest.skip(
            f"real data not here: {DATA / 'craft_brewery'} (set STEPLABEL_REAL_DATA to the folder "
            "that holds it)"
        )
    shutil.copytree(PROFILES / "plant-15-minutes", folder, dirs_exist_ok=True)
    begin, end = (
        datetime(2023, 4, 1, tzinfo=UTC),
        datetime(2023, 9, 1, tzinfo=UTC) if long else datetime(2023, 4, 8, tzinfo=UTC),
    )
    sent: dict[tuple[str, datetime], float] = {}
    for path in BREWERY:
        table = pq.read_table(path, columns=["interval_end_datetime", "kwh"])
        for row in table.filter(
            pc.match_substring_regex(table["interval_end_datetime"], r"^[4-9]/\d+/2023")
        ).to_pylist():
            stamp = datetime.strptime(row["interval_end_datetime"], "%m/%d/%Y %I:%M:%S %p").replace(
                tzinfo=UTC
            )
            if begin < stamp <= end and row["kwh"] is not None:
                sent.setdefault((path.stem.removeprefix("meter_usage_"), stamp), row["kwh"])
    meters = sorted({meter for meter, _ in sent})
    text = (folder / "site.toml").read_text("utf-8").split("[[meters]]")[0]
    text += "".join(_METER.format(meter=meter) for meter in meters)
    (folder / "site.toml").write_text(
        text + '[inputs]\nbatches = "log.csv"\nreadings = "readings.csv"\n', "utf-8"
    )
    in_order = sorted(sent.items(), key=lambda entry: entry[0][1])
    readings = [Sent(*key, value, index) for index, (key, value) in enumerate(in_order)]
    lines = [
        f"{reading.meter},{reading.stamp.isoformat()},{reading.value!r}" for reading in readings
    ]
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *lines]) + "\n", "utf-8"
    )
    rows = []
    for index in range((end - begin).days * 3):
        start = begin + timedelta(hours=8 * index)
        rows.append(
            {
                "batch_id": f"B{index:04}",
                "step": "rolling",
                "start": start.isoformat(),
                "end": (start + timedelta(hours=7)).isoformat(),
            }
            | {"output_quantity": "10", "output_unit": "t"}
        )
    return Played(
        folder / "site.toml",
        f"{begin:%Y-%m-%d}/{end:%Y-%m-%d}",
        readings,
        _written(folder / "log.csv", rows),
    )


def _written(path: Path, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    names = list(rows[0])
    path.write_text(
        "\n".join(
            ",".join(cells) for cells in (names, *([row[name] for name in names] for row in rows))
        )
        + "\n",
        "utf-8",
    )
    return [dict(row) for row in rows]


def _readings(site_file: Path) -> list[Sent]:
    """As the offline road reads them."""
    site = load_site(site_file)
    names = frozenset(meter.id for meter in site.meters)
    blocks = stream_readings(
        [site.folder / str(site.inputs.readings)],
        site.mapping.readings,
        names,
        site.zone,
        ReadingLog(),
    )
    samples = [
        (block.meter, us, value)
        for block in blocks
        for us, value in zip(block.time_us.tolist(), block.value.tolist(), strict=True)
    ]
    return [
        Sent(meter, datetime.fromtimestamp(us / 1e6, UTC), value, index)
        for index, (meter, us, value) in enumerate(samples)
    ]


@contextmanager
def by_sql(played: Played, folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    home = Path(tempfile.mkdtemp(prefix="steplabel-replay-"))
    home.chmod(0o755)
    cluster = Cluster(home).make().start()
    names = list(dict.fromkeys(name for row in played.rows for name in row))
    columns = ", ".join(f'"{name}"' for name in names)
    sources = _SQL.format(port=cluster.port, mapped=MAPPED)
    try:
        with psycopg.connect(
            f"host=127.0.0.1 port={cluster.port} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(
                "create table samples (n bigint, meter text, t timestamptz, v float8)"
            )
            texts = columns.replace(",", " text,")
            connection.execute(f"create table told (changed bigserial, {texts} text)")

            def play() -> None:
                with connection.cursor() as cursor:
                    with cursor.copy("copy samples (n, meter, t, v) from stdin") as copy:
                        for reading in played.readings:
                            copy.write_row(
                                (reading.number, reading.meter, reading.stamp, reading.value)
                            )
                    with cursor.copy(f"copy told ({columns}) from stdin") as copy:
                        for row in played.rows:
                            copy.write_row([row.get(name) for name in names])

            yield sources, play
    finally:
        cluster.stop()
        shutil.rmtree(home)


@contextmanager
def by_files(played: Played, folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    names = list(dict.fromkeys(name for row in played.rows for name in row))
    sources = _FILES.format(mapped=MAPPED)
    (folder / "out").mkdir()

    def play() -> None:
        with (folder / "out" / "readings.csv").open("w", encoding="utf-8") as file:
            file.write("meter,t,v,n\n")
            file.writelines(
                f"{reading.meter},{reading.stamp.isoformat()},{reading.value!r},{reading.number}\n"
                for reading in played.readings
            )
        with (folder / "out" / "batches.csv").open("w", encoding="utf-8") as file:
            file.write(",".join(names) + "\n")
            file.writelines(
                ",".join(row.get(name, "") for name in names) + "\n" for row in played.rows
            )

    yield sources, play


@contextmanager
def by_mqtt(played: Played, folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    broker = Broker(
        folder / "broker", autosaves=False
    ).start()  # it is not killed, and would write its whole backlog every 50 changes
    sources = _MQTT.format(port=broker.port)

    def play() -> None:
        with Gateway(broker.port) as gateway:
            for reading in played.readings:
                gateway.send(reading)
            for row in played.rows:
                gateway.tell(row)

    try:
        yield sources, play
    finally:
        broker.stop()


def watched(site: Path, play: Callable[[], None], played: Played) -> None:
    """Watch until all of it is kept."""
    sentences: list[str] = []
    watch, stop = (
        SiteWatch(load_site(site), lambda sentence: sentences.append(str(sentence))),
        threading.Event(),
    )
    running = threading.Thread(target=watch.run, args=(stop,))
    running.start()
    try:
        deadline = time.monotonic() + 600
        while any(source.trouble() == NOT_YET for source in watch.sources):
            time.sleep(0.05)
        play()
        while watch.stored < len(played.readings) or len(watch.room.plant.log.batches) < len(
            {row["batch_id"] for row in played.rows}
        ):
            assert running.is_alive(), sentences
            assert time.monotonic() < deadline, (
                watch.stored,
                len(watch.room.plant.log.batches),
                sentences,
            )
            time.sleep(0.1)
    finally:
        stop.set()
        running.join()
    assert watch.room.unreadable.count == 0


def label(site: Path, period: str, out: Path) -> list[dict[str, Any]]:
    assert main(["label", "--site", str(site), "--period", period, "--out", str(out)]) == 0
    return list(json.loads((out / "label.json").read_text("utf-8"))["steps"])


SHORT = {(quarter_hours, by_sql), (heats, by_files), (brewery, by_mqtt)}
PAIRS = [
    (real, protocol)
    for real in (quarter_hours, heats, brewery)
    for protocol in (by_sql, by_files, by_mqtt)
]


@pytest.mark.parametrize(
    ("real", "protocol"),
    [pytest.param(*pair, marks=() if pair in SHORT else pytest.mark.long) for pair in PAIRS],
)
def test_a_real_file_gives_the_label_of_the_offline_road(
    tmp_path: Path,
    real: Callable[..., Played],
    protocol: Callable[..., Any],
    long: bool,
    record_property: Callable[[str, object], None],
) -> None:
    played = real(tmp_path / "plant", long=long)
    with protocol(played, tmp_path / "plant") as (sources, play):
        site = played.live(sources)
        watched(site, play, played)
    offline = energies(played.offline, played.period)
    assert offline
    assert energies(site, played.period) == offline
    assert label(site, played.period, tmp_path / "live") == label(
        played.offline, played.period, tmp_path / "offline"
    )
    record_property(
        "replayed",
        f"{real.__name__} {protocol.__name__}: {len(played.readings):,} readings, "
        f"{len(offline):,} batches equal to the bit",
    )
