"""The thread that drives an MQTT client, behind a real broker: what it acknowledges, TLS, and how
it leaves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from extras.live.sources.mqtt import MqttSource
from extras.live.sources.settings import Mqtt
from extras.live.spool.acknowledging import Intake, MessageArrival
from extras.live.spool.writer import Spool
from tests.servers import authority
from tests.servers.line import laid
from tests.servers.mosquitto import Broker

pytestmark = [pytest.mark.mosquitto, pytest.mark.slow, pytest.mark.timeout(120)]

IN_TIME_S = 30
TOPIC = "works/eaf-1"


class Waiting(Intake):
    """What arrived, of which a test says when it is kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Spool(folder))
        self.arrivals: list[MessageArrival] = []

    def put(self, arrival: MessageArrival) -> None:
        self.arrivals.append(arrival)


def source(folder: Path, port: int, intake: Intake, **more: Any) -> MqttSource:
    readings = [{"topic": TOPIC, "meter": "eaf-1"}]
    settings = {
        "host": "localhost",
        "port": port,
        "client_id": "agent",
        "readings": readings,
        **more,
    }
    client = MqttSource(Mqtt.model_validate(settings), folder, intake)
    client.start()
    until(lambda: client.connected)
    return client


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + IN_TIME_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def gateway(port: int, trusted: Path | None = None) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    if trusted is not None:
        client.tls_set(str(trusted))
    client.connect("localhost", port)
    client.loop_start()
    return client


def send(client: paho.Client, values: range) -> None:
    for sent in [client.publish(TOPIC, str(value), 1) for value in values]:
        sent.wait_for_publish(IN_TIME_S)


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_an_acknowledgement_of_an_earlier_connection_is_left_out(
    tmp_path: Path, version: str
) -> None:
    """Its number is another message's by then: the broker would forget that one before it is
    kept.
    """
    broker = Broker(tmp_path / "broker").start()
    first = Waiting(tmp_path / "first")
    reads = source(tmp_path, broker.port, first, version=version)
    sends = gateway(broker.port)
    send(sends, range(5))
    until(lambda: len(first.arrivals) == 5)
    broker.stop()
    broker.start()
    until(lambda: len(first.arrivals) == 10)  # sent again, since none was acknowledged
    for arrival in first.arrivals[:5]:
        arrival.acknowledge()
    reads.publish("works/alerts", "what stood before it in the line was written too")
    reads.stop()

    second = Waiting(tmp_path / "second")
    reads = source(tmp_path, broker.port, second, version=version)
    until(lambda: len(second.arrivals) == 5)
    for arrival in second.arrivals:
        arrival.acknowledge()
    reads.publish("works/alerts", "as above")
    reads.stop()

    third = Waiting(tmp_path / "third")
    reads = source(tmp_path, broker.port, third, version=version)
    send(sends, range(9, 10))
    until(lambda: bool(third.arrivals))
    assert [reading.value for arrival in third.arrivals for reading in arrival.readings] == [9.0]
    reads.stop()
    sends.loop_stop()
    broker.stop()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_comes_again_without_a_time_is_kept_once(tmp_path: Path, version: str) -> None:
    """Its acknowledgement is lost with the connection, then with the agent; one with the same
    content that is new counts.
    """
    broker = Broker(tmp_path / "broker").start()
    intake = Intake(Spool(tmp_path / "spool"))

    def readings_taken() -> int:
        step = intake.step(IN_TIME_S)
        assert step is not None
        return step.new

    with laid(broker.port) as line:
        reads = source(tmp_path, line.port, intake, version=version)
        sends = gateway(broker.port)
        send(sends, range(5))
        until(lambda: intake._queue.qsize() == 5)
        line.drop()
        until(lambda: intake._queue.qsize() == 10)
        assert readings_taken() == 5
        send(sends, range(5))
        until(lambda: intake._queue.qsize() == 5)
        reads.stop()
        assert readings_taken() == 5
        intake.spool.close()

        intake = Intake(Spool(tmp_path / "spool"))
        reads = source(tmp_path, line.port, intake, version=version)
        until(lambda: intake._queue.qsize() == 5)
        assert readings_taken() == 0
        send(sends, range(1))
        assert readings_taken() == 1
        reads.stop()
    intake.spool.close()
    sends.loop_stop()
    broker.stop()


