"""The gateway of tests and trials hands its broker every message, or says how many it did not: its
loss would look like the agent's.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from fixtures import gateway as gateways
from fixtures.gateway import Gateway
from fixtures.simulator.furnaces import Sent
from tests.servers.mosquitto import Broker

pytestmark = [pytest.mark.mosquitto, pytest.mark.slow]

NUMBERED = 65_535  # messages that MQTT can tell apart while they are in flight (MQTT 3.1.1, 2.3.1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.long
def test_more_than_mqtt_can_number_at_once_arrives_whole(tmp_path: Path) -> None:
    """The gateway connects late, so that all numbers are in flight and the rest has to wait for
    one.
    """
    broker, count, arrived = (
        Broker(tmp_path, autosaves=False).start(),
        NUMBERED + 3_000,
        set[bytes | bytearray](),
    )
    listener = paho.Client(CallbackAPIVersion.VERSION2, "listener", clean_session=False)
    listener.on_message = lambda _client, _data, message: arrived.add(message.payload)
    listener.connect("127.0.0.1", broker.port)
    listener.subscribe("works/meters/+", 1)
    listener.loop_start()
    gateway, numbered = Gateway(broker.port), threading.Event()

    def send() -> None:
        for number in range(count):
            if number == NUMBERED:
                numbered.set()
            gateway.send(Sent("M1", BEGIN + timedelta(seconds=number), 1.0, number))

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    try:
        assert numbered.wait(60)
        sending.join(1)
        assert sending.is_alive(), "it waits for a number"
        with gateway:
            sending.join()
        deadline = time.monotonic() + 120
        while len(arrived) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(arrived) == count
    finally:
        listener.disconnect()
        listener.loop_stop()
        broker.stop()


def test_it_says_what_no_broker_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "LEAVING_S", 0.5)
    broker = Broker(tmp_path).start()
    broker.stop()
    with (
        pytest.raises(TimeoutError, match="did not acknowledge 1 of 1 messages"),
        Gateway(broker.port) as gateway,
    ):
        gateway.send(Sent("M1", BEGIN, 1.0, 0))
