"""Which of the batches that metering left may enter a label: every batch read is used or excluded
under exactly one reason.

The order is fixed (see `ExclusionReason`): what the meters showed, then what the record says of
itself, then what its energy and its physics say. Bounds are those of one physically possible batch,
tested on the value as measured and at reference: a slope makes nothing possible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from benchmarks.errors import InputError
from benchmarks.labels.columns import Flags, Floats, Integers, MetricEnergy, StepColumns
from benchmarks.measurements import Direction, OperatingState, Period, ProductStatus
from benchmarks.quantities import ratio
from benchmarks.routes import MetricRule


class ExclusionReason(StrEnum):
    """Reasons that the label itself finds, in the order in which they are looked for.

    What the readings alone show (a counter reset, an impossible power, an overlap) is found
    earlier, where the batch was metered, and stands in `Batch.excluded`; those reasons come first
    and are counted under their own names.
    """

    # a declared event says that its energy or output cannot be used, or begins or ends within it
    DECLARED_UNUSABLE = "declared-unusable"
    # metered through the hour that the clock shows twice in autumn; on the way out only
    REPEATED_HOUR = "repeated-hour"
    # a carrier made and used on one day with two values: neither side is known
    HEATING_VALUE_TWO_SIDED = "heating-value-two-sided"
    # took what counts only where it came over the fence, and nothing shows that it did
    NOT_BOUGHT = "not-bought"
    SHARE_REFUTED = (
        "share-refuted"  # states less of what was bought, or of its charge, than its log shows
    )
    # beyond what the pack takes for usual, and not declared with a reason
    HEATING_VALUE_UNUSUAL = "heating-value-unusual"
    # a row of the batches file that could not be read: no record of it goes further
    UNREADABLE = "unreadable"
    OUTSIDE_PERIOD = "outside-period"  # starts before or after the reporting period
    VARIANT_UNKNOWN = "variant-unknown"  # names a variant that the pack does not declare
    VARIANT_REFUTED = (
        "variant-refuted"  # gives back a carrier of which a run of its variant gives none
    )
    TEST = "test"
    SCRAP = "scrap"
    NOT_NORMAL_STATE = "not-normal-state"  # start-up, shut-down, idle, holding, trial, fault
    OUTPUT_NOT_POSITIVE = "output-not-positive"
    # the product was credited as a carrier, and not as much of it as came out
    CREDIT_NOT_PRODUCT = "credit-not-product"
    ENERGY_UNKNOWN = "energy-unknown"  # nothing was measured
    LHV_REQUIRED = (
        "lhv-required"  # a fuel whose heating value has no agreed default, and none was given
    )
    ENERGY_INCOMPLETE = (
        "energy-incomplete"  # a carrier of the boundary is missing, or its readings have gaps
    )
    NEED_UNMET = "need-unmet"  # reports less of what the process cannot run without than it takes
    YIELD_IMPOSSIBLE = "yield-impossible"  # gives back more heat than what it takes can hold
    # used energy that the boundary does not hold, undeclared or too much
    ENERGY_OUTSIDE = "energy-outside-boundary"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    VARIABLE_MISSING = "variable-missing"  # cannot be brought to reference conditions
    VARIABLE_IMPOSSIBLE = (
        "variable-impossible"  # the pack says that nothing of it can be so little, or so much
    )
    BELOW_PHYSICAL_FLOOR = "below-physical-floor"
    ABOVE_PHYSICAL_CEILING = "above-physical-ceiling"


RELEASE_ONLY = frozenset(
    {
        ExclusionReason.HEATING_VALUE_TWO_SIDED,
        ExclusionReason.NOT_BOUGHT,
        ExclusionReason.SHARE_REFUTED,
        ExclusionReason.HEATING_VALUE_UNUSUAL,
        ExclusionReason.VARIANT_REFUTED,
        ExclusionReason.CREDIT_NOT_PRODUCT,
        ExclusionReason.NEED_UNMET,
        ExclusionReason.ENERGY_OUTSIDE,
        ExclusionReason.VARIABLE_MISSING,
        ExclusionReason.VARIABLE_IMPOSSIBLE,
    }
)
"""What only a comparison with others needs: it leaves no batch out of the plant's own label."""

ONE_WEIGHING = 0.005
"""What one weighing, written twice, may differ by (a convention of ours): 4 % of coke more than was
made is 39 kgce a tonne of it.
"""


@dataclass(slots=True)
class Reasons:
    """The first reason found for every batch, as codes; 0 is a batch without one."""

    codes: Integers
    names: list[str] = field(default_factory=lambda: [""])
    at_home: bool = False  # takes no reason that only a release has

    def add(self, where: Flags, reason: str) -> None:
        """Give the reason to those of `where` that have none yet."""
        if self.at_home and reason in RELEASE_ONLY:
            return
        name = str(reason)  # the plain text, also of an enumeration's member
        if name not in self.names:
            self.names.append(name)
        self.codes[where & (self.codes == 0)] = self.names.index(name)

    @property
    def valid(self) -> Flags:
        free: Flags = self.codes == 0
        return free

    def listed(self, rows: Integers) -> list[str | None]:
        names: list[str | None] = [None, *self.names[1:]]
        return [names[code] for code in self.codes[rows].tolist()]

    def under(self, name: str) -> Flags:
        """Batches with this reason."""
        flags: Flags = self.codes == (self.names.index(name) if name in self.names else -1)
        return flags

    def counts(self, rows: Integers) -> dict[str, int]:
        """Excluded batches by reason, most frequent first."""
        tally = Counter(self.codes[rows].tolist())
        return {self.names[code]: number for code, number in tally.most_common() if code}

    def copy(self) -> Reasons:
        return Reasons(self.codes.copy(), list(self.names), self.at_home)


