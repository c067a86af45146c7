"""A serial line that cannot be opened says why, as the system does."""

from __future__ import annotations

from pathlib import Path

import pytest

from extras.live.sources.modbus.line import NotReached, RequestLine
from extras.live.sources.modbus.registers import blocks
from extras.live.sources.modbus.settings import Modbus
from tests.servers import free_port

REGISTER = {"meter": "m", "unit": 1, "address": 0}


def _refused(**where: object) -> str:
    settings = Modbus.model_validate({**where, "registers": [REGISTER]})
    (block,) = blocks(settings.values)
    with pytest.raises(NotReached) as refused:
        RequestLine(settings).read(block)
    return str(refused.value)


def test_a_serial_line_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert (
        _refused(device=str(tmp_path / "none"))
        == f"{tmp_path / 'none'} cannot be opened: No such file or directory"
    )
    assert _refused(device=str(file)) == f"{file} cannot be opened: Inappropriate ioctl for device"
    assert _refused(device=str(tmp_path)) == f"{tmp_path} cannot be opened: Is a directory"


def test_a_device_by_tcp_that_nobody_serves_is_not_reached() -> None:
    assert _refused(host="127.0.0.1", port=free_port()) == "not reached"
