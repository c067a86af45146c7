"""What a hostile or broken line does to `watch`, behind a real broker: nothing of it ends or holds
up what comes after.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from extras.live.sources import mqtt, payloads
from extras.live.sources.asking_again import RepeatedQuestions
from extras.live.sources.growing_files import FileSource
from extras.live.sources.modbus.settings import Modbus
from extras.live.sources.modbus.source import ModbusSource
from extras.live.sources.opcua.settings import OpcUa
from extras.live.sources.opcua.source import OpcUaSource
from extras.live.sources.settings import Mqtt, MqttReadings
from extras.live.spool.acknowledging import Intake
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from extras.live.watching import SiteWatch
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
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
        self.answer: Callable[[dict[str, Any]], object] = lambda asked: None
        self.toml = Furnaces(heats=1).behind(folder, broker.port)
        self.watch = SiteWatch(
            load_site(self.toml), lambda sentence: self.told.append(str(sentence))
        )
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
        content = {
            "t": f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(T0_S + number % 10_000))}",
            "v": value,
            "n": number,
        }
        self._client.publish(f"works/meters/{METER}", json.dumps(content), 1).wait_for_publish(
            IN_TIME_S
        )

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + IN_TIME_S
        while not reached():
            assert time.monotonic() < deadline, self.told
            time.sleep(0.02)

    def until_kept(self, count: int) -> None:
        self.until(lambda: self.watch.stored == count)

    @property
    def missing(self) -> list[tuple[int, int]]:
        return self.watch.spool.meters[METER].gaps.ranges

    def unreadable(self) -> list[str]:
        return [
            row["why"] for row in kept_rows(self.watch.spool.folder) if row["table"] == "unreadable"
        ]

    def _on_asked(self, client: paho.Client, data: object, message: paho.MQTTMessage) -> None:
        del client, data
        self.asked.append(json.loads(message.payload))
        self.answer(self.asked[-1])


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    broker = Broker(tmp_path / "broker").start()
    line = Line(tmp_path / "plant", broker)
    line.watch.asking = defaultdict(lambda: RepeatedQuestions(first_s=0.2, most=4, waits_s=0))
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


def test_what_a_broker_without_connection_was_never_asked_for_is_not_given_up(
    line: Line, tmp_path: Path
) -> None:
    """Of two brokers one cannot be reached. Nobody knows whose readings are missing; the other is
    asked no oftener than alone.
    """
    second = Broker(tmp_path / "second")
    line.toml.write_text(
        line.toml.read_text(encoding="utf-8")
        + f'\n[[source.mqtt]]\nhost = "127.0.0.1"\nport = {second.port}\nclient_id = '
        '"second"\nask = "works/ask"\n'
        + '[[source.mqtt.readings]]\ntopic = "works/others/+"\nmeter_level = 3\nfields = { time = '
        '"t", value = "v" }\n',
        encoding="utf-8",
    )
    line.watch.reloading.asked.set()
    line.until(lambda: len(line.watch.sources) == 2)
    line.send(1)
    line.send(3)
    line.until(lambda: len(line.asked) == 4)
    time.sleep(5)
    assert (line.missing, len(line.asked)) == ([(2, 2)], 4)
    second.start()
    line.until(
        lambda: any(
            "numbered 2 to 2 did not come after 4 requests" in sentence for sentence in line.told
        )
    )
    assert (line.missing, len(line.asked)) == ([], 4)
    second.stop()


def test_what_is_never_answered_with_is_given_up_and_told_once(line: Line) -> None:
    """A gateway that answers each request by a message without a number."""
    line.answer = lambda asked: line._client.publish(f"works/meters/{METER}", "{", 1)
    line.send(1)
    line.send(3)
    line.until(
        lambda: any(
            "numbered 2 to 2 did not come after 4 requests" in sentence for sentence in line.told
        )
    )
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
    line.until(
        lambda: any(
            "numbers jumped from 2 to 9000000000000003" in sentence for sentence in line.told
        )
    )
    line.until(lambda: len(line.asked) >= 2)
    assert {(asked["from"], asked["to"]) for asked in line.asked} == {(3, 3), (5, 5)}


def test_an_edge_node_without_a_birth_is_asked_after_growing_pauses_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "REBIRTH_FIRST_S", 0.02)
    monkeypatch.setattr(mqtt, "REBIRTH_LONGEST_S", 0.1)
    broker = Broker(tmp_path / "broker").start()
    settings = {
        "host": "127.0.0.1",
        "port": broker.port,
        "client_id": "a",
        "sparkplug": [{"group": "works", "metrics": {"e/kWh": "m"}}],
    }
    spool = Spool(tmp_path / "spool")
    source = mqtt.MqttSource(Mqtt.model_validate(settings), tmp_path, Intake(spool))
    asked: list[bytes] = []
    edge = paho.Client(CallbackAPIVersion.VERSION2)
    edge.on_message = lambda client, data, message: asked.append(bytes(message.payload))
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


def test_a_fault_in_a_callback_ends_no_line(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's thread ends by it; another is started, and the broker sends again what was not
    acknowledged.
    """
    line.send(1)
    line.until_kept(1)
    put, raised = mqtt.MqttSource._put, list[int]()

    def raises(source: mqtt.MqttSource, *arrived: Any) -> None:
        if len(raised) < 3:
            raised.append(1)
            raise RuntimeError("not foreseen")
        put(source, *arrived)

    monkeypatch.setattr(mqtt.MqttSource, "_put", raises)
    first = line.watch.sources[0]
    line.send(2)
    line.send(3)
    line.until_kept(3)
    assert line.watch.sources[0] is not first
    assert (
        sum(
            "RuntimeError: not foreseen, test_hostile_line.py line" in sentence
            for sentence in line.told
        )
        == len(raised)
        == 3
    )
    assert line.missing == []
    line.until(lambda: line.watch.sources[0].trouble() == "")


