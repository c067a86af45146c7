"""What a site's steps took and gave back over a period, what its meters counted and [site_boundary]
states, as heat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from math import fsum

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER_KGCE, Basis, FactorTable
from benchmarks.errors import InputError
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Period, ProductStatus
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.site_boundary import Flow
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import heating_values
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.meter_accounts import MeterAccount, accounts
from reporting_agent.pipeline.runs import EnergyOutsideRuns


def middle(period: Period) -> date:
    """The day whose factors stand for the period."""
    return (period.start + (period.end - period.start) / 2).date()


def _own_lhv(record: MeterRecord) -> float | None:
    """The heating value that the plant has for what the meter counts."""
    return record.meter.own_lhv(mj_in(record.unit))


@dataclass(frozen=True)
class SiteTotals:
    """What a site's steps gave and took in the period, and what its meters counted."""

    site: SiteSettings
    factors: FactorTable
    period: Period
    batches: Sequence[Batch]
    records: Mapping[str, MeterRecord]
    left_out: Sequence[EnergyOutsideRuns] = ()  # of a log: energy in no run
    labels: Sequence[StepLabel] = ()  # once they are made
    unmapped: Mapping[tuple[str, str], Mapping[str, float]] = field(
        default_factory=dict
    )  # by step and batch, masses that nothing maps

    @classmethod
    def of(
        cls,
        site: SiteSettings,
        pack: Pack,
        period: Period,
        batches: Sequence[Batch],
        meters: Sequence[MeterRecord],
        left_out: Sequence[EnergyOutsideRuns] | None = None,
    ) -> SiteTotals:
        in_utc = period.in_utc
        own = [
            batch for batch in batches if batch.start in in_utc and batch.excluded != "duplicate"
        ]  # a row that stands twice counts once
        return cls(
            site,
            packs.factors(pack),
            period,
            own,
            {record.meter.id: record for record in meters},
            left_out or (),
        )

    @property
    def day(self) -> date:
        """The day whose factors stand for the period."""
        return middle(self.period)

    def amount(self, flow: Flow) -> tuple[float, str, float | None] | None:
        """Quantity, unit and own heating value of a flow; None where the period has none."""
        if flow.meter is not None:
            record = self.records.get(flow.meter)
            return (
                None
                if record is None
                else (record.total, record.unit, flow.lhv or _own_lhv(record))
            )
        stated = Period.parse(flow.period or "", self.site.zone)
        if (
            (stated.start, stated.end) != (self.period.start, self.period.end)
            or flow.quantity is None
            or flow.unit is None
        ):
            return None
        return flow.quantity, flow.unit, flow.lhv

    def flow_mj(self, flow: Flow) -> float | None:
        """MJ of a flow in the period; None where nothing says how much it was, or how much heat it
        held.
        """
        amount = self.amount(flow)
        return None if amount is None else self.mj(flow.carrier, *amount)

    def mj(self, carrier: str, quantity: float, unit: str, lhv: float | None) -> float | None:
        """MJ of an amount: by its own heating value, the site's, its steps', else the table's; of a
        medium the heat of the electricity that made it; None where no factor is in force."""
        declared = self.site.heating_values.of(carrier, self.day)
        try:
            if carrier == "electricity":
                return quantity * ratio(unit, "MJ")
            if (
                lhv is None
                and declared is not None
                and declared.source != "default"
                and mj_in(unit) is None
            ):
                lhv = declared.mj_per(unit)
            if lhv is None and mj_in(unit) is None:
                lhv = self._mean_lhv(carrier, unit)
            energy = CarrierEnergy(carrier, quantity, unit, lhv_mj_per_unit=lhv)
            if CARRIERS[carrier].form == "medium":
                return self.factors.kgce(energy, Basis.CALORIFIC, self.day) * float(MJ_PER_KGCE)
            return self.factors.mj(energy, self.day)
        except InputError:
            return None

    @cached_property
    def amounts(self) -> Mapping[tuple[str, str, bool, str, float | None], float]:
        """What batches took (True) or gave back, by step, carrier, unit and heating value: looked
        at once.
        """
        totals: dict[tuple[str, str, bool, str, float | None], float] = {}
        for batch in self.batches:
            for energy in batch.energy:
                key = (
                    batch.step,
                    energy.carrier,
                    energy.direction is Direction.IMPORT,
                    energy.unit,
                    energy.lhv_mj_per_unit,
                )
                totals[key] = totals.get(key, 0.0) + energy.quantity
        return totals

    @cached_property
    def as_logged(self) -> Sequence[Batch]:
        """The batches with what their log weighs in columns that nothing maps as variables of
        theirs.
        """
        if not self.unmapped:
            return self.batches
        beside = (
            (batch, self.unmapped.get((batch.step, batch.batch_id), {})) for batch in self.batches
        )
        return [
            replace(batch, variables={**masses, **batch.variables}) if masses else batch
            for batch, masses in beside
        ]

    @cached_property
    def taken_mj(self) -> Mapping[tuple[str, str], float]:
        """MJ that batches took, by step and carrier; of an amount without a heating value none:
        looked at once.
        """
        totals: dict[tuple[str, str], float] = {}
        for (step, carrier, is_taken, unit, lhv), quantity in self.amounts.items():
            if is_taken:
                totals[step, carrier] = totals.get((step, carrier), 0.0) + (
                    self.mj(carrier, quantity, unit, lhv) or 0.0
                )
        return totals

    @cached_property
    def outputs(self) -> Mapping[str, float]:
        """Good output by step: looked at once."""
        steps = {batch.step for batch in self.batches}
        return {
            step: fsum(
                batch.output
                for batch in self.batches
                if batch.step == step and batch.status is ProductStatus.GOOD
            )
            for step in steps
        }

    @cached_property
    def accounts(self) -> Mapping[str, MeterAccount]:
        """What each counted meter measured and no run carries: looked at once."""
        return accounts(self.site, self.batches, self.records)

    @cached_property
    def analysed_twice(self) -> Mapping[tuple[str, date], tuple[float, float]]:
        """Gases of which a day has two heating values that count as one: looked at once."""
        return heating_values.analysed_twice(self.batches, self.site.heating_values)

    def of_steps(self, carrier: str, direction: Direction) -> dict[str, float]:
        """By step, MJ that its batches took, or gave back; of an amount without a heating value
        none.
        """
        into, totals = direction is Direction.IMPORT, dict[str, float]()
        for (step, of, is_taken, unit, lhv), quantity in self.amounts.items():
            if of == carrier and is_taken is into:
                totals[step] = totals.get(step, 0.0) + (
                    self.mj(carrier, quantity, unit, lhv) or 0.0
                )
        return totals

    def counted_of_steps(self, carrier: str) -> dict[str, float]:
        """By step with a label that counts the carrier, MJ that its batches took of it: no more
        than what those in the label took of it makes of the step's whole output. Runs that are left
        out take nothing that anybody pays for."""
        into, totals = self.of_steps(carrier, Direction.IMPORT), dict[str, float]()
        for label in self.labels:
            measured = label.made_from
            if (
                label.step not in into
                or measured is None
                or label.best.value is None
                or not counts(carrier, label.metric)
            ):
                continue
            used = [measured.columns.batches[row] for row in measured.rows.tolist()]
            own = [
                energy
                for batch in used
                for energy in batch.energy
                if energy.carrier == carrier and energy.direction is Direction.IMPORT
            ]
            took = fsum(
                self.mj(carrier, energy.quantity, energy.unit, energy.lhv_mj_per_unit) or 0.0
                for energy in own
            )
            output = fsum(batch.output for batch in used)
            whole = fsum(batch.output for batch in self.batches if batch.step == label.step)
            if output > 0:
                totals[label.step] = max(
                    totals.get(label.step, 0.0), min(into[label.step], took * whole / output)
                )
        return totals

    def serves(self, meter: Meter, step: str) -> bool:
        """Whether what the meter counts enters labels of the step."""
        return any(sink.step == step for sink in sinks_of(meter, self.site))

    def share_of(self, meter: Meter, step: str) -> float:
        """Of what meters count for the step of this one's carrier in its direction, what it does; 0
        without readings.
        """
        alike = {
            other.id: self.records[other.id]
            for other in self.site.tree.counted
            if (other.carrier, other.direction) == (meter.carrier, meter.direction)
            and other.id in self.records
            and self.serves(other, step)
        }
        counted = {name: record.in_batches for name, record in alike.items()}
        if len({record.unit for record in alike.values()}) > 1:
            counted = {
                name: self.mj(meter.carrier, record.in_batches, record.unit, _own_lhv(record))
                or 0.0
                for name, record in alike.items()
            }
        together = fsum(counted.values())
        return counted.get(meter.id, 0.0) / together if together else 0.0

    def _mean_lhv(self, carrier: str, unit: str) -> float | None:
        """MJ per unit, of what steps took and gave back of the carrier."""
        own = [
            (quantity, lhv)
            for (_, of, _, amount_unit, lhv), quantity in self.amounts.items()
            if (of, amount_unit) == (carrier, unit) and lhv
        ]
        whole = fsum(quantity for quantity, _ in own)
        return fsum(quantity * lhv for quantity, lhv in own) / whole if whole else None
