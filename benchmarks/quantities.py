"""Units: how a quantity a plant wrote becomes the unit a pack wants.

Coal equivalent (kgce, tce) and normal cubic metres (Nm3) are dimensions of their own. Nothing here
turns kWh into kgce, or m3 into Nm3: the first needs a dated factor (`benchmarks.conversion`), the
second temperature and pressure. A ratio between units of one dimension is exact to double
precision.

Assumes that a unit text is one of pint's names, or one of the spellings plants use that stand in
`SPELLINGS`. pint takes a third of a second to import and set up, so multiples of one unit, which
are nearly all that plants write, are known here by their exact ratio, and pint is asked only about
the rest.
"""

from __future__ import annotations

import re
import tomllib
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase

if TYPE_CHECKING:
    import pint

_BY_UNIT: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "spellings.toml").read_text(encoding="utf-8")
)
SPELLINGS = {spelled: unit for unit, all_spelled in _BY_UNIT.items() for spelled in all_spelled}
"""Spellings met in plants' files that pint does not know or would misread."""

TWO_MEANINGS = frozenset({"ton", "tons"})
"""Units that are asked about, in any case of letters: pint takes them for short tons, most of the
world for tonnes.
"""

THINGS = frozenset(
    {
        "bag",
        "bags",
        "barrel",
        "barrels",
        "chain",
        "chains",
        "ct",
        "cup",
        "cups",
        "doz",
        "hand",
        "hands",
        "link",
        "links",
    }
    | {
        "pc",
        "pk",
        "point",
        "points",
        "pole",
        "poles",
        "rod",
        "rods",
        "slug",
        "slugs",
        "stone",
        "stones",
        "u",
    }
)
"""What is counted, and no unit: pint takes each for an old measure of that name, a bag for 94
pounds, a rod for 5.03 m, pc for a parsec.
"""

_SMALL = ("milli", "micro", "nano", "pico")
"""Prefixes that no amount of a works' energy has; in full, as pint names a unit."""
_BEFORE_A_TON = frozenset({*_SMALL, "centi", "kilo", "mega", "giga"})
"""Of a ton of 2,000 pounds, which pint takes a ton for: mton, kton."""

_JOULE = {"J": 1, "kJ": 10**3, "MJ": 10**6, "GJ": 10**9, "TJ": 10**12}
_WATT_HOUR = {
    "Wh": 3600,
    "kWh": 36 * 10**5,
    "wan_kWh": 36 * 10**9,
    "MWh": 36 * 10**8,
    "GWh": 36 * 10**11,
}
MULTIPLES = (
    _JOULE | _WATT_HOUR,
    {"g": 1, "kg": 10**3, "t": 10**6, "wan_t": 10**10, "weight_case": 5 * 10**4},
    {"Nm3": 1, "kNm3": 10**3, "wan_Nm3": 10**4},
    {"kgce": 1, "tce": 10**3},
)
"""Units of one dimension each, as multiples of its smallest. A test compares every pair with
pint.
"""

# names with small powers, multiplied or divided: what a unit looks like, before pint's evaluator
# sees a stranger's text
_FORM = re.compile(r"[^\W\d]\w*((\*\*|\^)\d)?([*/·][^\W\d]\w*((\*\*|\^)\d)?)*")


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[float]:
    """The project's unit registry: pint's, with coal equivalent and normal volume as base
    dimensions.
    """
    import pint

    units: pint.UnitRegistry[float] = pint.UnitRegistry(on_redefinition="ignore")
    units.define(
        "calorie = 4.1868 joule = cal"
    )  # the steam tables', by which a kgce is 7,000 kcal (GB/T 2589); pint's is 4.184
    units.define("kgce = [coal_equivalent]")
    units.define("tce = 1000 kgce")
    units.define("Nm3 = [normal_volume]")
    units.define("m2 = meter ** 2")
    units.define("m3 = meter ** 3")
    units.define("wan_kWh = 10000 kWh")
    units.define("wan_Nm3 = 10000 Nm3")
    units.define("wan_m3 = 10000 m3")
    units.define("wan_t = 10000 metric_ton")
    units.define("weight_case = 50 kg")  # of flat glass: 10 m2 of 2 mm at 2.5 t/m3
    return units


@lru_cache(maxsize=1024)
def spelled(unit: str) -> str:
    """The unit as pint spells it; compound units such as `kWh/吨` are read part by part."""
    return "/".join(SPELLINGS.get(part.strip(), part.strip()) for part in unit.strip().split("/"))


def ratio(from_unit: str, to_unit: str) -> float:
    """How many `to_unit` one `from_unit` is.

    Raises:
        InputError: `unit-unknown` when a unit cannot be read, `unit-ambiguous` when it means two
            things, `unit-mismatch` when the two measure different things.
    """
    first, second = spelled(from_unit), spelled(to_unit)
    return 1.0 if first == second else _ratio(first, second)


@lru_cache(maxsize=1024)
def converts(from_unit: str, to_unit: str) -> bool:
    """Whether an amount in the one unit can be told in the other."""
    try:
        ratio(from_unit, to_unit)
    except InputError:
        return False
    return True


