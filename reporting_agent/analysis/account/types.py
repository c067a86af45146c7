"""The annual account of a route as types: its parts as they are shown, and the draft that collects
what is found missing.

Confidential; nothing of it leaves the site.

What the parts of a route's account share while it is drawn up: the steps' batches, and what is
found missing on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Any, Literal

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER_KGCE
from benchmarks.declared import Words
from benchmarks.labels import LimitGrade
from benchmarks.labels.columns import StepColumns
from benchmarks.measurements import Batch, Metric, ProductStatus
from benchmarks.phrases import Phrase
from benchmarks.routes import Step
from benchmarks.standard_limits import StandardLimit
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

Kind = Literal["step", "auxiliary", "shared", "losses", "residual", "conversion"]


@dataclass(frozen=True, slots=True)
class AccountLine:
    """Energy of one kind in the account, in its energy unit, after `share`: what of it went into
    the route's product.
    """

    kind: Kind
    name: str  # id of the step, carrier or conversion
    energy: float
    share: float


@dataclass(frozen=True, slots=True)
class RouteAccount:
    """The account of the steps that one or several limits span; `value` in `unit`, None where
    something is `missing`.

    `uncertainty` is expanded (k = 2) and of the energy alone: how the product was weighed is not in
    it. `close` names the levels (from 1) that lie within it, so that meeting or missing them is not
    certain.
    """

    steps: tuple[str, ...]
    metric: Metric
    unit: str
    parts: tuple[AccountLine, ...]
    output: float
    value: float | None
    uncertainty: float | None
    missing: tuple[tuple[str, Words], ...]
    limits: tuple[LimitGrade, ...]
    declared: tuple[StandardLimit, ...]  # as the pack holds them, in the order of `limits`
    provisos: tuple[
        Words, ...
    ] = ()  # what the site does not state, and the value takes to be nothing

    @property
    def best(self) -> LimitGrade | None:
        """The limit with the best level met."""
        return min(
            (limit for limit in self.limits if limit.best_met is not None),
            key=lambda limit: limit.best_met or 0,
            default=None,
        )

    def close(self, limit: LimitGrade) -> tuple[int, ...]:
        """Levels of a limit that lie within the uncertainty of the value."""
        if self.value is None or self.uncertainty is None:
            return ()
        near = [
            level is not None and abs(level - self.value) < self.uncertainty
            for level in limit.limits
        ]
        return tuple(index for index, is_near in enumerate(near, 1) if is_near)

    def to_json(self) -> dict[str, Any]:
        """One entry of `route_against_limits` in label.json."""
        return {
            "steps": list(self.steps),
            "metric": str(self.metric),
            "unit": self.unit,
            "basis": "annual",
            "value": self.value,
            "uncertainty": self.uncertainty,
            "uncertainty_of": "energy",
            "output": {"value": self.output, "unit": self.unit.partition("/")[2]},
            "parts": [
                {"kind": part.kind, "name": part.name, "energy": part.energy, "share": part.share}
                for part in self.parts
            ],
            "energy_unit": self.unit.partition("/")[0],
            "provisos": [why.by_language for why in self.provisos],
            "missing": [{"code": code, "why": why.by_language} for code, why in self.missing],
            "limits": [
                {
                    **tested.to_json(),
                    "edition": limit.source.edition,
                    "clause": limit.clause,
                    "source": limit.source.text,
                }
                | {"within_uncertainty": list(self.close(tested))}
                for tested, limit in zip(self.limits, self.declared, strict=True)
            ],
        }


_NO_PRODUCT = frozenset(
    {"duplicate", "declared-unusable"}
)  # records whose output is counted elsewhere, or is not to be used


@dataclass(slots=True)
class Draft:
    """`missing` fills on the way, each code and name once."""

    site: SiteSettings
    result: LabelResult
    columns: Mapping[str, StepColumns]
    covered: tuple[str, ...]
    recovery: tuple[str, ...]  # that the site runs beside them
    metric: Metric
    unit: str
    missing: dict[tuple[str, str], Words] = field(default_factory=dict)
    provisos: list[Words] = field(default_factory=list)

    def lacks(self, code: str, name: str, why: Phrase) -> None:
        self.missing.setdefault((code, name), Words.of(why))

    def step(self, step_id: str) -> Step:
        return self.result.data.pack.step(step_id)

    def named(self, step_id: str) -> Words:
        return self.step(step_id).words

    def batches(self, step_id: str) -> list[Batch]:
        columns = self.columns.get(step_id)
        inside = (
            ()
            if columns is None
            else columns.begun_in(self.result.site_label.period).nonzero()[0].tolist()
        )
        return [columns.batches[row] for row in inside] if columns is not None else []

    def output_of(self, step_id: str) -> float:
        """Good product of the year, whatever the label makes of its batches."""
        return fsum(batch.output for batch in self.good(step_id))

    def good(self, step_id: str) -> list[Batch]:
        return [
            batch
            for batch in self.batches(step_id)
            if batch.status is ProductStatus.GOOD
            and batch.excluded not in _NO_PRODUCT
            and batch.output > 0
        ]

    @property
    def per_kgce(self) -> float:
        return float(MJ_PER_KGCE) if self.unit.startswith("MJ") else 1.0


def named_carrier(carrier: str) -> Words:
    return CARRIERS[carrier].words
