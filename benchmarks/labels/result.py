"""The exact label of a step, as types: what `label.json` holds. Confidential; it never leaves the
site.

Nothing on the wire, in the transport or in the portal may import this module: an import contract
holds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from benchmarks.declared import Words
from benchmarks.errors import PolicyRefusal
from benchmarks.labels.columns import Floats, Integers, MetricEnergy, StepColumns
from benchmarks.labels.coverage import Coverage
from benchmarks.labels.outside import OutsideUse
from benchmarks.labels.uncertainty import LabelUncertainty
from benchmarks.labels.validity import Reasons
from benchmarks.measurements import DataFinding, Metric, Period
from benchmarks.phrases import Phrase
from benchmarks.privacy.stability import RECORDS, Path
from benchmarks.released import rank
from benchmarks.standard_limits import Levels

SCHEMA = "steplabel/local-label/1"


class BatchValue(NamedTuple):
    """One batch as the label saw it. Values in the metric's unit; None where they could not be
    formed.
    """

    batch_id: str
    start: datetime
    value: float | None  # as measured: energy / output
    at_reference: float | None  # brought to the pack's reference conditions
    energy: float | None  # numerator, in the label's energy unit
    output: float
    excluded: str | None


class GapPart(NamedTuple):
    """Energy of one batch above the label, in the label's energy unit; the three parts sum to
    `energy` exactly.
    """

    batch_id: str
    energy: float
    explained: float
    within_uncertainty: float
    unexplained: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Energy above the label over all used batches, the batch with most unexplained first.

    `explained` is what the pack's slopes attribute to relevant variables, `within_uncertainty` what
    the measurement cannot tell from nothing, `unexplained` what is beyond both: a label knows no
    causes. In label.json the agent takes from it what causes named by its analysis took
    (`avoidable`). Parts sum to the whole, and batches to the totals, to the last bit.
    """

    energy: float
    explained: float
    within_uncertainty: float
    unexplained: float
    unit: str
    relative_uncertainty: float
    batches: tuple[GapPart, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "energy": self.energy,
            "explained": self.explained,
            "within_uncertainty": self.within_uncertainty,
            "unexplained": self.unexplained,
            "unit": self.unit,
            "relative_uncertainty": self.relative_uncertainty,
            "batches": [part._asdict() for part in self.batches],
        }


@dataclass(frozen=True, slots=True)
class ValueAdding:
    """Energy that made product against energy that did not (scrap, test, idling, holding, start-up,
    rejects).

    `share` is None where the two have no meaningful ratio: nothing known, or a step that gives back
    more than it takes.
    """

    share: float | None
    value_adding: float
    non_value_adding: float
    by_cause: Mapping[str, float]
    unit: str

    def to_json(self) -> dict[str, Any]:
        return {
            "share": self.share,
            "value_adding": self.value_adding,
            "non_value_adding": self.non_value_adding,
            "by_cause": dict(self.by_cause),
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True)
class LimitGrade:
    """How the annual mean stands against one published limit, each grade tested alone.

    `limits` are after the standard's corrections; a missing grade stays None. `best_met` is the
    best (lowest) grade met. `reason` is the code of why nothing could be tested, `why` says it.
    """

    limit: str
    standard: str
    limits: tuple[float | None, float | None, float | None]
    met: tuple[bool | None, bool | None, bool | None]
    best_met: int | None
    monotone: bool
    verified: bool
    reason: str | None = None
    why: Words | None = None
    levels: Levels = "grades"

    def to_json(self) -> dict[str, Any]:
        return {
            "limit": self.limit,
            "standard": self.standard,
            "levels": self.levels,
            "limits": list(self.limits),
            "met": list(self.met),
            "best_met": self.best_met,
            "monotone": self.monotone,
            "verified": self.verified,
            "reason": self.reason,
            "why": _texts(self.why),
        }


@dataclass(frozen=True, slots=True)
class StepGrade:
    """The step's grade on the annual basis: `best_met` over the limits that apply, or None with the
    reason.
    """

    best_met: int | None
    reason: str | None
    limits: tuple[LimitGrade, ...] = ()
    why: Words | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "best_met": self.best_met,
            "basis": "annual",
            "reason": self.reason,
            "why": _texts(self.why),
            "limits": [limit.to_json() for limit in self.limits],
        }


def _texts(words: Words | None) -> dict[str, str] | None:
    return None if words is None else words.by_language


@dataclass(frozen=True, slots=True)
class Best:
    """The label proper: the pack's robust rule over the valid batches, or None with the reason."""

    value: float | None
    rule: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredBatches:
    """What a label was made from, for those who look further into it: the step's batches as columns
    and the rows it used.
    """

    columns: StepColumns
    energy: MetricEnergy  # of all rows of the step
    rows: Integers  # used batches, in the order of the log
    value: Floats  # of the used batches, as measured
    at_reference: Floats
    reasons: Reasons  # of all rows of the step, why they are in no label of this metric

    @property
    def output(self) -> Floats:
        return self.columns.output[self.rows]

    @property
    def uncertainty(self) -> Floats:
        """Expanded uncertainty of each used batch's energy, in the label's energy unit."""
        return self.energy.uncertainty[self.rows]


class Assumption(NamedTuple):
    """What the plant's own label took without a record: `what` as `value`; one unit of it more, or
    one percent of its heat, changes the label by `effect`, in its unit. None where nothing says.
    """

    what: str
    value: float
    effect: float | None
    words: Phrase

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "value": self.value,
            "effect": self.effect,
            "words": Words.of(self.words).by_language,
        }


