"""What a plain JSON message says by the names of site.toml, readings and rows of batches; and why
one could not be read.

Nothing is guessed. A message that cannot be read is kept in the spool as such, with the reason: it
would be lost once it is acknowledged.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from benchmarks.phrases import Phrase, in_number, stored
from extras.live.sources.settings import MqttBatches, MqttReadings
from extras.live.spool.lost_numbers import UNREADABLE
from extras.live.spool.reading import BEYOND_US, NO_SEQUENCE, Reading, ReadingQuality
from extras.live.spool.segments import Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHORT = 500  # characters in which nothing can be nested too deep
_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}
LONGEST_NAME = 200  # characters
LONGEST_SHOWN = 100  # of what was found
MOST_REFUSED = 100  # entries of one message that are saved each by itself
NAMES = ("batch_id", "step", "product", "variant", "equipment")
_Read = TypeVar("_Read")


class UnreadablePayload(ValueError):  # noqa: N818 - a message's state, that is kept
    """A message is not as site.toml says; the phrase names what was found, and is kept beside it,
    with meter and number if known.

    Args:
        entry: the part of a list that it is said of; all of the message otherwise.
    """

    def __init__(
        self, why: str, meter: str = "", number: int = NO_SEQUENCE, entry: bytes = b""
    ) -> None:
        super().__init__(why)
        self.why, self.meter, self.number, self.entry = why, meter, number, entry


def readings(
    mapping: MqttReadings, topic: str, payload: bytes, received_us: int
) -> tuple[list[Reading], list[UnreadablePayload]]:
    """The readings of one message, in its order, and what of it could not be read; each with its
    number if that can be read.
    """
    return _each(
        payload,
        lambda entry: _reading(mapping, topic, entry, received_us),
        lambda entry: _number_of(mapping, topic, entry),
    )


def rows(mapping: MqttBatches, payload: bytes) -> tuple[list[Row], list[UnreadablePayload]]:
    """The rows of one message about batches, and what of it could not be read."""
    return _each(payload, lambda entry: _row(mapping, entry), lambda entry: ("", NO_SEQUENCE))


def _each(
    payload: bytes, read: Callable[[Any], _Read], number_of: Callable[[Any], tuple[str, int]]
) -> tuple[list[_Read], list[UnreadablePayload]]:
    """What a message says, or each entry of its list: one that cannot be read keeps none of the
    others out.
    """
    accepted: list[_Read] = []
    refused: list[UnreadablePayload] = []
    try:
        content = _object(payload)
    except UnreadablePayload as wrong:
        return accepted, [wrong]
    for entry in content if isinstance(content, list) else (content,):
        try:
            accepted.append(read(entry))
        except UnreadablePayload as wrong:
            own = (
                json.dumps(entry, ensure_ascii=False).encode() if isinstance(content, list) else b""
            )
            refused.append(UnreadablePayload(wrong.why, *number_of(entry), own))
    return accepted, bounded(refused)


def bounded(refused: list[UnreadablePayload]) -> list[UnreadablePayload]:
    """Of many entries of one message the first, and how many more."""
    if (more := len(refused) - MOST_REFUSED) > 0:
        return [
            *refused[:MOST_REFUSED],
            UnreadablePayload(
                Phrase("further entries of this message that cannot be read: %(count)s", count=more)
            ),
        ]
    return refused


def _row(mapping: MqttBatches, entry: Any) -> Row:
    if not isinstance(entry, dict):
        raise UnreadablePayload(Phrase("%(value)s is no object", value=shown(entry)))
    cells = (
        {column: _part(entry, path) for column, path in mapping.fields.items()}
        if mapping.fields
        else entry
    )
    texts = {
        column: str(cell)
        for column, cell in {**mapping.constants, **cells}.items()
        if cell is not None
    }
    if lacking := {"batch_id", "step"} - set(texts):
        raise UnreadablePayload(
            Phrase("no %(name)s in %(value)s", name=sorted(lacking)[0], value=shown(sorted(entry)))
        )
    return {**not_too_long(texts), "table": "batches"}


def not_too_long(texts: dict[str, str]) -> dict[str, str]:
    """The cells of a batch, of which the names are read by people.

    Raises:
        Unreadable: a name has more than `LONGEST_NAME` characters.
    """
    for column in NAMES:
        if len(texts.get(column, "")) > LONGEST_NAME:
            raise UnreadablePayload(
                Phrase(
                    "%(name)s has %(count)s characters; at most %(most)s are taken",
                    name=column,
                    count=f"{len(texts[column]):,}",
                    most=LONGEST_NAME,
                )
            )
    return texts


def unreadable(topic: str, payload: bytes, wrong: UnreadablePayload) -> Row:
    """A message that could not be read, as a row of the spool, which keeps one of each digest; its
    number counts as arrived.
    """
    own = wrong.entry or payload
    digest = hashlib.blake2b(topic.encode() + b"\0" + own, digest_size=16).hexdigest()
    text = own[:4096].decode("utf-8", "backslashreplace")
    row = {
        "table": UNREADABLE,
        "topic": topic,
        "payload": text,
        **reason_of(wrong),
        "digest": digest,
    }
    return (
        row
        if wrong.number == NO_SEQUENCE
        else {**row, "meter": wrong.meter, "number": wrong.number}
    )


def reason_of(wrong: Exception) -> Row:
    """Why a message could not be read, as cells of its row: in English, and as a phrase, which
    pages say in the reader's language.
    """
    why = wrong.why if isinstance(wrong, UnreadablePayload) else str(wrong)
    return (
        {"why": str(why), "phrase": stored(why)} if isinstance(why, Phrase) else {"why": str(why)}
    )


def shown(value: object) -> str:
    """What was found, as it stands in a reason."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _object(payload: bytes) -> Any:
    try:
        text = payload.decode(
            json.detect_encoding(payload)
        )  # given bytes, `loads` lets half a character pass
        content = json.loads(text)
        if "\\u" in text or len(text) > _SHORT:
            json.dumps(content, ensure_ascii=False).encode()
    except (
        ValueError,
        RecursionError,
    ) as wrong:  # text that is half a character, and what is nested without end
        raise UnreadablePayload(Phrase("no JSON: %(why)s", why=wrong)) from wrong
    return content


