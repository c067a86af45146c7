"""Meter readings as a stream of blocks, long or wide, each one meter's in file order.

Typed stamps and numbers without a blank, an impossible year or an hour that the clock repeats or
skips are handed on as they stand; any other block goes through `reading_parser`. Small blocks are
put together to fewer, so that a block's cost is paid for tens of thousands of readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.row_numbers import Consecutive, Rows
from reporting_agent.sources import arrow_columns, blocks, cells, rearranged
from reporting_agent.sources.arrow_columns import WallClock
from reporting_agent.sources.fields import refuse_words_for_numbers, zone_of
from reporting_agent.sources.reading_log import Layout, ReadingBlock, ReadingLog
from reporting_agent.sources.reading_parser import FIRST_US, LAST_US, ColumnBlock, RaggedRows
from reporting_agent.sources.sheets import header_twice, open_sheet
from reporting_agent.sources.wanted import READINGS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_FEW_RUNS = 64  # of rows of one meter in a block: below it they are cut out, above it sorted


class ConsecutiveReadings(NamedTuple):
    """Consecutive readings of one name of the meter column, None where the file has no such
    column.
    """

    name: str | None
    header: str
    time_us: Integers
    value: Floats
    rows: Rows


def parts(
    code: NDArray[Any],
    texts: Sequence[str | None],
    header: str,
    time_us: Integers,
    value: Floats,
    rows: Rows,
) -> Iterator[ConsecutiveReadings]:
    """The readings of each meter, in the order of the file; `code` has the index of each meter in
    `texts`, -1 where it has none.
    """
    if len(texts) == 1:
        yield ConsecutiveReadings(texts[0], header, time_us, value, rows)
        return
    if _takes_turns(code, len(texts)):
        for index in range(len(texts)):
            turn = slice(index, None, len(texts))
            columns = np.ascontiguousarray(time_us[turn]), np.ascontiguousarray(value[turn])
            yield ConsecutiveReadings(_text(texts, int(code[index])), header, *columns, rows[turn])
        return
    edges = np.flatnonzero(code[1:] != code[:-1]) + 1
    if len(edges) < _FEW_RUNS:
        for first, last in zip([0, *edges.tolist()], [*edges.tolist(), len(code)], strict=True):
            yield ConsecutiveReadings(
                _text(texts, int(code[first])),
                header,
                time_us[first:last],
                value[first:last],
                rows[first:last],
            )
        return
    small = (code + 1).astype(
        np.uint8 if len(texts) < 255 else np.uint16 if len(texts) < 65_535 else np.int64
    )
    order = np.argsort(small, kind="stable")  # a radix sort for so small numbers: one or two passes
    time_us, value, rows = time_us[order], value[order], rows[order]
    ends = np.cumsum(np.bincount(small, minlength=len(texts) + 1)).tolist()
    for index, (first, last) in enumerate(zip([0, *ends], ends, strict=False)):
        if last > first:
            yield ConsecutiveReadings(
                _text(texts, index - 1),
                header,
                time_us[first:last],
                value[first:last],
                rows[first:last],
            )


def _takes_turns(code: NDArray[Any], meters: int) -> bool:
    """Whether each meter has one row in turn, as where a logger writes them all at every stamp."""
    return len(np.unique(code[:meters])) == meters and np.array_equal(code[meters:], code[:-meters])


def _text(texts: Sequence[str | None], code: int) -> str | None:
    return None if code < 0 else texts[code]


@dataclass(frozen=True, slots=True)
class SoundColumns:
    """Columns of one block that are readings already: a stamp in UTC microseconds, and a value of
    each header, for every row.
    """

    rows: Rows
    time_us: Integers
    values: dict[str, Floats]
    meters: (
        tuple[NDArray[Any], Sequence[str | None]] | None
    )  # the index of each row's meter in the names; None without such a column

    def by_meter(self) -> Iterator[ConsecutiveReadings]:
        """The readings of each meter, in the order of the file."""
        for header, value in self.values.items():
            if self.meters is None:
                yield ConsecutiveReadings(None, header, self.time_us, value, self.rows)
            else:
                yield from parts(*self.meters, header, self.time_us, value, self.rows)


Item = TypeVar("Item")


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, each made by another thread while the one before is worked on."""
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, iterator, None)
            yield item