@dataclass(frozen=True, slots=True)
class StepLabel:
    """The exact label of one (step, product, variant, metric) over one period.

    `minimum`, `best` and `typical` are taken from values at reference conditions; `mean` is the
    output-weighted mean as measured, since standards correct the limit and not the plant. All in
    `unit`; energies in `energy_unit`. `completeness` is the mean share of a good batch's seconds
    that its readings cover, 0 where energy is unknown; `coverage` says how much of the period its
    own valid batches tell of.
    """

    step: str
    product: str
    variant: str
    boundary: str
    metric: Metric
    unit: str
    energy_unit: str
    read: int
    used: int
    excluded: Mapping[str, int]
    completeness: float | None
    coverage: Coverage
    minimum: float | None
    best: Best
    typical: float | None
    mean: float | None
    grade: StepGrade
    output: float
    energy_by_carrier: Mapping[str, float]
    value_adding: ValueAdding
    gap: Gap | None
    missing_carriers: tuple[str, ...]
    values: tuple[BatchValue, ...]
    uncertainty: LabelUncertainty | None = None  # None where no batch is valid
    outside: tuple[OutsideUse, ...] = ()  # energy that the step used and its boundary does not hold
    allocated_carriers: tuple[
        str, ...
    ] = ()  # shared out by a declared rule, not measured for this step alone
    provisos: tuple[Words, ...] = ()  # what the site declares and the values rest on
    account: tuple[
        Words, ...
        # why no account of the site shows that all of its energy is in the values; of the grade too
    ] = ()
    assumed: tuple[Assumption, ...] = ()  # of the plant's own label
    path: Path = RECORDS  # from raw rows to these records: what one input record can change
    made_from: MeasuredBatches | None = field(default=None, compare=False, repr=False)

    def used_values(self) -> list[float]:
        """Values at reference conditions of the used batches, in the order of the log."""
        return [
            value.at_reference
            for value in self.values
            if value.excluded is None and value.at_reference is not None
        ]

    def exact_quantile(self, quantile: Fraction) -> float:
        """The k-th smallest used value at reference conditions, k = ceil(quantile * n); what a
        release protects.
        """
        ordered = sorted(self.used_values())
        if not ordered:
            raise PolicyRefusal(
                "too-few-batches",
                Phrase(
                    "No batch of step %(step)s (%(metric)s) can enter a label.",
                    step=f"{self.step!r}",
                    metric=self.metric,
                ),
                "Read the exclusion reasons in the label and the data-quality report, and correct "
                "what they name.",
            )
        return ordered[rank(quantile, len(ordered)) - 1]

    def to_json(self) -> dict[str, Any]:
        """One entry of `steps` in label.json."""
        return {
            "step": self.step,
            "product": self.product,
            "variant": self.variant,
            "boundary": self.boundary,
            "metric": str(self.metric),
            "unit": self.unit,
            "batches": {"read": self.read, "used": self.used, "excluded": dict(self.excluded)},
            "completeness": self.completeness,
            "coverage": self.coverage.to_json(),
            "minimum": self.minimum,
            "best": {"value": self.best.value, "rule": self.best.rule, "reason": self.best.reason},
            "typical": self.typical,
            "mean": self.mean,
            "grade": self.grade.to_json() | {"account": [why.by_language for why in self.account]},
            "account": [why.by_language for why in self.account],
            "provisos": [why.by_language for why in self.provisos],
            "assumed": [assumption.to_json() for assumption in self.assumed],
            "output": {"value": self.output, "unit": self.unit.partition("/")[2]},
            "energy_by_carrier": {
                carrier: {"value": value, "unit": self.energy_unit}
                for carrier, value in self.energy_by_carrier.items()
            },
            "value_adding": self.value_adding.to_json(),
            "gap": None if self.gap is None else self.gap.to_json(),
            "missing_carriers": list(self.missing_carriers),
            "outside_boundary": [use.to_json() for use in self.outside],
            "allocated_carriers": list(self.allocated_carriers),
            "uncertainty": None if self.uncertainty is None else self.uncertainty.to_json(),
        }


@dataclass(frozen=True, slots=True)
class SiteLabel:
    """Every step label of one site and period, with what was found on the way."""

    pack: str
    pack_version: str
    period: Period
    steps: tuple[StepLabel, ...]
    findings: tuple[DataFinding, ...] = ()
    site: str = ""
    method: Mapping[str, str] = field(
        default_factory=dict
    )  # digests of what decided the label, and the version of its factors

    def to_json(self) -> dict[str, Any]:
        """The content of label.json."""
        return {
            "schema": SCHEMA,
            "site": self.site,
            "pack": self.pack,
            "pack_version": self.pack_version,
            "method": dict(self.method),
            "period": {"start": self.period.start.isoformat(), "end": self.period.end.isoformat()},
            "steps": [label.to_json() for label in self.steps],
        }


def rule_name(quantile: Fraction) -> str:
    """The pack's rule in words that a reader can follow, e.g. 'p5: value number ceil(1/20 n) from
    below, at reference conditions'.
    """
    percent = quantile * 100
    shown = str(percent.numerator) if percent.denominator == 1 else f"{float(percent):g}"
    return f"p{shown}: value number ceil({quantile} n) from below, at reference conditions"
