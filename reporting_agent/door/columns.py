"""Columns of energy, counters and output, and carriers that headers name; of readings, which
columns are meters, and which qualify them (unit, direction, quality, register, multiplier): used,
or asked about, never passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, pairwise, permutations
from operator import gt, lt
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import Profile
from reporting_agent.door.look import FileLook, is_date, is_value, mostly
from reporting_agent.door.maker import Maker
from reporting_agent.door.naming import (
    OUTPUT,
    ColumnMatch,
    clock_columns,
    dates,
    named,
    numbers,
    numbers_rows,
    unit_of,
)
from reporting_agent.door.notation import decimal_of
from reporting_agent.door.types import KeyEvidence
from reporting_agent.door.vocabulary import VOCABULARY, folded, without_unit
from reporting_agent.sources.cells import Cell, UnreadableCell, as_name, is_blank, number, plain
from reporting_agent.sources.rearranged import arranged, holds_two_moments
from reporting_agent.sources.sheets import JOINER, Sheet
from reporting_agent.sources.wanted import BATCHES

_MOST_WORDS = 12
_NAME = "meter"  # of the column that several columns make together
_GOOD_OPC = 192.0  # OPC DA: a quality of 192 and more is good, by its upper two bits
_ENERGY = ("energy", "power", "volume", "flow")


def qualify(maker: Maker) -> tuple[str, str] | None:
    """Set what the qualifying columns say, and look on at the rows that are left; the unit that a
    column of units states, and why, None where none does."""
    _two_moments(maker)
    look = maker.look
    used = {match.index for match in maker.found.values()}
    used |= {look.header.index(part) for parts in maker.spread.values() for part in parts}
    unit: tuple[str, str] | None = None
    for index, header in enumerate(look.header):
        if not header or index in used or not look.column(index):
            continue
        words = _words(look, index)
        if 0 < len(words) <= _MOST_WORDS:
            if (stated := _units(maker, header, words)) is not None:
                why = Phrase("column %(column)s states the unit", column=repr(header))
                unit = stated, why
            elif not _directions(maker, header, words):
                _quality(maker, index, header, words)
        _multiplier(maker, index, header)
    _look_on(maker)
    return unit


def _two_moments(maker: Maker) -> None:
    """Stamps that hold the start and the end of their interval: the start is read."""
    match = maker.found.get("timestamp")
    if match is None or "timestamp" in maker.spread:
        return
    texts = [cell for cell in maker.look.column(match.index) if isinstance(cell, str)]
    if texts and mostly(lambda cell: holds_two_moments(str(cell)), texts):
        why = Phrase("%(column)s holds start and end of each interval", column=repr(match.header))
        maker.proposal.set("first_of", [match.header], why)


def _look_on(maker: Maker) -> None:
    """See the rows as they will be read: those that are kept, with the columns that are made."""
    profile = Profile.model_validate(maker.proposal.keys)
    if not profile.qualifies or profile.by_clock:
        return
    look = maker.look
    own = profile.model_copy(update={"month": {}, "in_cells": {}})  # which the look has done
    sheet = arranged(Sheet(str(look.path), look.header, iter(look.rows)), own)
    rows = list(sheet.rows)
    more = len(sheet.header) - len(look.header)
    maker.look = replace(look, header=sheet.header, rows=rows, units=(*look.units, *[""] * more))
    if _NAME in profile.names:
        maker.found["meter_id"] = ColumnMatch(sheet.header.index(_NAME), _NAME, "", 1.0)


def _words(look: FileLook, index: int) -> list[str]:
    """The distinct words of a column, most frequent first."""
    counts = Counter(plain(as_name(cell)).removesuffix(".0") for cell in look.column(index))
    return [word for word, _ in counts.most_common(_MOST_WORDS + 1)]


def _units(maker: Maker, header: str, words: Sequence[str]) -> str | None:
    """A column of units: rows of energy are kept, those of what is no energy are not."""
    units = [VOCABULARY.unit_in(word, alone=True) for word in words]
    named = VOCABULARY.meaning("energy", "unit", header)
    if not all(units) and not (named is not None and named.share >= 0.7):
        return None
    amounts = [
        (word, unit)
        for word, unit in zip(words, units, strict=True)
        if unit is not None and VOCABULARY.kind_of_unit(unit) in _ENERGY
    ]
    if not amounts:
        return None
    chosen = amounts[0]
    if len(amounts) > 1:
        ask = Phrase("Rows of which unit in %(column)s are the meter's?", column=repr(header))
        answer = maker.asked(
            "readings.rows.unit", ask, [word for word, _ in amounts], proposal=amounts[0][0]
        )
        if answer is None:
            return None
        chosen = next(pair for pair in amounts if pair[0] == answer)
    if len(words) > 1:
        why = Phrase("rows of other units are other readings: %(column)s", column=repr(header))
        maker.proposal.set(f"keep.{header}", [chosen[0]], why)
    _use(maker, header)
    return chosen[1]


def _directions(maker: Maker, header: str, words: Sequence[str]) -> bool:
    """A column that tells what is taken from what is given back: rows of what is taken are kept."""
    kinds = {word: _direction(word) for word in words}
    if "import" not in kinds.values() or not set(kinds.values()) <= {"import", "export"}:
        return False
    kept = [word for word, kind in kinds.items() if kind == "import"]
    if len(kept) < len(words):
        why = Phrase("%(column)s: what is given back is not what is used", column=repr(header))
        maker.proposal.set(f"keep.{header}", kept, why)
    _use(maker, header)
    if len(kept) > 1 and _at_one_stamp(maker, header, kept):
        meter = maker.found.get("meter_id")
        parts = [*([meter.header] if meter is not None else []), header]
        if len(parts) > 1:
            why = Phrase("each register of %(column)s is a meter of its own", column=repr(header))
            maker.proposal.set(f"names.{_NAME}", parts, why)
            maker.proposal.set("columns.meter_id", _NAME, why)
        else:
            maker.use("meter_id", header, Phrase("each register is a meter"))
    return True


def _direction(word: str) -> str | None:
    """import or export, by a word that a register's name holds."""
    text = folded(word)
    for kind in ("export", "import"):
        if any(part in text for part in VOCABULARY.words_in_cells("flow", kind)):
            return kind
    return None


