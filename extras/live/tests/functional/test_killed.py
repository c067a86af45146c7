"""Agent and broker killed with SIGKILL while a plant sends: the spool holds what was sent, once,
and energies are those of the files.

A killed agent loses what it had not synced as well, as in a power failure. The broker is a real
mosquitto.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from extras.live.tests.functional.agent import Agent, all_there, end_all, killed_at_random_instants
from extras.live.tests.functional.agent_without_power import DEATHS
from extras.live.tests.functional.plant import Plant, equal_to_the_files
from fixtures.gateway import Gateway
from fixtures.simulator.furnaces import Furnaces
from tests.servers.line import laid
from tests.servers.mosquitto import Broker

pytestmark = [
    pytest.mark.mosquitto,
    pytest.mark.slow,
    pytest.mark.timeout(3600),
]  # a hundred deaths, on a machine that others use


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(tmp_path / "broker").start()
    yield server
    end_all()
    server.stop()


@contextmanager
def sending(plant: Plant, broker: Broker, over_s: float) -> Iterator[threading.Event]:
    """The plant's readings, spread over so many seconds; the last of each meter, and batches, once
    the event that is yielded is set.

    What a broker loses is noticed by a later number, so something must come after its last death;
    rows of batches have no numbers.
    """
    calm = threading.Event()
    with Gateway(broker.port) as gateway:

        def send() -> None:
            for index, reading in enumerate(plant.sent):
                if index == len(plant.sent) - len(plant.sent_of()):
                    calm.wait()
                plant.wait(index)
                gateway.send(reading)
                if index % 20 == 0:
                    time.sleep(over_s * 20 / len(plant.sent))
            for row in plant.furnaces.batches():
                gateway.tell(row)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield calm
        finally:
            plant.grant(1.0)
            calm.set()
            thread.join()


@contextmanager
def subscribed(plant: Plant) -> Iterator[None]:
    """A broker keeps messages for those who were there once: the agent comes, and goes."""
    agent = Agent(plant)
    agent.connected()
    agent.end()
    yield


def test_a_broker_that_refuses_a_topic_is_told_by_its_name_and_the_others_come(
    tmp_path: Path,
) -> None:
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


def test_corrected_readings_give_the_labels_of_files_that_hold_the_corrected_values_alone(
    tmp_path: Path, broker: Broker
) -> None:
    """Each correction has the next number of its meter; the agent dies between them."""
    plant = Plant(tmp_path, Furnaces(heats=2))
    plant.listens_at(broker.port)
    count = len(plant.sent) // len(plant.sent_of())  # of a meter
    wrong = {
        index: replace(original, value=original.value * 0.75 + 3.0)
        for index, original in enumerate(plant.sent)
        if index % 7 == 0
    }
    last_numbers = dict.fromkeys(plant.sent_of(), count)
    corrections = []
    for index in wrong:
        last_numbers[plant.sent[index].meter] += 1
        corrections.append(replace(plant.sent[index], number=last_numbers[plant.sent[index].meter]))
    with subscribed(plant), Gateway(broker.port) as gateway:
        agent = Agent(plant)
        for index, reading in enumerate(plant.sent):
            gateway.send(wrong.get(index, reading))
        for row in plant.furnaces.batches():
            gateway.tell(row)
        for index, reading in enumerate(corrections):
            gateway.send(reading)
            if index == len(corrections) // 2:
                agent.receives()
                agent.kill()
                agent = Agent(plant)
        assert all_there(plant)
    agent.end()
    assert equal_to_the_files(plant)


def without_asking(plant: Plant) -> None:
    """So that nothing heals what an acknowledgement lost."""
    plant.live.write_text(plant.live.read_text("utf-8").replace('ask = "works/ask"\n', ""), "utf-8")


@pytest.mark.parametrize(
    "instant",
    [
        pytest.param(death, marks=() if death == "before-sync" else pytest.mark.long)
        for death in DEATHS
    ],
)
def test_a_death_at_any_instant_loses_and_doubles_nothing(
    tmp_path: Path, broker: Broker, instant: str
) -> None:
    plant = Plant(tmp_path, Furnaces(heats=1))
    plant.listens_at(broker.port)
    without_asking(plant)
    with subscribed(plant), sending(plant, broker, over_s=0.5) as calm:
        calm.set()
        Agent(plant, instant).died()
        agent = Agent(plant)
        assert all_there(plant)
    agent.end()


def test_an_agent_that_acknowledges_before_it_synced_loses_readings(
    tmp_path: Path, broker: Broker
) -> None:
    """The control: by this the tests above can fail."""
    plant = Plant(tmp_path, Furnaces(heats=1))
    plant.listens_at(broker.port)
    without_asking(plant)
    with subscribed(plant), sending(plant, broker, over_s=0.5) as calm:
        calm.set()
        Agent(plant, "before-sync", "acknowledge-first").died()
        agent = Agent(plant)
        agent.says("is connected")
        time.sleep(5)
    agent.end()
    spooled = {meter: set(readings) for meter, readings in plant.spooled().items()}
    lost = sum(
        len(set(readings) - spooled.get(meter, set()))
        for meter, readings in plant.sent_of().items()
    )
    assert lost > 0


@pytest.mark.parametrize("version", ["5", pytest.param("3.1.1", marks=pytest.mark.long)])
def test_killed_at_random_instants_the_labels_are_those_of_the_files(
    tmp_path: Path,
    broker: Broker,
    version: str,
    long: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """Two agents and a broker; with `--long` a hundred deaths, every third of the broker, and the
    network drops before each.
    """
    deaths = 100 if long else 3
    plant = Plant(tmp_path, Furnaces(heats=60 if long else 6), granted=0.0)
    with laid(broker.port) as line:
        plant.listens_at(line.port, version)
        with subscribed(plant), sending(plant, broker, over_s=deaths * 3.0) as calm:
            agent = killed_at_random_instants(
                plant, plant.grant, deaths, "is connected", broker, line
            )
            calm.set()
            assert all_there(plant)
        agent.end()
    assert line.dropped >= deaths / 2  # some fall on an agent that had lost its broker
    record_property(
        "killed",
        f"MQTT {version}, {deaths} deaths, {line.dropped} drops, {equal_to_the_files(plant)}",
    )
