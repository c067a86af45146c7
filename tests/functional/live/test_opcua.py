"""Agent and OPC UA server killed with SIGKILL while the plant is told of: the spool holds what was told, once.

The server is asyncua's, with its history in SQLite. A killed agent loses what it had not synced as well, as in a power failure.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures import opcua_server
from fixtures.simulator.furnaces import Furnaces
from tests.functional.live.agent import Agent, all_there, end_all
from tests.functional.live.plant import Plant, energies
from tests.functional.live.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def serve(heats: int, rate: float, *more: str) -> Server:
        started.append(Server("fixtures.opcua_server", tmp_path / "server", "--heats", str(heats), "--rate", str(rate), *more).start())
        return started[-1]

    yield serve
    end_all()
    for server in started:
        server.kill()


def test_killed_at_random_instants_the_spool_holds_what_was_told(
    tmp_path: Path, serving: Callable[..., Server], long: bool, record_property: Callable[[str, object], None]
) -> None:
    """In the short form two agents and a server, with `--long` a hundred deaths, every third of the server."""
    deaths = 100 if long else 3
    plant = Plant(tmp_path, Furnaces(heats=60 if long else 6))
    over_s = deaths * (12.0 if long else 3.0)
    server = serving(plant.furnaces.heats, len(opcua_server.told(plant.furnaces)) / over_s)
    opcua_server.site(plant.furnaces, plant.live.parent, server.port)
    chance = random.Random(7)  # noqa: S311 - instants of death
    agent = Agent(plant)
    server.play()
    for death in range(deaths):
        agent.connected()
        time.sleep(chance.uniform(0.0, 1.0))
        if death % 3 == 2:
            server.kill()
            server.start()
        else:
            agent.kill()
            agent = Agent(plant)
    assert all_there(plant)
    agent.end()
    assert plant.spooled() == plant.sent_of()
    offline = energies(plant.offline)
    assert offline
    assert all(offline.values())
    assert energies(plant.live) == offline
    told = f"{deaths} deaths, {len(plant.sent):,} readings, {len(offline)} batches: 0 lost, 0 doubled, energies equal to the bit"
    record_property("killed", told)
