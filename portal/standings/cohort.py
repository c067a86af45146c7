"""Who enters a composition: the accepted submissions of a period's peer group, as the core takes them.

Rows are read as columns, not as four objects each, and equal fractions, grids and draws become one object: a period of 10,000 plants and
20 steps is 200,000 rows.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from benchmarks.composition import Participant
from benchmarks.measurements import Metric
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile
from portal.accounts.models import SizeClass
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.intake.models import State
from portal.standings.models import ProtectedValue
from portal.standings.verdicts import NONE, LeftOut, Verdicts, verdicts

SIZE_WEIGHTS: Mapping[str, float] = {SizeClass.SMALL: 1.0, SizeClass.MEDIUM: 3.0, SizeClass.LARGE: 10.0, SizeClass.VERY_LARGE: 30.0}
"""Declared weights of the size classes (an assumption of ours, public): about a factor of three a class."""

_METRICS = {metric.value: metric for metric in Metric}

COLUMNS = (
    "submission_id",
    "submission__digest",
    "submission__site__slug",
    "submission__site__size_class",
    "submission__site__organisation__controlling_firm_id",
    "step",
    "product",
    "variant",
    "boundary",
    "metric",
    "unit",
    "count_class",
    "grid_lower",
    "grid_upper",
    "grid_width",
    "best_quantile",
    "best_cell",
    "best_epsilon",
    "typical_quantile",
    "typical_cell",
    "typical_epsilon",
    "years",
    "months",
)
"""What is read of each row, in this order."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Participants with what the gate and the record need to know of them."""

    participants: tuple[Participant, ...]
    submissions: Mapping[str, int]  # site -> row
    digests: tuple[str, ...]  # of the envelopes, sorted
    size_weights: Mapping[str, float]  # firm -> declared weight, sites added up
    verdicts: Verdicts  # in force on the day of the publication; none where none was asked for
    left_out: Mapping[str, LeftOut]  # digests of envelopes of which nothing enters, by the peer group's policy


@contextmanager
def collector_paused() -> Iterator[None]:
    """While a period's hundreds of thousands of rows are read and sorted into cells, Python does not look for cycles among them.

    There are none, and looking takes a third of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@collector_paused()
def cohort(period: ReportingPeriod, publishing_on: date | None = None) -> Cohort:
    """What is accepted now; superseded revisions and refused submissions never count.

    Args:
        publishing_on: the day of a publication: what audits found by then counts as the peer group's policy has it. None: everybody,
            for standings.
    """
    group = period.peer_group
    found = NONE if publishing_on is None else verdicts(period, publishing_on)
    asked = publishing_on is not None and (group.attested_only or group.adverse_leaves)
    members = PeerGroupMember.objects.filter(peer_group=period.peer_group)
    rows = ProtectedValue.objects.filter(
        submission__state=State.ACCEPTED,
        submission__period=period.name,
        submission__pack_version__in=("", group.pack_version),
        submission__site__in=members.values("site"),
    ).order_by("submission__site__slug", "pk")
    fractions = _Fractions()
    grids, quantiles = _Grids(fractions), _Quantiles(fractions)
    participants: list[Participant] = []
    submissions: dict[str, int] = {}
    digests: set[str] = set()
    weights: dict[str, float] = {}
    out: dict[str, LeftOut] = {}
    for row in rows.values_list(*COLUMNS):
        submission, digest, site, size_class, controlling_firm, *key, lower, upper, width, q1, c1, e1, q2, c2, e2, years, months = row
        firm = str(controlling_firm)
        step, product, variant, boundary, metric, unit, count_class = key
        if asked and (reason := found.left_out(group, submission, step)) is not None:
            out[digest] = reason
            continue
        grid, best, typical = grids[lower, upper, width], quantiles[q1, c1, e1], quantiles[q2, c2, e2]
        label = ReleasedLabel(step, product, variant, boundary, _METRICS[metric], unit, grid, count_class, best, typical, years, months)
        participants.append(Participant(firm, site, label, digest))
        if site not in submissions:
            weights[firm] = weights.get(firm, 0.0) + SIZE_WEIGHTS[size_class]
            submissions[site] = submission
        digests.add(digest)
    left_out = {digest: reason for digest, reason in out.items() if digest not in digests}
    return Cohort(tuple(participants), submissions, tuple(sorted(digests)), weights, found, left_out)


class _Fractions(dict[str, Fraction]):
    """Texts of rows to exact numbers: the same text gives the same object, so that it is read and compared once."""

    def __missing__(self, text: str) -> Fraction:
        self[text] = Fraction(text)
        return self[text]


class _Grids(dict[tuple[str, str, str], Grid]):
    def __init__(self, fractions: _Fractions) -> None:
        super().__init__()
        self._fractions = fractions

    def __missing__(self, key: tuple[str, str, str]) -> Grid:
        lower, upper, width = (self._fractions[text] for text in key)
        self[key] = Grid(lower, upper, width)
        return self[key]


class _Quantiles(dict[tuple[str, int, str], ReleasedQuantile]):
    def __init__(self, fractions: _Fractions) -> None:
        super().__init__()
        self._fractions = fractions

    def __missing__(self, key: tuple[str, int, str]) -> ReleasedQuantile:
        quantile, cell, epsilon = key
        self[key] = ReleasedQuantile(self._fractions[quantile], cell, self._fractions[epsilon])
        return self[key]
