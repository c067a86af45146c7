"""Energy of metered batches on release: by the readings in each batch's own window, and only where
each reading is of one batch.

A reading that serves two batches (overlap, shared meter, one meter taken off another) bounds
nothing: the steps stay on the site until wrong rows are declared ([[events]], `unusable`) or what a
shared meter gives (`allocation` with `power`). A meter that is small beside the lines' own
(`largest_stated_share` of the most these can give, all together) is stated by its `range` for every
hour of a batch, no less than it measured on average (`understated`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks import gas_and_steam
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, CarrierEnergy, Direction
from benchmarks.phrases import Phrase, in_number, significant
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.stability import Transformation
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.tree import TEMPERATURE_UNITS
from reporting_agent.metering import Course, steam_gas_and_virtual
from reporting_agent.metering.moments import Windows, to_us
from reporting_agent.metering.own_window import OwnEnergy
from reporting_agent.metering.segments import HOUR_US, STEPS_PER_UNIT
from reporting_agent.metering.shared_meters import Sink
from reporting_agent.metering.steam_gas_and_virtual import LEAST_KNOWN_STATE, has_state
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.units import over_time

LEAST_KNOWN = 0.5
"""Of the batches' time, of which their shared meters must be known (our assumption)."""
PowerBySink = Mapping[str, float]
"""By id of the sink, in the meter's unit of energy an hour."""


def stated_powers(site: SiteSettings, policy: ReleasePolicy) -> dict[str, PowerBySink]:
    """By shared meter, the power that its batches count with: declared, or stated where it is
    small.
    """
    declared = {
        meter.id: meter.allocation.power
        for meter in site.tree.counted
        if meter.allocation is not None and meter.allocation.by == "power"
    }
    return {**declared, **_stated(site, policy)}


def sentences(site: SiteSettings, pack: Pack) -> Iterator[Phrase]:
    """Of each meter that is stated without being declared: what it counts with, and its bound."""
    for name, power in _stated(site, pack.policy).items():
        listed = ", ".join(f"{sink} = {significant(value, 4)}" for sink, value in power.items())
        yield Phrase(
            "In a report the shared meter %(meter)s counts with a stated power of its range, "
            "whatever it read: { %(power)s } (%(unit)s an hour), at most %(bound)s of what each "
            "line's own meters can give. The noise then hides each batch on its own. For your own "
            'figures declare allocation = { by = "power", power = { … } }; declarations.toml has '
            "the line.",
            meter=name,
            power=listed,
            unit=_hourly(site.tree.by_id[name])[0],
            bound=f"{float(pack.policy.largest_stated_share):.1%}",
        )


def understated(
    site: SiteSettings, pack: Pack, batches: Sequence[Batch]
) -> dict[str, PolicyRefusal]:
    """Steps whose batches got more of shared meters, for each hour, than is stated of them, or of
    which that is not known: such a label could be better than it is.

    Args:
        batches: of the plant's own label.
    """
    in_all = stated_powers(site, pack.policy)
    refused: dict[str, PolicyRefusal] = {}
    for name in _stated(site, pack.policy):
        meter = site.tree.by_id[name]
        unit, _ = _hourly(meter)
        beside = [
            other
            for other in site.tree.counted
            if other.allocation is not None and other.carrier == meter.carrier
        ]
        for sink in sinks_of(meter, site):
            counted = sum(
                in_all.get(other.id, {}).get(sink.id, 0.0) * ratio(_hourly(other)[0], unit)
                for other in beside
            )
            own = [batch for batch in batches if _stated_share(batch, sink)]
            measured, known = mean_power(own, meter.carrier, sink), _known(own, meter.carrier)
            if own and (measured is None or known < LEAST_KNOWN or measured > counted):
                refused.setdefault(
                    sink.step,
                    PolicyRefusal(
                        "share-understated",
                        Phrase(
                            "What the shared meter %(meter)s gave the batches of %(line)s, "
                            "%(measured)s %(unit)s for each hour (known of %(known)s of their "
                            "time), must be no more than the %(stated)s that its range states for "
                            "a report, and known of half of it.",
                            meter=name,
                            line=sink.id,
                            measured="?" if measured is None else significant(measured, 4),
                            known=f"{known:.0%}",
                            stated=significant(counted, 4),
                            unit=unit,
                        ),
                        'Declare allocation = { by = "power", power = { … } } for the meter '
                        "(declarations.toml has the line), or correct its range.",
                    ),
                )
    return refused


