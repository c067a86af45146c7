"""One line to Modbus devices, on which a late answer never stands for the next.

*TCP* numbers its transactions: an answer with another number is passed over, and after a timeout
the connection is closed, so that what comes late comes nowhere.

*RTU* has no numbers. After a timeout, and when a line is opened, the device is asked to send back a
number that it cannot know (diagnostics, function 8, sub-function 0): a device answers in turn, so
what comes before that number is late, and after it nothing is. A device that does not know the
function refuses it, which is as good. For one that says nothing, `after_timeout = "silence"` waits
until the line was silent for two timeouts; an answer that is later than that cannot be told from
another.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from typing import Any

import serial  # type: ignore[import-untyped]
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException

from benchmarks.phrases import Phrase
from extras.live.sources.modbus.registers import RegisterBlock
from extras.live.sources.modbus.settings import Modbus
from extras.live.sources.source import reason

try:
    import termios

    _SHUT: tuple[type[Exception], ...] = (
        OSError,
        ValueError,
        termios.error,
    )  # pyserial lets the last through
except ImportError:  # on Windows
    _SHUT = (OSError, ValueError)
ECHOES = 5
_READ = {"holding": 3, "input": 4}
_DIAGNOSTICS = 8
_REFUSAL = 0x80
_PARITIES = {"none": "N", "even": "E", "odd": "O"}
_WHY = {
    1: Phrase("illegal function"),
    2: Phrase("illegal data address"),
    3: Phrase("illegal data value"),
    4: Phrase("server device failure"),
    5: Phrase("acknowledge"),
    6: Phrase("server device busy"),
    8: Phrase("memory parity error"),
    10: Phrase("gateway path unavailable"),
    11: Phrase("gateway target device failed to respond"),
}
"""What a device's exception codes mean (Modbus Application Protocol 1.1b3, 7)."""

logging.getLogger("pymodbus").setLevel(
    logging.CRITICAL
)  # what it meets is told by `watch`, in a sentence


_OF_ANOTHER = Phrase("an answer to another request")


class NoAnswer(Exception):  # noqa: N818 - a state of the line
    """There is no answer to this request."""


class NotReached(NoAnswer):
    """Nor would any other request be answered now."""


class RequestLine:
    """Requests one after the other, over a connection that is made when it is needed."""

    def __init__(self, settings: Modbus) -> None:
        self.settings = settings
        self._client: ModbusTcpClient | ModbusSerialClient | None = None
        self._unsure = (
            {value.unit for value in settings.values} if settings.rtu else set()
        )  # whose answers may be on their way

    def read(self, block: RegisterBlock) -> list[int]:
        """What the registers of a block hold.

        Raises:
            NotReached: there is no connection.
            Missed: no answer in time, the device refuses, or the answer is none to this request.
        """
        client = self._opened()
        if block.unit in self._unsure:
            self._clear(client, block.unit)
        ask = (
            client.read_holding_registers
            if block.table == "holding"
            else client.read_input_registers
        )
        answer = self._asked(
            block.unit, ask, block.address, count=block.count, device_id=block.unit
        )
        function = _READ[block.table]
        if answer.isError() and answer.function_code == function | _REFUSAL:
            raise NoAnswer(
                _WHY.get(answer.exception_code)
                or Phrase("exception %(code)s", code=answer.exception_code)
            )
        if answer.function_code != function or len(answer.registers) != block.count:
            self._doubt(block.unit)
            raise NoAnswer(_OF_ANOTHER)
        return list(answer.registers)

    def close(self) -> None:
        """Leave the line; the next request opens it again."""
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]  # of pymodbus
            self._client = None

    def _opened(self) -> ModbusTcpClient | ModbusSerialClient:
        if self._client is None:
            settings = self.settings
            if settings.device is not None:
                parity = _PARITIES[settings.parity]
                self._client = ModbusSerialClient(
                    settings.device,
                    baudrate=settings.baud,
                    parity=parity,
                    stopbits=settings.stop_bits,
                    timeout=settings.timeout_s,
                    retries=0,
                )
            else:
                framer = FramerType.RTU if settings.rtu else FramerType.SOCKET
                self._client = ModbusTcpClient(
                    settings.host or "",
                    port=settings.port,
                    framer=framer,
                    timeout=settings.timeout_s,
                    retries=0,
                )
        if not self._client.connect():
            self._client = None
            raise NotReached(_why_shut(self.settings))
        return self._client

    def _asked(self, unit: int, ask: Any, *values: Any, **named: Any) -> Any:
        try:
            return ask(*values, **named)
        except (ModbusException, OSError) as failed:
            self._doubt(unit)
            raise NoAnswer(_why(str(failed))) from failed

    def _doubt(self, unit: int) -> None:
        """What this device was asked may still be answered."""
        if self.settings.rtu:
            self._unsure.add(unit)
        if self.settings.device is None:
            self.close()

    def _clear(self, client: ModbusTcpClient | ModbusSerialClient, unit: int) -> None:
        """Return once no answer to an earlier request can come any more.

        Raises:
            Missed: the device says nothing.
        """
        if self.settings.after_timeout == "silence":
            quiet_s = time.monotonic()
            while time.monotonic() - quiet_s < 2 * self.settings.timeout_s:
                if client.recv(None):
                    quiet_s = time.monotonic()
            self._unsure.clear()
            return
        for _ in range(ECHOES):
            number = secrets.token_bytes(2)
            answer = self._asked(unit, client.diag_query_data, number, device_id=unit)
            refused = answer.function_code == _DIAGNOSTICS | _REFUSAL
            if refused or (
                answer.function_code == _DIAGNOSTICS and getattr(answer, "message", None) == number
            ):
                self._unsure.discard(unit)
                return
        raise NoAnswer(Phrase("answers to earlier requests"))


def _why(message: str) -> Phrase:
    """What the client met, without what changes from poll to poll: the same fault is told once."""
    if "No response" in message:
        return Phrase("no answer in time")
    if "transaction id" in message or "device id" in message or "function code" in message:
        return _OF_ANOTHER
    if "[Connection]" in message or "closed" in message:
        return Phrase("the connection was closed")
    return Phrase("an answer that cannot be read")


def _why_shut(settings: Modbus) -> Phrase:
    """Why there is no connection; of a serial line what the system says, which pymodbus does not
    hand on.
    """
    if settings.device is None:
        return Phrase("not reached")
    try:
        serial.Serial(
            settings.device,
            settings.baud,
            parity=_PARITIES[settings.parity],
            stopbits=settings.stop_bits,
        ).close()
    except _SHUT as refused:
        return Phrase(
            "%(device)s cannot be opened: %(why)s", device=settings.device, why=_of_system(refused)
        )
    return Phrase("not reached")  # it opens by now


def _of_system(refused: Exception) -> str:
    """In the system's words, which pyserial wraps in its own."""
    for error in (refused, refused.__context__):
        code = error.args[0] if error is not None and error.args else None
        if isinstance(code, int):
            return os.strerror(code)
    return reason(refused)