def _at_one_stamp(maker: Maker, header: str, words: Sequence[str]) -> bool:
    """Whether two of the registers have a value at one stamp: then each counts by itself."""
    look = maker.look
    of_word = look.header.index(header)
    stamps = [
        look.header.index(part)
        for part in maker.spread.get("timestamp", ())
        or ([maker.found["timestamp"].header] if "timestamp" in maker.found else [])
    ]
    value = maker.found["value"].index if "value" in maker.found else None
    seen: dict[tuple[str, ...], str] = {}
    for _, cells in look.rows:
        if max([of_word, *stamps, value or 0]) >= len(cells):
            continue
        word = plain(as_name(cells[of_word]))
        if word not in words or (value is not None and is_blank(cells[value])):
            continue
        stamp = tuple(plain(str(cells[at])) for at in stamps)
        if seen.setdefault(stamp, word) != word:
            return True
    return False


def _quality(maker: Maker, index: int, header: str, words: Sequence[str]) -> None:
    """A column that says of each reading whether it is good: of the others the value is not
    known."""
    if not VOCABULARY.names("qualifiers", "quality", header):
        return
    cells = maker.look.column(index)
    if mostly(is_value, cells):
        good = [word for word in words if _is_number(word) and float(word) >= _GOOD_OPC]
    else:
        good = [word for word in words if VOCABULARY.standard_word("reading", word) == "good"]
        good += [word for word in words if _says_good(word) and word not in good]
    _use(maker, header)
    if not good:
        ask = Phrase("Which words of %(column)s say that a reading is good?", column=repr(header))
        answer = maker.asked("readings.quality", ask, (), ", ".join(words), proposal=words[0])
        good = [] if answer is None else [word.strip() for word in answer.split(",")]
    if good and set(good) != set(words):
        why = Phrase("%(column)s says which readings are good", column=repr(header))
        maker.proposal.set(f"valid.{header}", good, why)


def _says_good(word: str) -> bool:
    text = folded(word)
    return any(part in text for part in VOCABULARY.words_in_cells("reading", "good"))


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal()


def _multiplier(maker: Maker, index: int, header: str) -> None:
    """The ratio of a transformer beside each reading, by which it is multiplied."""
    value = maker.found.get("value")
    if value is not None and is_multiplier(maker.look, index):
        multiplied(maker, value.header, header)
        _use(maker, header)


