"""Energy carriers and energy-consuming working media, each with the unit it is accounted in: data, in `packs/carriers.toml`.

An id is what `energy.carrier`, a meter's `carrier` and a pack's boundary write. Working media (GB/T 2589: oxygen, nitrogen,
compressed air, water) are no energy themselves; they stand for the energy that made them and count only where they were
made outside the boundary.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import TypeAdapter

from benchmarks.errors import InputError
from benchmarks.routes import Form, HeatingRange, OwnCarrier, Words

TABLE = Path(__file__).parent / "packs" / "carriers.toml"


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier. `unit` is the unit its factors are per; `thermal` says whether it counts in the metric `thermal`."""

    id: str
    words: Words
    form: Form
    unit: str
    thermal: bool
    lhv: HeatingRange | None = None  # of a pack's own carrier, what it can hold; of the others the table of factors says it


def _of(entry: OwnCarrier) -> Carrier:
    thermal = entry.kind not in ("electricity", "medium")
    return Carrier(entry.id, entry.words, entry.kind, entry.unit, thermal, entry.lhv)


def read_table(path: Path = TABLE) -> dict[str, Carrier]:
    """The carriers of a table, by id; a pack's own are not among them."""
    entries = TypeAdapter(tuple[OwnCarrier, ...]).validate_python(tomllib.loads(path.read_text(encoding="utf-8"))["carrier"])
    carriers = {entry.id: _of(entry) for entry in entries}
    if len(carriers) < len(entries):
        raise ValueError(f"{path.name} names a carrier twice")
    return carriers


_known = read_table()
CARRIERS: Mapping[str, Carrier] = MappingProxyType(_known)
"""Every carrier there is: those of the table, and those that a pack which was read brought along."""


def bring(own: Iterable[OwnCarrier]) -> tuple[str, ...]:
    """Make the carriers of a pack known; returns those ids that already stand for another kind or unit, of which nothing is changed."""
    clashing = []
    for entry in own:
        there = _known.setdefault(entry.id, _of(entry))
        if (there.form, there.unit) != (entry.kind, entry.unit):
            clashing.append(entry.id)
    return tuple(clashing)


@contextmanager
def brought(own: Sequence[OwnCarrier]) -> Iterator[tuple[str, ...]]:
    """The carriers of a pack that is only looked at: known until the end of the block; gives what `bring` returns."""
    new = {entry.id for entry in own} - _known.keys()
    try:
        yield bring(own)
    finally:
        for id_ in new:
            _known.pop(id_, None)


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
            "Use one of the carrier ids; a mapping profile can translate the plant's own names.",
            found=repr(id_),
            wanted=", ".join(CARRIERS),
        ) from None