def _reading(mapping: MqttReadings, topic: str, content: Any, received_us: int) -> Reading:
    fields = mapping.fields
    if isinstance(content, dict):
        value = _part(content, fields.get("value", "value"))
    elif fields.keys() - {"value"}:
        raise UnreadablePayload(Phrase("%(value)s is no object", value=shown(content)))
    else:
        value = content
    name = _meter(mapping, topic, content)
    time_us = (
        _time_us(_needed(content, fields["time"]), mapping.time)
        if "time" in fields
        else received_us
    )
    sequence = _whole(_needed(content, fields["sequence"])) if "sequence" in fields else NO_SEQUENCE
    quality = (
        mapping.quality_of(_part(content, fields["quality"]))
        if "quality" in fields
        else ReadingQuality.GOOD
    )
    number = math.nan if quality is ReadingQuality.BAD else _number(value)
    return Reading(name, time_us, number, sequence, quality, received_us, mapping.consecutive)


def _meter(mapping: MqttReadings, topic: str, content: Any) -> str:
    if mapping.meter_level is not None:
        levels = topic.split("/")
        if len(levels) < mapping.meter_level:
            raise UnreadablePayload(
                in_number(
                    len(levels),
                    "the topic %(topic)s has only %(count)s level",
                    "the topic %(topic)s has only %(count)s levels",
                    topic=topic,
                    count=len(levels),
                )
            )
        name = levels[mapping.meter_level - 1]
    else:
        name = mapping.meter or str(_needed(content, mapping.fields["meter"]))
    return mapping.names.get(name, name)


def _number_of(mapping: MqttReadings, topic: str, content: Any) -> tuple[str, int]:
    """Meter and number of a reading that cannot be read, where these can and tell what is
    missing.
    """
    if mapping.consecutive and "sequence" in mapping.fields:
        with suppress(UnreadablePayload):
            return _meter(mapping, topic, content), _whole(
                _needed(content, mapping.fields["sequence"])
            )
    return "", NO_SEQUENCE


def _part(content: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(content, dict):
            return None
        content = content.get(name)
    return content


def _needed(content: Any, path: str) -> Any:
    value = _part(content, path)
    if value is None:
        raise UnreadablePayload(Phrase("no %(name)s in %(value)s", name=path, value=shown(content)))
    return value


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    try:
        if (
            not isinstance(value, bool)
            and isinstance(value, int | float)
            and not math.isinf(number := float(value))
        ):
            return number
    except OverflowError:
        pass
    raise no_number(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise no_sequence_number(value)
    return value


def _time_us(value: Any, written: str) -> int:
    if written != "iso":
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value if isinstance(value, float) else 0)
        ):
            raise no_count(value, written)
        return of_a_meter(round(value * _PER_UNIT[written]), value)
    try:
        stamp = datetime.fromisoformat(str(value))
    except ValueError as wrong:
        raise no_time(value, "ISO 8601") from wrong
    if stamp.tzinfo is None:
        raise UnreadablePayload(Phrase("%(value)s has no offset from UTC", value=shown(value)))
    return of_a_meter((stamp - EPOCH) // _MICROSECOND, value)


def of_a_meter(time_us: int, original: object) -> int:
    """The time, where a meter can have meant it.

    Raises:
        Unreadable: it is before 1970, or from 2200 on.
    """
    if not 0 <= time_us < BEYOND_US:
        raise UnreadablePayload(
            Phrase(
                "%(value)s is no time from 1970 to 2199: look at its unit (s, ms, us)",
                value=shown(original),
            )
        )
    return time_us


def no_number(value: object) -> UnreadablePayload:
    return UnreadablePayload(Phrase("%(value)s is no number", value=shown(value)))


def no_sequence_number(value: object) -> UnreadablePayload:
    return UnreadablePayload(Phrase("%(value)s is no sequence number", value=shown(value)))


def no_count(value: object, unit: str) -> UnreadablePayload:
    return UnreadablePayload(
        Phrase("%(value)s is no time in %(unit)s since 1970", value=shown(value), unit=unit)
    )


def no_time(value: object, written: str) -> UnreadablePayload:
    return UnreadablePayload(
        Phrase("%(value)s is no time as %(format)s", value=shown(value), format=written)
    )
