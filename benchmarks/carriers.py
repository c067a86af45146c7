"""Energy carriers and working media with their units: read from a table, brought by a pack, and
recognised in a heading.

An id is what `energy.carrier`, a meter's `carrier` and a pack's boundary write. Working media (GB/T
2589: oxygen, nitrogen, compressed air, water) are no energy themselves; they stand for the energy
that made them and count only where they were made outside the boundary.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from pydantic import TypeAdapter

from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.foreign_files import LONGEST_HEADING
from benchmarks.materials import Form, HeatingRange, OwnCarrier
from benchmarks.quantities import MULTIPLES, SPELLINGS

TABLE = Path(__file__).parent / "packs" / "carriers.toml"


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier. `unit` is the unit its factors are per; `thermal` says whether it counts in the
    metric `thermal`.
    """

    id: str
    words: Words
    form: Form
    unit: str
    thermal: bool
    also: tuple[str, ...] = ()
    lhv: HeatingRange | None = (
        # of a pack's own carrier, what it can hold; of the others the table of factors says it
        None
    )
    kg_per_nm3: float | None = None


def _of(entry: OwnCarrier) -> Carrier:
    thermal = entry.kind not in ("electricity", "medium")
    return Carrier(
        entry.id,
        entry.words,
        entry.kind,
        entry.unit,
        thermal,
        entry.also,
        entry.lhv,
        entry.kg_per_nm3,
    )


def read_table(path: Path = TABLE) -> dict[str, Carrier]:
    """The carriers of a table, by id; a pack's own are not among them."""
    entries = TypeAdapter(tuple[OwnCarrier, ...]).validate_python(
        tomllib.loads(path.read_text(encoding="utf-8"))["carrier"]
    )
    carriers = {entry.id: _of(entry) for entry in entries}
    if len(carriers) < len(entries):
        raise ValueError(f"{path.name} names a carrier twice")
    return carriers


_carriers = read_table()
CARRIERS: Mapping[str, Carrier] = MappingProxyType(_carriers)
"""Every carrier there is: those of the table, and those that a pack which was read brought
along.
"""
_OF_TABLE = frozenset(_carriers)


def bring(own: Iterable[OwnCarrier]) -> tuple[str, ...]:
    """Make the carriers of a pack known; returns those ids that already stand for another kind or
    unit, of which nothing is changed.
    """
    clashing = []
    for entry in own:
        carrier = _carriers.setdefault(entry.id, _of(entry))
        if (carrier.form, carrier.unit) != (entry.kind, entry.unit):
            clashing.append(entry.id)
    return tuple(clashing)


def by_id(own: Iterable[OwnCarrier]) -> dict[str, OwnCarrier]:
    """A pack's own carriers as this version of it has them, though another was read first; what the
    table holds stays as it is there.
    """
    return {entry.id: entry for entry in own if entry.id not in _OF_TABLE}


@contextmanager
def brought(own: Sequence[OwnCarrier]) -> Iterator[tuple[str, ...]]:
    """The carriers of a pack that is only looked at: known until the end of the block; gives what
    `bring` returns.
    """
    new = {entry.id for entry in own} - _carriers.keys()
    try:
        yield bring(own)
    finally:
        for id_ in new:
            _carriers.pop(id_, None)


def carrier(id_: str) -> Carrier:
    """The carrier of that id.

    Raises:
        InputError: `carrier-unknown`, naming the carriers there are.
    """
    try:
        return CARRIERS[id_]
    except KeyError:
        raise InputError(
            "carrier-unknown",
            "An energy carrier is not known.",
            "Use one of the carrier ids. A mapping profile can translate the plant's own names.",
            found=repr(id_),
            wanted=", ".join(CARRIERS),
        ) from None


