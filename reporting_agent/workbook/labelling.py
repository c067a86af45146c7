"""From the runs of a workbook to labels and gaps, by the same engine that labels a plant's
meters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.labels import ExclusionReason, GapPart, StepLabel, label_site
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Period
from benchmarks.phrases import Phrase
from benchmarks.quantities import mj_in, ratio
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, PlantData, examining
from reporting_agent.pipeline.provisos import in_the_future
from reporting_agent.pipeline.rejections import rejections, summed
from reporting_agent.sources.totals import TotalRow
from reporting_agent.workbook.method import method
from reporting_agent.workbook.reading import AboutSheet, RunSheet, nothing_readable


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run beside its label. Values per unit of output, energies in the label's energy unit;
    None where not known.
    """

    value: float | None
    label: float | None
    gap: GapPart | None
    money: float | None
    excluded: str | None


@dataclass(frozen=True, slots=True)
class LabelledWorkbook:
    """A workbook with its labels; `of_run` goes by (metric, row of the sheet)."""

    sheet: RunSheet
    result: LabelResult
    of_run: Mapping[tuple[str, int], RunResult]
    later: tuple[Phrase, ...] = ()  # of labels that rest on runs later than now

    @property
    def differing_totals(self) -> tuple[str, ...]:
        """Sentences on totals of the firm's own that its runs do not make: runs may be missing."""
        return tuple(
            finding.sentence for finding in self.result.findings if finding.code == "total-differs"
        )

    @property
    def labels(self) -> tuple[StepLabel, ...]:
        return self.result.site_label.steps

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Carriers of the workbook of which some was used and no price fits its unit."""
        about = self.sheet.about
        lacking = {
            energy.carrier
            for batch in self.sheet.batches
            for energy in batch.energy
            if _cost(energy, about) is None
        }
        return tuple(carrier for carrier in self._used if carrier in lacking)

    @property
    def without_lhv(self) -> tuple[str, ...]:
        """Carriers that no run's energy could be told of in kgce, because their heating value is
        not given.
        """
        if not any(ExclusionReason.LHV_REQUIRED in label.excluded for label in self.labels):
            return ()
        every = [
            energy
            for batch in self.sheet.batches
            for energy in batch.energy
            if energy.quantity and mj_in(energy.unit) is None
        ]
        lacking = {
            energy.carrier
            for energy in every
            if energy.lhv_mj_per_unit is None and CARRIERS[energy.carrier].thermal
        }
        return tuple(carrier for carrier in self._used if carrier in lacking)

    @property
    def _used(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(energy.carrier for batch in self.sheet.batches for energy in batch.energy)
        )


def name_of(label: StepLabel) -> str:
    """Step and product as the workbook writes them."""
    step, product, _ = label.step.split("\x1f")
    return " · ".join(part for part in (step, product) if part) or "–"


def label(sheet: RunSheet, now: datetime) -> LabelledWorkbook:
    """Label every product of the workbook over the days that its runs cover; runs that begin later
    than `now` are told.

    Raises:
        InputError: `workbook-empty` where no run could be read.
    """
    if not sheet.batches:
        raise nothing_readable(sheet.path, sheet.headings, sheet.rejected)
    factors = FactorTable.load()
    pack = method(sheet.batches, factors)
    site = _site(sheet)
    batches, findings = examining.examine(
        sheet.batches, site, pack, metered_steps={}, blank=_blank(sheet)
    )
    uncertainty = sheet.about.uncertainty_pct / 100
    site_label = label_site(
        batches, pack, factors, _days_of(batches), site=site.id, relative_uncertainty=uncertainty
    )
    data = PlantData(
        pack, batches, [*findings, *rejections(sheet.rejected), *_totals(sheet)], sheet.rejected
    )
    result = LabelResult(site_label, data)
    of_run = {
        key: run
        for step_label in site_label.steps
        for key, run in _runs_of(step_label, batches, sheet)
    }
    return LabelledWorkbook(
        sheet, result, of_run, in_the_future.remarks(site_label.steps, now, name_of)
    )


def _totals(sheet: RunSheet) -> Iterator[DataFinding]:
    """Totals between the runs, and those that differ, by the heading that stands above them."""
    headings = {
        **sheet.headings.columns,
        **{
            f"energy.{number}": column.heading
            for number, column in enumerate(sheet.headings.energy)
        },
    }

    def by_heading(total: TotalRow) -> TotalRow:
        name, _, amount = total.found.partition(" ")
        return replace(total, found=f"{headings[name]} {amount}") if name in headings else total

    return summed([by_heading(total) for total in sheet.totals])


def _runs_of(
    label: StepLabel, batches: list[Batch], sheet: RunSheet
) -> list[tuple[tuple[str, int], RunResult]]:
    named: dict[
        tuple[str, datetime], list[Batch]
    ] = {}  # of one name and start each has a row of its own, the first of them first
    for of_step in (each for each in batches if each.step == label.step):
        named.setdefault((of_step.batch_id, of_step.start), []).append(of_step)
    gaps = {part.batch_id: part for part in label.gap.batches} if label.gap is not None else {}
    results = []
    for run in label.values:
        same = named.get((run.batch_id, run.start))
        batch = same.pop(0) if same else None
        if batch is None or batch.place is None or batch.place.row is None:
            continue
        gap = gaps.get(run.batch_id) if run.excluded is None else None
        money = None
        if gap is not None and run.energy:
            price = _price_of(batch, str(label.metric), sheet)
            money = None if price is None else gap.unexplained * price / run.energy
        results.append(
            (
                (str(label.metric), batch.place.row),
                RunResult(run.value, label.best.value, gap, money, run.excluded),
            )
        )
    return results


def _price_of(batch: Batch, metric: str, sheet: RunSheet) -> float | None:
    """What the run's energy of that metric cost; None where a price is missing."""
    counted = [
        energy for energy in batch.energy if metric == "total" or energy.carrier == "electricity"
    ]
    costs = [_cost(energy, sheet.about) for energy in counted]
    return (
        None
        if not costs or any(cost is None for cost in costs)
        else sum(cost for cost in costs if cost is not None)
    )


