"""Batches out of registers of a real server of pymodbus, through a restart of the source in a batch
and over the end of one.
"""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from benchmarks.errors import InputError
from extras.live.sources.modbus.source import ModbusSource
from extras.live.sources.settings import load
from extras.live.spool.acknowledging import Intake
from extras.live.spool.writer import Spool
from extras.live.spool_source import SpoolKind
from tests.servers import free_port

ID, STATE, TAPPED_T = 30, 32, 33
EXECUTE, COMPLETE = 6, 17
BATCHES = {
    "id": {"address": ID, "type": "uint32"},
    "state": {"address": STATE},
    "fields": {"output_quantity": {"address": TAPPED_T, "type": "float32"}},
    "constants": {
        "step": "eaf",
        "equipment": "eaf-1",
        "product": "liquid-steel",
        "output_unit": "t",
    },
}


class Furnace:
    """What the registers of one device hold now."""

    def __init__(self, port: int) -> None:
        self.id, self.state, self.tapped_t, self.polls = 0, COMPLETE, 0.0, 0
        self._port, self._ended, self._serving = port, asyncio.Event(), threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        assert self._serving.wait(30)

    async def _serve(self) -> None:
        device = SimDevice(
            1, [SimData(0, count=64, values=0, datatype=DataType.REGISTERS)], action=self._answer
        )
        server = ModbusTcpServer([device], address=("127.0.0.1", self._port))
        await server.serve_forever(background=True)
        self._serving.set()
        await self._ended.wait()
        await server.shutdown()  # type: ignore[no-untyped-call]  # of pymodbus

    async def _answer(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        written: object,
    ) -> None:
        del function, address, count, written
        words = struct.unpack(">5H", struct.pack(">IHf", self.id, self.state, self.tapped_t))
        registers[ID - start : TAPPED_T + 2 - start] = words
        self.polls += 1

    def stands(self, **values: float) -> None:
        """Until it was polled with these values."""
        for name, value in values.items():
            setattr(self, name, value)
        polls, deadline = self.polls, time.monotonic() + 30
        while self.polls < polls + 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def furnace(port: int) -> Iterator[Furnace]:
    device = Furnace(port)
    yield device
    device.end()


@pytest.fixture
def source(tmp_path: Path, port: int) -> Iterator[Callable[[], ModbusSource]]:
    table = {
        "host": "127.0.0.1",
        "port": port,
        "every_s": 0.1,
        "registers": [{"meter": "m", "address": 0}],
        "batches": [BATCHES],
    }
    settings = load({"folder": "spool", "modbus": [table]}, tmp_path).modbus[0]
    spool = Spool(tmp_path / "spool")
    intake, ended = Intake(spool), threading.Event()

    def keep() -> None:
        while not ended.is_set():
            intake.step(0.05)

    keeping = threading.Thread(target=keep)
    keeping.start()
    yield lambda: ModbusSource(settings, tmp_path, intake)
    ended.set()
    keeping.join()
    spool.close()


def batches(folder: Path) -> list[dict[str, object]]:
    """As `label` reads them."""
    sheet = SpoolKind().connect({"folder": "spool"}, folder, UTC).table("batches")
    return [dict(zip(sheet.header, cells, strict=True)) for _, cells in sheet.rows]


def test_a_batch_begins_and_ends_by_its_registers_also_where_the_agent_was_away(
    tmp_path: Path, furnace: Furnace, source: Callable[[], ModbusSource]
) -> None:
    first = source()
    first.start()
    furnace.stands(id=4711)
    furnace.stands(state=EXECUTE)
    furnace.stands(tapped_t=118.5)
    furnace.stands(state=COMPLETE)
    furnace.stands(state=EXECUTE, id=4712, tapped_t=0.0)
    first.stop()
    furnace.state, furnace.id = COMPLETE, 0  # the second ends while nobody looks
    furnace.tapped_t = 101.25
    second = source()
    second.start()
    furnace.stands()
    furnace.stands(state=EXECUTE, id=4713, tapped_t=3.0)
    furnace.stands(tapped_t=99.0, state=COMPLETE)
    second.stop()
    time.sleep(0.2)
    rows = batches(tmp_path)
    assert [(row["batch_id"], row["output_quantity"]) for row in rows] == [
        ("4711", "118.5"),
        ("4712", "101.25"),
        ("4713", "99"),
    ]
    assert {(row["step"], row["equipment"]) for row in rows} == {("eaf", "eaf-1")}
    moments = [datetime.fromisoformat(str(row[name])) for row in rows for name in ("start", "end")]
    assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"constants": {"equipment": "eaf-1"}}, "step must be told"),
        ({"start": [6], "end": [6]}, "cannot both start and end"),
    ],
)
def test_tables_of_batches_that_do_not_hold_together_say_why(
    change: dict[str, object], why: str, tmp_path: Path
) -> None:
    table = {
        "host": "h",
        "registers": [{"meter": "m", "address": 0}],
        "batches": [{**BATCHES, **change}],
    }
    with pytest.raises(InputError) as refused:
        load({"folder": "spool", "modbus": [table]}, tmp_path)
    assert why in str(refused.value.wanted)