def test_a_message_that_meets_a_fault_is_stored_as_unreadable_and_what_follows_is_read(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it sent again and again, nothing after it would come."""
    readings = payloads.readings

    def raises(
        mapping: MqttReadings, topic: str, payload: bytes, received_us: int
    ) -> tuple[list[Reading], list[payloads.UnreadablePayload]]:
        if b'"n": 2' in payload:
            raise KeyError("not foreseen")
        return readings(mapping, topic, payload, received_us)

    monkeypatch.setattr(payloads, "readings", raises)
    for number in (1, 2, 3):
        line.send(number)
    line.until_kept(2)
    (why,) = line.unreadable()
    assert why.startswith("KeyError: 'not foreseen', test_hostile_line.py line")
    line.until(
        lambda: any(
            "because of a fault in the agent (KeyError" in sentence for sentence in line.told
        )
    )


def test_a_fault_in_a_source_that_is_polled_is_told_and_it_is_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = (
        '[[source.files]]\npath = "*.csv"\nevery_s = 0.05\nreadings = { columns = { meter = '
        '"tag", time = "at", value = "v" } }\n'
    )
    site = Furnaces(heats=1).fed_by(tmp_path, tables)
    sentences: list[str] = []
    watch = SiteWatch(load_site(site), lambda sentence: sentences.append(str(sentence)))
    poll, raised = FileSource.poll, list[int]()

    def raises(source: FileSource) -> None:
        poll(source)
        if len(raised) < 2:
            raised.append(1)
            raise ZeroDivisionError("not foreseen")

    monkeypatch.setattr(FileSource, "poll", raises)
    (tmp_path / "a.csv").write_text(f"tag,at,v\n{METER},2025-01-02T06:00:00Z,1\n")
    stop = threading.Event()
    thread = threading.Thread(target=watch.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + IN_TIME_S
    while len(raised) < 2 or watch.sources[0].trouble():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with (tmp_path / "a.csv").open("a") as file:
        file.write(f"{METER},2025-01-02T06:00:01Z,2\n")
    while watch.stored < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stop.set()
    thread.join()
    assert (watch.stored, watch.repeated) == (2, 0)
    assert sum("ZeroDivisionError: not foreseen" in sentence for sentence in sentences) == 2


def test_no_thread_of_a_source_ends_unnoticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends(source: OpcUaSource) -> None:
        raise LookupError("not foreseen")

    def fails(source: ModbusSource) -> None:
        raise LookupError("not foreseen")

    monkeypatch.setattr(OpcUaSource, "_connecting", ends)
    monkeypatch.setattr(ModbusSource, "_poll", fails)
    spool = Spool(tmp_path / "spool")
    opcua = OpcUa.model_validate(
        {"url": "opc.tcp://127.0.0.1:1", "security": "none", "nodes": {"m": "ns=2;s=m"}}
    )
    register = {"meter": "m", "unit": 1, "address": 1}
    modbus = Modbus.model_validate(
        {"host": "127.0.0.1", "port": 1, "every_s": 0.1, "registers": [register]}
    )
    for source in (
        OpcUaSource(opcua, tmp_path, Intake(spool)),
        ModbusSource(modbus, tmp_path, Intake(spool)),
    ):
        source.start()
        deadline = time.monotonic() + IN_TIME_S
        while not source.lifeline.ended:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert "LookupError: not foreseen" in source.trouble()
        source.stop()
    spool.close()


def test_a_broker_that_refuses_an_alert_has_not_taken_it(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker", unwritten="works/alerts").start()
    readings = [{"topic": "works/eaf-1", "meter": "eaf-1"}]
    settings = {"host": "127.0.0.1", "port": broker.port, "client_id": "a", "readings": readings}
    source = mqtt.MqttSource(
        Mqtt.model_validate(settings), tmp_path, Intake(Spool(tmp_path / "spool"))
    )
    source.start()
    with pytest.raises(ConnectionError, match="Not authorized"):
        source.publish("works/alerts", "a batch wastes")

    def is_taken() -> bool:
        try:
            source.publish("works/others", "a batch wastes")
        # mosquitto ends the connection of whom it refused at times (6 of 100), and the source
        # connects again
        except ConnectionError:
            return False
        return True

    deadline = time.monotonic() + IN_TIME_S
    while not is_taken():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    source.stop()
    broker.stop()