def is_multiplier(look: FileLook, index: int) -> bool:
    """Whether a column holds the ratio of a transformer."""
    named_so = VOCABULARY.names("qualifiers", "multiplier", look.header[index])
    return named_so and mostly(is_value, look.column(index))


def multiplied(maker: Maker, value: str, header: str) -> None:
    why = Phrase("each reading is multiplied by %(column)s", column=repr(header))
    maker.proposal.set(f"times.{value}", header, why)


def _use(maker: Maker, header: str) -> None:
    """The column counts as used."""
    maker.qualifying.append(header)
    maker.proposal.evidence.append(KeyEvidence(f"qualifier.{without_unit(header)}", header, ""))


_NUMBER = re.compile(r"\d+")
_WATER = re.compile("water|wasser|水|agua|eau|вод|acqua|wod")
AMOUNTS = frozenset({"energy", "volume"})
_MOST_COUNTERS = 40  # columns that rise: more of them are a table of meters
# values that only fall: a file that begins with its newest row, and no load that happened to sink
_ROWS_OF_A_COUNTER = 2000
_FEWEST_TURNS = 2
_ENDS = (2**16, 2**24, 2**31, 2**32, *(10**digits for digits in range(4, 13)))  # of registers
_FEWEST_FALLING = 20


def energy_columns(look: FileLook) -> list[int]:
    """Columns of numbers whose header says energy of a batch: a word for it, a carrier with an
    amount, a carrier or its unit alone; where none of these is in kWh, all that are.
    """
    return list(look.once("energy columns", lambda: _energy_columns(look)))


def _energy_columns(look: FileLook) -> list[int]:
    of_batches = {
        *(matched.index for matched in named(look, BATCHES).values()),
        *(counter_pair(look) or ()),
        *output_columns(look),
    }
    free = [index for index in numbers(look) if index not in of_batches]
    named_so = [index for index in free if _is_energy(look, index)]
    in_kwh = [index for index in free if _kind(look, index) == "energy"]
    return named_so if set(named_so) & set(in_kwh) else sorted({*named_so, *in_kwh})


def _kind(look: FileLook, index: int) -> str | None:
    """What the unit of a column measures."""
    unit = unit_of(look, index)
    return None if unit is None else VOCABULARY.kind_of_unit(unit[0])


def _is_energy(look: FileLook, index: int) -> bool:
    header, unit, kind = look.header[index], unit_of(look, index), _kind(look, index)
    named = carrier_in(header)
    if kind not in {None, "mass", *AMOUNTS} or (kind == "mass" and named is None):
        return False
    if kind == "volume" and (_WATER.search(folded(header)) or named == "compressed-air"):
        return False  # of water its mass alone is an amount of a carrier
    meaning = VOCABULARY.meaning("energy", "quantity", header)
    named_so = meaning is not None and meaning.share >= (0.3 if kind in AMOUNTS else 0.7)
    alone = (
        VOCABULARY.unit_in(header.split(JOINER)[-1], alone=True) is not None and kind == "energy"
    )
    whole = (
        unit is None and VOCABULARY.standard_word("carrier", without_unit(header)) is not None
    )  # in a unit that has to be asked
    return named_so or alone or whole or (kind in AMOUNTS and named is not None)


def counter_pair(look: FileLook) -> tuple[int, int] | None:
    """Two columns that hold one counter, read at the end and at the start of each row; None where
    none are so.

    The counter rises from start to end and on to the next start, row by row, or machine by machine;
    two columns that only grow alike do not take turns. Many that rise are a table of registers.
    """
    return look.once("counter pair", lambda: _counter_pair(look))


def _counter_pair(look: FileLook) -> tuple[int, int] | None:
    counted = [
        index
        for index in numbers(look)
        if _is_counted(look, index) and numbers_rows(look, index) is False
    ]
    columns = {index: look.column(index)[:_ROWS_OF_A_COUNTER] for index in counted}
    pair = _in_turns(columns)
    machine = named(look, BATCHES).get("equipment")
    if pair is None and machine is not None:
        names = [str(cell) for cell in look.column(machine.index)[:_ROWS_OF_A_COUNTER]]
        order = sorted(range(len(names)), key=names.__getitem__)
        return _in_turns(
            {
                index: [cells[row] for row in order]
                for index, cells in columns.items()
                if len(cells) == len(names)
            }
        )
    return pair


