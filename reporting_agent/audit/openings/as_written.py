"""Keys of the settings as they are written, with their units: every one that differs from its
default, in whatever table it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum

from pydantic import BaseModel

from reporting_agent.config import Meter, Profile, SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.config.materials import HeatingValue
from reporting_agent.config.profile import CarrierColumn
from reporting_agent.config.runs import Runs
from reporting_agent.config.scales import Scale
from reporting_agent.config.settings_digest import NO_PART
from reporting_agent.config.site import Equipment, SiteIdentity, StepSetting

TOUCHES_NOTHING: Mapping[type[BaseModel], Collection[str]] = {
    SiteSettings: {
        *NO_PART,  # not committed to
        "bought_in",  # shown beside the label, at the published typical value
        "variables",  # what the site's own report says of them
    },
    SiteIdentity: {
        "name",
        "id",
        "pack",
        "pack_version",
    },  # all but the first stand in the report itself
    Meter: {"lhv_source"},  # whence: the reason given beside the heating value
}
"""Keys that change no value, no time and no count of a label. Every other one is told to the
auditor.
"""

IN_ITS_OWN_WORDS: Mapping[type[BaseModel], Collection[str]] = {
    SiteSettings: {"meters", "mapping", "lhv", "steps", "static", "events"},
    Meter: {
        "id",
        "range",
        "allocation",
        "formula",
        "clock_offset_s",
        "clock_drift_s_per_day",
        "lhv",
    },
    Profile: {"scale", "values", "constants", "columns", "missing", "rows", "carriers"},
    CarrierColumn: set(CarrierColumn.model_fields),
    DeclaredEvent: set(DeclaredEvent.model_fields),
    HeatingValue: set(HeatingValue.model_fields),
    StepSetting: set(StepSetting.model_fields),
    Scale: {"id", "uncertainty_pct"},
    Equipment: {"id", "rated_power_kw"},
    Runs: {"by", "shift_starts"},
}
"""Keys that `declared` tells by a declaration of their own kind."""

_UNITS = {"_kpa": "kPa", "_c": "°C", "_s": "s", "_pct": "%", "_months": "months"}
_OF_THE_METER = ("rollover", "resolution")
"""Amounts in the unit of the meter's own readings."""
_MOST = 40
"""As many words of a list stand in full; of a longer one its ends and how many there are."""


def tables_of(site: SiteSettings) -> Iterator[tuple[str, str]]:
    """Each table of the settings that is not told in its own words, and its keys."""
    for name in _stated_settings(site):
        value = getattr(site, name)
        if isinstance(value, BaseModel):
            entries = [(name, value)]
        elif isinstance(value, Mapping):
            entries = [(f"{name} {key}", table) for key, table in value.items()]
        else:
            entries = [
                (f"{name} {getattr(table, 'id', index)}", table)
                for index, table in enumerate(value, 1)
            ]
        for of, entry in entries:
            if keys := keys_of(entry):
                yield of, keys


def keys_of(
    table: BaseModel, only: Collection[str] | None = None, without: Collection[str] = ()
) -> str:
    """`unit = kPa, atmosphere_kpa = 80 kPa`: what differs from its default or has none."""
    names = [
        name
        for name in _stated_settings(table)
        if (only is None or name in only) and name not in without
    ]
    return ", ".join(f"{name} = {value}" for name, value in _spelled(table, names))


def as_written(value: object) -> str:
    """A value as a reader reads it; of long lists the ends and the number."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {as_written(item)}" for key, item in value.items())
    if isinstance(value, tuple):
        words = [as_written(item) for item in value]
        if len(words) > _MOST:
            words = [*words[: _MOST // 2], "…", *words[-_MOST // 2 :], f"({len(words)})"]
        return " ".join(words)
    return str(value)


def _stated_settings(table: BaseModel) -> Iterator[str]:
    silent = {*TOUCHES_NOTHING.get(type(table), ()), *IN_ITS_OWN_WORDS.get(type(table), ())}
    for name, field in type(table).model_fields.items():
        if name not in silent and (
            field.is_required()
            or getattr(table, name) != field.get_default(call_default_factory=True)
        ):
            yield name


def _spelled(table: BaseModel, names: Collection[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from (
                (f"{name}.{inner}", spelled)
                for inner, spelled in _spelled(value, [*_stated_settings(value)])
            )
            continue
        unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")
        if name in _OF_THE_METER and isinstance(table, Meter):
            unit = table.unit
        yield name, f"{as_written(value)} {unit}".rstrip()
