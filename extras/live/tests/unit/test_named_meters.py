"""Readings that would count nowhere: of meters that site.toml does not declare, and such that
cannot be read.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measurements import DataFinding
from extras.live.sources import named_meters
from extras.live.sources.payloads import UnreadablePayload, unreadable
from extras.live.sources.settings import load
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from extras.live.spool.writer import Spool
from fixtures.simulator.furnaces import Furnaces
from reporting_agent import pipeline
from reporting_agent.config import load_site

SOURCES = """[[source.modbus]]
host = "127.0.0.1"
registers = [{ meter = "eaf-1-gaz", unit = 1, address = 1 }, { meter = "eaf-1-gas", unit = 1, address = 2 }]

[source.opcua.nodes]
"eaf-2-gass" = "i=1"

[[source.mqtt.readings]]
topic = "a/+"
meter_level = 2
names = { "FT-7" = "zzz" }

[[source.sql.readings]]
query = "select :since"
mark = "a"
start = 0
columns = { time = "a" }
meters = { "kWh 1" = "eaf-1-electricty" }

[source.files.readings]
columns = { time = "a", value = "b" }
meter = "eaf-3-gas"
"""
HEADS = {
    "[source.opcua.nodes]": '[[source.opcua]]\nurl = "opc.tcp://127.0.0.1:1"\nsecurity = "none"\n',
    "[[source.mqtt.readings]]": '[[source.mqtt]]\nhost = "127.0.0.1"\nclient_id = "c"\n',
    "[[source.sql.readings]]": '[[source.sql]]\nurl = "sqlite:a.db"\n',
    "[source.files.readings]": '[[source.files]]\npath = "a.csv"\n',
}


def test_each_undeclared_meter_that_a_source_names_is_said_with_its_key_and_the_nearest_id(
    tmp_path: Path,
) -> None:
    sources = SOURCES
    for table, head in HEADS.items():
        sources = sources.replace(table, head + table)
    site = load_site(Furnaces().fed_by(tmp_path, sources))
    sentences = [
        str(word.sentence) for word in named_meters.words(site, load(dict(site.source), tmp_path))
    ]
    starts = [sentence.partition(":")[0] for sentence in sentences]
    assert starts == [
        "[[source.mqtt.readings]], names.FT-7",
        "[source.opcua.nodes], eaf-2-gass",
        "[[source.modbus.registers]], meter",
        "[[source.sql.readings]], meters.kWh 1",
        "[source.files.readings], meter",
    ]
    near = [sentence.partition("nearest id is ")[2].partition(":")[0] for sentence in sentences]
    assert near[:4] == ["", "'eaf-2-gas'", "'eaf-1-gas'", "'eaf-1-electricity'"]


def findings(
    folder: Path, readings: list[Reading], rows: list[Row], *, seal: bool
) -> dict[str, DataFinding]:
    furnaces = Furnaces(heats=2)
    spool = Spool(folder / "spool")
    sent = [
        Reading(sample.meter, round(sample.stamp.timestamp() * 1e6), sample.value)
        for sample in furnaces.readings()
    ]
    spool.append(
        [*sent, *readings], [*({"table": "batches", **row} for row in furnaces.batches()), *rows]
    )
    if seal:
        spool.seal()
    spool.close()
    plant = pipeline.read(load_site(furnaces.fed_by(folder, "")))
    return {finding.code: finding for finding in plant.findings}


@pytest.mark.parametrize("seal", [False, True])
def test_readings_of_an_undeclared_meter_in_a_spool_are_found_as_in_files(
    tmp_path: Path, seal: bool
) -> None:
    begin_us = round(Furnaces().begin.timestamp() * 1e6)
    finding = findings(
        tmp_path, [Reading("eaf-1-gaz", begin_us + at, 1.0) for at in range(7)], [], seal=seal
    )["meter-unknown"]
    assert (
        str(finding.sentence)
        == "7 readings are of a meter 'eaf-1-gaz' that site.toml does not declare; they are not "
        "counted."
    )


@pytest.mark.parametrize("seal", [False, True])
def test_what_could_not_be_read_is_a_line_of_the_check(tmp_path: Path, seal: bool) -> None:
    rows = [
        unreadable("export/a.csv", text.encode(), UnreadablePayload("no number"))
        for text in ("x;1,5;", "x;;7")
    ]
    rows.append(unreadable("works/m", b"{", UnreadablePayload("no JSON")))
    finding = findings(tmp_path, [], rows, seal=seal)["message-unreadable"]
    assert finding.count == 3
    for text in (
        "count nowhere: 3, of ",
        "export/a.csv (2), works/m (1)",
        "The last one, of works/m: '{' (no JSON)",
    ):
        assert text in str(finding.sentence)
    assert "message-unreadable" not in findings(tmp_path / "sound", [], [], seal=seal)
