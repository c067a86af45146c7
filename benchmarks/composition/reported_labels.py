"""Released labels with their site and firm, by step, and those of one cell, within which values may
be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.errors import InputError
from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Phrase
from benchmarks.released import ReleasedLabel
from benchmarks.routes import MetricRule, Step


@dataclass(frozen=True, slots=True)
class ReportedLabel:
    """A released label with its site, the firm that controls the site, and the report that brought
    it (its envelope's digest).
    """

    firm: str
    site: str
    label: ReleasedLabel
    report: str = ""


def by_step(reported: Iterable[ReportedLabel]) -> dict[str, list[ReportedLabel]]:
    """Grouped by their step, in a fixed order: results do not depend on how rows were read."""
    grouped: defaultdict[str, list[ReportedLabel]] = defaultdict(list)
    for row in sorted(reported, key=lambda row: (row.label.step, row.firm, row.site)):
        grouped[row.label.step].append(row)
    return dict(grouped)


def in_cell(
    reported: Iterable[ReportedLabel], step: Step, rule: MetricRule, variant: str
) -> list[ReportedLabel]:
    """Those in this cell, whatever its boundary or grid; each site once, in a fixed order."""
    key = LabelKey(step.id, step.product, variant, rule.metric)
    inside = sorted(
        (row for row in reported if LabelKey.of(row.label) == key),
        key=lambda row: (row.firm, row.site),
    )
    for earlier, later in pairwise(inside):
        if earlier.site == later.site:
            raise InputError(
                "participant-twice",
                Phrase(
                    "Site %(site)s is listed twice in %(step)s, %(variant)s, %(metric)s.",
                    site=later.site,
                    step=step.id,
                    variant=variant,
                    metric=rule.metric.value,
                ),
                "Give each site's latest accepted revision only.",
            )
    return inside


def comparable(label: ReleasedLabel, step: Step, rule: MetricRule) -> bool:
    """Same boundary, unit and grid as the pack declares: only then is the value compared (EN 16231,
    4.1).
    """
    return (
        label.boundary == step.boundary.id and label.unit == rule.unit and label.grid == rule.grid
    )
