"""Meter data in the forms of two markets, as rows of `meter_id`, `interval start`, `value`, `unit`
and `direction`: Green Button (ESPI XML, NAESB REQ.21) and NEM12 (AEMO, MDFF specification).

Green Button gives seconds since 1970 UTC, integers times a power of ten, and on the reading type
what they are. Of NEM12 a record 300 is a day of one register with a value an interval, in Eastern
Standard Time of Australia all year; a record 400 says which of its intervals have no data (N).
Estimated and substituted values count as the market settles by them. Not read: accumulated readings
(NEM13), costs, time-of-use tiers and qualities of ESPI.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.file_bytes import BROKEN_ARCHIVE, damaged, head, open_bytes

HEADER = ("meter_id", "interval start", "value", "unit", "direction")
Rows = Iterator[tuple[int, Sequence[Cell]]]

_COMMODITIES = {"0": "electricity", "1": "electricity", "2": "electricity", "7": "natural gas"}
_UNITS: Mapping[str, tuple[str, Decimal]] = {
    "38": ("kW", Decimal("0.001")),
    "72": ("kWh", Decimal("0.001")),
    "42": ("m3", Decimal(1)),
    "169": ("MJ", Decimal(repr(ratio("therm", "MJ")))),
}
"""By the code of UomType: W, Wh, m³ and therm."""
_REVERSE = "19"  # FlowDirectionType: towards the grid


KINDS = frozenset({"green-button", "nem12"})


def kind_of(path: Path) -> str | None:
    """`green-button` or `nem12`, by the first bytes; None of any other file."""
    begin = head(path)
    if begin.startswith((b"100,NEM12", b"\xef\xbb\xbf100,NEM12")):
        return "nem12"
    return "green-button" if b"naesb.org/espi" in begin else None


def table_of(path: Path, kind: str) -> Rows:
    """The rows below `HEADER`; raises InputError `export-unreadable`."""
    return _READERS[kind](path)


@dataclass(slots=True)
class _Feed:
    """The entries of a Green Button feed by their address, and its blocks in order."""

    types: dict[str, Mapping[str, str]] = field(default_factory=dict)
    type_of: dict[str, str] = field(default_factory=dict)  # of a meter reading
    blocks: list[tuple[str, list[tuple[int, str]]]] = field(default_factory=list)


def _green_button(path: Path) -> Rows:
    feed, row = _feed(path), 0
    names: dict[str, str] = {}
    for address, readings in feed.blocks:
        reading = next((one for one in feed.type_of if address.startswith(f"{one}/")), address)
        said = feed.types.get(feed.type_of.get(reading, ""))
        if said is None and len(feed.types) == 1:
            (said,) = feed.types.values()
        uom = "" if said is None else said.get("uom", "")
        if said is None or uom not in _UNITS:
            raise _unreadable(
                path,
                Phrase("readings in unit %(code)s of ESPI", code=uom or "–"),
                Phrase("readings in W, Wh, m³ or therm, each with its ReadingType"),
            )
        unit, factor = _UNITS[uom]
        factor = factor.scaleb(int(said.get("powerOfTenMultiplier") or 0))
        is_reverse = said.get("flowDirection") == _REVERSE
        carrier = _COMMODITIES.get(said.get("commodity", "1"), "commodity")
        series = f"{carrier}{' export' if is_reverse else ''}"
        if reading not in names:
            alike = sum(name.startswith(series) for name in names.values())
            names[reading] = f"{series} {alike + 1}" if alike else series
        for second, value in readings:
            row += 1
            at = datetime.fromtimestamp(second, UTC)
            amount = float(Decimal(value) * factor)
            direction = "export" if is_reverse else "import"
            yield row, (names[reading], f"{at:%Y-%m-%dT%H:%M:%SZ}", amount, unit, direction)


def _feed(path: Path) -> _Feed:
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    feed = _Feed()
    try:
        with open_bytes(path) as stream:
            for _, element in iterparse(stream, ("end",), forbid_dtd=True):
                if _local(element) == "entry":
                    _read(element, feed)
                    element.clear()
    except (ParseError, DefusedXmlException, LookupError, ValueError, OverflowError) as broken:
        raise _unreadable(path, str(broken)[:99], Phrase("a Green Button feed")) from broken
    except BROKEN_ARCHIVE as broken:
        raise damaged(path, broken) from broken
    return feed


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _read(entry: Any, feed: _Feed) -> None:
    """One entry: a reading type, a meter reading with the address of its type, or a block."""
    links = [one for one in entry.iter() if _local(one) == "link"]
    own, related = (
        [str(one.get("href", "")).rstrip("/") for one in links if one.get("rel") == rel]
        for rel in ("self", "related")
    )
    address = next(iter(own), "")
    for element in entry.iter():
        match _local(element):
            case "ReadingType":
                feed.types[address] = {_local(part): (part.text or "").strip() for part in element}
            case "MeterReading":
                types = (one for one in related if "ReadingType" in one)
                feed.type_of[address] = next(types, "")
            case "IntervalBlock":
                readings = [one for one in element if _local(one) == "IntervalReading"]
                feed.blocks.append((address, [_reading(one) for one in readings]))
            case _:
                pass


def _reading(element: Any) -> tuple[int, str]:
    said = {_local(part): (part.text or "").strip() for part in element.iter()}
    return int(said.get("start", "")), str(int(said.get("value", "")))


def _nem12(path: Path) -> Rows:
    register: tuple[str, str, str, int] | None = None
    day: _Day | None = None
    try:
        with io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", errors="replace") as text:
            for number, line in enumerate(text, start=1):
                cells = [cell.strip() for cell in line.rstrip("\r\n").split(",")]
                if cells[0] == "400" and day is not None:
                    day.without_data(cells)
                    continue
                if day is not None:
                    yield from day.rows()
                    day = None
                if cells[0] == "200":
                    meter, unit, minutes = f"{cells[1]}-{cells[4]}", cells[7], int(cells[8])
                    direction = "export" if cells[4].startswith("B") else "import"
                    register = meter, unit, direction, minutes
                elif cells[0] == "300" and register is not None:
                    day = _Day(number, cells, *register)
            if day is not None:
                yield from day.rows()
    except (ValueError, IndexError, ZeroDivisionError) as wrong:
        raise _unreadable(path, line[:60], Phrase("records of NEM12"), number) from wrong
    except BROKEN_ARCHIVE as broken:
        raise damaged(path, broken) from broken


class _Day:
    """A record 300, until the records 400 behind it were read."""

    def __init__(
        self, row: int, cells: Sequence[str], meter: str, unit: str, direction: str, minutes: int
    ) -> None:
        count = 1440 // minutes
        self.row, self.begins = row, datetime.strptime(f"{cells[1]}+1000", "%Y%m%d%z")
        self.said, self.step = (meter, unit, direction), timedelta(minutes=minutes)
        whole = cells[2 + count].startswith("N")
        values = cells[2 : 2 + count]
        self.values = [None if whole or value == "" else float(value) for value in values]

    def without_data(self, cells: Sequence[str]) -> None:
        """A record 400: of intervals of quality N the value is not known."""
        if cells[3].startswith("N"):
            for interval in range(int(cells[1]), min(int(cells[2]), len(self.values)) + 1):
                self.values[interval - 1] = None

    def rows(self) -> Rows:
        meter, unit, direction = self.said
        for index, value in enumerate(self.values):
            at = (self.begins + index * self.step).isoformat()
            yield self.row, (meter, at, value, unit, direction)


def _unreadable(path: Path, found: str, wanted: str, row: int | None = None) -> InputError:
    return InputError(
        "export-unreadable",
        "The export of meter data cannot be read.",
        "Export it again; or choose a CSV with a stamp in each row where the page offers one, and "
        "name that file.",
        place=Place(str(path), row=row),
        found=found,
        wanted=wanted,
    )


_READERS: Mapping[str, Callable[[Path], Rows]] = {"green-button": _green_button, "nem12": _nem12}
