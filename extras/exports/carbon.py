"""What each step took in over a period, and the CO2 of it by the dated factors that are held.

The boundary is the label's: energy that the step took in, over the batches that its label used, per
unit of their output. Not in it: carbon of materials (limestone, electrodes), other greenhouse gases
than CO2, what was bought before the gate. Energy that the step gave back is shown and not credited.
A carrier without a factor in force leaves the step without a sum; nothing is taken from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import Basis, FactorTable
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.label_keys import LabelKey
from benchmarks.labels import StepLabel
from benchmarks.measurements import CarrierEnergy, Direction, Metric
from benchmarks.phrases import Phrase, Value, enumerated
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

NOT_IN_IT = (
    Phrase("carbon of materials"),
    Phrase("greenhouse gases other than CO2"),
    Phrase("energy and materials before the gate"),
)


@dataclass(frozen=True, slots=True)
class CarrierUse:
    """One carrier in one direction: `quantity` in `unit`, coal equivalent (calorific) and CO2, None
    where no factor is in force.
    """

    carrier: str
    direction: Direction
    quantity: float
    unit: str
    kgce: float | None
    co2_kg: float | None
    source: str | None


@dataclass(frozen=True, slots=True)
class StepCarbon:
    """One label of total energy with what its batches took in and gave back. `output` is in
    `output_unit`; `in_question` says that a change in the data which nobody has explained may have
    moved it."""

    label: StepLabel
    words: Words
    output_unit: str
    uses: tuple[CarrierUse, ...]
    in_question: bool = False

    @property
    def output(self) -> float:
        return self.label.output

    @property
    def lacking(self) -> tuple[str, ...]:
        """Carriers that were taken in and have no CO2 factor."""
        return tuple(dict.fromkeys(use.carrier for use in self._imports if use.co2_kg is None))

    @property
    def lacking_words(self) -> Value:
        """Their names."""
        return enumerated(CARRIERS[carrier].words for carrier in self.lacking)

    @property
    def co2_kg(self) -> float | None:
        return (
            None
            if self.lacking or not self._imports
            else sum(use.co2_kg or 0.0 for use in self._imports)
        )

    @property
    def co2_per_output(self) -> float | None:
        """kg CO2 for one unit of output."""
        whole = self.co2_kg
        return None if whole is None or self.output <= 0 else whole / self.output

    @property
    def _imports(self) -> tuple[CarrierUse, ...]:
        return tuple(use for use in self.uses if use.direction is Direction.IMPORT)


def of_steps(
    site: SiteSettings, result: LabelResult, doubtful: Collection[LabelKey] = ()
) -> tuple[StepCarbon, ...]:
    """Every label of total energy that has a value or at least batches, in the pack's order of
    steps; `doubtful` are those in question.
    """
    pack, factors = result.data.pack, site.emissions.factors
    labels = [
        label
        for label in result.site_label.steps
        if label.metric is Metric.TOTAL and label.used and label.made_from is not None
    ]
    steps = {label.step: pack.step(label.step) for label in labels}
    return tuple(
        StepCarbon(
            label,
            steps[label.step].words,
            steps[label.step].output_unit,
            tuple(_uses(label, factors)),
            LabelKey.of(label) in doubtful,
        )
        for label in labels
    )


def _uses(label: StepLabel, factors: FactorTable) -> Iterator[CarrierUse]:
    measured = label.made_from
    assert measured is not None  # noqa: S101 - `of_steps` chose those that have it
    columns, used = measured.columns, set(measured.rows.tolist())
    groups: dict[
        tuple[str, Direction, str], list[tuple[float, float | None, float | None, str | None]]
    ] = {}
    for row, kind_at, quantity in zip(
        columns.entry_row.tolist(),
        columns.entry_kind.tolist(),
        columns.entry_quantity.tolist(),
        strict=True,
    ):
        kind = columns.kinds[kind_at]
        if not quantity or row not in used or kind.carrier not in measured.energy.carriers:
            continue
        energy = CarrierEnergy(
            kind.carrier, quantity, kind.unit, lhv_mj_per_unit=kind.lhv_mj_per_unit
        )
        kgce = _known_amount(partial(factors.kgce, energy, Basis.CALORIFIC, kind.on))
        co2 = _known_amount(partial(factors.co2_kg, energy, kind.on))
        factor = factors.carbon_in_force(kind.carrier, kind.on)
        edition = None if factor is None else factor.edition
        groups.setdefault((kind.carrier, kind.direction, kind.unit), []).append(
            (quantity, kgce, co2, edition)
        )
    for (carrier, direction, unit), entries in groups.items():
        quantities, kgces, co2s, sources = zip(*entries, strict=True)
        named = "; ".join(dict.fromkeys(origin for origin in sources if origin))
        yield CarrierUse(
            carrier,
            direction,
            sum(quantities),
            unit,
            sum_if_all_known(kgces),
            sum_if_all_known(co2s),
            named or None,
        )


def _known_amount(ask: Callable[[], float]) -> float | None:
    try:
        return ask()
    except InputError as refusal:
        if refusal.code not in {"carbon-factor-missing", "factor-missing", "lhv-required"}:
            raise
        return None


def sum_if_all_known(amounts: tuple[float | None, ...]) -> float | None:
    """The sum of amounts; None where one of them is not known."""
    known_amounts = [amount for amount in amounts if amount is not None]
    return sum(known_amounts) if len(known_amounts) == len(amounts) else None