def _stated_share(batch: Batch, sink: Sink) -> bool:
    return (
        batch.step == sink.step
        and sink.equipment in {"", batch.equipment}
        and batch.excluded != ExclusionReason.OUTSIDE_PERIOD
        and _hours(batch) > 0
    )


def _hours(batch: Batch) -> float:
    return 0.0 if batch.end is None else (batch.end - batch.start).total_seconds() / 3600


def _known(batches: Sequence[Batch], carrier: str) -> float:
    """Of the batches' time, the share of which the shared meters are known."""
    known = (
        _hours(batch)
        * max(
            (
                entry.completeness
                for entry in batch.energy
                if entry.of_shared_meter and entry.carrier == carrier
            ),
            default=0.0,
        )
        for batch in batches
    )
    return sum(known) / (sum(map(_hours, batches)) or 1.0)


def mean_power(batches: Iterable[Batch], carrier: str, sink: Sink) -> float | None:
    """What shared meters of the carrier gave the sink's batches for each hour that they ran."""
    energy, hours = 0.0, 0.0
    for batch in batches:
        for entry in batch.energy if _stated_share(batch, sink) else ():
            if entry.of_shared_meter and entry.carrier == carrier and entry.completeness > 0:
                energy += entry.quantity
                hours += entry.completeness * _hours(batch)
    return energy / hours if hours else None


def _stated(site: SiteSettings, policy: ReleasePolicy) -> dict[str, PowerBySink]:
    """The meters that are small for every line they serve, with what is stated of each line."""
    parts: dict[str, PowerBySink] = {}
    together: dict[tuple[str, Sink], float] = defaultdict(float)  # of the lines' own, at most
    lines: dict[str, list[tuple[str, Sink]]] = {}
    for meter in site.tree.counted:
        if meter.allocation is None or meter.allocation.by == "power":
            continue
        sinks = sinks_of(meter, site)
        own = {sink: _own_most(sink, meter, site) for sink in sinks}
        if (
            meter.range is None
            or meter.range[1] <= 0
            or meter.direction is not Direction.IMPORT  # a credit is measured
            or has_state(meter)
            or not all(own.values())
        ):
            continue
        parts[meter.id] = _parts(meter, sinks)
        lines[meter.id] = [(meter.carrier, sink) for sink in sinks]
        for sink in sinks:
            together[meter.carrier, sink] += parts[meter.id][sink.id] / own[sink]
    bound = float(policy.largest_stated_share)
    return {
        name: power
        for name, power in parts.items()
        if all(together[line] <= bound for line in lines[name])
    }


def _parts(meter: Meter, sinks: Sequence[Sink]) -> dict[str, float]:
    """Each line's part of the most that the meter gives: declared, by rated power, or even."""
    rule, most = meter.allocation, _most(meter)
    if rule is not None and rule.shares:
        return {sink.id: most * rule.shares[sink.id] for sink in sinks}
    weights = {
        sink.id: sink.rated_power_kw if rule is not None and rule.by == "rated-power" else 1.0
        for sink in sinks
    }
    return {name: most * weight / sum(weights.values()) for name, weight in weights.items()}


def _own_most(sink: Sink, shared: Meter, site: SiteSettings) -> float:
    """The most that the line's own meters of the shared one's carrier can give, in its unit an
    hour; 0 where none says.
    """
    unit, _ = _hourly(shared)
    most = 0.0
    for meter in site.tree.counted:
        if meter.allocation is not None or meter.until is not None:
            continue
        kind = (meter.carrier, meter.direction, meter.step, meter.equipment)
        if kind == (shared.carrier, shared.direction, sink.step, sink.equipment):
            most += _most(meter) * ratio(_hourly(meter)[0], unit)
    return most


