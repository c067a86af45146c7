"""The amounts of the site's balance, carrier by carrier: from meters, from what the site states,
and from its batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Direction, Period, Severity
from benchmarks.phrases import Phrase
from benchmarks.quantities import converts, ratio
from reporting_agent.config import SiteSettings
from reporting_agent.config.site_boundary import Flow
from reporting_agent.metering import MeterRecord
from reporting_agent.metering.uncertainty import COVERAGE, limit_of_error
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.sitewide import SiteTotals

Kind = Literal[
    "purchased", "sold", "stock", "given", "taken", "step", "auxiliary", "others", "losses"
]
_RECTANGULAR = 3.0**0.5
MOST_DECLARED = 0.02
"""Of what no class tells: a belt scale of class 2, the coarsest that trade is weighed by (a
convention of ours). Wider, and the fence would be as wide as the plant says."""


@dataclass(frozen=True, slots=True)
class EnergyFlow:
    """One amount, signed as in the balance, with its expanded uncertainty."""

    kind: Kind
    name: str
    amount: float
    source: str
    uncertainty: float


@dataclass(slots=True)
class Amounts:
    """All amounts of one carrier in one unit, and its mean heating value (MJ per unit) where the
    plant's data carry one.
    """

    carrier: str
    unit: str
    lhv: float | None = None
    entries: list[EnergyFlow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CarrierFlows:
    carriers: list[Amounts]
    notes: list[DataFinding]


@dataclass(frozen=True, slots=True)
class Raw:
    """One amount as it was found, before it is brought to the carrier's unit."""

    kind: Kind
    name: str
    quantity: float
    unit: str
    source: str
    uncertainty: float  # in `unit`
    lhv: float | None


def gather(whole: SiteTotals) -> CarrierFlows:
    """Every amount that the boundary names, and what the steps used."""
    site = whole.site
    raw: dict[str, list[Raw]] = {}
    notes: list[DataFinding] = []
    declared = declared_share(site)
    for carrier, raw_amount in _of_boundary(site, whole.records, whole.period, declared, notes):
        raw.setdefault(carrier, []).append(raw_amount)
    for carrier, part in of_steps(whole, declared):
        raw.setdefault(carrier, []).append(part)
    carriers = []
    for carrier in CARRIERS:
        if carrier in raw:
            amounts = _in_one_unit(carrier, raw[carrier])
            carriers += [] if amounts is None else [amounts]
            notes += [_without_heat(carrier)] if amounts is None else []
    for loss in site.site_boundary.losses if site.site_boundary else ():
        for amounts in carriers:
            if amounts.carrier == loss.carrier:
                available = sum(
                    entry.amount
                    for entry in amounts.entries
                    if entry.kind in {"purchased", "given", "sold", "stock"}
                )
                amounts.entries.append(
                    EnergyFlow("losses", "", available * loss.pct / 100, "declared", 0.0)
                )
    return CarrierFlows(carriers, notes)


def declared_share(site: SiteSettings) -> float:
    """The relative uncertainty of what no class of a meter tells: what the site states, no more
    than `MOST_DECLARED`.
    """
    return (
        RELATIVE_UNCERTAINTY
        if site.site.uncertainty_pct is None
        else min(site.site.uncertainty_pct / 100, MOST_DECLARED)
    )


def _of_boundary(
    site: SiteSettings,
    records: Mapping[str, MeterRecord],
    period: Period,
    declared: float,
    notes: list[DataFinding],
) -> Iterator[tuple[str, Raw]]:
    boundary = site.site_boundary
    if boundary is None:
        return
    named: list[tuple[Kind, str, Flow]] = [("purchased", "", flow) for flow in boundary.purchased]
    named += [("sold", "", flow) for flow in boundary.sold]
    named += [("others", "", flow) for flow in boundary.others]
    named += [("auxiliary", flow.step, flow) for flow in boundary.auxiliaries]
    for conversion in boundary.conversions:
        named += [("given", conversion.id, flow) for flow in conversion.gives]
        named += [("taken", conversion.id, flow) for flow in conversion.takes]
    for kind, name, flow in named:
        flow_amount = amount(site, flow, records, period, declared, notes)
        if flow_amount is not None:
            quantity, unit, source, uncertainty = flow_amount
            signed = -quantity if kind == "sold" else quantity
            yield (
                flow.carrier,
                Raw(kind, name or flow.meter or "", signed, unit, source, uncertainty, flow.lhv),
            )
    for stock in boundary.stocks:
        if _same(site, stock.period, period, stock.carrier, notes):
            growth = stock.closing - stock.opening
            yield (
                stock.carrier,
                Raw(
                    "stock",
                    "",
                    -growth,
                    stock.unit,
                    "stated",
                    declared * (stock.closing + stock.opening),
                    None,
                ),
            )