def stream_readings(
    paths: Sequence[Path],
    profile: Profile,
    meters: frozenset[str],
    zone: tzinfo,
    log: ReadingLog,
    *,
    read_ahead: bool = False,
) -> Iterator[ReadingBlock]:
    """Yield the readings of the meters named, file by file.

    Args:
        read_ahead: another thread reads the next block while this one is worked on.

    Raises:
        InputError: a file is missing, not of its format, lacks a column, or most of its rows are
            unreadable.
    """
    of_all = profile
    for path in paths:
        profile = of_all.of(path)
        clock = WallClock(zone_of(profile, str(path), READINGS) or zone)
        layout = _layout(path, profile, meters, str(path) in log.understood)
        if layout is None:
            continue  # some meters are read again, and this wide file holds none of them
        log.understood.add(str(path))
        ragged = RaggedRows(str(path), layout, profile, log)
        plain = (
            None
            if layout.parts
            else partial(_is_plain, layout=layout, profile=profile, clock=clock)
        )
        read = blocks.blocks_of(
            path, profile, layout.header, layout.wanted, ragged.met, layout.meter, plain
        )
        for rows, columns in ahead(read) if read_ahead else read:
            sound = _sound(columns, rows, layout, profile, clock)
            log.rows += len(rows)
            if sound is None:
                yield from ColumnBlock(rows, columns, layout, profile, str(path), log).split(
                    meters, clock
                )
            else:
                yield from _of_meters(sound, layout, profile, str(path), meters, log)
            if log.rejected_count > max(log.rows // 2, 10):
                raise _mostly_unreadable(log)
        if ragged.mended:
            yield from ragged.block().split(meters, clock)
    if log.rejected_count > log.rows // 2 and log.rejected:
        raise _mostly_unreadable(log)
    if not log.rows:
        raise InputError(
            "file-empty",
            "The files of readings have a header and no rows.",
            "Export them again, or name others under [inputs].",
            place=Place(str(paths[0]) if paths else "site.toml"),
            found=Phrase("0 rows"),
            wanted=Phrase("at least one row"),
        )


def _layout(
    path: Path, profile: Profile, meters: frozenset[str], understood: bool
) -> Layout | None:
    """Where the columns are; None where a file that is known to be right holds none of these
    meters.
    """
    if profile.rows or set(profile.parts) - {"timestamp"}:
        raise InputError(
            "profile-invalid",
            "For readings, only the stamp can be combined from several columns, and several rows "
            "cannot be merged into one.",
            "Correct [mapping.readings].",
            place=Place(str(path), column="parts"),
            found=", ".join([*profile.parts, *profile.rows]),
            wanted=Phrase("parts of timestamp, and no rows, under [mapping.readings]"),
        )
    refuse_words_for_numbers(profile, READINGS, str(path))
    header = open_sheet(path, profile, "readings").header
    parts = profile.parts.get("timestamp", ())
    stamp = (
        rearranged.moment_header(parts) if parts else profile.columns.get("timestamp", "timestamp")
    )
    stamps = parts or (stamp,)
    value = profile.columns.get("value", "value")
    meter = profile.columns.get("meter_id", "meter_id")
    constant = profile.constants.get("meter_id")
    wide = profile.wide or (value not in header and meter not in header and constant is None)
    foreign = {profile.columns.get(name, name): name for name in sorted(meters)}
    needed = [*stamps, *(() if wide else (value,) if constant is not None else (meter, value))]
    missing = [name for name in needed if name not in header]
    found_meters = {name: foreign[name] for name in header if name in foreign} if wide else {}
    if wide and not found_meters and understood:
        return None
    if missing or (wide and not found_meters):
        raise InputError(
            "column-missing",
            "The file of readings lacks a column.",
            "Name the columns under [mapping.readings] columns. A wide file needs one column per "
            "meter, named by the meter's id.",
            place=Place(str(path), profile.header_row, missing[0] if missing else None),
            found=", ".join(name for name in header if name) or Phrase("no headers"),
            wanted=", ".join(missing)
            or Phrase(
                "a column named by one of the meters %(meters)s", meters=", ".join(sorted(meters))
            ),
        )
    wanted = (*needed, *found_meters)
    if twice := [name for name in wanted if header.count(name) > 1]:
        raise header_twice(str(path), header, twice[0], profile.header_row)
    if wide:
        return Layout(header, stamp, wanted, tuple(found_meters), None, found_meters, parts=parts)
    if constant is not None:
        return Layout(header, stamp, wanted, (value,), None, {}, str(constant), parts)
    return Layout(header, stamp, wanted, (value,), meter, {}, parts=parts)


def _is_plain(
    columns: dict[str, Any], *, layout: Layout, profile: Profile, clock: WallClock
) -> bool:
    """Whether typed columns are readings already."""
    return (
        _sound(columns, Consecutive(0, len(columns[layout.stamp])), layout, profile, clock)
        is not None
    )


def _sound(
    columns: dict[str, Any], rows: Rows, layout: Layout, profile: Profile, clock: WallClock
) -> SoundColumns | None:
    """Columns in which there is nothing to understand; None where there is."""
    if layout.parts or profile.midnight != "begins" or profile.missing.get("value"):
        return None
    time_us = arrow_columns.steady_stamps(columns[layout.stamp], FIRST_US, LAST_US, clock)
    meter = None if layout.meter is None else columns[layout.meter]
    if time_us is None or (meter is not None and meter.null_count):
        return None
    values: dict[str, Floats] = {}
    for header in layout.values:
        value = arrow_columns.finite_numbers(columns[header], profile.scale.get("value", 1.0))
        if value is None:
            return None
        values[header] = value
    codes = None if meter is None else arrow_columns.codes(meter)
    return SoundColumns(rows, time_us, values, codes)


def _of_meters(
    sound: SoundColumns,
    layout: Layout,
    profile: Profile,
    file: str,
    meters: frozenset[str],
    log: ReadingLog,
) -> Iterator[ReadingBlock]:
    """The readings of the meters that are asked for; what there is of others is noted in the
    log.
    """
    words = profile.values.get("meter_id", {})
    for part in sound.by_meter():
        if layout.meter is None:
            yield ReadingBlock(
                layout.meters.get(part.header, layout.constant_meter or ""),
                part.time_us,
                part.value,
                part.rows,
                file,
            )
            continue
        meter = words.get(part.name or "", cells.plain(part.name or ""))
        if meter in meters:
            yield ReadingBlock(meter, part.time_us, part.value, part.rows, file)
        else:
            log.meet_unknown(meter, part.time_us, part.value)


def _mostly_unreadable(log: ReadingLog) -> InputError:
    first = log.rejected[0]
    return InputError(
        "mostly-unreadable",
        Phrase(
            "%(rejected_count)s of the first %(rows)s readings cannot be read.",
            rejected_count=f"{log.rejected_count:,}",
            rows=f"{log.rows:,}",
        ),
        "Set [mapping.readings] in site.toml to how the file is written; `steplabel-agent label "
        "FILE` writes it into a site.toml.",
        place=first.place,
        found=first.found,
        wanted=first.wanted,
    )


ENOUGH = 1 << 16  # readings of one meter that go on at once
MOST_HELD = 1 << 21  # readings of all meters that wait: 50 MB


def gathered(blocks: Iterable[ReadingBlock]) -> Iterator[ReadingBlock]:
    """The same readings, each meter's in the same order; a block never spans two files."""
    blocks_by_meter: dict[str, list[ReadingBlock]] = {}
    waiting = 0
    for block in blocks:
        before = blocks_by_meter.get(block.meter)
        if before and before[0].file != block.file:
            waiting -= sum(len(part.time_us) for part in before)
            yield _joined(blocks_by_meter.pop(block.meter))
        elif not before and len(block.time_us) >= ENOUGH:
            yield block
            continue
        blocks_by_meter.setdefault(block.meter, []).append(block)
        waiting += len(block.time_us)
        if waiting >= MOST_HELD:
            for parts in blocks_by_meter.values():
                yield _joined(parts)
            blocks_by_meter, waiting = {}, 0
    for parts in blocks_by_meter.values():
        yield _joined(parts)


def _joined(parts: list[ReadingBlock]) -> ReadingBlock:
    if len(parts) == 1:
        return parts[0]
    time_us = np.concatenate([part.time_us for part in parts])
    value = np.concatenate([part.value for part in parts])
    row = np.concatenate([part.row for part in parts])
    return ReadingBlock(parts[0].meter, time_us, value, row, parts[0].file)
