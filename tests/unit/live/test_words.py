"""What the live agent says to people: no sentence with a hole in it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.phrases import Phrase
from reporting_agent.live.intake import Intake
from reporting_agent.live.mqtt import MqttSource
from reporting_agent.live.settings import Mqtt
from reporting_agent.live.source import reason
from reporting_agent.live.spool import Spool


def test_a_broker_that_was_not_tried_yet_is_not_said_to_be_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    readings = ({"topic": "works/x", "meter": "eaf-1-gas"},)
    source = MqttSource(Mqtt.model_validate({"host": "127.0.0.1", "client_id": "a", "readings": readings}), tmp_path, Intake(spool))
    assert [word.sentence for word in source.words()] == []
    assert source.trouble() == "no answer yet"
    source._on_fail(source._client, None)
    assert [word.sentence for word in source.words()] == [
        "127.0.0.1:1883 is not connected (not reached). It stores incoming data, and the agent tries again."
    ]
    spool.close()


def test_a_failure_without_a_text_is_named_and_a_phrase_stays_one() -> None:
    assert reason(ConnectionAbortedError()) == "ConnectionAbortedError"
    assert reason(OSError("no route\nto host")) == "no route to host"
    assert isinstance(reason(ConnectionError(Phrase("not reached"))), Phrase)
