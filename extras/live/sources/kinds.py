"""The kinds of live sources: `[[source.KIND]]` in site.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reporting_agent.live.sources.growing_files import FileSource
from reporting_agent.live.sources.modbus.source import ModbusSource
from reporting_agent.live.sources.mqtt import MqttSource
from reporting_agent.live.sources.opcua.source import OpcUaSource
from reporting_agent.live.sources.settings import LiveSettings
from reporting_agent.live.sources.source import LiveSource
from reporting_agent.live.sources.sql import SqlSource
from reporting_agent.live.spool.acknowledging import Intake

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
