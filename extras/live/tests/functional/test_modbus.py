"""Modbus by real servers of pymodbus: late answers on every kind of line, and agent and server
killed while meters are polled.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from extras.live.sources.modbus.line import NoAnswer, RequestLine
from extras.live.sources.modbus.registers import blocks, readings
from extras.live.sources.modbus.settings import Modbus
from extras.live.sources.settings import load
from extras.live.tests.functional.agent import Agent, end_all
from extras.live.tests.functional.plant import Plant
from extras.live.tests.functional.server import Server
from fixtures import modbus_server
from fixtures.serial_pair import SerialPair
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

LATE = ("--late-every", "3", "--late-s", "0.2")
TIMEOUT_S = 0.15
ROLLS_OVER_AT_KWH = 1_000_000.0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as context:
        yield context
    end_all()


def served(
    stack: ExitStack,
    plant: Plant,
    line: str,
    *more: str,
    every_s: float = 0.1,
    timeout_s: float = TIMEOUT_S,
) -> Server:
    """A server on this kind of line, and site.toml that names it."""
    ends = stack.enter_context(SerialPair()).ends if line == "serial" else (None, None)
    framing = ("--framing", "rtu") if line == "rtu" else ()
    server = Server(
        "fixtures.modbus_server", plant.folder / "server", *framing, *more, device=ends[1]
    ).start()
    stack.callback(server.kill)
    where = (
        f'device = "{ends[0]}"' if line == "serial" else f'host = "127.0.0.1"\nport = {server.port}'
    )
    where += '\nframing = "rtu"' if line == "rtu" else ""
    modbus_server.site(plant.furnaces, plant.live.parent, where, every_s, timeout_s)
    return server


def settings_of(plant: Plant) -> Modbus:
    site = load_site(plant.live)
    return load(site.source, site.folder).modbus[0]


def answered(server: Server) -> dict[str, list[float]]:
    """What the devices' answers said, in order."""
    by_meter: dict[str, list[float]] = {}
    for line in (server.folder / "answers.jsonl").read_text().splitlines():
        answer = json.loads(line)
        by_meter.setdefault(answer["meter"], []).append(answer["value"])
    return by_meter


def polled(plant: Plant, line: RequestLine, for_s: float) -> tuple[dict[str, list[float]], int]:
    """What a line gives of each meter, and how many requests it missed."""
    by_meter: dict[str, list[float]] = {}
    missed = 0
    until_s = time.monotonic() + for_s
    while time.monotonic() < until_s:
        for block in blocks(settings_of(plant).registers):
            try:
                registers = line.read(block)
            except NoAnswer:
                missed += 1
                continue
            for reading in readings(block, registers, 0):
                by_meter.setdefault(reading.meter, []).append(reading.value)
    line.close()
    return by_meter, missed


@pytest.mark.parametrize("line", ["tcp", "rtu", "serial"])
def test_a_late_answer_never_stands_for_the_next(
    tmp_path: Path, stack: ExitStack, line: str
) -> None:
    plant = Plant(tmp_path, Furnaces(heats=2))
    server = served(stack, plant, line, *LATE)
    received, missed = polled(plant, RequestLine(settings_of(plant)), 3.0)
    answers = answered(server)
    assert missed > 2
    assert min(map(len, received.values())) > 1
    assert all(is_part(values, answers[meter]) for meter, values in received.items())


def test_on_a_line_that_is_not_cleared_it_does(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: by this the test above can fail."""
    monkeypatch.setattr(RequestLine, "_clear", lambda *_: None)
    plant = Plant(tmp_path, Furnaces(heats=2))
    server = served(stack, plant, "serial", *LATE)
    received, _ = polled(plant, RequestLine(settings_of(plant)), 3.0)
    answers = answered(server)
    assert not all(is_part(values, answers[meter]) for meter, values in received.items())


def test_a_device_that_knows_no_echo_is_waited_for_until_it_is_silent(
    tmp_path: Path, stack: ExitStack
) -> None:
    plant = Plant(tmp_path, Furnaces(heats=2))
    server = served(stack, plant, "serial", *LATE)
    received, missed = polled(
        plant, RequestLine(settings_of(plant).model_copy(update={"after_timeout": "silence"})), 4.0
    )
    answers = answered(server)
    assert missed > 1
    assert all(is_part(values, answers[meter]) for meter, values in received.items())


def test_an_answer_with_another_number_is_passed_over() -> None:
    """A gateway that still sends the answer to a request before: the header's transaction number
    tells.
    """

    def answer(number: int, value: int) -> bytes:
        return struct.pack(">HHHBBBH", number, 0, 5, 1, 3, 2, value)

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                (number,) = struct.unpack_from(">H", connection.recv(64))
                connection.sendall(answer(number + 1, 7))
                time.sleep(0.05)
                connection.sendall(answer(number, 8))
                connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        settings = Modbus.model_validate(
            {"host": "127.0.0.1", "port": port, "registers": [{"meter": "m", "address": 1}]}
        )
        line = RequestLine(settings)
        assert line.read(blocks(settings.registers)[0]) == [8]
        line.close()
        thread.join()


def test_killed_at_random_instants_the_spool_holds_what_was_answered(
    tmp_path: Path, stack: ExitStack, long: bool, record_property: Callable[[str, object], None]
) -> None:
    """In the short form two agents and a server, with `--long` a hundred deaths. What a dead agent
    had not kept is not asked for.
    """
    deaths = 100 if long else 3
    plant = Plant(tmp_path, Furnaces(heats=240 if long else 24))
    pace = (
        "--heats",
        str(plant.furnaces.heats),
        "--rate",
        str(plant.furnaces.heats * 60 / (deaths * 15)),
    )
    server = served(stack, plant, "tcp", *pace, timeout_s=1.0)
    chance = random.Random(7)  # noqa: S311 - instants of death
    agent = Agent(plant)
    for death in range(deaths):
        agent.receives()
        time.sleep(chance.uniform(0.0, 0.5))
        if death % 3 == 2:
            server.kill()
            server.start()
        else:
            agent.kill()
            agent = Agent(plant)
    agent.receives()  # one that has only begun dies of SIGTERM
    agent.end()
    answers, spooled = answered(server), plant.spooled()
    lost = 0
    for meter, pairs in spooled.items():
        assert len({time_us for time_us, _ in pairs}) == len(pairs)
        assert is_part([value for _, value in pairs], answers[meter])
        lost += len(answers[meter]) - len(pairs)
        if meter.endswith(
            "electricity"
        ):  # the energy between the first reading and the last, whatever was missed between them
            values = [value for _, value in pairs]
            series = answers[meter]
            whole = series[series.index(values[0]) : len(series) - series[::-1].index(values[-1])]
            assert counted(values) == pytest.approx(counted(whole), abs=1e-3)
    assert lost <= 4 * deaths + 4  # at most one poll a death
    summary = (
        f"{deaths} deaths, {sum(map(len, spooled.values())):,} readings: 0 doubled, {lost} "
        "answers not kept, registers complete"
    )
    record_property("killed", summary)


def counted(values: list[float]) -> float:
    """kWh between the first and the last of a register."""
    return sum((after - before) % ROLLS_OVER_AT_KWH for before, after in pairwise(values))


def is_part(part: list[float], all_of_them: list[float]) -> bool:
    """Whether they are among the others in the same order."""
    rest = iter(all_of_them)
    return all(any(value == other for other in rest) for value in part)
