"""Who enters a composition: the accepted submissions of a period's peer group, as the core takes
them.

A period of 10,000 plants and 20 steps is 200,000 rows: they are read by name, without a model each,
and equal grids and draws are one object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache

from benchmarks.composition import ReportedLabel
from benchmarks.measurements import Metric
from benchmarks.released import ReleasedLabel, ReleasedQuantile
from portal import wall
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.peer_groups import counted
from portal.intake.models import SubmissionState
from portal.standings.attested import NONE, NotEnteredReason, Verdicts, verdicts
from portal.standings.models import ProtectedValue, grid_of
from portal.standings.size_weights import weights_of

_METRICS = {metric.value: metric for metric in Metric}

_SITE = "submission__site__"
_COLUMNS = (
    *(
        "submission_id",
        "submission__digest",
        f"{_SITE}slug",
        f"{_SITE}size_class",
        f"{_SITE}organisation__controlling_firm_id",
    ),
    *("step", "product", "variant", "boundary", "metric", "unit", "count_class", "years", "months"),
    *("grid_lower", "grid_upper", "grid_width"),
    *(
        "best_quantile",
        "best_cell",
        "best_epsilon",
        "typical_quantile",
        "typical_cell",
        "typical_epsilon",
    ),
)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Labels with what the gate and the record need to know of them."""

    labels: tuple[ReportedLabel, ...]
    submissions: Mapping[str, int]  # site -> row
    digests: tuple[str, ...]  # of the envelopes, sorted
    size_weights: Mapping[str, float]  # firm -> declared weight, sites added up
    verdicts: Verdicts  # in force on the day of the publication; none where none was asked for
    left_out: Mapping[
        str, NotEnteredReason
    ]  # digests of envelopes of which nothing enters, by the peer group's policy


@wall.opened()
def cohort(period: ReportingPeriod, publishing_on: date | None = None) -> Cohort:
    """What is accepted now; superseded revisions and refused submissions never count.

    Args:
        publishing_on: the day of a publication: what audits found by then counts as the peer
            group's policy has it. None: everybody, for standings.
    """
    group = period.peer_group
    audited = NONE if publishing_on is None else verdicts(period, publishing_on)
    asked = publishing_on is not None and (group.attested_only or group.adverse_leaves)
    rows = ProtectedValue.objects.filter(
        submission__state=SubmissionState.ACCEPTED,
        submission__period=period.name,
        submission__pack_version__in=("", group.pack_version),
        submission__site__in=counted(period).values("site"),
    ).order_by("submission__site__slug", "pk")
    quantile = cache(
        lambda at, cell, epsilon: ReleasedQuantile(Fraction(at), cell, Fraction(epsilon))
    )
    reported: list[ReportedLabel] = []
    submissions: dict[str, int] = {}
    digests: set[str] = set()
    sites: dict[str, tuple[str, str]] = {}
    out: dict[str, NotEnteredReason] = {}
    for row in rows.values_list(*_COLUMNS, named=True):
        firm, site, digest = (
            str(row.submission__site__organisation__controlling_firm_id),
            row.submission__site__slug,
            row.submission__digest,
        )
        if asked and (reason := audited.left_out(group, row.submission_id, row.step)) is not None:
            out[digest] = reason
            continue
        label = ReleasedLabel(
            step=row.step,
            product=row.product,
            variant=row.variant,
            boundary=row.boundary,
            metric=_METRICS[row.metric],
            unit=row.unit,
            grid=grid_of(row.grid_lower, row.grid_upper, row.grid_width),
            count_class=row.count_class,
            best=quantile(row.best_quantile, row.best_cell, row.best_epsilon),
            typical=quantile(row.typical_quantile, row.typical_cell, row.typical_epsilon),
            years=row.years,
            months=row.months,
        )
        reported.append(ReportedLabel(firm, site, label, digest))
        if site not in submissions:
            sites[site] = firm, row.submission__site__size_class
            submissions[site] = row.submission_id
        digests.add(digest)
    left_out = {digest: reason for digest, reason in out.items() if digest not in digests}
    return Cohort(
        tuple(reported),
        submissions,
        tuple(sorted(digests)),
        weights_of(sites.values()),
        audited,
        left_out,
    )