def _in_turns(columns: Mapping[int, Sequence[Cell]]) -> tuple[int, int] | None:
    profile = _notation(chain.from_iterable(columns.values()))
    values: dict[int, list[float]] = {}
    for index, cells in columns.items():
        read = [*_read(cells, profile)]
        if len(read) > 2 and _falls(read) <= len(read) // 20:
            values[index] = read
    if len(values) > _MOST_COUNTERS:
        return None
    for earlier, later in permutations(values, 2):
        pairs = [*zip(values[earlier], values[later], strict=False)]
        turns = [value for pair in pairs for value in pair]
        if (
            len(columns[earlier]) == len(columns[later])
            and len(set(turns)) > len(pairs)
            and _falls(turns) <= len(pairs) // 20
        ):
            return later, earlier
    return None


def _falls(values: Sequence[float]) -> int:
    return sum(after < before for before, after in pairwise(values))


def _notation(cells: Iterable[Cell]) -> Profile:
    decimal, group = decimal_of([cell for cell in cells if not is_date(cell)])
    return Profile.model_validate(
        {"decimal": decimal.value if decimal else ".", "thousands": group.value if group else ""}
    )


def _is_counted(look: FileLook, index: int) -> bool:
    unit = unit_of(look, index)
    return unit is None or VOCABULARY.kind_of_unit(unit[0]) in AMOUNTS


def _read(column: Sequence[Cell], profile: Profile) -> Iterator[float]:
    for cell in column:
        with suppress(UnreadableCell):
            yield number(cell, profile)


def output_columns(look: FileLook) -> list[int]:
    """Columns of tonnes or pieces whose header names no carrier: what was made, not what was
    used.
    """
    units = {index: unit_of(look, index) for index in numbers(look)}
    outputs = [
        index
        for index, unit in units.items()
        if unit is not None and VOCABULARY.kind_of_unit(unit[0]) in OUTPUT
    ]
    made = [index for index in outputs if carrier_in(look.header[index]) is None]
    if made:
        return made
    return [  # a works that makes or treats water, and gives its volume
        index
        for index, unit in units.items()
        if unit is not None
        and VOCABULARY.kind_of_unit(unit[0]) == "volume"
        and _WATER.search(folded(look.header[index])) is not None
    ]


def carrier_in(header: str) -> str | None:
    """The carrier that a header names, whole or by one of its words."""
    words = re.split(r"[\s/_\[\]()（）【】,.-]+", plain(header))
    return next(
        (
            carrier
            for word in [header, *words]
            if (carrier := VOCABULARY.standard_word("carrier", word)) is not None
        ),
        None,
    )


def readings(maker: Maker) -> None:
    stated = qualify(maker)
    registers = _registers_of_one(maker)
    if {"meter_id", "value"} <= set(maker.found) and not registers:
        names = sorted(
            {plain(as_name(cell)) for cell in maker.look.column(maker.found["meter_id"].index)}
        )
        unit = unit_of(maker.look, maker.found["value"].index) or stated
        for name in names:
            _meter(maker, name, list(_values_of(maker, name)), unit)
        return
    maker.drop("value", "meter_id")
    counted = {"energy", "power", "volume", "flow", "mass"}
    stamped = maker.found["timestamp"].index if "timestamp" in maker.found else -1
    columns = [index for index in numbers(maker.look) if index != stamped]
    of_carriers = [
        i
        for i in columns
        if (u := unit_of(maker.look, i)) is not None and VOCABULARY.kind_of_unit(u[0]) in counted
    ]
    output = set(output_columns(maker.look))
    of_carriers = [i for i in of_carriers if i not in output] or of_carriers
    ratio = next((index for index in columns if is_multiplier(maker.look, index)), None)
    chosen = (
        registers
        or of_carriers
        or [
            index
            for index in columns
            if maker.look.header[index] not in maker.qualifying
            and index != ratio
            and not _is_a_number_of_something(maker.look, index)
        ]
    )
    why = in_number(
        len(chosen),
        "%(count)s column of meters beside one of stamps",
        "%(count)s columns of meters beside one of stamps",
        count=len(chosen),
    )
    maker.proposal.set("wide", True, why)
    for index in chosen:
        header = maker.look.header[index]
        maker.found[f"meters.{header}"] = ColumnMatch(index, header, "", 0.5)
        _meter(maker, header, maker.look.column(index), unit_of(maker.look, index) or stated)
        if ratio is not None:
            multiplied(maker, header, maker.look.header[ratio])
    _leave_out_repeated(maker)