def amount(
    site: SiteSettings,
    flow: Flow,
    records: Mapping[str, MeterRecord],
    period: Period,
    declared: float,
    notes: list[DataFinding],
) -> tuple[float, str, str, float] | None:
    """Quantity, unit, source and expanded uncertainty of a declared flow; None where the period has
    none.
    """
    if flow.meter is not None:
        record = records.get(flow.meter)
        return (
            None
            if record is None
            else (record.total, record.unit, "meter", _error(record, declared))
        )
    if (
        flow.quantity is None
        or flow.unit is None
        or flow.period is None
        or not _same(site, flow.period, period, flow.carrier, notes)
    ):
        return None
    return flow.quantity, flow.unit, "stated", declared * flow.quantity


def _same(
    site: SiteSettings, stated: str, period: Period, carrier: str, notes: list[DataFinding]
) -> bool:
    """Whether an amount is stated for this very period; told where it is not."""
    other = Period.parse(stated, site.zone)
    if (other.start, other.end) == (period.start, period.end):
        return True
    sentence = Phrase(
        "[site_boundary] states %(carrier)s for %(stated)s; the period is %(period)s. It is left "
        "out of the balance.",
        carrier=CARRIERS[carrier].words,
        stated=stated,
        period=period.name,
    )
    notes.append(DataFinding("flow-of-another-period", Severity.NOTICE, sentence, 1))
    return False


def _error(record: MeterRecord, declared: float) -> float:
    """Expanded uncertainty of a meter's sum: class (or the declared share), and what flowed while
    nothing is known.
    """
    hours = np.array([record.known_s / 3600])
    limit = limit_of_error(record.meter, np.array([record.total]), hours, record.per_reading)
    systematic = (
        declared * abs(record.total) if limit is None else COVERAGE * float(limit[0]) / _RECTANGULAR
    )
    missing = abs(record.total) * record.missing_s / record.known_s if record.known_s else 0.0
    return float(np.hypot(systematic, COVERAGE * missing))


def of_steps(whole: SiteTotals, declared: float) -> Iterator[tuple[str, Raw]]:
    """What each step used: its meters over the whole period; of shared meters and given energy its
    batches' part.
    """
    metered: set[_Metered] = set()
    shared: dict[tuple[str, str, Direction], tuple[float, float]] = {}
    site, batches = whole.site, whole.batches
    lhv, of_site = _mean_lhv(batches, by_step=True), _mean_lhv(batches)
    for meter in site.tree.counted:
        record = whole.records.get(meter.id)
        if record is None:
            continue
        sinks, error = sinks_of(meter, site), _error(record, declared)
        metered |= {(sink.step, sink.equipment, meter.carrier, meter.direction) for sink in sinks}
        if meter.allocation is None:
            used = _sign(meter.direction) * record.total
            step = sinks[0].step
            heat = lhv.get(
                (step, meter.carrier, record.unit), of_site.get(("", meter.carrier, record.unit))
            )
            yield meter.carrier, Raw("step", step, used, record.unit, "meter", error, heat)
        else:
            key = meter.carrier, record.unit, meter.direction
            total, squares = shared.get(key, (0.0, 0.0))
            shared[key] = total + record.total, squares + error**2
    for (carrier, unit, direction), (total, squares) in shared.items():
        by_step = _allocated(batches, carrier, unit, direction)
        of_all = squares**0.5 / total if total else 0.0
        for step, amount in by_step.items():
            heat = lhv.get((step, carrier, unit))
            yield (
                carrier,
                Raw(
                    "step",
                    step,
                    _sign(direction) * amount,
                    unit,
                    "meter",
                    of_all * abs(amount),
                    heat,
                ),
            )
        rest = total - sum(by_step.values())  # of shared meters, while none of their batches ran
        yield (
            carrier,
            Raw(
                "others",
                "shared",
                _sign(direction) * rest,
                unit,
                "meter",
                0.0,
                of_site.get(("", carrier, unit)),
            ),
        )
    yield from _given_per_batch(batches, metered, declared)


