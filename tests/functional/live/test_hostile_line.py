"""What a hostile or broken line does to `watch`, behind a real broker: nothing of it ends or holds up what comes after."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from reporting_agent.live import mqtt
from reporting_agent.live.asking import Asking
from reporting_agent.live.intake import Intake
from reporting_agent.live.kept_rows import kept_rows
from reporting_agent.live.settings import Mqtt
from reporting_agent.live.spool import Spool
from reporting_agent.live.watching import Watch
from tests.servers.mosquitto import Broker

pytestmark = [pytest.mark.slow, pytest.mark.mosquitto, pytest.mark.timeout(300)]

T0_S = 1_735_797_600  # 2025-01-02T06:00:00Z
IN_TIME_S = 60
METER = "eaf-1-gas"


class Line:
    """A gateway that sends what a test says, and the agent at the other end of the broker."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.told: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], None] = lambda asked: None
        self.watch = Watch(load_site(Furnaces(heats=1).behind(folder, broker.port)), lambda sentence: self.told.append(str(sentence)))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.watch.run, args=(self._stop,))
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_asked
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe("works/ask", 1)
        self._client.loop_start()

    def begin(self) -> None:
        self._thread.start()
        self.until(lambda: self.watch.sources[0].trouble() == "")

    def end(self) -> None:
        self._stop.set()
        self._thread.join(IN_TIME_S)
        self._client.loop_stop()
        self._client.disconnect()

    def send(self, number: int, value: object = 1.0) -> None:
        content = {"t": f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(T0_S + number % 10_000))}", "v": value, "n": number}
        self._client.publish(f"works/meters/{METER}", json.dumps(content), 1).wait_for_publish(IN_TIME_S)

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + IN_TIME_S
        while not reached():
            assert time.monotonic() < deadline, self.told
            time.sleep(0.02)

    def until_kept(self, count: int) -> None:
        self.until(lambda: self.watch.kept == count)

    @property
    def missing(self) -> list[tuple[int, int]]:
        return self.watch.spool.meters[METER].gaps.ranges

    def unreadable(self) -> list[str]:
        return [row["why"] for row in kept_rows(self.watch.spool.folder) if row["table"] == "unreadable"]

    def _on_asked(self, client: paho.Client, data: object, message: paho.MQTTMessage) -> None:
        del client, data
        self.asked.append(json.loads(message.payload))
        self.answer(self.asked[-1])


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    broker = Broker(tmp_path / "broker").start()
    line = Line(tmp_path / "plant", broker)
    line.watch.asking = Asking(first_s=0.2, most=4)
    line.begin()
    yield line
    line.end()
    broker.stop()


def test_a_numbered_message_that_cannot_be_read_is_kept_once_and_not_asked_for(line: Line) -> None:
    line.send(1)
    line.send(2, "broken")
    line.send(3)
    line.send(2, "broken")  # again, as by a gateway that was asked
    line.send(4)
    line.until_kept(3)
    time.sleep(1)
    assert (line.missing, line.asked) == ([], [])
    assert line.unreadable() == ["'broken' is no number"]


def test_what_is_never_answered_with_is_given_up_and_told_once(line: Line) -> None:
    """A gateway that answers each request by a message without a number."""
    line.answer = lambda asked: line._client.publish(f"works/meters/{METER}", "{", 1)
    line.send(1)
    line.send(3)
    line.until(lambda: any("numbered 2 to 2 did not come after 4 requests" in sentence for sentence in line.told))
    assert line.missing == []
    time.sleep(2)
    assert line.asked == [{"meter": METER, "from": 2, "to": 2}] * 4
    assert sum("did not come" in sentence for sentence in line.told) == 1
    assert len(line.unreadable()) == 1
    line.send(2)
    line.until_kept(3)
    assert line.watch.spool.meters[METER].gaps.given_up == []


def test_one_far_off_number_is_told_and_leaves_no_gap(line: Line) -> None:
    line.send(1)
    line.send(2)
    line.send(9_000_000_000_000_003)
    line.until_kept(3)
    line.send(4)
    line.send(6)
    line.until_kept(5)
    line.until(lambda: any("numbers jumped from 2 to 9000000000000003" in sentence for sentence in line.told))
    line.until(lambda: len(line.asked) >= 2)
    assert {(asked["from"], asked["to"]) for asked in line.asked} == {(3, 3), (5, 5)}


def test_an_edge_node_without_a_birth_is_asked_after_growing_pauses_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "REBIRTH_FIRST_S", 0.02)
    monkeypatch.setattr(mqtt, "REBIRTH_LONGEST_S", 0.1)
    broker = Broker(tmp_path / "broker").start()
    settings = {"host": "127.0.0.1", "port": broker.port, "client_id": "a", "sparkplug": [{"group": "works", "metrics": {"e/kWh": "m"}}]}
    spool = Spool(tmp_path / "spool")
    source = mqtt.MqttSource(Mqtt.model_validate(settings), tmp_path, Intake(spool))
    asked: list[bytes] = []
    edge = paho.Client(CallbackAPIVersion.VERSION2)
    edge.on_message = lambda client, data, message: asked.append(message.payload)
    edge.connect("127.0.0.1", broker.port)
    edge.subscribe("spBv1.0/works/NCMD/e", 1)
    edge.loop_start()
    source.start()
    while not source.connected:
        time.sleep(0.02)

    def send(kind: str, payload: bytes, times: int = 1) -> None:
        for _ in range(times):
            edge.publish(f"spBv1.0/works/{kind}/e", payload, 1).wait_for_publish(IN_TIME_S)
            time.sleep(0.02)

    send("NBIRTH", b"\xff", 10)  # it cannot be read
    send("NDATA", b"\x18\x07", 120)
    assert len(asked) == mqtt.MOST_REBIRTHS
    assert [word.state for word in source.words() if word.about == "edge e"] == ["no birth"]
    send("NBIRTH", b"\x18\x00")
    send("NDATA", b"\x18\x07", 2)
    assert len(asked) > mqtt.MOST_REBIRTHS
    source.stop()
    edge.loop_stop()
    spool.close()
    broker.stop()
