"""What the live agent says to people: no sentence with a hole in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.live.sources.mqtt import MqttSource
from extras.live.sources.payloads import rows, unreadable
from extras.live.sources.settings import Mqtt, MqttBatches
from extras.live.sources.source import reason
from extras.live.spool.acknowledging import Intake
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from extras.live.unreadable import LONGEST_TEXT, MOST_TOPICS, UnreadableMessages, why_of
from extras.live.watching import SiteWatch
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sources.wanted import BATCHES as TABLE_OF_BATCHES


def test_a_broker_that_was_not_tried_yet_is_not_said_to_be_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    readings = ({"topic": "works/x", "meter": "eaf-1-gas"},)
    source = MqttSource(
        Mqtt.model_validate({"host": "127.0.0.1", "client_id": "a", "readings": readings}),
        tmp_path,
        Intake(spool),
    )
    assert [word.sentence for word in source.words()] == []
    assert source.trouble() == "no answer yet"
    source._on_not_reached(ConnectionRefusedError(111, "Connection refused"))
    assert [word.sentence for word in source.words()] == [
        (
            "127.0.0.1:1883 is not connected (not reached: [Errno 111] Connection refused). It "
            "stores "
            "incoming data, and the agent tries again."
        )
    ]
    spool.close()


def test_two_tables_of_one_name_are_told_apart_and_each_once(tmp_path: Path) -> None:
    tables = (
        '[[source.files]]\npath = "*.csv"\nreadings = { columns = { meter = "tag", time = "at", '
        'value = "v" } }\n'
        '[[source.files]]\npath = "*.csv"\nbatches = { columns = { batch_id = "heat", step = '
        '"step" } }\n'
    )
    sentences: list[str] = []
    watch = SiteWatch(
        load_site(Furnaces(heats=1).fed_by(tmp_path, tables)),
        lambda sentence: sentences.append(str(sentence)),
    )
    for index, source in enumerate(watch.sources):
        source.refusal = "gone" if index else ""  # type: ignore[attr-defined]
    for _ in range(3):
        watch.round()
    watch.teller.stop()
    watch.spool.close()
    assert sentences == ["*.csv is read.", "*.csv cannot be read (gone); the agent tries again."]


def test_a_failure_without_a_text_is_named_and_a_phrase_stays_one() -> None:
    assert reason(ConnectionAbortedError()) == "ConnectionAbortedError"
    assert reason(OSError("no route\nto host")) == "no route to host"
    assert isinstance(reason(ConnectionError(Phrase("not reached"))), Phrase)


RAW = """[[source.mqtt]]
host = "127.0.0.1"
client_id = "a"
[[source.mqtt.readings]]
topic = "works/+"
meter_level = 2
fields = { time = "t", value = "v" }
"""
BATCHES = """[[source.mqtt.batches]]
topic = "mes/heats"
fields = { batch_id = "heat", start = "from", end = "to" }
"""
AT_US = 1_735_797_600_000_000


def _refused(folder: Path, more: str, *rows: dict[str, str]) -> InputError:
    site = load_site(Furnaces().fed_by(folder, RAW + more))
    spool = Spool(folder / "spool")
    spool.append(
        [Reading("eaf-1-gas", AT_US + minute * 60_000_000, 1.0) for minute in range(50)],
        [{"table": "batches", **row} for row in rows],
    )
    spool.close()
    with pytest.raises(InputError) as refused:
        Inputs(site).tables(TABLE_OF_BATCHES)
    return refused.value


def test_readings_without_a_batch_are_refused_with_what_is_there_and_what_to_write(
    tmp_path: Path,
) -> None:
    refused = _refused(tmp_path, "")
    assert refused.code == "source-input-missing"
    assert refused.place == Place(str(tmp_path / "spool"))
    assert refused.found == "readings: 50, meters: 1, 2025-01-02 06:00 UTC to 2025-01-02 06:49 UTC"
    assert "write [[source.mqtt.batches]]" in refused.remedy


def test_where_batches_are_declared_it_is_said_where_to_look(tmp_path: Path) -> None:
    assert (
        "Look whether anything arrives by [[source.mqtt.batches]]"
        in _refused(tmp_path, BATCHES).remedy
    )


def test_a_batch_that_runs_is_not_said_to_be_none(tmp_path: Path) -> None:
    refused = _refused(
        tmp_path, BATCHES, {"batch_id": "H1", "step": "eaf", "start": "2025-01-02T06:00:00Z"}
    )
    assert refused.sentence == "No batch in the spool has ended. Begun: 1."
    assert "a value for end" in refused.remedy


def test_a_column_that_is_missing_is_named_in_the_keys_of_the_source(tmp_path: Path) -> None:
    row = {
        "batch_id": "H1",
        "step": "eaf",
        "start": "2025-01-02T06:00:00Z",
        "end": "2025-01-02T06:40:00Z",
    }
    refused = _refused(tmp_path, BATCHES, row)
    assert refused.code == "column-missing"
    assert "under fields of [[source.mqtt.batches]]" in refused.remedy


def test_a_name_that_nobody_could_read_is_unreadable() -> None:
    mapping = MqttBatches.model_validate({"topic": "x"})
    (row,), _ = rows(mapping, b'{"batch_id": "%s", "step": "eaf"}' % (b"H" * 200))
    assert row["batch_id"] == "H" * 200
    _, (wrong,) = rows(mapping, b'{"batch_id": "%s", "step": "eaf"}' % (b"H" * 100_000))
    assert str(wrong) == "batch_id has 100,000 characters; at most 200 are taken"


def test_the_page_says_in_its_language_why_a_message_could_not_be_read(tmp_path: Path) -> None:
    """After a restart too; what a library says stays in its English."""
    _, refused = rows(MqttBatches.model_validate({"topic": "x"}), b"[3, {}]")
    spool = Spool(tmp_path)
    spool.append(
        (),
        [unreadable("x", b"", wrong) for wrong in refused]
        + [{"table": "unreadable", "topic": "x", "why": "no JSON"}],
    )
    spool.close()
    reasons = [in_language(why_of(row), "zh-hans") for row in kept_rows(tmp_path)]
    assert reasons == ["3 不是对象", "[] 中没有 batch_id", "no JSON"]
    assert [str(why_of(row)) for row in kept_rows(tmp_path)] == [
        "3 is no object",
        "no batch_id in []",
        "no JSON",
    ]


def test_unreadable_messages_are_counted_and_the_last_are_held_within_bounds() -> None:
    unreadable = UnreadableMessages()
    for index in range(12):
        unreadable.take(
            {"topic": "works/x", "why": "no JSON", "payload": f"{index}" + "y" * 500}, index
        )
    for index in range(MOST_TOPICS):
        unreadable.take({"topic": f"works/{index}", "why": "no JSON", "payload": ""}, 100 + index)
    assert unreadable.count == 12 + MOST_TOPICS
    assert len(unreadable.listed()) == MOST_TOPICS
    assert unreadable.of("works/x") == 0  # heard of least lately
    topic, count, messages = unreadable.listed()[0]
    assert (topic, count, messages[0].at_us) == (
        f"works/{MOST_TOPICS - 1}",
        1,
        100 + MOST_TOPICS - 1,
    )
    unreadable.take({"topic": "works/x", "why": "no JSON", "payload": "y" * 500}, 999)
    assert len(unreadable.listed()[0][2][0].text) == LONGEST_TEXT
