"""The kinds of live sources: `[[source.KIND]]` in site.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from extras.live.sources.growing_files import FileSource
from extras.live.sources.modbus.source import ModbusSource
from extras.live.sources.mqtt import MqttSource
from extras.live.sources.opcua.source import OpcUaSource
from extras.live.sources.settings import LiveSettings
from extras.live.sources.source import LiveSource
from extras.live.sources.sql import SqlSource
from extras.live.spool.acknowledging import Intake

KINDS: Mapping[str, Callable[[Any, Path, Intake], LiveSource]] = {
    "mqtt": MqttSource,
    "opcua": OpcUaSource,
    "modbus": ModbusSource,
    "sql": SqlSource,
    "files": FileSource,
}
"""By the name of its tables: made of one table's settings, the folder that its paths count from,
and where arrivals go.
"""


def sources_of(settings: LiveSettings, folder: Path, intake: Intake) -> list[LiveSource]:
    """Every source that site.toml names."""
    return [
        make(setting, folder, intake)
        for kind, make in KINDS.items()
        for setting in getattr(settings, kind)
    ]