def _most(meter: Meter) -> float:
    """The most that its `range` lets it give in an hour; 0 where it has none."""
    return 0.0 if meter.range is None else meter.range[1] * _hourly(meter)[1]


def _hourly(meter: Meter) -> tuple[str, float]:
    """Unit of energy of what the meter gives in an hour, and by what its `range` is multiplied."""
    return over_time(meter.unit) if meter.reading == "rate" else (meter.unit, 1.0)


Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

STRUCTURAL = 0.2  # of a meter's batches overlap: that is how the lines run, and no row is wrong
OWN_READINGS = Transformation(
    "own readings",
    1,
    "Energy is taken from the readings inside the batch's window; windows on one meter do not "
    "overlap, so each reading is of one batch.",
)


@dataclass(frozen=True, slots=True)
class OutgoingBatches:
    """Batches on their way out: by meter with readings, those whose energy is made from it, by
    their indices in order of start.
    """

    batches: Sequence[Batch]
    indices: Mapping[str, list[int]]
    windows: Mapping[str, Windows]  # of those batches, in the same order
    of_meter: Mapping[str, list[int]]  # by counted meter, likewise indices in order of start
    powers: Mapping[str, PowerBySink]  # of shared meters of which no reading enters


def outgoing(batches: Sequence[Batch], site: SiteSettings, pack: Pack) -> OutgoingBatches:
    """Which batches each meter feeds: those not left out, whose window is sound and no longer than
    the pack's longest run.
    """
    longest_s = {step.id: step.label_rule.longest_s for step in pack.steps}
    by_line: dict[tuple[str, str], list[int]] = {}
    for index, batch in enumerate(batches):
        if batch.excluded is None and batch.end is not None and batch.end > batch.start:
            longest = longest_s.get(batch.step)
            if longest is None or (batch.end - batch.start).total_seconds() <= longest:
                by_line.setdefault((batch.step, batch.equipment), []).append(index)
    powers = stated_powers(site, pack.policy)
    of_meter: dict[str, list[int]] = {}
    indices: dict[str, set[int]] = {}
    for meter in site.tree.counted:
        sinks = sinks_of(meter, site)
        lines = [
            line
            for line in by_line
            if any(sink.step == line[0] and sink.equipment in {"", line[1]} for sink in sinks)
        ]
        served = (
            index
            for line in lines
            for index in by_line[line]
            if meter.counts_for(batches[index].start, site.zone)
        )
        own = sorted(served, key=lambda index: _turn(batches[index]))
        of_meter[meter.id] = own
        if meter.id not in powers:
            for name in site.tree.needed_by(meter):
                indices.setdefault(name, set()).update(own)
    in_order = {
        name: sorted(chosen, key=lambda index: _turn(batches[index]))
        for name, chosen in indices.items()
    }
    windows = {
        name: _windows([batches[index] for index in chosen]) for name, chosen in in_order.items()
    }
    return OutgoingBatches(batches, in_order, windows, of_meter, powers)


def entangled(outgoing: OutgoingBatches, site: SiteSettings) -> dict[str, list[Transformation]]:
    """By step, why its energy has no bound: meters whose readings serve several batches at once,
    and how they are shared.
    """
    shared: dict[str, list[Transformation]] = {}
    for meter in site.tree.counted:
        if meter.id in outgoing.powers:
            continue
        by = None if meter.allocation is None else meter.allocation.by
        if by in {"output", "hours", "rated-power"}:
            reasons = [_shared(meter)]
        else:
            reasons = [
                reason
                for name in sorted(site.tree.needed_by(meter))
                if (reason := _of_meter(name, meter, outgoing)) is not None
            ]
        for step in {sink.step for sink in sinks_of(meter, site)}:
            shared.setdefault(step, []).extend(reasons)
    return shared