@lru_cache(maxsize=1024)
def _ratio(from_unit: str, to_unit: str) -> float:
    if (of_multiples := _of_multiples(from_unit, to_unit)) is not None:
        return float(of_multiples)
    source, target = _parse(from_unit), _parse(to_unit)
    if source.dimensionality != target.dimensionality:
        raise InputError(
            "unit-mismatch",
            Phrase(
                "%(from_unit)s cannot be turned into %(to_unit)s: they do not measure the same "
                "thing.",
                from_unit=from_unit,
                to_unit=to_unit,
            ),
            _mismatch_remedy(from_unit, to_unit),
            found=f"{from_unit} ({source.dimensionality})",
            wanted=f"{to_unit} ({target.dimensionality})",
        )
    return float(registry().convert(1.0, source, target))


@lru_cache(maxsize=64)
def mj_in(unit: str) -> float | None:
    """How many MJ one `unit` is; None where it is no unit of energy."""
    if any(spelled(unit) in units for units in MULTIPLES if "MJ" not in units):
        return None  # Nm3, t: what every row of gas says, known without a third of a second of pint
    try:
        return ratio(unit, "MJ")
    except InputError:
        return None


def _of_multiples(from_unit: str, to_unit: str) -> Fraction | None:
    """The exact ratio of two units, or of two units per unit, where `MULTIPLES` holds them."""
    upper, slash, lower = from_unit.partition("/")
    to_upper, to_slash, to_lower = to_unit.partition("/")
    above, below = _multiple(upper, to_upper), _multiple(lower, to_lower) if slash else Fraction(1)
    return above / below if slash == to_slash and above is not None and below is not None else None


def _multiple(unit: str, of: str) -> Fraction | None:
    return next(
        (Fraction(units[unit], units[of]) for units in MULTIPLES if unit in units and of in units),
        None,
    )


def _parse(unit: str) -> pint.Unit:
    import pint

    if any(part.strip().casefold() in TWO_MEANINGS for part in re.split(r"[*/·]", unit)):
        raise _two_tons(unit)
    try:
        if not _FORM.fullmatch(unit) or not THINGS.isdisjoint(re.split(r"[*/·]", unit.casefold())):
            raise pint.UndefinedUnitError(unit)
        parsed = registry().parse_units(unit)
    except pint.PintError as error:
        raise InputError(
            "unit-unknown",
            "A unit cannot be read.",
            "Write the unit as its symbol. `docs/glossary.md` lists the units in use.",
            found=repr(unit),
            wanted=Phrase("a unit such as kWh, MWh, GJ, t, kg, Nm3, kgce/t"),
        ) from error
    _refuse_small_prefixes(unit, parsed)
    return parsed


def _two_tons(unit: str) -> InputError:
    return InputError(
        "unit-ambiguous",
        "A unit means two things: a ton is 1,000 kg in most of the world and 907.18 kg in the "
        "United States.",
        "Write t (or tonne) for 1,000 kg, and short_ton or long_ton for the others.",
        found=repr(unit),
        wanted=Phrase("t, short_ton or long_ton"),
    )


def _refuse_small_prefixes(unit: str, parsed: pint.Unit) -> None:
    """mWh is a milliwatt-hour and mt a thousandth of a tonne, in which no works counts; they are
    written for MWh and metric tonnes.
    """
    for name in parsed._units:  # the units multiplied, each by its full name: milliwatt_hour
        if name.removesuffix("ton") in _BEFORE_A_TON:
            raise _two_tons(unit)
        if name.startswith(_SMALL) and name.endswith("metric_ton"):
            raise InputError(
                "unit-ambiguous",
                "A tonne with a small m (or a smaller prefix) before it is a thousandth of a "
                "tonne. Often a metric tonne is meant.",
                "Write t for tonnes of 1,000 kg, or kg.",
                found=repr(unit),
                wanted=Phrase("t or kg"),
            )
        if name.startswith(_SMALL) and any(
            registry().Unit(name).is_compatible_with(energy) for energy in ("J", "W", "kgce")
        ):
            raise InputError(
                "unit-ambiguous",
                "A unit of energy begins with a small m (or a smaller prefix), which means a "
                "thousandth. Often a million is meant.",
                "Write MWh, MJ, MW (a capital M) if you mean a million. If not, convert the "
                "amounts to kWh, kJ or W.",
                found=repr(unit),
                wanted=Phrase("kWh, MWh, kJ, MJ, GJ, kW, MW, kgce or tce"),
            )


def _mismatch_remedy(from_unit: str, to_unit: str) -> Phrase:
    if "ce" in from_unit + to_unit:
        return Phrase(
            "Coal equivalent can only be calculated with a dated conversion factor of the "
            "carrier. Give the energy in the carrier's "
            "own unit."
        )
    if "Nm3" in (from_unit, to_unit) and "m3" in (from_unit, to_unit):
        return Phrase(
            "Give the volume at normal state (0 °C, 101.325 kPa) as Nm3. A working volume must "
            "first be converted with its "
            "temperature and pressure."
        )
    return Phrase("Correct the unit, or the column that the quantity was read from.")
