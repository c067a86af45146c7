"""Copying protected values out of the vault when a submission is accepted, and computing every
standing of a period.

The simulation's randomness is derived from its input, so that it can be repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max

from benchmarks import packs, ranking, route_ranking
from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Metric
from benchmarks.ranking import RankedSite
from benchmarks.released import ReleasedLabel
from portal import wall
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission, SubmissionState
from portal.standings.cohort import Cohort, cohort
from portal.standings.models import ProtectedValue, Standing
from portal.statements import insert


def record_protected_values(submission: Submission, labels: Iterable[ReleasedLabel]) -> None:
    """Copy what the worker opened out of the vault. Called in the transaction that accepts the
    submission.
    """
    insert([ProtectedValue.of(submission, label) for label in labels])


@wall.opened()  # every site of the period, wherever it lies now
def compute(period: ReportingPeriod, by: str, now: datetime) -> int:
    """Compute every standing of a period anew from what is accepted now; how many sites were
    ranked.

    The simulation takes minutes in a large sector, so nothing is locked meanwhile. Whoever finds
    then that somebody else has written, or that a report was replaced or deleted with its firm,
    begins anew.
    """
    while True:
        before = _written(period)
        present = cohort(period)
        rows = _standings(period, present, now)
        with transaction.atomic():
            ReportingPeriod.objects.select_for_update(of=("self",)).get(pk=period.pk)
            if not _still_accepted(present.submissions.values()) or _written(period) != before:
                continue
            Standing.objects.filter(period=period).delete()
            Standing.objects.bulk_create(rows)
            subject = f"period {period.peer_group.pack}/{period.name}"
            record(
                now, by, Action.STANDINGS_COMPUTED, subject, f"{len(present.digests)} submissions"
            )
        return len({row.submission_id for row in rows})


def _still_accepted(reports: Collection[int]) -> bool:
    """Whether all of these reports count as they did; they are locked, so that a firm that leaves
    now deletes what is written of it.
    """
    rows = Submission.objects.select_for_update(no_key=True).filter(
        pk__in=reports, state=SubmissionState.ACCEPTED
    )
    return len(rows.order_by("pk").values_list("pk", flat=True)) == len(reports)


def _written(period: ReportingPeriod) -> tuple[int, int | None]:
    """How many standings there are, which a deletion changes, and the number of the one that was
    written last.
    """
    rows = Standing.objects.filter(period=period).aggregate(count=Count("pk"), newest=Max("pk"))
    return rows["count"], rows["newest"]


def _standings(period: ReportingPeriod, present: Cohort, now: datetime) -> list[Standing]:
    group = period.peer_group
    pack = packs.load(group.pack, group.pack_version)
    route = pack.route(group.route)
    cells: dict[LabelKey, Sequence[RankedSite]] = {
        cell.label: placed
        for (cell, _unit), placed in ranking.by_cell(present.labels, pack, present.digests).items()
    }
    over_all = route_ranking.of_route(present.labels, pack, route, present.digests)
    cells[LabelKey(route_ranking.WHOLE_ROUTE, route.product, "", Metric.TOTAL)] = over_all
    return [
        _row(period, present.submissions[standing.site], cell, standing, now)
        for cell, placed in cells.items()
        for standing in placed
    ]


def _row(
    period: ReportingPeriod, submission: int, cell: LabelKey, placed: RankedSite, now: datetime
) -> Standing:
    return Standing(
        period=period,
        submission_id=submission,
        **cell._asdict(),
        unit=placed.unit,
        value=placed.value,
        estimate=placed.estimate,
        low=placed.interval[0],
        high=placed.interval[1],
        rank_low=placed.rank_interval[0],
        rank_high=placed.rank_interval[1],
        band=placed.band,
        of=placed.of,
        score_low=placed.score and placed.score[0],
        score_high=placed.score and placed.score[1],
        computed_at=now,
    )