def _of_meter(name: str, meter: Meter, outgoing: OutgoingBatches) -> Transformation | None:
    batches, indices = outgoing.batches, outgoing.indices.get(name, ())
    both = overlaps(batches, indices)
    if not both:
        return None
    if meter.allocation is not None and len(both) > STRUCTURAL * len(indices):
        return _shared(meter)
    why = in_number(
        len(both),
        "%(count)s batch on meter %(meter)s overlaps another, %(first)s and %(second)s: correct "
        "the rows, or "
        "declare the wrong one unusable under [[events]].",
        "%(count)s batches on meter %(meter)s overlap another, first %(first)s and %(second)s: "
        "correct the rows, or declare the wrong ones"
        " unusable under [[events]].",
        count=f"{len(both):,}",
        meter=name,
        first=batches[both[0][0]].batch_id,
        second=batches[both[0][1]].batch_id,
    )
    return Transformation(f"meter {name} in several batches", None, why)


def _shared(meter: Meter) -> Transformation:
    sinks = () if meter.allocation is None else meter.allocation.sinks
    why = Phrase(
        "The share of the shared meter %(meter)s that a batch gets depends on the others that run "
        "at the same time. Declare what "
        'each line uses for every hour that it runs, allocation = { by = "power", power = { '
        "%(power)s } }.",
        meter=meter.id,
        power=", ".join(f"{name} = ..." for name in sinks),
    )
    return Transformation(f"meter {meter.id} shared among lines that run side by side", None, why)