def record_reasons(columns: StepColumns, period: Period, *, at_home: bool = False) -> Reasons:
    """Reasons that hold for every metric: what was found at metering, the period, the variant,
    status, state and output.
    """
    batches = columns.batches
    reasons = Reasons(np.zeros(len(batches), dtype=np.int64), at_home=at_home)
    found_before = [batch.excluded for batch in batches]
    for name in dict.fromkeys(reason for reason in found_before if reason is not None):
        reasons.add(np.array([reason == name for reason in found_before], dtype=bool), name)
    declared = {variant.id for variant in columns.step.variants}
    if sum(variant.parent is None for variant in columns.step.variants) == 1:
        declared.add("")  # a log without variants means the root of the tree
    reasons.add(~columns.begun_in(period), ExclusionReason.OUTSIDE_PERIOD)
    reasons.add(
        np.array(
            [bool(declared) and batch.variant not in declared for batch in batches], dtype=bool
        ),
        ExclusionReason.VARIANT_UNKNOWN,
    )
    for variant in (variant for variant in columns.step.variants if variant.gives_no):
        named = np.array([batch.variant == variant.id for batch in batches], dtype=bool)
        reasons.add(named & _gives(columns, variant.gives_no), ExclusionReason.VARIANT_REFUTED)
    reasons.add(
        np.array([batch.status is ProductStatus.TEST for batch in batches], dtype=bool),
        ExclusionReason.TEST,
    )
    reasons.add(
        np.array([batch.status is ProductStatus.SCRAP for batch in batches], dtype=bool),
        ExclusionReason.SCRAP,
    )
    reasons.add(
        np.array([batch.state is not OperatingState.NORMAL for batch in batches], dtype=bool),
        ExclusionReason.NOT_NORMAL_STATE,
    )
    reasons.add(~(columns.output > 0), ExclusionReason.OUTPUT_NOT_POSITIVE)
    reasons.add(_credit_differs(columns), ExclusionReason.CREDIT_NOT_PRODUCT)
    return reasons


def _credit_differs(columns: StepColumns) -> Flags:
    """Where what was given back as the product is not the output: both are one weighing. Credited
    by heat alone, it cannot be told.
    """
    back = [
        kind.carrier == columns.step.product_carrier and kind.direction is not Direction.IMPORT
        for kind in columns.kinds
    ]
    if not any(back):
        return np.zeros(len(columns.batches), dtype=bool)
    scale = np.array(
        [
            _scale(kind.unit, columns.step.output_unit) if is_product else 0.0
            for kind, is_product in zip(columns.kinds, back, strict=True)
        ]
    )
    given_back = np.bincount(
        columns.entry_row, columns.entry_quantity * scale[columns.entry_kind], len(columns.batches)
    )
    differs: Flags = (given_back != 0) & ~(
        np.abs(given_back - columns.output) <= ONE_WEIGHING * columns.output
    )
    return differs


def _scale(unit: str, output_unit: str) -> float:
    try:
        return ratio(unit, output_unit)
    except InputError:
        return np.nan


def _gives(columns: StepColumns, carriers: Sequence[str]) -> Flags:
    """Batches that give back any of these carriers."""
    kind_given_back = np.array(
        [
            kind.carrier in carriers and kind.direction is not Direction.IMPORT
            for kind in columns.kinds
        ],
        dtype=bool,
    )
    flags = np.zeros(len(columns.batches), dtype=bool)
    flags[
        columns.entry_row[kind_given_back[columns.entry_kind] & (columns.entry_quantity != 0)]
    ] = True
    return flags


@dataclass(frozen=True, slots=True)
class UnusableReference:
    """Batches that cannot be brought to reference conditions: a required variable is missing; one
    is what it cannot physically be.
    """

    lacking: Flags
    impossible: Flags


def metric_reasons(
    record_reasons: Reasons,
    columns: StepColumns,
    energy: MetricEnergy,
    rule: MetricRule,
    values: Sequence[Floats],
    unusable: UnusableReference,
    outside: Flags,
    unmet: Flags,
    over: Flags,
) -> Reasons:
    """Reasons of one metric, added to those of the record. `values` are energy / output as measured
    and at reference; `outside` marks batches that used too much energy outside the boundary,
    `unmet` those that report too little of what the process needs, `over` those that give back more
    heat than can be."""
    reasons = record_reasons.copy()
    label_rule = columns.step.label_rule
    reasons.add(~energy.known, ExclusionReason.ENERGY_UNKNOWN)
    reasons.add(~energy.convertible, ExclusionReason.LHV_REQUIRED)
    reasons.add(
        ~energy.complete | (energy.coverage < label_rule.least_completeness),
        ExclusionReason.ENERGY_INCOMPLETE,
    )
    reasons.add(unmet, ExclusionReason.NEED_UNMET)
    reasons.add(over, ExclusionReason.YIELD_IMPOSSIBLE)
    reasons.add(outside, ExclusionReason.ENERGY_OUTSIDE)
    with np.errstate(
        invalid="ignore"
    ):  # an unknown length or value is NaN and compares as false on purpose
        reasons.add(columns.length_s < label_rule.shortest_s, ExclusionReason.TOO_SHORT)
        reasons.add(columns.length_s > label_rule.longest_s, ExclusionReason.TOO_LONG)
        reasons.add(unusable.lacking, ExclusionReason.VARIABLE_MISSING)
        reasons.add(unusable.impossible, ExclusionReason.VARIABLE_IMPOSSIBLE)
        for value in values:
            reasons.add(value < rule.floor, ExclusionReason.BELOW_PHYSICAL_FLOOR)
            reasons.add(value > rule.ceiling, ExclusionReason.ABOVE_PHYSICAL_CEILING)
    return reasons
