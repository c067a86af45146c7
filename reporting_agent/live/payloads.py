"""What a plain message says: readings and rows of batches, out of JSON by the names of site.toml.

Nothing is guessed. A message that cannot be read is kept in the spool as such, with the reason: it would be lost once it is acknowledged.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from reporting_agent.live.reading import BEYOND_US, NO_SEQUENCE, Quality, Reading
from reporting_agent.live.segments import Row
from reporting_agent.live.settings import Readings, Rows

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHORT = 500  # bytes in which nothing can be nested too deep
_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}
LONGEST_NAME = 200  # characters
NAMES = ("batch_id", "step", "product", "variant", "equipment")
UNREADABLE = "unreadable"
"""The table of messages that could not be read."""


class Unreadable(ValueError):  # noqa: N818 - a message's state, that is kept
    """A message is not as site.toml says; the text names what was found, and is kept beside it, with meter and number if known."""

    def __init__(self, why: str, meter: str = "", number: int = NO_SEQUENCE) -> None:
        super().__init__(why)
        self.meter, self.number = meter, number


def readings(mapping: Readings, topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """The readings of one message, in its order.

    Raises:
        Unreadable: nothing of it is taken. Of a source whose numbers are consecutive it names the one that cannot be read.
    """
    taken = []
    for entry in _objects(payload):
        try:
            taken.append(_reading(mapping, topic, entry, received_us))
        except Unreadable as wrong:
            raise Unreadable(str(wrong), *_number_of(mapping, topic, entry)) from wrong
    return taken


def rows(mapping: Rows, payload: bytes) -> list[Row]:
    """The rows of one message about batches."""
    records: list[Row] = []
    for entry in _objects(payload):
        if not isinstance(entry, dict):
            raise Unreadable(f"{entry!r} is no object")
        cells = {column: _part(entry, path) for column, path in mapping.fields.items()} if mapping.fields else entry
        texts = {column: str(cell) for column, cell in {**mapping.constants, **cells}.items() if cell is not None}
        if lacking := {"batch_id", "step"} - set(texts):
            raise Unreadable(f"no {sorted(lacking)[0]} in {sorted(entry)}")
        records.append({"table": "batches", **not_too_long(texts)})
    return records


def not_too_long(texts: dict[str, str]) -> dict[str, str]:
    """The cells of a batch, of which the names are read by people.

    Raises:
        Unreadable: a name has more than `LONGEST_NAME` characters.
    """
    for column in NAMES:
        if len(texts.get(column, "")) > LONGEST_NAME:
            raise Unreadable(f"{column} has {len(texts[column]):,} characters; at most {LONGEST_NAME} are taken")
    return texts


def unreadable(topic: str, payload: bytes, wrong: Unreadable) -> Row:
    """A message that could not be read, as a row of the spool, which keeps one of each digest; its number counts as arrived."""
    digest = hashlib.blake2b(topic.encode() + b"\0" + payload, digest_size=16).hexdigest()
    text = payload[:4096].decode("utf-8", "backslashreplace")
    row = {"table": UNREADABLE, "topic": topic, "payload": text, "why": str(wrong), "digest": digest}
    return row if wrong.number == NO_SEQUENCE else {**row, "meter": wrong.meter, "number": wrong.number}


def _objects(payload: bytes) -> Iterator[Any]:
    try:
        held = json.loads(payload)
        if b"\\u" in payload or len(payload) > _SHORT:
            json.dumps(held, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as wrong:  # text that is half a character, and what is nested without end
        raise Unreadable(f"no JSON: {wrong}") from wrong
    yield from held if isinstance(held, list) else (held,)


def _reading(mapping: Readings, topic: str, held: Any, received_us: int) -> Reading:
    fields = mapping.fields
    if isinstance(held, dict):
        value = _part(held, fields.get("value", "value"))
    elif fields.keys() - {"value"}:
        raise Unreadable(f"{held!r} is no object")
    else:
        value = held
    name = _meter(mapping, topic, held)
    time_us = _time_us(_needed(held, fields["time"]), mapping.time) if "time" in fields else received_us
    sequence = _whole(_needed(held, fields["sequence"])) if "sequence" in fields else NO_SEQUENCE
    quality = _quality(mapping, _part(held, fields["quality"])) if "quality" in fields else Quality.GOOD
    number = math.nan if quality is Quality.BAD else _number(value)
    return Reading(name, time_us, number, sequence, quality, received_us, mapping.consecutive)


def _meter(mapping: Readings, topic: str, held: Any) -> str:
    if mapping.meter_level is not None:
        levels = topic.split("/")
        if len(levels) < mapping.meter_level:
            raise Unreadable(f"the topic {topic} has {len(levels)} levels")
        name = levels[mapping.meter_level - 1]
    else:
        name = mapping.meter or str(_needed(held, mapping.fields["meter"]))
    return mapping.names.get(name, name)


def _number_of(mapping: Readings, topic: str, held: Any) -> tuple[str, int]:
    """Meter and number of a reading that cannot be read, where these can and tell what is missing."""
    if mapping.consecutive and "sequence" in mapping.fields:
        with suppress(Unreadable):
            return _meter(mapping, topic, held), _whole(_needed(held, mapping.fields["sequence"]))
    return "", NO_SEQUENCE


def _part(held: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(held, dict):
            return None
        held = held.get(name)
    return held


def _needed(held: Any, path: str) -> Any:
    value = _part(held, path)
    if value is None:
        raise Unreadable(f"no {path} in {held!r}")
    return value


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    try:
        if not isinstance(value, bool) and isinstance(value, int | float) and not math.isinf(number := float(value)):
            return number
    except OverflowError:
        pass
    raise Unreadable(f"{value!r} is no number")


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise Unreadable(f"{value!r} is no sequence number")
    return value


def _quality(mapping: Readings, value: Any) -> Quality:
    text = str(value).lower()
    return Quality.BAD if text in mapping.bad else Quality.UNCERTAIN if text in mapping.uncertain else Quality.GOOD


def _time_us(value: Any, written: str) -> int:
    if written != "iso":
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value if isinstance(value, float) else 0):
            raise Unreadable(f"{value!r} is no time in {written} since 1970")
        return of_a_meter(round(value * _PER_UNIT[written]), value)
    try:
        stamp = datetime.fromisoformat(str(value))
    except ValueError as wrong:
        raise Unreadable(f"{value!r} is no time by ISO 8601") from wrong
    if stamp.tzinfo is None:
        raise Unreadable(f"{value!r} has no offset from UTC")
    return of_a_meter((stamp - EPOCH) // _MICROSECOND, value)


def of_a_meter(time_us: int, said: object) -> int:
    """The time, where a meter can have meant it.

    Raises:
        Unreadable: it is before 1970, or from 2200 on.
    """
    if not 0 <= time_us < BEYOND_US:
        raise Unreadable(f"{said!r} is no time from 1970 to 2199: look at its unit (s, ms, us)")
    return time_us
