"""What the parts of a route's account share while it is drawn up: the steps' batches, and what is found missing on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER_KGCE
from benchmarks.labels.columns import StepColumns
from benchmarks.measurements import Batch, Metric, Status
from benchmarks.phrases import Phrase
from benchmarks.routes import Step, Words
from reporting_agent.config import Site
from reporting_agent.pipeline import LabelResult

_NO_PRODUCT = frozenset({"duplicate", "declared-unusable"})  # records whose output is counted elsewhere, or is not to be used


@dataclass(slots=True)
class Draft:
    """`missing` fills on the way, each code and name once."""

    site: Site
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
        inside = () if columns is None else columns.begun_in(self.result.site_label.period).nonzero()[0].tolist()
        return [columns.batches[row] for row in inside] if columns is not None else []

    def made(self, step_id: str) -> float:
        """Good product of the year, whatever the label makes of its batches."""
        return fsum(batch.output_t for batch in self.good(step_id))

    def good(self, step_id: str) -> list[Batch]:
        return [one for one in self.batches(step_id) if one.status is Status.GOOD and one.excluded not in _NO_PRODUCT and one.output_t > 0]

    @property
    def per_kgce(self) -> float:
        return float(MJ_PER_KGCE) if self.unit.startswith("MJ") else 1.0


def named_carrier(carrier: str) -> Words:
    return CARRIERS[carrier].words
