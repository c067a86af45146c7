"""How a variable of batches is called and what unit its name tells: `blaine_m2_kg` is the fineness
(Blaine) in m²/kg.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.declared import Words, worded
from benchmarks.labels.columns import POWER_ON_S
from benchmarks.routes import ReferenceCondition
from reporting_agent.config.materials import Variable

OUTPUT, OUTPUT_PER_HOUR, DURATION, WAIT = (
    "output",
    "output_per_hour",
    "duration",
    "time_since_batch_before",
)

_UNITS = {
    "hz": "Hz",
    "rpm": "rpm",
    "pct": "%",
    "c": "°C",
    "k": "K",
    "kg": "kg",
    "t": "t",
    "s": "s",
    "min": "min",
    "h": "h",
    "kw": "kW",
    "mw": "MW",
    "kwh": "kWh",
    "mm": "mm",
    "m": "m",
    "bar": "bar",
    "kpa": "kPa",
    "mpa": "MPa",
    "ppm": "ppm",
    "v": "V",
    "a": "A",
    "ka": "kA",
    "nm3": "Nm³",
    "m3": "m³",
    "mj": "MJ",
    "gj": "GJ",
    "m2_kg": "m²/kg",
    "cm2_g": "cm²/g",
    "kg_t": "kg/t",
    "kg_h": "kg/h",
    "t_h": "t/h",
    "m3_h": "m³/h",
    "nm3_h": "Nm³/h",
    "nm3_t": "Nm³/t",
    "m_s": "m/s",
    "m_min": "m/min",
    "mm_min": "mm/min",
    "g_m2": "g/m²",
    "kg_m3": "kg/m³",
}
_WORDS = {
    OUTPUT: worded("output of the batch"),
    OUTPUT_PER_HOUR: worded("output per hour"),
    DURATION: worded("duration"),
    WAIT: worded("time since the batch before"),
    POWER_ON_S: worded("power-on time"),
    "holding_min": worded("minutes of holding"),
    "reheats": worded("reheats"),
    "frequency_hz": worded("frequency"),
    "speed_rpm": worded("speed"),
    "moisture_pct": worded("moisture"),
    "scrap_pct": worded("scrap share"),
    "hot_metal_pct": worded("hot metal share"),
    "clinker_pct": worded("clinker share"),
    "charge_t": worded("charge"),
    "tap_temp_c": worded("tapping temperature"),
    "ambient_c": worded("ambient temperature"),
    "blaine_m2_kg": worded("fineness (Blaine)"),
    "feed_fe_pct": worded("iron content of the charge"),
    "rare_earth_pct": worded("rare-earth ore in the charge"),
    "vti_pct": worded("vanadium-titanium ore in the charge"),
    "laterite_pct": worded("laterite ore in the charge"),
}


def words_of(
    name: str, declared: Variable | None = None, conditions: Iterable[ReferenceCondition] = ()
) -> Words:
    """What the plant calls it in [variables], else the pack at its condition, else what is known
    here, else its name as it is read.
    """
    bare = name.removeprefix("input.")
    of_pack = next(
        (
            condition.words
            for condition in conditions
            if condition.variable == name and condition.words is not None
        ),
        None,
    )
    words = of_pack or _WORDS.get(name) or Words.of(_spoken(bare))
    if declared is None:
        return words
    named = dict.fromkeys(words.by_language, declared.en) if declared.en else words.by_language
    return Words(**named | ({"zh": declared.zh} if declared.zh else {}))


def unit_of_name(name: str) -> str:
    """The unit that a name's ending tells: `frequency_hz`, `blaine_m2_kg`; nothing where it tells
    none.
    """
    return _UNITS.get(_ending(name), "")


def unit_of(name: str, conditions: Iterable[ReferenceCondition]) -> str:
    """The unit that a name's ending tells, else that of the pack's reference condition; nothing
    where neither does.
    """
    return unit_of_name(name) or next(
        (condition.unit for condition in conditions if condition.variable == name), ""
    )


def declared_as(name: str, declared: Mapping[str, Variable]) -> Variable | None:
    """What [variables] says of it; an input material stands there without its prefix."""
    return declared.get(name.removeprefix("input."))


def _ending(name: str) -> str:
    """The longest ending behind an underscore that is a unit; empty where there is none."""
    parts = name.split("_")
    return next(
        (ending for first in range(1, len(parts)) if (ending := "_".join(parts[first:])) in _UNITS),
        "",
    )


def _spoken(bare: str) -> str:
    """A column's name as a person reads it: `tap_temp_c` is "tap temp"."""
    ending = _ending(bare)
    return (bare.removesuffix(f"_{ending}") if ending else bare).replace("_", " ")
