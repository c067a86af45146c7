"""How a variable of batches is called and what unit its name tells: `blaine_m2_kg` is the fineness (Blaine) in m²/kg."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.labels.columns import POWER_ON_S
from benchmarks.phrases import Phrase
from benchmarks.routes import ReferenceCondition, Words
from reporting_agent.config.materials import Variable

OUTPUT, OUTPUT_PER_HOUR, DURATION, WAIT = "output", "output_per_hour", "duration", "time_since_batch_before"

_UNITS = {
    "hz": "Hz", "rpm": "rpm", "pct": "%", "c": "°C", "k": "K", "kg": "kg", "t": "t", "s": "s", "min": "min", "h": "h", "kw": "kW",
    "mw": "MW", "kwh": "kWh", "mm": "mm", "m": "m", "bar": "bar", "kpa": "kPa", "mpa": "MPa", "ppm": "ppm", "v": "V", "a": "A", "ka": "kA",
    "nm3": "Nm³", "m3": "m³", "mj": "MJ", "gj": "GJ", "m2_kg": "m²/kg", "cm2_g": "cm²/g", "kg_t": "kg/t", "kg_h": "kg/h", "t_h": "t/h",
    "m3_h": "m³/h", "nm3_h": "Nm³/h", "nm3_t": "Nm³/t", "m_s": "m/s", "m_min": "m/min", "mm_min": "mm/min",
    "g_m2": "g/m²", "kg_m3": "kg/m³",
}  # fmt: skip
_WORDS = {
    OUTPUT: Words.of(Phrase("output of the batch")),
    OUTPUT_PER_HOUR: Words.of(Phrase("output per hour")),
    DURATION: Words.of(Phrase("duration")),
    WAIT: Words.of(Phrase("time since the batch before")),
    POWER_ON_S: Words.of(Phrase("power-on time")),
    "holding_min": Words.of(Phrase("minutes of holding")),
    "reheats": Words.of(Phrase("reheats")),
    "frequency_hz": Words.of(Phrase("frequency")),
    "speed_rpm": Words.of(Phrase("speed")),
    "moisture_pct": Words.of(Phrase("moisture")),
    "scrap_pct": Words.of(Phrase("scrap share")),
    "hot_metal_pct": Words.of(Phrase("hot metal share")),
    "clinker_pct": Words.of(Phrase("clinker share")),
    "charge_t": Words.of(Phrase("charge")),
    "tap_temp_c": Words.of(Phrase("tapping temperature")),
    "ambient_c": Words.of(Phrase("ambient temperature")),
    "blaine_m2_kg": Words.of(Phrase("fineness (Blaine)")),
    "feed_fe_pct": Words.of(Phrase("iron content of the charge")),
    "rare_earth_pct": Words.of(Phrase("rare-earth ore in the charge")),
    "vti_pct": Words.of(Phrase("vanadium-titanium ore in the charge")),
    "laterite_pct": Words.of(Phrase("laterite ore in the charge")),
}


def words_of(name: str, declared: Variable | None = None, conditions: Iterable[ReferenceCondition] = ()) -> Words:
    """What the plant calls it in [variables], else the pack at its condition, else what is known here, else its name as it is read."""
    bare = name.removeprefix("input.")
    of_pack = next((one.words for one in conditions if one.variable == name and one.words is not None), None)
    words = of_pack or _WORDS.get(name) or Words.of(_spoken(bare))
    if declared is None:
        return words
    named = dict.fromkeys(words.by_language, declared.en) if declared.en else words.by_language
    return Words(**named | ({"zh": declared.zh} if declared.zh else {}))


def unit_of_name(name: str) -> str:
    """The unit that a name's ending tells: `frequency_hz`, `blaine_m2_kg`; nothing where it tells none."""
    return _UNITS.get(_ending(name), "")


def unit_of(name: str, conditions: Iterable[ReferenceCondition]) -> str:
    """The unit that a name's ending tells, else that of the pack's reference condition; nothing where neither does."""
    return unit_of_name(name) or next((one.unit for one in conditions if one.variable == name), "")


def declared_as(name: str, declared: Mapping[str, Variable]) -> Variable | None:
    """What [variables] says of it; an input material stands there without its prefix."""
    return declared.get(name.removeprefix("input."))


def _ending(name: str) -> str:
    """The longest ending behind an underscore that is a unit; empty where there is none."""
    parts = name.split("_")
    return next((ending for first in range(1, len(parts)) if (ending := "_".join(parts[first:])) in _UNITS), "")


def _spoken(bare: str) -> str:
    """A column's name as a person reads it: `tap_temp_c` is "tap temp"."""
    ending = _ending(bare)
    return (bare.removesuffix(f"_{ending}") if ending else bare).replace("_", " ")
