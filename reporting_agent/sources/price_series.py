"""Prices by time, from a table or from JSON; and fetched answers, of which the latest holds for
each moment: they stand in `prices/NAME/` beside site.toml under the moment they came and their
SHA-256, never written again; all count together, because a supplier may answer with the last days
alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.errors import InputError, Place
from benchmarks.labels.columns import Floats, Integers
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import SiteSettings
from reporting_agent.config.tariff import FOLDER, PriceSeries
from reporting_agent.sources import cells
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.sheets import Sheet
from reporting_agent.sources.wanted import CellKind, Template, TemplateColumn
from reporting_agent.sources.whole_table import Table, read_sheet, read_table

PRICES = Template(
    "prices",
    (
        TemplateColumn("time", CellKind.MOMENT, required=True, as_written=True),
        TemplateColumn("price", CellKind.NUMBER),
    ),
)  # blank: none at that time
_KEPT = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{64})\.(?:csv|json|xlsx)")
_MOMENT = "%Y%m%dT%H%M%SZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"unix-s": 1, "unix-ms": 1000}


@dataclass(frozen=True, slots=True)
class FetchedAnswer:
    """One answer that was fetched: where it stands, when it came, and the SHA-256 of its bytes."""

    path: Path
    fetched_at: datetime
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class StampedPrices:
    """Prices of one series in the order of time: `start_us` (UTC microseconds), `price` in its
    currency per its unit, surcharge included.

    At the moments `blank_us` a price ends and none begins. `newest` is the answer that came last;
    None of a file of the site's own, and where nothing was fetched.
    """

    start_us: Integers
    price: Floats
    newest: FetchedAnswer | None = None
    blank_us: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def ends_us(self, minutes: int) -> Integers:
        """When each price ends: after so many minutes, where the next does not begin before."""
        edges = np.append(np.union1d(self.start_us, self.blank_us), np.iinfo(np.int64).max)
        next_edge = edges[np.searchsorted(edges, self.start_us, side="right")]
        ends: Integers = np.minimum(self.start_us + 60_000_000 * minutes, next_edge)
        return ends

    def at(self, moment_us: int, minutes: int) -> float | None:
        """The price at a moment; None where there is none."""
        index = int(np.searchsorted(self.start_us, moment_us, side="right")) - 1
        return (
            float(self.price[index])
            if index >= 0 and moment_us < self.ends_us(minutes)[index]
            else None
        )


def prices_of(series: PriceSeries, site: SiteSettings) -> StampedPrices:
    """All that is held of a series; empty where none was fetched yet.

    Raises:
        InputError: the file is missing or unreadable, `price-file-unreadable`,
            `price-row-unreadable`, `price-twice`, `price-file-altered`.
    """
    if series.file is not None:
        return read_prices(site.folder / series.file, series, site.zone)
    prices: dict[int, float] = {}
    blank: set[int] = set()
    answers = fetched_answers(series, site.folder)
    for answer in answers:
        if sha256(answer.path.read_bytes()).hexdigest() != answer.digest:
            raise InputError(
                "price-file-altered",
                "A file of prices is not the one that was fetched.",
                "Delete it and fetch again: `steplabel-agent prices fetch`. For prices of your "
                "own give file in place of address.",
                place=Place(str(answer.path)),
                found=Phrase("another SHA-256 than its name says"),
                wanted=answer.digest,
            )
        read = read_prices(answer.path, series, site.zone)
        prices |= dict(zip(read.start_us.tolist(), read.price.tolist(), strict=True))
        blank.update(read.blank_us.tolist())
    return _stamped(prices, blank, answers[-1] if answers else None)


def _stamped(
    prices: Mapping[int, float], blank: AbstractSet[int], newest: FetchedAnswer | None = None
) -> StampedPrices:
    starts = sorted(prices)
    without = np.array(
        sorted(blank - prices.keys()), dtype=np.int64
    )  # a price that came with another answer holds
    return StampedPrices(
        np.array(starts, dtype=np.int64), np.array([prices[at] for at in starts]), newest, without
    )


def fetched_answers(series: PriceSeries, folder: Path) -> tuple[FetchedAnswer, ...]:
    """Every answer that was fetched, the oldest first."""
    own = folder / FOLDER / series.name
    named = [(path, _KEPT.fullmatch(path.name)) for path in (own.iterdir() if own.is_dir() else ())]
    answers = [
        FetchedAnswer(path, datetime.strptime(name[1], _MOMENT).replace(tzinfo=UTC), name[2])
        for path, name in named
        if name
    ]
    return tuple(sorted(answers, key=lambda answer: (answer.fetched_at, answer.digest)))


def price_files(series: PriceSeries, folder: Path) -> tuple[Path, ...]:
    """The files beside site.toml that its prices are read from."""
    return (
        (folder / series.file,)
        if series.file is not None
        else tuple(answer.path for answer in fetched_answers(series, folder))
    )


def kept_at(series: PriceSeries, folder: Path, content: bytes, at: datetime) -> Path:
    """Where an answer is to stand."""
    return (
        folder
        / FOLDER
        / series.name
        / f"{at.astimezone(UTC):{_MOMENT}}-{sha256(content).hexdigest()}.{series.format}"
    )


def read_prices(path: Path, series: PriceSeries, zone: tzinfo) -> StampedPrices:
    """One file's. A time without a price has none; a row that cannot be read is refused, for nobody
    could see later that it lacks.
    """
    if series.is_json:
        sheet = Sheet(str(path), (series.time, series.price), iter(_of_json(path, series)))
        table = read_sheet(lambda: sheet, series.profile, PRICES, zone)
    else:
        table = read_table(path, series.profile, PRICES, zone)
    if table.rejected:
        first = table.rejected[0]
        raise InputError(
            "price-row-unreadable",
            in_number(
                len(table.rejected),
                "%(rows)s row of the prices cannot be read.",
                "%(rows)s rows of the prices cannot be read; this is the first.",
                rows=len(table.rejected),
            ),
            "Compare time, price, decimal and timezone under [[tariff.series]] with the file.",
            place=first.place,
            found=first.found,
            wanted=first.wanted,
        )
    starts = _moments(table, series, zone)
    rows = list(zip(starts, table.columns["price"], strict=True))
    priced = {start: price + series.surcharge for start, price in rows if price is not None}
    return _stamped(priced, {start for start, price in rows if price is None})


def _moments(table: Table, series: PriceSeries, zone: tzinfo) -> list[int]:
    """UTC microseconds of each row. A local time that comes twice in autumn is its first pass, then
    its second, in a file that begins with the newest row the other way round; one with an offset
    says itself which it is."""
    own = ZoneInfo(series.timezone) if series.timezone else zone
    fixed = [cells.fixed(written, own) for written in table.columns["time"]]
    moments = [0] * len(fixed)
    starts: set[int] = set()
    rows = range(len(fixed))
    for row in reversed(rows) if fixed and fixed[0] > fixed[-1] else rows:
        written, moment = table.columns["time"][row], fixed[row]
        start = _us(moment - _EPOCH)
        if start in starts and written.tzinfo is None:
            start += _us(_between_passes(moment, own))
        if start in starts:
            raise InputError(
                "price-twice",
                "Two rows of the prices are of one time.",
                "Leave one of them, or correct timezone under [[tariff.series]].",
                place=table.place(row, series.time),
                found=moment.isoformat(),
                wanted=Phrase("each time once"),
            )
        starts.add(start)
        moments[row] = start
    return moments


def _us(stretch: timedelta) -> int:
    return stretch // timedelta(microseconds=1)


def _between_passes(moment: datetime, zone: tzinfo) -> timedelta:
    """How much later the same local time comes again; nothing where it comes once."""
    local = moment.astimezone(zone).replace(fold=0)
    return (local.utcoffset() or timedelta()) - (local.replace(fold=1).utcoffset() or timedelta())


def _of_json(path: Path, series: PriceSeries) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Numbered pairs of time and price; of a count since 1970 the moment."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as gone:
        raise _unreadable(path, gone.strerror or str(gone), Phrase("a file of prices")) from gone
    except (ValueError, RecursionError) as wrong:
        raise _unreadable(path, str(wrong)[:200], "JSON") from wrong
    for step in filter(None, series.rows.split(".")):
        if not isinstance(document, dict) or step not in document:
            raise _unreadable(path, Phrase("no member %(name)s", name=step), series.rows)
        document = document[step]
    for row, (time, price) in enumerate(_pairs(document, path, series), start=1):
        yield row, (_counted(time, series), price)


def _pairs(document: Any, path: Path, series: PriceSeries) -> list[tuple[Any, Any]]:
    time, price = series.time, series.price
    if isinstance(document, list) and all(
        isinstance(row, dict) and {time, price} <= set(row) for row in document
    ):
        return [(row[time], row[price]) for row in document]
    times, prices = (
        (document.get(time), document.get(price)) if isinstance(document, dict) else (None, None)
    )
    if isinstance(times, list) and isinstance(prices, list) and len(times) == len(prices):
        return list(zip(times, prices, strict=True))
    wanted = Phrase(
        "a list of objects with %(time)s and %(price)s, or an object in which both are lists of "
        "one length",
        time=time,
        price=price,
    )
    raise _unreadable(path, type(document).__name__, wanted)


def _counted(time: Any, series: PriceSeries) -> Cell:
    """A count outside what a clock can hold stays the number that it is, and is refused as a
    time.
    """
    per_second = _PER_SECOND.get(series.time_in)
    if (
        per_second is None
        or isinstance(time, bool)
        or not isinstance(time, int | float)
        or not abs(time) < 1e11 * per_second
    ):
        return time if isinstance(time, str | int | float) else str(time)
    return _EPOCH + timedelta(seconds=time / per_second)


def _unreadable(path: Path, found: str, wanted: str) -> InputError:
    return InputError(
        "price-file-unreadable",
        "The prices are not written as [[tariff.series]] says.",
        "Correct format, rows, time and price there; docs/tariffs.md has examples.",
        place=Place(str(path)),
        found=found,
        wanted=wanted,
    )
