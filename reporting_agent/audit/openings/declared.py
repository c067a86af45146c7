"""What the plant declared that acts on values, time or boundary, for the auditor; and the steps
whose records nothing bounds (`no-bound`, computed again).

Settings are those committed to (`method-declared`); whether they are true no file shows. Every key
that differs from its default is listed unless `TOUCHES_NOTHING` names it. Unbounded: cells filled
from above, campaigns, shared meters, opened batches that overlap on one meter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pydantic import BaseModel

from benchmarks.measurements import Batch, Direction
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from reporting_agent.config import Meter, Profile, SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.config.materials import HeatingValue
from reporting_agent.config.profile import CarrierColumn, Scale
from reporting_agent.config.runs import Runs
from reporting_agent.config.site import NO_PART, Equipment, SiteIdentity, StepSetting
from reporting_agent.pipeline.outward import judging, own_metering
from reporting_agent.sources import LOG
from reporting_agent.sources.reading_log import Extract

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


LOOSE_PCT = 2.0
"""What belt scales of the widest class in trade, OIML R 50 class 2, may be off by in service."""
_UNIT_COLUMNS = ("unit", "output_unit", "lhv_unit")
_GAS = (
    "temperature_c",
    "temperature_meter",
    "pressure_kpa",
    "pressure_meter",
    "pressure_is",
    "atmosphere_kpa",
    "relative_humidity_pct",
    "steam",
    "computed_at",
)
"""Keys of a meter from which a volume or a mass becomes that of the standard state, or heat."""


@dataclass(frozen=True, slots=True)
class SettingDeclaration:
    """One declaration: its kind (a word of `verdict_declared`), of what, since and until when, what
    it does, the plant's reason.
    """

    kind: str
    of: str
    since: str = ""
    until: str = ""
    does: str = ""
    reason: str = ""
    multiplies: bool = False


def declared_in(site: SiteSettings) -> tuple[SettingDeclaration, ...]:
    """Events, then by meter, mapping, scale, heating value, step and equipment what is said of it;
    at last every other table as written.
    """
    declarations = [*_events(site)]
    for meter in site.meters:
        declarations += [*what_it_counts_for(meter, site), *_of_meter(meter)]
    for name in type(site.mapping).model_fields:
        declarations += _mapped(name, getattr(site.mapping, name))
    declarations += [_of_scale(scale) for scale in site.scales]
    declarations += [
        SettingDeclaration(
            "lhv",
            f"{heating_value.step} {heating_value.carrier}".strip(),
            str(heating_value.from_day),
            "",
            f"{heating_value.value:g} {heating_value.unit or 'MJ'}",
            f"{heating_value.source} {heating_value.reason}".strip(),
            multiplies=True,
        )
        for heating_value in site.lhv
    ]
    for step, setting in site.steps.items():
        declarations += [
            SettingDeclaration("outside", f"{step} {carrier}", reason=reason)
            for carrier, reason in setting.outside.items()
        ]
        declarations += [
            SettingDeclaration("not_used", f"{step} {carrier}") for carrier in setting.not_used
        ]
        declarations += [
            SettingDeclaration("made_inside", f"{step} {carrier}")
            for carrier in setting.made_inside
        ]
    declarations += [
        SettingDeclaration("rated_power", equipment.id, does=f"{equipment.rated_power_kw:g} kW")
        for equipment in site.equipment
        if equipment.rated_power_kw is not None
    ]
    if site.site_boundary is None:
        declarations.append(SettingDeclaration("no_account", "[site_boundary]"))
    if site.inputs.log is not None:
        declarations.append(SettingDeclaration("runs", "log", does=site.runs.cut))
    declarations += [
        SettingDeclaration("static", name, does=str(value)) for name, value in site.static.items()
    ]
    return (
        *declarations,
        *(SettingDeclaration("settings", of, does=keys) for of, keys in tables_of(site)),
    )


def _events(site: SiteSettings) -> Iterator[SettingDeclaration]:
    for event in site.events:
        does = "" if event.factor is None else f"× {event.factor:g}"
        if event.offset is not None:
            does = event.offset if event.offset[0] in "+-" else f"+{event.offset}"
        if event.other is not None:
            does = f"↔ {event.other}"
        yield SettingDeclaration(
            event.kind,
            event.named,
            event.start,
            event.until or "",
            does,
            event.reason,
            event.factor is not None,
        )


def _mapped(name: str, profile: Profile) -> Iterator[SettingDeclaration]:
    for column, factor in profile.scale.items():
        if factor != 1:
            yield SettingDeclaration(
                "scale", f"{name}: {column}", does=f"× {factor:g}", multiplies=True
            )
    for column, words in profile.values.items():
        units = column in _UNIT_COLUMNS
        for word, meant in words.items():
            yield SettingDeclaration(
                "read_as" if units else "word_as",
                f"{name}: {column}",
                does=f"{word} → {meant}",
                multiplies=units,
            )
    for column, value in profile.constants.items():
        yield SettingDeclaration("constant", f"{name}: {column}", does=str(value))
    for column, header in profile.columns.items():
        if header != column:
            yield SettingDeclaration("taken_from", f"{name}: {column}", does=header)
    for column, words_for_nothing in profile.missing.items():
        yield SettingDeclaration("missing", f"{name}: {column}", does=as_written(words_for_nothing))
    if profile.rows:
        yield SettingDeclaration(
            "rows",
            name,
            does=", ".join(f"{column}: {how}" for column, how in sorted(profile.rows.items())),
        )
    yield from _carriers(name, profile)
    if written := keys_of(profile):
        yield SettingDeclaration("settings", name, does=written)


def _carriers(name: str, profile: Profile) -> Iterator[SettingDeclaration]:
    """Columns of a carrier each, with the unit and the direction that the plant gives them."""
    for carrier, column in profile.carriers.items():
        yield SettingDeclaration(
            "carrier_column",
            f"{name}: {carrier}",
            does=f"{column.column} ({column.unit}, {column.direction})",
        )
        if column.lhv is not None:
            yield SettingDeclaration(
                "lhv",
                f"{name}: {carrier}",
                "",
                "",
                f"{column.lhv:g} {column.lhv_unit}".strip(),
                column.lhv_source or "",
                multiplies=True,
            )


def _of_scale(scale: Scale) -> SettingDeclaration:
    """What its weights may be off by: nothing smaller is seen of outputs."""
    return SettingDeclaration(
        "weighing" if scale.uncertainty_pct <= LOOSE_PCT else "loose_scale",
        scale.id,
        does=f"± {scale.uncertainty_pct:g} %",
    )


def what_it_counts_for(meter: Meter, site: SiteSettings) -> Iterator[SettingDeclaration]:
    """What a meter counts for: what one that counts for nothing measures is in a label only where
    another meter counts it too. One that reads a state counts by the meters that name it."""
    tree, where = site.tree, " ".join(filter(None, (meter.step, meter.equipment, meter.carrier)))
    if meter in tree.counted:
        yield SettingDeclaration(
            "credited" if meter.direction is not Direction.IMPORT else "counts_for",
            meter.id,
            does=where,
        )
    elif meter.role != "state" and not any(meter in tree.above(other) for other in tree.counted):
        yield SettingDeclaration(
            "counts_for_nothing",
            meter.id,
            does=" < ".join(filter(None, (meter.role, meter.checks or meter.parent))),
        )


def _of_the_meter(meter: Meter) -> Phrase:
    return Phrase("meter %(id)s", id=meter.id)


def _of_meter(meter: Meter) -> Iterator[SettingDeclaration]:
    yield SettingDeclaration("settings", _of_the_meter(meter), does=keys_of(meter, without=_GAS))
    if meter.range is not None:
        unit = meter.unit if meter.reading == "rate" else f"{meter.unit}/h"
        yield SettingDeclaration(
            "range", meter.id, does=f"{meter.range[0]:g} … {meter.range[1]:g} {unit}"
        )
    if meter.allocation is not None:
        shared = meter.allocation
        sinks = ", ".join(
            f"{sink} {value:g}" for sink, value in (shared.power or shared.shares).items()
        ) or ", ".join(shared.sinks)
        unit = (
            f" {meter.unit}/h"
            if shared.power and meter.reading != "rate"
            else f" {meter.unit}"
            if shared.power
            else ""
        )
        yield SettingDeclaration("shared", meter.id, does=f"{shared.by}: {sinks}{unit}")
    if meter.formula is not None:
        yield SettingDeclaration(
            "formula",
            meter.id,
            does=" − ".join((" + ".join(meter.formula.plus), *meter.formula.minus)),
        )
    if meter.clock_offset_s or meter.clock_drift_s_per_day:
        yield SettingDeclaration(
            "clock",
            _of_the_meter(meter),
            does=f"{meter.clock_offset_s:g} s, {meter.clock_drift_s_per_day:g} s/d",
        )
    if state := keys_of(meter, only=_GAS):
        yield SettingDeclaration("gas_state", meter.id, does=state, multiplies=True)
    if meter.lhv is not None:
        yield SettingDeclaration(
            "lhv",
            _of_the_meter(meter),
            does=f"{meter.lhv:g} MJ/{meter.unit}",
            reason=meter.lhv_source or "",
            multiplies=True,
        )


def unbounded(
    site: SiteSettings, pack: Pack, extract: Extract, committed: Sequence[Batch], *, by_batch: bool
) -> frozenset[str]:
    """Steps of which one record could change any number of others.

    Args:
        committed: the opened records that are batches.
        by_batch: whether no reading of any meter was committed to or is shown: nothing is metered,
            and no reading is of several batches.
    """
    runs = LOG.name in extract.gives()
    if judging.declared(site, runs=runs):
        return frozenset(step.id for step in pack.steps)
    if runs or by_batch:
        return frozenset()
    entangled = own_metering.entangled(own_metering.outgoing(committed, site, pack), site)
    return frozenset(step for step, reasons in entangled.items() if reasons)