def _sign(direction: Direction) -> float:
    return 1.0 if direction is Direction.IMPORT else -1.0


def _allocated(
    batches: Sequence[Batch], carrier: str, unit: str, direction: Direction
) -> dict[str, float]:
    """By step, what a rule gave its batches of shared meters."""
    by_step: dict[str, float] = {}
    for batch in batches:
        for energy in batch.energy:
            if energy.of_shared_meter and (energy.carrier, energy.unit, energy.direction) == (
                carrier,
                unit,
                direction,
            ):
                by_step[batch.step] = by_step.get(batch.step, 0.0) + energy.quantity
    return by_step


_Metered = tuple[str, str, str, Direction]
"""Step, equipment ("" for all of the step), carrier and direction of a meter: beside a line with
one there may be a line without.
"""


def _given_per_batch(
    batches: Sequence[Batch], metered: set[_Metered], declared: float
) -> Iterator[tuple[str, Raw]]:
    """Energy that the plant gives per batch, summed by step, carrier, unit and direction."""
    sums: dict[tuple[str, str, str, Direction], list[CarrierEnergy]] = {}
    for batch in batches:
        for energy in batch.energy:
            lines = {
                (batch.step, equipment, energy.carrier, energy.direction)
                for equipment in ("", batch.equipment)
            }
            if not lines & metered and energy.carrier in CARRIERS:
                sums.setdefault(
                    (batch.step, energy.carrier, energy.unit, energy.direction), []
                ).append(energy)
    for (step, carrier, unit, direction), energies in sums.items():
        amount = sum(energy.quantity for energy in energies)
        sign = _sign(direction)
        tested = sum(energy.quantity for energy in energies if energy.lhv_mj_per_unit is not None)
        heat = sum(energy.quantity * (energy.lhv_mj_per_unit or 0.0) for energy in energies)
        yield (
            carrier,
            Raw(
                "step",
                step,
                sign * amount,
                unit,
                "batches",
                declared * abs(amount),
                heat / tested if tested and heat else None,
            ),
        )


def _mean_lhv(
    batches: Sequence[Batch], *, by_step: bool = False
) -> dict[tuple[str, str, str], float]:
    """MJ per unit, by step ("" for the whole site), carrier and unit: the mean over what batches
    used, weighted by amount.
    """
    heat: dict[tuple[str, str, str], float] = {}
    amount: dict[tuple[str, str, str], float] = {}
    for batch in batches:
        for energy in batch.energy:
            if energy.lhv_mj_per_unit is not None:
                key = (batch.step if by_step else "", energy.carrier, energy.unit)
                heat[key] = heat.get(key, 0.0) + abs(energy.quantity) * energy.lhv_mj_per_unit
                amount[key] = amount.get(key, 0.0) + abs(energy.quantity)
    return {key: heat[key] / whole for key, whole in amount.items() if whole}


def _without_heat(carrier: str) -> DataFinding:
    sentence = Phrase(
        "%(carrier)s is in the site's balance both as heat and as an amount without heat content; "
        "it is left out of the balance. Give"
        " `lhv` with the flow, or the laboratory's values under [[lhv]].",
        carrier=CARRIERS[carrier].words.each(str.capitalize),
    )
    return DataFinding("lhv-required", Severity.NOTICE, sentence, 1)


def _in_one_unit(carrier: str, raw: list[Raw]) -> Amounts | None:
    """All amounts in the carrier's own unit; in MJ where some of them are heat already and the
    others have a heating value.

    None where an amount has none.
    """
    own = CARRIERS[carrier].unit
    unit = own if all(converts(entry.unit, own) for entry in raw) else "MJ"
    weights = [
        (abs(entry.quantity) * ratio(entry.unit, own), entry.lhv * ratio(own, entry.unit))
        for entry in raw
        if entry.lhv is not None and converts(entry.unit, own)
    ]
    whole = sum(weight for weight, _ in weights)
    lhv = sum(weight * value for weight, value in weights) / whole if whole else None
    amounts = Amounts(carrier, unit, lhv if unit == own else None)
    for part in raw:
        if converts(part.unit, unit):
            scale = ratio(part.unit, unit)
        elif lhv is not None:
            scale = ratio(part.unit, own) * lhv
        else:
            return None
        amounts.entries.append(
            EnergyFlow(
                part.kind,
                part.name,
                part.quantity * scale,
                part.source,
                part.uncertainty * abs(scale),
            )
        )
    return amounts
