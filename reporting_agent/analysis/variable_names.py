"""How a variable of batches is called and what unit its name tells: `blaine_m2_kg` is the fineness (Blaine) in m²/kg."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.labels.columns import POWER_ON_S
from benchmarks.routes import Words
from reporting_agent.config.variables import Variable

OUTPUT, OUTPUT_PER_HOUR, DURATION, WAIT = "output", "output_per_hour", "duration", "time_since_batch_before"

_UNITS = {
    "hz": "Hz", "rpm": "rpm", "pct": "%", "c": "°C", "k": "K", "kg": "kg", "t": "t", "s": "s", "min": "min", "h": "h", "kw": "kW",
    "mw": "MW", "kwh": "kWh", "mm": "mm", "m": "m", "bar": "bar", "kpa": "kPa", "mpa": "MPa", "ppm": "ppm", "v": "V", "a": "A", "ka": "kA",
    "nm3": "Nm³", "m3": "m³", "mj": "MJ", "gj": "GJ", "m2_kg": "m²/kg", "cm2_g": "cm²/g", "kg_t": "kg/t", "kg_h": "kg/h", "t_h": "t/h",
    "m3_h": "m³/h", "nm3_h": "Nm³/h", "nm3_t": "Nm³/t", "m_s": "m/s", "m_min": "m/min", "mm_min": "mm/min",
    "g_m2": "g/m²", "kg_m3": "kg/m³",
}  # fmt: skip
_WORDS = {
    OUTPUT: Words(en="output of the batch", zh="批次产量"),
    OUTPUT_PER_HOUR: Words(en="output per hour", zh="小时产量"),
    DURATION: Words(en="duration", zh="时长"),
    WAIT: Words(en="time since the batch before", zh="距上一批次的时间"),
    POWER_ON_S: Words(en="power-on time", zh="通电时间"),
    "holding_min": Words(en="minutes of holding", zh="保温时间"),
    "reheats": Words(en="reheats", zh="重复加热次数"),
    "frequency_hz": Words(en="frequency", zh="频率"),
    "speed_rpm": Words(en="speed", zh="转速"),
    "moisture_pct": Words(en="moisture", zh="水分"),
    "scrap_pct": Words(en="scrap share", zh="废钢比"),
    "hot_metal_pct": Words(en="hot metal share", zh="铁水比"),
    "clinker_pct": Words(en="clinker share", zh="熟料比"),
    "charge_t": Words(en="charge", zh="装料量"),
    "tap_temp_c": Words(en="tapping temperature", zh="出钢温度"),
    "ambient_c": Words(en="ambient temperature", zh="环境温度"),
    "blaine_m2_kg": Words(en="fineness (Blaine)", zh="比表面积"),
    "feed_fe_pct": Words(en="iron content of the charge", zh="入炉矿品位"),
    "rare_earth_pct": Words(en="rare-earth ore in the charge", zh="含稀土矿比例"),
    "vti_pct": Words(en="vanadium-titanium ore in the charge", zh="钒钛矿比例"),
    "laterite_pct": Words(en="laterite ore in the charge", zh="红土矿比例"),
}


def words_of(name: str, declared: Variable | None = None) -> Words:
    """What the plant calls it in [variables], else what is known here, else the name as a person reads it."""
    bare = name.removeprefix("input.")
    words = _WORDS.get(name) or Words(en=_spoken(bare), zh=_spoken(bare))
    return words if declared is None else Words(en=declared.en or words.en, zh=declared.zh or declared.en or words.zh)


def unit_of_name(name: str) -> str:
    """The unit that a name's ending tells: `frequency_hz`, `blaine_m2_kg`; nothing where it tells none."""
    return _UNITS.get(_ending(name), "")


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
