"""What the plant declared in its settings that acts on values, time or boundary: for the auditor to read.

The settings of an opening are those that were committed to (`method-declared`), so nothing here can be other than what the label was made
with. Whether it is true no file shows: a factor makes a label lower by as much as it is, and is held against the transformer's plate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.measurements import Direction
from reporting_agent.config import Meter, Profile, Site
from reporting_agent.config.scales import Scale

LOOSE_PCT = 2.0
"""What belt scales of the widest class in trade, OIML R 50 class 2, may be off by in service."""
_UNIT_COLUMNS = ("unit", "output_unit", "lhv_unit")
_JUDGING_COLUMNS = ("state", "status", "variant", "product", "step", "direction")
"""Words that decide whether a row counts, and where."""
_AMOUNTS = ("output_quantity", "reject_quantity", "quantity")


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration: its kind (a word of `verdict_declared`), of what, since and until when, what it does, the plant's reason."""

    kind: str
    of: str
    since: str = ""
    until: str = ""
    does: str = ""
    reason: str = ""
    multiplies: bool = False


def declared_in(site: Site) -> tuple[Declared, ...]:
    """Events, what every meter counts for, factors of the mapping, errors of scales, heating values, what is said of steps and runs."""
    found = [*_events(site)]
    for meter in site.meters:
        found += _place_of(meter, site)
    for name in type(site.mapping).model_fields:
        found += _mapped(name, getattr(site.mapping, name))
    for meter in site.meters:
        found += _of_meter(meter)
    found += [_of_scale(scale) for scale in site.scales]
    found += [
        Declared("lhv", one.carrier, str(one.from_day), "", f"{one.value:g} {one.unit or 'MJ'}", one.source, multiplies=True)
        for one in site.lhv
    ]
    for step, setting in site.steps.items():
        found += [Declared("outside", f"{step} {carrier}", reason=reason) for carrier, reason in setting.outside.items()]
        found += [Declared("not_used", f"{step} {carrier}") for carrier in setting.not_used]
        found += [Declared("made_inside", f"{step} {carrier}") for carrier in setting.made_inside]
    found += [
        Declared("rated_power", one.id, does=f"{one.rated_power_kw:g} kW") for one in site.equipment if one.rated_power_kw is not None
    ]
    if site.inputs.log is not None:
        found.append(Declared("runs", "log", does=site.runs.cut))
    found += [Declared("static", name, does=str(value)) for name, value in site.static.items()]
    return tuple(found)


def _events(site: Site) -> Iterator[Declared]:
    for one in site.events:
        does = "" if one.factor is None else f"× {one.factor:g}"
        if one.offset is not None:
            does = one.offset if one.offset[0] in "+-" else f"+{one.offset}"
        if one.other is not None:
            does = f"↔ {one.other}"
        yield Declared(one.kind, one.named, one.start, one.until or "", does, one.reason, one.factor is not None)


def _mapped(name: str, profile: Profile) -> Iterator[Declared]:
    for column, factor in profile.scale.items():
        if factor != 1:
            yield Declared("scale", f"{name}: {column}", does=f"× {factor:g}", multiplies=True)
    for column, words in profile.values.items():
        if column in (*_UNIT_COLUMNS, *_JUDGING_COLUMNS):
            units = column in _UNIT_COLUMNS
            for found, meant in words.items():
                yield Declared("read_as" if units else "word_as", f"{name}: {column}", does=f"{found} → {meant}", multiplies=units)
    for column, value in profile.constants.items():
        if column in (*_UNIT_COLUMNS, *_JUDGING_COLUMNS) or not isinstance(value, str):
            yield Declared("constant", f"{name}: {column}", does=str(value))
    for column, header in profile.columns.items():
        if column in _AMOUNTS and header != column:
            yield Declared("taken_from", f"{name}: {column}", does=header)
    if profile.rows:
        yield Declared("rows", name, does=", ".join(f"{column}: {how}" for column, how in sorted(profile.rows.items())))
    yield from _carriers(name, profile)


def _carriers(name: str, profile: Profile) -> Iterator[Declared]:
    """Columns of a carrier each, with the unit and the direction that the plant gives them."""
    for carrier, one in profile.carriers.items():
        yield Declared("carrier_column", f"{name}: {carrier}", does=f"{one.column} ({one.unit}, {one.direction})")
        if one.lhv is not None:
            yield Declared("lhv", f"{name}: {carrier}", does=f"{one.lhv:g} {one.lhv_unit}".strip(), multiplies=True)


def _of_scale(scale: Scale) -> Declared:
    """What its weights may be off by: nothing smaller is seen of outputs."""
    return Declared("weighing" if scale.uncertainty_pct <= LOOSE_PCT else "loose_scale", scale.id, does=f"± {scale.uncertainty_pct:g} %")


def _place_of(meter: Meter, site: Site) -> Iterator[Declared]:
    """What a meter counts for: what one that counts for nothing measures is in a label only where another meter counts it too."""
    tree, where = site.tree, " ".join(filter(None, (meter.step, meter.equipment, meter.carrier)))
    if meter.role == "state":
        return
    if meter in tree.counted:
        yield Declared("credited" if meter.direction is not Direction.IMPORT else "counts_for", meter.id, does=where)
    elif not any(meter in tree.above(one) for one in tree.counted):
        yield Declared("counts_for_nothing", meter.id, does=" < ".join(filter(None, (meter.role, meter.checks or meter.parent))))
    if meter.range is not None:
        unit = meter.unit if meter.reading == "rate" else f"{meter.unit}/h"
        yield Declared("range", meter.id, does=f"{meter.range[0]:g} … {meter.range[1]:g} {unit}")


def _of_meter(meter: Meter) -> Iterator[Declared]:
    if meter.allocation is not None:
        shared = meter.allocation
        sinks = ", ".join(f"{sink} {value:g}" for sink, value in (shared.power or shared.shares).items()) or ", ".join(shared.sinks)
        unit = f" {meter.unit}/h" if shared.power and meter.reading != "rate" else f" {meter.unit}" if shared.power else ""
        yield Declared("shared", meter.id, does=f"{shared.by}: {sinks}{unit}")
    if meter.formula is not None:
        yield Declared("formula", meter.id, does=" − ".join((" + ".join(meter.formula.plus), *meter.formula.minus)))
    if meter.clock_offset_s or meter.clock_drift_s_per_day:
        yield Declared("clock", f"meter {meter.id}", does=f"{meter.clock_offset_s:g} s, {meter.clock_drift_s_per_day:g} s/d")
    at = [f"{value:g} {unit}" for value, unit in ((meter.temperature_c, "°C"), (meter.pressure_kpa, "kPa")) if value is not None]
    if at or meter.steam is not None:
        water = [] if meter.steam is None else [f"{meter.steam.state}, feed water {meter.steam.feed_water_c:g} °C"]
        yield Declared("gas_state", meter.id, does=", ".join([*at, *water]))
    if meter.lhv is not None:
        yield Declared("lhv", f"meter {meter.id}", does=f"{meter.lhv:g} MJ/{meter.unit}", reason=meter.lhv_source or "", multiplies=True)
