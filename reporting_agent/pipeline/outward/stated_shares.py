"""What a small shared meter counts with in a report: a stated share of its range, not what it
measured.

What a batch gets of a shared meter depends on the others that run beside it, so one record could
move them all. A declared power (`by = "power"`) does not. Where a plant declares none, a meter that
is small beside the lines' own is stated by the settings alone: each line has its part of the most
that the meter's `range` allows, for every hour that a batch runs. No reading enters, so one record
changes no other.

Small means at most the policy's `largest_stated_share` of the most that the line's own meters of
the carrier can give; all that is stated of a line together. What is stated is no less than what the
meter gave the line's batches on average, or the step stays at home (`understated`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, Direction
from benchmarks.phrases import Phrase, significant
from benchmarks.policies import ReleasePolicy
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering.shared_meters import Sink
from reporting_agent.metering.steam_gas_and_virtual import has_state
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.units import over_time

LEAST_KNOWN = 0.5
"""Of the batches' time, of which their shared meters must be known (our assumption)."""
PowerBySink = Mapping[str, float]
"""By id of the sink, in the meter's unit of energy an hour."""


def powers(site: SiteSettings, policy: ReleasePolicy) -> dict[str, PowerBySink]:
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
    in_all = powers(site, pack.policy)
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
            own = [batch for batch in batches if _of(batch, sink)]
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


def _of(batch: Batch, sink: Sink) -> bool:
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
        for entry in batch.energy if _of(batch, sink) else ():
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
