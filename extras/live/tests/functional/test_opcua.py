"""Agent and OPC UA server killed with SIGKILL while the plant is told of: the spool holds what was
told, once.

The server is asyncua's, with its history in SQLite. A killed agent loses what it had not synced as
well, as in a power failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extras.live.tests.functional.agent import all_there, end_all, killed_at_random_instants
from extras.live.tests.functional.plant import Plant, equal_to_the_files
from extras.live.tests.functional.server import Server
from fixtures import opcua_server
from fixtures.simulator.furnaces import Furnaces
from tests.servers.line import laid

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def serve(heats: int, rate: float, *more: str) -> Server:
        started.append(
            Server(
                "fixtures.opcua_server",
                tmp_path / "server",
                "--heats",
                str(heats),
                "--rate",
                str(rate),
                *more,
            ).start()
        )
        return started[-1]

    yield serve
    end_all()
    for server in started:
        server.kill()


def test_killed_at_random_instants_the_spool_holds_what_was_told(
    tmp_path: Path,
    serving: Callable[..., Server],
    long: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """Two agents and a server; with `--long` a hundred deaths, every third of the server, and the
    network drops before each.
    """
    deaths = 100 if long else 3
    plant = Plant(tmp_path, Furnaces(heats=60 if long else 6))
    server = serving(
        plant.furnaces.heats, len(opcua_server.changes_in_order(plant.furnaces)) / (deaths * 3.0)
    )
    with laid(server.port) as line:
        opcua_server.site(plant.furnaces, plant.live.parent, line.port)
        agent = killed_at_random_instants(plant, server.play, deaths, "is connected", server, line)
        assert all_there(plant)
        agent.end()
    assert line.dropped >= deaths / 2  # some fall between two connections
    record_property(
        "killed", f"OPC UA, {deaths} deaths, {line.dropped} drops, {equal_to_the_files(plant)}"
    )