def overlaps(batches: Sequence[Batch], indices: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of batches, given in order of start, of which the later begins before an earlier one
    ends.
    """
    pairs: list[tuple[int, int]] = []
    latest: int | None = None  # of those before, the one that ends last
    for index in indices:
        if latest is not None and batches[index].start < _end(batches[latest]):
            pairs.append((latest, index))
        if latest is None or _end(batches[index]) > _end(batches[latest]):
            latest = index
    return pairs


def entries(
    outgoing: OutgoingBatches,
    courses: Mapping[str, Course],
    units: Mapping[str, tuple[str, float]],
    site: SiteSettings,
) -> dict[int, list[CarrierEnergy]]:
    """By index of the batch, the energy that each of its counted meters gives it."""
    own = {name: course.own for name, course in courses.items() if course.own is not None}
    by_index: dict[int, list[CarrierEnergy]] = {}
    for meter in site.tree.counted:
        indices = outgoing.of_meter[meter.id]
        if not indices:
            continue
        energy, completeness, unit = _measured(meter, indices, outgoing, own, units, site)
        lhv_mj_per_unit = meter.own_lhv(mj_in(unit))
        for index, amount, share in zip(
            indices, energy.tolist(), completeness.tolist(), strict=True
        ):
            entry = CarrierEnergy(
                carrier=meter.carrier,
                quantity=amount,
                unit=unit,
                direction=meter.direction,
                lhv_mj_per_unit=lhv_mj_per_unit,
                completeness=share,
                allocated=meter.allocation is not None,
            )
            by_index.setdefault(index, []).append(entry)
    return by_index


def _measured(
    meter: Meter,
    indices: list[int],
    outgoing: OutgoingBatches,
    own: Mapping[str, OwnEnergy],
    units: Mapping[str, tuple[str, float]],
    site: SiteSettings,
) -> tuple[Floats, Floats, str]:
    rule, batches = meter.allocation, outgoing.batches
    unit = _unit(meter, units)
    if (powers := outgoing.powers.get(meter.id)) is not None:
        hours = np.array(
            [
                (_end(batches[index]) - batches[index].start).total_seconds() / 3600
                for index in indices
            ]
        )
        sinks = {(sink.step, sink.equipment): sink.id for sink in sinks_of(meter, site)}
        power = [powers[_sink(sinks, batches[index])] for index in indices]
        return np.array(power) * hours, np.ones(len(indices)), unit
    parts = site.tree.parts(meter)
    whole, least = np.zeros(len(indices)), np.ones(len(indices))
    for name, times in parts.items():
        part = site.tree.by_id[name]
        serves = np.array([part.counts_for(batches[index].start, site.zone) for index in indices])
        amount, completeness = _part(part, indices, outgoing, own, units, site)
        amount, completeness = np.where(serves, amount, 0.0), np.where(serves, completeness, 1.0)
        scale = times * ratio(_unit(part, units), unit)
        whole += scale * np.divide(
            amount, completeness, out=np.zeros(len(indices)), where=completeness > 0
        )
        least = np.minimum(least, completeness)
    if rule is not None and rule.shares:
        sinks = {(sink.step, sink.equipment): sink.id for sink in sinks_of(meter, site)}
        whole *= np.array([rule.shares[_sink(sinks, batches[index])] for index in indices])
    return np.rint(whole * least * STEPS_PER_UNIT) / STEPS_PER_UNIT, least, unit


def _part(
    meter: Meter,
    indices: list[int],
    outgoing: OutgoingBatches,
    own: Mapping[str, OwnEnergy],
    units: Mapping[str, tuple[str, float]],
    site: SiteSettings,
) -> tuple[Floats, Floats]:
    """Energy and completeness of a meter with readings, brought to its state where it has one."""
    energy, completeness = _of(meter.id, indices, outgoing, own)
    if not steam_gas_and_virtual.has_state(meter):
        return energy, completeness
    temperature_k = _state(
        meter.temperature_meter,
        meter.temperature_c,
        gas_and_steam.ZERO_CELSIUS_K,
        indices,
        completeness,
        outgoing,
        own,
        site,
    )
    pressure_kpa = _state(
        meter.pressure_meter, meter.pressure_kpa, 0.0, indices, completeness, outgoing, own, site
    )
    each = steam_gas_and_virtual.factor(meter, units[meter.id][0], temperature_k, pressure_kpa)
    finite = np.isfinite(each)
    return np.where(finite, energy * np.nan_to_num(each), 0.0), np.where(finite, completeness, 0.0)


def _state(
    name: str | None,
    constant: float | None,
    offset: float,
    indices: list[int],
    flowed: Floats,
    outgoing: OutgoingBatches,
    own: Mapping[str, OwnEnergy],
    site: SiteSettings,
) -> Floats:
    """Mean temperature in K or absolute pressure in kPa over each window; NaN where it is not
    known.
    """
    if name is None:
        return np.full(len(indices), np.nan if constant is None else constant + offset)
    companion = site.tree.by_id[name]
    windows = outgoing.windows[name]
    amount, completeness = _of(name, indices, outgoing, own)
    position_of = {index: at for at, index in enumerate(outgoing.indices[name])}
    at = [position_of[index] for index in indices]
    hours = (windows.end_us[at] - windows.start_us[at]) * completeness / HOUR_US
    mean = np.full(len(indices), np.nan)
    np.divide(
        amount, hours, out=mean, where=completeness >= np.maximum(LEAST_KNOWN_STATE * flowed, 1e-9)
    )
    if companion.unit in TEMPERATURE_UNITS:
        return mean + TEMPERATURE_UNITS[companion.unit]
    return mean + (companion.atmosphere_kpa if companion.pressure_is == "gauge" else 0.0)


def _of(
    name: str, indices: list[int], outgoing: OutgoingBatches, own: Mapping[str, OwnEnergy]
) -> tuple[Floats, Floats]:
    if name not in own:
        return np.zeros(len(indices)), np.zeros(len(indices))  # no reading came
    measured = own[name]
    position_of = {index: at for at, index in enumerate(outgoing.indices[name])}
    at = [position_of[index] for index in indices]
    return measured.energy[at], measured.completeness[at]


def _unit(meter: Meter, units: Mapping[str, tuple[str, float]]) -> str:
    if meter.computed:
        return meter.unit
    return (
        steam_gas_and_virtual.final_unit(meter)
        if steam_gas_and_virtual.has_state(meter)
        else units[meter.id][0]
    )


def _sink(sinks: Mapping[tuple[str, str], str], batch: Batch) -> str:
    return sinks.get((batch.step, batch.equipment)) or sinks[batch.step, ""]


def _windows(batches: Sequence[Batch]) -> Windows:
    edges = [batch.start for batch in batches], [_end(batch) for batch in batches]
    return Windows(
        *(np.array([to_us(moment) for moment in moments], dtype=np.int64) for moments in edges)
    )


def _end(batch: Batch) -> datetime:
    if batch.end is None:
        raise ValueError(f"batch {batch.batch_id} has no end and cannot be metered")
    return batch.end


def _turn(batch: Batch) -> tuple[datetime, datetime, str]:
    return batch.start, _end(batch), batch.batch_id