def _registers_of_one(maker: Maker) -> list[int]:
    """The registers of one meter beside each other (reading1 and reading2 of two tariffs): columns
    named alike but for a number, each of which rises; none where there is but one."""
    look, match = maker.look, maker.found.get("value")
    if match is None or (meter := maker.found.get("meter_id")) is None:
        return []
    if len({plain(as_name(cell)) for cell in look.column(meter.index)}) > 1:
        return []
    alike = [
        index
        for index in numbers(look)
        if _NUMBER.sub("#", look.header[index]) == _NUMBER.sub("#", match.header)
    ]
    profile = _notation(chain.from_iterable(look.column(index) for index in alike))
    rising = [index for index in alike if not _falls([*_read(look.column(index), profile)])]
    return rising if len(rising) > 1 and rising == alike else []


def _is_a_number_of_something(look: FileLook, index: int) -> bool:
    """Whether a column without a unit holds one whole number above 0 in every row, as of an account
    or a place, beside others that move."""
    words = _words(look, index)
    return (
        unit_of(look, index) is None
        and len(words) == 1
        and words[0].isdecimal()
        and words[0] != "0"
        and any(len(_words(look, other)) > 1 for other in numbers(look))
    )


def _leave_out_repeated(maker: Maker) -> None:
    """Amounts that are the rises of a register beside them count once: by the register, unless it
    is read at the other end of the interval than its stamp says."""
    meters = maker.proposal.meters
    values = {header: maker.proposal.numbers(header) for header in meters}
    rises = {
        header: [after - before for before, after in pairwise(values[header])]
        for header, keys in meters.items()
        if keys.get("reading") == "register"
    }
    for header in [name for name, keys in meters.items() if keys.get("reading") == "interval"]:
        own = values[header]
        for register, risen in rises.items():
            if register not in meters or _kind_of(meters[register]) != _kind_of(meters[header]):
                continue
            at_end = _agree(own[1:], risen)
            if not (at_end or _agree(own[:-1], risen)):
                continue
            by_register = at_end == (meters[header].get("stamp", "end") == "end")
            kept, left = (register, header) if by_register else (header, register)
            del meters[left], maker.found[f"meters.{left}"]
            why = Phrase(
                "%(amounts)s is what %(register)s rises by: counted once",
                amounts=repr(header),
                register=repr(register),
            )
            maker.proposal.evidence.append(KeyEvidence(f"meters.{kept}", kept, why))
            break


def _kind_of(meter: dict[str, Any]) -> str | None:
    """What a meter measures, by its unit."""
    return VOCABULARY.kind_of_unit(str(meter.get("unit", "")))


