"""An edge node of Sparkplug B, Eclipse Tahu's, behind a real broker: births, a lost message, a
death, a host that comes late.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extras.live.sources.mqtt import MqttSource
from extras.live.sources.settings import Mqtt
from extras.live.spool.acknowledging import Intake
from extras.live.spool.writer import Spool
from tests.servers.edge_node import EdgeNode
from tests.servers.mosquitto import Broker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.mosquitto,
    pytest.mark.timeout(900),
]  # it fetches 33 MB once

BEGIN_MS = 1_735_797_600_000  # 2025-01-02T06:00:00Z
IN_TIME_S = 180


class Host:
    """The agent's side, and what its spool took."""

    def __init__(self, folder: Path, port: int, client_id: str) -> None:
        self.spool = Spool(folder / f"spool-{client_id}")
        self.intake = Intake(self.spool)
        sparkplug = [{"group": "works", "metrics": {"edge-1/furnace/kWh": "eaf-1-main"}}]
        settings = {
            "host": "127.0.0.1",
            "port": port,
            "client_id": client_id,
            "host_id": "steplabel",
            "sparkplug": sparkplug,
        }
        self.source = MqttSource(Mqtt.model_validate(settings), folder, self.intake)
        self.found: list[tuple[int, float]] = []
        self.source.start()
        self.until(lambda: self.source.connected)

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + IN_TIME_S
        while not reached():
            assert time.monotonic() < deadline, self.found[-3:]
            if (outcome := self.intake.step(0.05)) is not None:
                self.found += [
                    (reading.time_us // 1_000_000 - BEGIN_MS // 1000, reading.value)
                    for reading in outcome.readings
                ]

    def end(self) -> None:
        self.source.stop()
        self.spool.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(tmp_path / "broker").start()
    yield server
    server.stop()


def test_what_an_edge_node_tells_is_kept_once_and_what_is_lost_is_asked_for(
    tmp_path: Path, broker: Broker
) -> None:
    host = Host(tmp_path, broker.port, "first")
    edge = EdgeNode(tmp_path, broker.port)

    def tell(seconds: range) -> None:
        for second in seconds:
            edge.tell(BEGIN_MS + 1000 * second, second / 4)

    host.until(lambda: (0, 0.0) in host.found)  # told by its birth
    tell(range(1, 301))  # its sequence ends at 255 and begins again
    host.until(lambda: len(host.found) == 301)
    assert edge.births == 1

    edge.tell(BEGIN_MS + 301_000, 301 / 4, lost=True)
    tell(range(302, 303))
    host.until(
        lambda: edge.births == 2
    )  # the gap was seen, a birth asked for, and the register's value came with it
    tell(range(303, 310))
    host.until(lambda: (309, 309 / 4) in host.found)
    assert host.found == [(second, second / 4) for second in range(310) if second != 301]

    edge.kill()
    edge = EdgeNode(tmp_path, broker.port)
    host.until(lambda: edge.births == 1)
    tell(range(310, 320))
    host.until(lambda: (319, 319 / 4) in host.found)
    assert host.found == [(second, second / 4) for second in range(320) if second != 301]
    host.end()

    late = Host(tmp_path, broker.port, "late")  # it saw no birth and knows no alias
    tell(range(320, 321))
    late.until(lambda: edge.births == 2)
    tell(range(321, 330))
    late.until(lambda: (329, 329 / 4) in late.found)
    assert late.found == [(second, second / 4) for second in range(320, 330)]
    late.end()
    edge.kill()