def folded(text: str) -> str:
    """Small letters without accents and full widths, as names are compared."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize(
        "NFC", "".join(letter for letter in parts if not unicodedata.combining(letter))
    )


@dataclass(frozen=True, slots=True)
class Naming:
    """What a heading names: a carrier, the unit of its amount where it says one, and whether that
    is per unit of output.
    """

    carrier: str
    unit: str | None = None
    per_output: bool = False


_UNITS = {unit.casefold(): unit for units in MULTIPLES for unit in units} | {
    folded(spelling): unit for spelling, unit in SPELLINGS.items()
}
_UNITS |= {"pct": "%", "%": "%", "tonne": "t", "tonnes": "t"}
_BETWEEN, _MARKED, _BRACKETS = (
    re.compile(r"[\s_\-./,:;]+"),
    re.compile(r"[\[({【][^\])}】]*[\])}】]"),
    str.maketrans("[({【])}】", " " * 8),
)
_PER = frozenset({"h", "d", "day", "m2", "m3", "pcs"})  # behind a unit, as units of output are
_BESIDE, _AT_ITS_END = (
    tuple(tomllib.loads(TABLE.read_text(encoding="utf-8"))[name])
    for name in ("beside", "at_its_end")
)


def named(heading: str) -> Naming | None:
    """The carrier whose id, name or other word a heading is, but for its unit and words of amounts;
    None where it says other things.

    Case, accents, spaces, hyphens and underscores do not matter: `input.Petroleum Coke`,
    `petcoke_t`, `Coal used [kg]`.
    """
    return None if len(heading) > LONGEST_HEADING else _named(heading, tuple(CARRIERS))


@lru_cache(maxsize=1 << 12)
def _named(heading: str, carrier_ids: tuple[str, ...]) -> Naming | None:
    return read_heading(heading, _names(carrier_ids))


def read_heading(heading: str, names: Mapping[str, str]) -> Naming | None:
    """What a heading names by these `names` (`name_key`), but for units and words of amounts."""
    text = re.sub(r"^(input|var)\.", "", folded(heading.strip()))
    units = [
        _UNITS.get(part)
        for mark in re.findall(r"[\[({【]([^\])}】]*)[\])}】]", text)
        for part in re.split(r"[/_ ]+", mark.strip())
    ]
    words = [word for word in _BETWEEN.split(_MARKED.sub(" ", text)) if word]
    while words and (whole := "".join(words)) not in names:
        if words[-1] in _UNITS or (words[-1] in _PER and len(words) > 2):
            units.insert(0, _UNITS.get(words.pop()))
        elif words[-1] in _BESIDE:
            words.pop()
        elif words[0] in _BESIDE:
            words.pop(0)
        elif (
            end := next(
                (
                    ending
                    for ending in _AT_ITS_END
                    if words[-1].endswith(ending) and words[-1] != ending
                ),
                None,
            )
        ) is not None:
            words[-1] = words[-1].removesuffix(end)
        else:
            return None
    return Naming(names[whole], units[0] if units else None, len(units) > 1) if words else None


def name_key(text: str) -> str:
    """A name without what does not matter in it: case, accents, spaces, hyphens."""
    return "".join(_BETWEEN.split(folded(text)))


@lru_cache(maxsize=8)
def _names(carrier_ids: tuple[str, ...]) -> Mapping[str, str]:
    """By what a heading is held against, the carrier: ids, names in every language, kinds that
    stand in their brackets, other words.
    """
    carriers: dict[str, str] = {}
    for id_ in carrier_ids:
        entry = CARRIERS[id_]
        for text in (
            id_,
            *entry.also,
            *(part for name in entry.words.by_language.values() for part in _parts(folded(name))),
        ):
            carriers.setdefault(name_key(text), id_)
    return carriers


def _parts(name: str) -> Iterator[str]:
    """cleaned (washed) coal: cleaned coal, cleaned washed coal; of a list in brackets, each of
    it.
    """
    yield _MARKED.sub(" ", name)
    yield name.translate(_BRACKETS)
    inside = ",".join(_MARKED.findall(name)).translate(_BRACKETS)
    yield from parts if len(parts := re.split("[,\u3001]", inside)) > 2 else ()
