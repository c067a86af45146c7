"""Agent and broker killed with SIGKILL while a plant sends: the spool holds what was sent, once, and energies are those of the files.

A killed agent loses what it had not synced as well, as in a power failure. The broker is a real mosquitto.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.gateway import Gateway
from fixtures.simulator.furnaces import Furnaces
from tests.functional.live.agent_without_power import DEATHS, cut
from tests.functional.live.plant import Plant, energies
from tests.servers.mosquitto import Broker

pytestmark = [pytest.mark.mosquitto, pytest.mark.slow, pytest.mark.timeout(3600)]  # a hundred deaths, on a machine that others use

IN_TIME_S = 60


STARTED: list[subprocess.Popen[bytes]] = []


class Agent:
    """The process; `end` by SIGTERM or SIGKILL, with its power."""

    def __init__(self, plant: Plant, *more: str) -> None:
        self.plant, self.marks = plant, plant.folder / "synced"
        self._told = len(self._log())
        command = [sys.executable, "-m", "tests.functional.live.agent_without_power", str(plant.live), str(self.marks), *more]
        with (plant.folder / "agent.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[3])
        STARTED.append(self.process)

    def _log(self) -> str:
        path = self.plant.folder / "agent.log"
        return path.read_text("utf-8") if path.exists() else ""

    def connected(self) -> None:
        """Wait until it is: one that dies before has received nothing."""
        self.says("is connected")

    def says(self, words: str) -> None:
        deadline = time.monotonic() + IN_TIME_S
        while words not in self._log()[self._told :]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def died(self) -> None:
        """Wait for a death by its own hand."""
        assert self.process.wait(IN_TIME_S) == -signal.SIGKILL
        cut(self.marks, self.plant.live.parent / "spool" / "segments")

    def kill(self) -> None:
        self.process.kill()
        self.died()

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(IN_TIME_S) == 0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker").start()
    yield made
    for process in STARTED:  # of a test that failed
        process.kill()
        process.wait()
    STARTED.clear()
    made.stop()


@contextmanager
def sending(plant: Plant, broker: Broker, over_s: float) -> Iterator[threading.Event]:
    """The plant's readings, spread over so many seconds; the last of each meter, and batches, once the event that is yielded is set.

    What a broker loses is noticed by a later number, so something must come after its last death; rows of batches have no numbers.
    """
    calm = threading.Event()
    with Gateway(broker.port) as gateway:

        def send() -> None:
            for place, one in enumerate(plant.sent):
                if place == len(plant.sent) - len(plant.sent_of()):
                    calm.wait()
                gateway.send(one)
                if place % 20 == 0:
                    time.sleep(over_s * 20 / len(plant.sent))
            for row in plant.furnaces.batches():
                gateway.tell(row)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield calm
        finally:
            calm.set()
            thread.join()


def all_there(plant: Plant) -> bool:
    """Whether the spool holds what was sent; it waits for that, and no longer than it must."""
    wanted, there, deadline = plant.sent_of(), -1, time.monotonic() + IN_TIME_S
    while time.monotonic() < deadline:
        found = plant.spooled()
        if found == wanted:
            return True
        if (count := sum(map(len, found.values()))) > there:  # as long as more comes
            there, deadline = count, time.monotonic() + IN_TIME_S
        time.sleep(1.0)  # counting takes the interpreter from the gateway's thread
    return False


@contextmanager
def subscribed(plant: Plant) -> Iterator[None]:
    """A broker keeps messages for those who were there once: the agent comes, and goes."""
    agent = Agent(plant)
    agent.connected()
    agent.end()
    yield


def test_a_broker_that_refuses_a_topic_is_told_by_its_name_and_the_others_come(tmp_path: Path) -> None:
    plant = Plant(tmp_path, Furnaces(heats=1))
    broker = Broker(tmp_path / "broker", unread="works/batches").start()
    plant.listens_at(broker.port)
    agent = Agent(plant)
    try:
        agent.says("does not let this agent read works/batches (Not authorized)")
        with sending(plant, broker, over_s=0.5) as calm:
            calm.set()
            assert all_there(plant)
    finally:
        agent.end()
        broker.stop()


def without_asking(plant: Plant) -> None:
    """So that nothing heals what an acknowledgement lost."""
    plant.live.write_text(plant.live.read_text("utf-8").replace('ask = "works/ask"\n', ""), "utf-8")


@pytest.mark.parametrize("instant", [pytest.param(one, marks=() if one == "before-sync" else pytest.mark.long) for one in DEATHS])
def test_a_death_at_any_instant_loses_and_doubles_nothing(tmp_path: Path, broker: Broker, instant: str) -> None:
    plant = Plant(tmp_path, Furnaces(heats=1))
    plant.listens_at(broker.port)
    without_asking(plant)
    with subscribed(plant), sending(plant, broker, over_s=0.5) as calm:
        calm.set()
        Agent(plant, instant).died()
        agent = Agent(plant)
        assert all_there(plant)
    agent.end()


def test_an_agent_that_acknowledges_before_it_synced_loses_readings(tmp_path: Path, broker: Broker) -> None:
    """The control: by this the tests above can fail."""
    plant = Plant(tmp_path, Furnaces(heats=1))
    plant.listens_at(broker.port)
    without_asking(plant)
    with subscribed(plant), sending(plant, broker, over_s=0.5) as calm:
        calm.set()
        Agent(plant, "before-sync", "acknowledge-first").died()
        agent = Agent(plant)
        time.sleep(5)
    agent.end()
    found = {meter: set(held) for meter, held in plant.spooled().items()}
    lost = sum(len(set(held) - found.get(meter, set())) for meter, held in plant.sent_of().items())
    assert lost > 0


@pytest.mark.parametrize("version", ["5", pytest.param("3.1.1", marks=pytest.mark.long)])
def test_killed_at_random_instants_the_labels_are_those_of_the_files(
    tmp_path: Path, broker: Broker, version: str, long: bool, record_property: Callable[[str, object], None]
) -> None:
    """In the short form two agents and a broker, with `--long` a hundred deaths, every third of the broker."""
    deaths = 100 if long else 3
    plant = Plant(tmp_path, Furnaces(heats=60 if long else 6))
    plant.listens_at(broker.port, version)
    chance = random.Random(7)  # noqa: S311 - instants of death
    with subscribed(plant), sending(plant, broker, over_s=deaths * 1.2) as calm:
        agent = Agent(plant)
        for death in range(deaths):
            agent.connected()
            time.sleep(chance.uniform(0.0, 1.0))
            if death % 3 == 2:
                broker.kill()
                broker.start()
            else:
                agent.kill()
                agent = Agent(plant)
        calm.set()
        assert all_there(plant)
    agent.end()
    assert plant.spooled() == plant.sent_of()
    offline = energies(plant.offline)
    assert offline
    assert all(offline.values())
    assert energies(plant.live) == offline
    told = f"{deaths} deaths, {len(plant.sent):,} readings, {len(offline)} batches: 0 lost, 0 doubled, energies equal to the bit"
    record_property("killed", told)