def test_what_a_broker_retains_is_no_reading_of_now(tmp_path: Path) -> None:
    """It is sent at each connection, whenever it was measured; with a time of its own it is
    kept.
    """
    broker = Broker(tmp_path / "broker").start()
    sends = gateway(broker.port)
    for value in ("7", '{"t": "2025-01-02T06:00:00Z", "value": 8}'):
        topic = TOPIC if value == "7" else f"{TOPIC}-timed"
        sends.publish(topic, value, 1, retain=True).wait_for_publish(IN_TIME_S)
    intake = Waiting(tmp_path / "spool")
    timed = {"topic": f"{TOPIC}-timed", "meter": "eaf-1", "fields": {"time": "t"}}
    reads = source(
        tmp_path, broker.port, intake, readings=[{"topic": TOPIC, "meter": "eaf-1"}, timed]
    )
    until(lambda: len(intake.arrivals) == 2)
    sends.publish(TOPIC, "9", 1, retain=True).wait_for_publish(IN_TIME_S)
    until(lambda: len(intake.arrivals) == 3)
    assert sorted(reading.value for arrival in intake.arrivals for reading in arrival.readings) == [
        8.0,
        9.0,
    ]
    reads.stop()
    sends.loop_stop()
    broker.stop()


def test_readings_come_by_tls_and_a_broker_of_another_authority_is_not_trusted(
    tmp_path: Path,
) -> None:
    authority.write(tmp_path, "localhost")
    broker = Broker(tmp_path / "broker", certified=tmp_path).start()
    intake = Waiting(tmp_path / "spool")
    reads = source(tmp_path, broker.port, intake, ca_file="ca.pem")
    sends = gateway(broker.port, tmp_path / "ca.pem")
    send(sends, range(500))
    until(lambda: len(intake.arrivals) == 500)
    assert [reading.value for arrival in intake.arrivals for reading in arrival.readings] == list(
        range(500)
    )
    reads.stop()

    settings = {**reads.settings.model_dump(), "ca_file": "other.pem"}
    other = MqttSource(Mqtt.model_validate(settings), tmp_path, Waiting(tmp_path / "other"))
    other.start()
    until(lambda: bool(other.refusal))
    assert not other.connected
    assert "certificate verify failed" in other.trouble()
    other.stop()
    sends.loop_stop()
    broker.stop()


def test_a_host_of_sparkplug_says_that_it_leaves(tmp_path: Path) -> None:
    """Its will is told for the one that cannot say so any more, and an orderly end revokes it."""
    broker = Broker(tmp_path / "broker").start()
    states: list[bytes] = []
    listens = gateway(broker.port)
    listens.on_message = lambda client, data, message: states.append(bytes(message.payload))
    listens.subscribe("spBv1.0/STATE/steplabel", 1)
    groups = [{"group": "works", "metrics": {"e/kWh": "eaf-1"}}]
    reads = source(
        tmp_path, broker.port, Waiting(tmp_path / "spool"), host_id="steplabel", sparkplug=groups
    )
    until(lambda: len(states) == 1)
    reads.stop()
    until(lambda: len(states) == 2)
    assert [b'"online": true' in state for state in states] == [True, False]
    listens.loop_stop()
    broker.stop()


def test_a_source_leaves_though_nothing_takes_what_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread waits for room in the intake, of which the one who asks it to leave is to make
    room.
    """
    monkeypatch.setattr("extras.live.spool.acknowledging.MOST_WAITING", 10)
    monkeypatch.setattr("extras.live.sources.mqtt_network.LEAVING_S", 0.5)
    broker = Broker(tmp_path / "broker").start()
    spool = Spool(tmp_path / "spool")
    intake = Intake(spool)
    reads = source(tmp_path, broker.port, intake)
    sends = gateway(broker.port)
    send(sends, range(20))
    reads.stop()
    while intake.step(0.5) is not None:
        pass
    assert reads.lifeline.ended
    spool.close()
    sends.loop_stop()
    broker.stop()