def _cost(energy: CarrierEnergy, about: AboutSheet) -> float | None:
    """None where no price fits its unit; what was not used costs nothing at any price."""
    if energy.quantity == 0:
        return 0.0
    for unit, price in about.prices.get(energy.carrier, {}).items():
        amount = _in(unit, energy.unit, energy.carrier, about)
        if amount is not None:
            return energy.quantity * amount * price
    return None


def _in(unit: str, of: str, carrier: str, about: AboutSheet) -> float | None:
    """How many `unit` one `of` is; between a fuel's amount and its heat by the heating value that
    the firm gave.
    """
    try:
        return ratio(of, unit)
    except InputError:
        heat, heat_of_unit = (_mj(each, carrier, about) for each in (of, unit))
        return heat / heat_of_unit if heat is not None and heat_of_unit else None


def _mj(unit: str, carrier: str, about: AboutSheet) -> float | None:
    if (heat := mj_in(unit)) is not None:
        return heat
    lhv = about.lhv.get(carrier)
    return None if lhv is None else lhv * ratio(unit, CARRIERS[carrier].unit)


def _blank(sheet: RunSheet) -> frozenset[tuple[str, str]]:
    """Runs of which an energy column is blank that other runs of the same product fill: one of two
    meters of a carrier as well.
    """
    used: dict[str, set[int]] = {}
    for batch, columns in zip(sheet.batches, sheet.filled, strict=True):
        used.setdefault(batch.step, set()).update(columns)
    return frozenset(
        (batch.step, batch.batch_id)
        for batch, columns in zip(sheet.batches, sheet.filled, strict=True)
        if used[batch.step] - columns
    )


def _days_of(batches: list[Batch]) -> Period:
    first = min(batch.start for batch in batches)
    last = max(batch.start for batch in batches) + timedelta(days=1)
    start, end = (
        datetime(day.year, day.month, day.day, tzinfo=day.tzinfo) for day in (first, last)
    )
    return Period(start, end, f"{start:%Y-%m-%d}/{end:%Y-%m-%d}")


def _site(sheet: RunSheet) -> SiteSettings:
    """The settings that a plant writes into site.toml, as far as a workbook has them."""
    identity = {
        "id": "workbook",
        "name": sheet.about.name,
        "timezone": sheet.about.timezone,
        "pack": "own-runs",
    }
    return SiteSettings.model_validate(
        {"site": identity, "inputs": {"log": sheet.path.name}, "path": Path(sheet.path)}
    )