def _agree(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether nearly all amounts are the same but for rounding, and some are not 0."""
    if len(one) != len(other) or not any(one):
        return False
    near = sum(
        abs(mine - theirs) <= 0.01 * abs(theirs) + 0.006
        for mine, theirs in zip(one, other, strict=True)
    )
    return near >= 0.95 * len(one)


def _values_of(maker: Maker, meter: str) -> Iterator[Cell]:
    key, value = maker.found["meter_id"].index, maker.found["value"].index
    return (
        row[value]
        for _, row in maker.look.rows
        if max(key, value) < len(row) and plain(as_name(row[key])) == meter
    )


def _meter(maker: Maker, name: str, cells: Sequence[Cell], stated: tuple[str, str] | None) -> None:
    """What is known of a meter: unit, and whether it is a register, a rate or an interval."""
    unit = stated[0] if stated else _asked_unit(maker, name, cells)
    meter: dict[str, Any] = {} if unit is None else {"unit": unit}
    kind, because = _reading_of(maker, cells, unit)
    if kind == "register" and (again := _starts_again_at(maker, cells)) is not None:
        meter["rollover"] = again
        why = Phrase("the register starts again at %(count)s", count=f"{again:g}")
        maker.proposal.evidence.append(KeyEvidence(f"meters.{name}.rollover", again, why))
    if kind is None and unit is not None:
        ask = Phrase(
            "What are the values of meter %(meter)s? %(reason)s", meter=repr(name), reason=because
        )
        kind = maker.asked(
            f"readings.reading.{name}",
            ask,
            ("register", "rate", "interval"),
            proposal="interval",
            every="readings.reading",
        )
    if kind is not None:
        meter["reading"] = kind
        maker.proposal.evidence.append(KeyEvidence(f"meters.{name}.reading", kind, because))
    if kind == "interval" and {"by_clock", "first_of"} & maker.proposal.keys.keys():
        meter["stamp"] = "start"
    elif kind == "interval" and "midnight" not in maker.proposal.keys:
        ask = Phrase("Does the stamp of an interval stand at its end or at its start?")
        begins = _stamped_at_start(maker)
        likely = (
            Phrase("the header of the stamps says that they begin the interval")
            if begins
            else Phrase("most systems stamp an interval at its end")
        )
        stamp = maker.asked(
            "readings.stamp",
            ask,
            ("end", "start"),
            proposal="start" if begins else "end",
            likely=likely,
        )
        if stamp == "start":
            meter["stamp"] = stamp
    maker.proposal.meters[name] = meter


def _asked_unit(maker: Maker, name: str, cells: Sequence[Cell]) -> str | None:
    """The answer to the unit of a meter. Of a register kWh is likely; what rises and falls is a
    power or an amount, and nobody but the plant knows which."""
    carrier = carrier_in(name)
    fuel = carrier is not None and CARRIERS[carrier].unit != "kWh"
    usual = CARRIERS[carrier].unit if carrier is not None and fuel else "kWh"
    counts = _reading_of(maker, cells, None)[0] == "register"
    return maker.asked(
        f"readings.unit.{name}",
        Phrase("In which unit is meter %(meter)s?", meter=repr(name)),
        example=usual if counts else "kW, kWh, MWh, Nm3, …",
        proposal=usual if counts else "",
        every="" if fuel else "readings.unit",
    )


def _starts_again_at(maker: Maker, cells: Sequence[Cell]) -> float | None:
    """Where a register begins anew, as of 16 or 32 bits or of so many digits: it falls from just
    below that to just above 0, again and again. None of one that never does."""
    values = [*_read(cells, maker.proposal.notation)]
    moves = [after - before for before, after in pairwise(values)]
    falls = [move for move in moves if move < 0]
    if len(falls) < _FEWEST_TURNS or min(values) < 0:
        return None
    top, most = max(values), max(moves)
    ends: list[float] = sorted(base / 10**digits for base in _ENDS for digits in range(4))
    end = next((each for each in ends if top < each <= top + most), None)
    if end is None or any(move + end > 1.5 * most for move in falls):
        return None
    return end


def _stamped_at_start(maker: Maker) -> bool:
    """Whether the header of the stamps says that an interval begins there (From, von, 开始时间),
    or a second moment beside them says where it ends."""
    headers = maker.spread.get("timestamp") or (
        (maker.found["timestamp"].header,) if "timestamp" in maker.found else ()
    )
    ends_too = len(dates(maker.look)) > 1 or len(clock_columns(maker.look)) > 1
    return ends_too or any(
        (meaning := VOCABULARY.meaning("batches", "start", header)) is not None
        and meaning.share >= 0.3
        for header in headers
    )


def _reading_of(maker: Maker, cells: Sequence[Cell], unit: str | None) -> tuple[str | None, Phrase]:
    kind = VOCABULARY.kind_of_unit(unit) if unit is not None else None
    if kind in {"power", "flow"}:
        return "rate", Phrase("%(unit)s is a power or a flow", unit=str(unit))
    values = [*_read(cells, maker.proposal.notation)]
    if _starts_again_at(maker, cells) is not None:
        return "register", Phrase("the values rise, and start again where the register ends")
    falls, rises = (sum(map(turned, values[1:], values)) for turned in (lt, gt))
    few, moves = len(values) // 100, len(set(values)) > len(values) // 10
    if len(values) > 2 and falls <= few and moves:
        return "register", in_number(
            falls,
            "the values rise (%(falls)s fall in %(count)s)",
            "the values rise (%(falls)s falls in %(count)s)",
            falls=falls,
            count=f"{len(values):,}",
        )
    if len(values) >= _FEWEST_FALLING and rises <= few and moves:
        why = in_number(
            rises,
            "the values fall, newest first (%(rises)s rise in %(count)s)",
            "the values fall, newest first (%(rises)s rises in %(count)s)",
            rises=rises,
            count=f"{len(values):,}",
        )
        return "register", why
    if kind in {"energy", "volume", "mass"}:
        return "interval", Phrase(
            "%(unit)s is an amount, and the values rise and fall", unit=str(unit)
        )
    return None, Phrase("They rise and fall, and no unit is known: a rate or an interval.")
