"""Meters worked out: heat of steam, gas at normal state, virtual meters; the uncertainty of that
state.

Piece by piece between moments of the curve (at most an hour), with the piece's mean temperature and
pressure, to a new curve on the same grid. A piece read for less than half, or outside what the
declaration allows, is unknown. A volume meter reads m3 as they flow; a differential-pressure meter
with one state (`computed_at`) is multiplied by sqrt(density / density computed with) (ISO 5167-1,
5.1). Limits of the state's meters are added and evaluated again (JCGM 100, 5.1.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from benchmarks import gas_and_steam
from benchmarks.errors import InputError
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.config.agreement import ACTUAL_VOLUME, amount_unit
from reporting_agent.config.meters import Meter, Steam
from reporting_agent.config.tree import PRESSURE_UNITS, TEMPERATURE_UNITS, MeterTree
from reporting_agent.metering.curve import Course, Curve
from reporting_agent.metering.moments import EVER
from reporting_agent.metering.record import MeterFacts, in_its_time
from reporting_agent.metering.segments import HOUR_US

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# of the seconds of a piece over which the flow is known, its temperature and pressure must be read
LEAST_KNOWN_STATE = 0.5
_AGE_US = (
    1 << 50
    # no piece of a period is so long: one that is reaches to the ends of time, where no period was
    # given
)
NO_FACTS = MeterFacts(0, None, None, None, None, None, None, 0.0)


def has_state(meter: Meter) -> bool:
    """Whether its energy depends on a temperature or a pressure."""
    states = (
        meter.temperature_c,
        meter.temperature_meter,
        meter.pressure_kpa,
        meter.pressure_meter,
    )
    return meter.steam is not None or any(value is not None for value in states)


def final_unit(meter: Meter) -> str:
    return "Nm3" if meter.steam is None else "MJ"


def factor(meter: Meter, unit: str, temperature_k: Floats, pressure_kpa: Floats) -> Floats:
    """What one `unit` of the meter is in its final unit at each state; NaN where the state is not
    known or not as declared.
    """
    if meter.steam is not None:
        return _heat(meter, meter.steam, unit, temperature_k, pressure_kpa)
    normal = gas_and_steam.normal_volume(temperature_k, pressure_kpa)
    dry: Floats | float = 1.0
    if meter.relative_humidity_pct:
        dry = gas_and_steam.dry_share(
            temperature_k, pressure_kpa, meter.relative_humidity_pct / 100
        )
    if meter.computed_at is None:
        return normal * dry * ratio(unit, "m3")
    design = gas_and_steam.normal_volume(
        *_point(meter.computed_at.temperature_c, meter.computed_at.pressure_kpa)
    )
    return np.sqrt(normal / design) * dry * ratio(unit, "Nm3")


def doubt_of_state(
    meter: Meter, unit: str, temperature_k: float, pressure_kpa: float, tree: MeterTree
) -> float:
    """Standard uncertainty of the factor, as a share, from the classes that the meters of
    temperature and pressure declare.
    """
    here = factor(meter, unit, np.array([temperature_k]), np.array([pressure_kpa]))[0]
    variance = 0.0
    for name, shift in ((meter.temperature_meter, (1.0, 0.0)), (meter.pressure_meter, (0.0, 1.0))):
        companion = None if name is None else tree.by_id[name]
        if (
            companion is None
            or companion.accuracy_class is None
            or not np.isfinite(here)
            or here == 0
        ):
            continue
        limit = _limit(companion, temperature_k, pressure_kpa)
        moved = factor(
            meter,
            unit,
            np.array([temperature_k + shift[0] * limit]),
            np.array([pressure_kpa + shift[1] * limit]),
        )[0]
        if np.isfinite(moved):
            variance += (moved / here - 1) ** 2 / 3
    return sqrt(variance)


def _limit(companion: Meter, temperature_k: float, pressure_kpa: float) -> float:
    """Limit of error in K or kPa: of the range's end, or of the reading (degC, or the pressure that
    the meter itself reads).
    """
    share = (companion.accuracy_class or 0.0) / 100
    scale = PRESSURE_UNITS.get(companion.unit, 1.0)
    if companion.accuracy_of == "range" and companion.range is not None:
        return share * companion.range[1] * scale
    if companion.unit in PRESSURE_UNITS:
        return share * abs(
            pressure_kpa - (companion.atmosphere_kpa if companion.pressure_is == "gauge" else 0.0)
        )
    return share * abs(
        temperature_k - (0.0 if companion.unit == "K" else gas_and_steam.ZERO_CELSIUS_K)
    )


def _heat(
    meter: Meter, steam: Steam, unit: str, temperature_k: Floats, pressure_kpa: Floats
) -> Floats:
    """MJ per unit of steam, above the water it was made from."""
    enthalpy, density = _steam(meter, steam, temperature_k, pressure_kpa)
    returned = steam.condensate_returned
    water = (1 - returned) * gas_and_steam.water_enthalpy(steam.feed_water_c)
    if steam.condensate_c is not None:
        water += returned * gas_and_steam.water_enthalpy(steam.condensate_c)
    per_kg = (enthalpy - water) / 1e3
    if amount_unit(meter) in ACTUAL_VOLUME:
        return per_kg * density * ratio(unit, "m3")
    if meter.computed_at is not None:
        _, design = _steam(
            meter, steam, *_point(meter.computed_at.temperature_c, meter.computed_at.pressure_kpa)
        )
        per_kg = per_kg * np.sqrt(density / design)
    return per_kg * ratio(unit, "kg")


def _steam(
    meter: Meter, steam: Steam, temperature_k: Floats, pressure_kpa: Floats
) -> tuple[Floats, Floats]:
    if steam.state == "superheated":
        return gas_and_steam.superheated(temperature_k, pressure_kpa)
    if meter.pressure_meter is not None or meter.pressure_kpa is not None:
        return gas_and_steam.saturated("P", pressure_kpa, steam.dryness)
    return gas_and_steam.saturated("T", temperature_k, steam.dryness)


def _point(temperature_c: float, pressure_kpa: float) -> tuple[Floats, Floats]:
    return np.array([temperature_c + gas_and_steam.ZERO_CELSIUS_K]), np.array([pressure_kpa])


@dataclass(frozen=True, slots=True)
class CountedCourse:
    """One meter's course in the unit that its energy counts in.

    `per_reading` of it make one unit of the readings, on the mean; `state_doubt` is the standard
    uncertainty of that, as a share, from the meters of temperature and pressure.
    `vapour_if_saturated` is the share of a gas's volume that water vapour would be; `mean_state`
    its temperature in K and absolute pressure in kPa, NaN of what is not needed.
    """

    course: Course
    unit: str
    per_reading: float
    state_doubt: float = 0.0
    vapour_if_saturated: float = 0.0
    mean_state: tuple[float, float] | None = None


def state_unit(meter: Meter) -> tuple[str, float]:
    """The unit that a state meter is added up in, and its factor: kPa of a pressure, so that the
    grid does not cut its digits.
    """
    return (
        ("kPa", PRESSURE_UNITS[meter.unit]) if meter.unit in PRESSURE_UNITS else (meter.unit, 1.0)
    )


def state_of(meter: Meter, value: float) -> float:
    """What a state meter reads: temperature in K, absolute pressure in kPa."""
    return float(_absolute(meter, np.array([value * state_unit(meter)[1]]))[0])


def work_out(
    tree: MeterTree,
    courses: Mapping[str, Course],
    read_in: Mapping[str, tuple[str, float]],
    zone: tzinfo,
) -> dict[str, CountedCourse]:
    """Every meter that counts energy, in its final unit; not those of which no course was asked.

    Args:
        courses: those of the meters with readings.
        read_in: their unit over time, and its factor per unit of the readings (kW: kWh and 1).
        zone: of the site, whose days begin and end the time of a part that another meter took the
            place of.
    """
    by_meter: dict[str, CountedCourse] = {}
    for meter in tree.meters:
        if meter.id not in courses or meter.role == "state":
            continue
        counted = CountedCourse(courses[meter.id], *read_in[meter.id])
        by_meter[meter.id] = (
            _at_its_state(meter, counted, courses, tree) if has_state(meter) else counted
        )
    for meter in tree.meters:
        if meter.computed and tree.parts(meter).keys() <= by_meter.keys():
            by_meter[meter.id] = _sum(meter, tree, by_meter, zone)
    return by_meter


def _at_its_state(
    meter: Meter, counted: CountedCourse, courses: Mapping[str, Course], tree: MeterTree
) -> CountedCourse:
    curve = counted.course.curve
    moments = curve.moments_us
    flowing_us = np.diff(curve.known_us)
    flowed = flowing_us > 0
    temperature_k = _state(
        meter.temperature_meter,
        meter.temperature_c,
        gas_and_steam.ZERO_CELSIUS_K,
        moments,
        flowing_us,
        courses,
        tree,
    )
    pressure_kpa = _state(
        meter.pressure_meter, meter.pressure_kpa, 0.0, moments, flowing_us, courses, tree
    )
    each = np.full(len(flowed), np.nan)
    each[flowed] = factor(meter, counted.unit, temperature_k[flowed], pressure_kpa[flowed])
    finite = np.isfinite(each)
    steps = np.diff(curve.steps)
    usual = _usual(each, steps, finite)
    converted = _curve(
        moments,
        np.rint(np.where(finite, steps * np.nan_to_num(each), 0.0)).astype(np.int64),
        np.where(finite, flowing_us, 0),
        np.rint(
            np.diff(curve.unplaced_steps) * np.where(finite, np.nan_to_num(each), usual)
        ).astype(np.int64),
    )
    lost_s = float(flowing_us[flowed & ~finite].sum()) / 1e6
    course = replace(
        counted.course,
        curve=converted,
        findings=(*counted.course.findings, *_findings(meter, lost_s)),
    )
    doubt, vapour, mean = 0.0, 0.0, None
    if finite.any():
        mean = _usual(temperature_k, steps, finite), _usual(pressure_kpa, steps, finite)
        if meter.steam is None:
            vapour = _usual(
                1 - np.nan_to_num(gas_and_steam.dry_share(temperature_k, pressure_kpa)),
                steps,
                finite,
            )
        doubt = doubt_of_state(meter, counted.unit, *mean, tree)
    return CountedCourse(
        course, final_unit(meter), counted.per_reading * usual, doubt, vapour, mean
    )


def _state(
    name: str | None,
    constant: float | None,
    offset: float,
    moments_us: Integers,
    flowing_us: Integers,
    courses: Mapping[str, Course],
    tree: MeterTree,
) -> Floats:
    """The state of every piece: temperature in K, absolute pressure in kPa; NaN where not known or
    not declared.
    """
    pieces = max(len(moments_us) - 1, 0)
    if name is None:
        return np.full(pieces, np.nan if constant is None else constant + offset)
    companion, curve = tree.by_id[name], courses[name].curve
    start_us, end_us = moments_us[:-1], moments_us[1:]
    energy, known_s = curve.over(start_us, end_us)
    known_us = known_s * 1e6
    mean = np.full(pieces, np.nan)
    read = known_us >= np.maximum(LEAST_KNOWN_STATE * flowing_us, 1)
    np.divide(energy * HOUR_US, known_us, out=mean, where=read)
    return _absolute(companion, mean)


def _absolute(companion: Meter, value: Floats) -> Floats:
    """In K, or in kPa from a vacuum on."""
    if companion.unit in TEMPERATURE_UNITS:
        return value + TEMPERATURE_UNITS[companion.unit]
    return value + (companion.atmosphere_kpa if companion.pressure_is == "gauge" else 0.0)


def _usual(factor: Floats, steps: Integers, finite: NDArray[np.bool_]) -> float:
    """The mean of a factor or a state, weighted by what flowed; 0 where nothing is known."""
    weight = np.abs(steps[finite]).astype(float)
    if not weight.sum():
        return float(factor[finite].mean()) if finite.any() else 0.0
    return float((factor[finite] * weight).sum() / weight.sum())


def _sum(
    meter: Meter, tree: MeterTree, by_meter: Mapping[str, CountedCourse], zone: tzinfo
) -> CountedCourse:
    """The course of a virtual meter: its parts' curves at the moments that all of them share, added
    with their signs, each in its time.
    """
    parts = tree.parts(meter)
    moments = by_meter[next(iter(parts))].course.curve.moments_us
    for part in parts:
        moments = np.intersect1d(
            moments, by_meter[part].course.curve.moments_us, assume_unique=True
        )
    length_us, serves = np.diff(moments), dict[str, NDArray[np.bool_]]()
    ats = {part: np.searchsorted(by_meter[part].course.curve.moments_us, moments) for part in parts}
    known_us = {part: np.diff(by_meter[part].course.curve.known_us[at]) for part, at in ats.items()}
    longest_us = np.max(list(known_us.values()), axis=0)
    length_us = np.where(length_us > _AGE_US, longest_us, length_us)
    for part, (begins_us, ends_us) in {
        part: in_its_time(tree.by_id[part], EVER, zone) for part in parts
    }.items():
        serves[part] = (moments[1:] > begins_us) & (moments[:-1] < ends_us)
        known_us[part] = np.where(serves[part], known_us[part], length_us)
    common_us = np.maximum(
        length_us
        - sum(
            ((length_us - part_known_us) for part_known_us in known_us.values()),
            np.zeros_like(length_us),
        ),
        0,
    )
    steps, unplaced = np.zeros_like(length_us), np.zeros_like(length_us)
    for part, times in parts.items():
        curve, at = by_meter[part].course.curve, ats[part]
        scale = np.where(serves[part], times * _ratio(tree, meter, by_meter[part].unit), 0.0)
        # each part at its own mean power over the time that all of them know: else what one misses
        # would stand as energy
        share = np.divide(
            common_us, known_us[part], out=np.zeros(len(length_us)), where=known_us[part] > 0
        )
        steps += np.rint(np.diff(curve.steps[at]) * (scale * share)).astype(np.int64)
        unplaced += np.rint(np.diff(curve.unplaced_steps[at]) * scale).astype(np.int64)
    return CountedCourse(
        Course(
            _curve(moments, steps, common_us, unplaced),
            (),
            _facts({part: by_meter[part].course.facts for part in parts}, tree),
        ),
        meter.unit,
        1.0,
    )


def _ratio(tree: MeterTree, meter: Meter, unit: str) -> float:
    try:
        return ratio(unit, meter.unit)
    except InputError as unfit:
        raise tree.refuse(
            meter,
            "unit",
            Phrase(
                "Virtual meter %(meter)s adds up %(unit)s, which is not its own unit.",
                meter=meter.id,
                unit=unit,
            ),
            Phrase("Give it the unit that its parts count in, without the time of a rate."),
            meter.unit,
            unit,
        ) from unfit


def _facts(by_part: Mapping[str, MeterFacts], tree: MeterTree) -> MeterFacts:
    """Of a virtual meter: as many readings as its poorest part, and the span that all of them
    cover, but for one that took another's place or gave its own up."""
    begun = {
        part: facts for part, facts in by_part.items() if tree.by_id[part].since is None
    } or by_part
    lasting = {
        part: facts for part, facts in by_part.items() if tree.by_id[part].until is None
    } or by_part
    whole = [facts for part, facts in begun.items() if part in lasting] or by_part.values()
    return replace(
        NO_FACTS,
        readings=min(facts.readings for facts in whole),
        first_us=max(
            (facts.first_us for facts in begun.values() if facts.first_us is not None), default=None
        ),
        last_us=min(
            (facts.last_us for facts in lasting.values() if facts.last_us is not None), default=None
        ),
        usual_step_s=max(
            (facts.usual_step_s for facts in by_part.values() if facts.usual_step_s is not None),
            default=None,
        ),
    )


def _curve(moments_us: Integers, steps: Integers, known_us: Integers, unplaced: Integers) -> Curve:
    """A curve from what is known of each piece between its moments."""
    curve = Curve(moments_us)
    if len(moments_us):
        curve.steps[1:] = np.cumsum(steps)
        curve.known_us[1:] = np.cumsum(known_us)
        curve.unplaced_steps[1:] = np.cumsum(unplaced)
    return curve


def _findings(meter: Meter, lost_s: float) -> tuple[DataFinding, ...]:
    if not lost_s:
        return ()
    hours = f"{lost_s / 3600:,.1f}"
    return (
        DataFinding(
            "state-unknown",
            Severity.WARNING,
            Phrase(
                "Meter %(meter_id)s: for %(hours)s h its readings lack temperature or pressure, "
                "or their state is not the one "
                "declared. Its energy is not known then, and the time counts as missing.",
                meter_id=meter.id,
                hours=hours,
            ),
            1,
        ),
    )
