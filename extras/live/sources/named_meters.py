"""The meters that the sources of site.toml name, and those among them that it does not declare:
their readings count nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from benchmarks.phrases import Phrase
from extras.live.sources.settings import LiveSettings
from extras.live.sources.source import Word
from extras.live.sources.table_settings import ReadingColumns
from reporting_agent.config import SiteSettings


def words(site: SiteSettings, settings: LiveSettings) -> Iterator[Word]:
    """Each undeclared meter, with the table and key that name it and the declared meter of the
    nearest id.
    """
    declared = [meter.id for meter in site.meters]
    for table, key, name in _named(settings):
        if name in declared:
            continue
        near = get_close_matches(name, declared, n=1)
        sentence = (
            Phrase(
                "%(table)s, %(key)s: no [[meters]] in site.toml declares the meter %(name)s; its "
                "readings count nowhere. The nearest id is "
                "%(near)s: correct it, or declare the meter.",
                table=table,
                key=key,
                name=repr(name),
                near=repr(near[0]),
            )
            if near
            else Phrase(
                "%(table)s, %(key)s: no [[meters]] in site.toml declares the meter %(name)s; its "
                "readings count nowhere. Correct the id, "
                "or declare the meter.",
                table=table,
                key=key,
                name=repr(name),
            )
        )
        yield Word(f"meter {table} {key} {name}", name, sentence)


def _named(settings: LiveSettings) -> Iterator[tuple[str, str, str]]:
    """Table, key, and the meter's id."""
    for broker in settings.mqtt:
        for readings in broker.readings:
            yield from _of_keys(
                "[[source.mqtt.readings]]", readings.meter, {"names": readings.names}
            )
        for group in broker.sparkplug:
            yield from _of_keys("[[source.mqtt.sparkplug]]", None, {"metrics": group.metrics})
    for server in settings.opcua:
        yield from (("[source.opcua.nodes]", name, name) for name in server.nodes)
    for line in settings.modbus:
        yield from (
            ("[[source.modbus.registers]]", "meter", register.meter) for register in line.registers
        )
    for database in settings.sql:
        yield from _of_columns("[[source.sql.readings]]", database.readings)
    for files in settings.files:
        yield from _of_columns(
            "[source.files.readings]", () if files.readings is None else (files.readings,)
        )


def _of_columns(table: str, readings: Iterable[ReadingColumns]) -> Iterator[tuple[str, str, str]]:
    for columns in readings:
        yield from _of_keys(
            table, columns.meter, {"meters": columns.meters, "names": columns.names}
        )


def _of_keys(
    table: str, meter: str | None, keys: dict[str, dict[str, str]]
) -> Iterator[tuple[str, str, str]]:
    if meter is not None:
        yield table, "meter", meter
    for key, names in keys.items():
        yield from ((table, f"{key}.{written}", name) for written, name in names.items())
