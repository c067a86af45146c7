"""Energy carriers and energy-consuming working media, each with the unit it is accounted in.

An id is what `energy.carrier`, a meter's `carrier` and a pack's boundary write. Working media (GB/T 2589: oxygen, nitrogen,
compressed air, water) are no energy themselves; they stand for the energy that made them and count only where they were
made outside the boundary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from benchmarks.errors import InputError
from benchmarks.routes import Words

Form = Literal["electricity", "gas", "solid", "liquid", "steam", "heat", "medium"]


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier. `unit` is the unit its factors are per; `thermal` says whether it counts in the metric `thermal`."""

    id: str
    words: Words
    form: Form
    unit: str
    thermal: bool


def _carrier(id_: str, en: str, zh: str, form: Form, unit: str) -> tuple[str, Carrier]:
    return id_, Carrier(id_, Words(en=en, zh=zh), form, unit, thermal=form not in ("electricity", "medium"))


CARRIERS: Mapping[str, Carrier] = MappingProxyType(
    dict(
        (
            _carrier("electricity", "electricity", "电力", "electricity", "kWh"),
            _carrier("natural-gas", "natural gas", "天然气", "gas", "Nm3"),
            _carrier("coke-oven-gas", "coke-oven gas", "焦炉煤气", "gas", "Nm3"),
            _carrier("blast-furnace-gas", "blast-furnace gas", "高炉煤气", "gas", "Nm3"),
            _carrier("converter-gas", "converter gas", "转炉煤气", "gas", "Nm3"),
            _carrier("coal", "coal", "原煤", "solid", "kg"),
            _carrier("cleaned-coal", "cleaned (washed) coal", "洗精煤", "solid", "kg"),
            _carrier("anthracite", "anthracite", "无烟煤", "solid", "kg"),
            _carrier("coke", "coke", "焦炭", "solid", "kg"),
            _carrier("petroleum-coke", "petroleum coke", "石油焦", "solid", "kg"),
            _carrier("diesel", "diesel", "柴油", "liquid", "kg"),
            _carrier("fuel-oil", "fuel oil", "燃料油", "liquid", "kg"),
            _carrier("lng", "liquefied natural gas", "液化天然气", "liquid", "kg"),
            _carrier("heat", "heat", "热力", "heat", "MJ"),
            _carrier("steam", "steam", "蒸汽", "steam", "kg"),
            _carrier("oxygen", "oxygen", "氧气", "medium", "Nm3"),
            _carrier("nitrogen", "nitrogen", "氮气", "medium", "Nm3"),
            _carrier("compressed-air", "compressed air", "压缩空气", "medium", "Nm3"),
            _carrier("water", "fresh water", "新水", "medium", "t"),
        )
    )
)


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
