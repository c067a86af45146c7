"""Energy carriers and energy-consuming working media, each with the unit it is accounted in: data, in `packs/carriers.toml`.

An id is what `energy.carrier`, a meter's `carrier` and a pack's boundary write. Working media (GB/T 2589: oxygen, nitrogen,
compressed air, water) are no energy themselves; they stand for the energy that made them and count only where they were
made outside the boundary.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field, TypeAdapter

from benchmarks.errors import InputError
from benchmarks.routes import Declared, Words

Form = Literal["electricity", "gas", "solid", "liquid", "steam", "heat", "medium"]
TABLE = Path(__file__).parent / "packs" / "carriers.toml"


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier. `unit` is the unit its factors are per; `thermal` says whether it counts in the metric `thermal`."""

    id: str
    words: Words
    form: Form
    unit: str
    thermal: bool


class _Entry(Declared):
    """One carrier as the table writes it."""

    id: str
    kind: Form
    unit: str
    words: Words = Field(alias="names")


def _read(path: Path) -> Mapping[str, Carrier]:
    entries = TypeAdapter(tuple[_Entry, ...]).validate_python(tomllib.loads(path.read_text(encoding="utf-8"))["carrier"])
    carriers = {
        entry.id: Carrier(entry.id, entry.words, entry.kind, entry.unit, thermal=entry.kind not in ("electricity", "medium"))
        for entry in entries
    }
    if len(carriers) < len(entries):
        raise ValueError(f"{path.name} names a carrier twice")
    return MappingProxyType(carriers)


CARRIERS: Mapping[str, Carrier] = _read(TABLE)


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
