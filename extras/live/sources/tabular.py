"""Rows of a database or a file as readings and as rows about batches, by the columns of site.toml;
rows that cannot be read.

A cell is a text of a file, or what a database's client makes of a column: a number, a moment, a
text. Nothing is guessed: a moment without an offset is read by `offset`, or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from benchmarks.phrases import Phrase
from extras.live.sources.payloads import (
    UnreadablePayload,
    no_count,
    no_number,
    no_sequence_number,
    no_time,
    not_too_long,
    of_a_meter,
    reason_of,
)
from extras.live.sources.polled import UnexpectedAnswer
from extras.live.sources.table_settings import BatchColumns, ReadingColumns
from extras.live.spool.lost_numbers import UNREADABLE
from extras.live.spool.reading import NO_SEQUENCE, Reading, ReadingQuality
from extras.live.spool.segments import Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}
_NOTHING = ("", "null", "nan", "none", "n/a", "-")  # texts of files that hold no number
_LONGEST = 4_096  # characters of an unreadable row that are kept


def require_once(mapping: ReadingColumns | BatchColumns, names: Sequence[str]) -> None:
    """That each column that is read stands in a table once: which of two is meant nobody says.

    Raises:
        UnexpectedAnswer: see there.
    """
    read = mapping.needed if mapping.columns else set(names) - {""}
    if twice := [name for name in names if name in read and names.count(name) > 1]:
        raise UnexpectedAnswer(
            Phrase(
                "the column %(column)s stands twice: give each a name of its own", column=twice[0]
            )
        )


def readings(mapping: ReadingColumns, cells: Mapping[str, Any], received_us: int) -> list[Reading]:
    """The readings of one row: one, or one a column of `meters`.

    Raises:
        Unreadable: nothing of it is taken.
    """
    columns = mapping.columns
    time_us = _time_us(mapping, cells[columns["time"]])
    sequence = _sequence(cells[columns["sequence"]]) if "sequence" in columns else NO_SEQUENCE
    quality = (
        mapping.quality_of(cells[columns["quality"]])
        if "quality" in columns
        else ReadingQuality.GOOD
    )
    row_readings = []
    for name, cell in _values(mapping, cells):
        value = math.nan if quality is ReadingQuality.BAD else _number(mapping, cell)
        row_readings.append(
            Reading(
                mapping.names.get(name, name),
                time_us,
                value,
                sequence,
                quality,
                received_us,
                mapping.consecutive,
            )
        )
    return row_readings


def batch(mapping: BatchColumns, cells: Mapping[str, Any]) -> Row:
    """One row about a batch, in the template's columns.

    Raises:
        Unreadable: it names no batch or no step.
    """
    named_cells = (
        {column: cells[own] for column, own in mapping.columns.items()}
        if mapping.columns
        else cells
    )
    texts = {
        column: _text(cell)
        for column, cell in {**mapping.constants, **named_cells}.items()
        if cell not in (None, "")
    }
    if lacking := {"batch_id", "step"} - texts.keys():
        raise UnreadablePayload(Phrase("no %(name)s", name=sorted(lacking)[0]))
    return {**not_too_long(texts), "table": "batches"}


def unreadable(source: str, content: object, wrong: Exception) -> Row:
    """A row that could not be read, as a row of the spool."""
    return {
        "table": UNREADABLE,
        "topic": source,
        "payload": str(content)[:_LONGEST],
        **reason_of(wrong),
    }


def _values(mapping: ReadingColumns, cells: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if mapping.meters:
        yield from ((meter, cells[column]) for column, meter in mapping.meters.items())
        return
    name = mapping.meter if mapping.meter is not None else cells[mapping.columns["meter"]]
    if name in (None, ""):
        raise UnreadablePayload(Phrase("no %(name)s", name=mapping.columns["meter"]))
    yield str(name), cells[mapping.columns["value"]]


def _number(mapping: ReadingColumns, cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip()
        if text.lower() in _NOTHING:
            return math.nan
        if "_" in text or (
            mapping.decimal == "," and "." in text
        ):  # a group of digits as likely as a decimal point
            raise no_number(cell)
        try:
            cell = float(text.replace(",", ".") if mapping.decimal == "," else text)
        except ValueError as wrong:
            raise no_number(cell) from wrong
    if cell is None:
        return math.nan
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal) or math.isinf(cell):
        raise no_number(cell)
    return float(cell)


def _sequence(cell: Any) -> int:
    try:
        number = int(cell)
    except (ArithmeticError, TypeError, ValueError) as wrong:
        raise no_sequence_number(cell) from wrong
    if (
        isinstance(cell, bool)
        or number != (number if isinstance(cell, str) else cell)
        or not 0 <= number < 1 << 63
    ):
        raise no_sequence_number(cell)
    return number


def _time_us(mapping: ReadingColumns, cell: Any) -> int:
    if mapping.time != "iso":
        try:
            count = Decimal(cell.strip()) if isinstance(cell, str) else cell
            time_us = round(count * _PER_UNIT[mapping.time])
        except (ArithmeticError, TypeError, ValueError) as wrong:
            raise no_count(cell, mapping.time) from wrong
        return of_a_meter(time_us, cell)
    original = cell
    if not isinstance(cell, datetime):
        try:
            text = str(cell).strip()
            cell = (
                datetime.strptime(text, mapping.format)  # noqa: DTZ007 - see offset
                if mapping.format
                else datetime.fromisoformat(text)
            )
        except ValueError as wrong:
            raise no_time(cell, mapping.format or "ISO 8601") from wrong
    return of_a_meter((with_offset(cell, mapping.offset) - _EPOCH) // _MICROSECOND, original)


def with_offset(stamp: datetime, offset: str | None) -> datetime:
    """The moment of a stamp that may have no offset of its own.

    Raises:
        Unreadable: it has none, and none is declared.
    """
    if stamp.tzinfo is not None:
        return stamp
    if offset is None:
        raise UnreadablePayload(
            Phrase(
                "%(value)s has no offset from UTC, and none is declared", value=stamp.isoformat()
            )
        )
    sign = -1 if offset[0] == "-" else 1
    return stamp.replace(
        tzinfo=timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:])))
    )


def _text(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)
