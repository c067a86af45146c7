"""What a certificate and a shared page show: the protected labels of one report with their
intervals, and where its receipt stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F

from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Name
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission
from portal.names import in_chinese, name_of
from portal.standings.models import ProtectedValue, Standing


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One protected label in `unit`. `low` and `high` bound the true best in 95 of 100 cases; None
    before standings were computed.
    """

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    boundary: str
    best: float
    typical: float
    low: float | None
    high: float | None
    years: int

    @property
    def cell(self) -> LabelKey:
        return LabelKey.of(self)


@dataclass(frozen=True, slots=True)
class Labels:
    """One report as it may be shown to others: no account, no device, no other firm."""

    firm: Name
    site: str
    site_name: Name
    pack: str
    pack_version: str
    route: str
    period: str
    revision: int
    digest: str
    log_index: int
    received_at: str  # ISO 8601
    rows: tuple[LabelRow, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "firm_zh": in_chinese(self.firm),
            "site_name_zh": in_chinese(self.site_name),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Labels:
        fields = {
            name: value for name, value in stored.items() if name not in ("firm_zh", "site_name_zh")
        }
        firm, site = (
            name_of(stored["firm"], stored["firm_zh"]),
            name_of(stored["site_name"], stored["site_name_zh"]),
        )
        return cls(
            **{
                **fields,
                "firm": firm,
                "site_name": site,
                "rows": tuple(LabelRow(**row) for row in stored["rows"]),
            }
        )

    def only(self, steps: Collection[str]) -> Labels:
        """Without the labels of other steps."""
        return replace(self, rows=tuple(row for row in self.rows if row.step in steps))

    @property
    def steps(self) -> frozenset[str]:
        return frozenset(row.step for row in self.rows)

    @property
    def has_intervals(self) -> bool:
        """Whether the standings of the report had been computed."""
        return any(row.low is not None for row in self.rows)

    def with_intervals_of(self, later: Labels) -> Labels:
        """The same labels of the same report, with the intervals that have been computed since."""
        bounds = {row.cell: (row.low, row.high) for row in later.rows}
        rows = ((row, *bounds.get(row.cell, (row.low, row.high))) for row in self.rows)
        return replace(
            self, rows=tuple(replace(row, low=low, high=high) for row, low, high in rows)
        )

    @property
    def received(self) -> datetime:
        return datetime.fromisoformat(self.received_at)


def labels_of(row: Submission, cells: Collection[LabelKey] | None = None) -> Labels:
    """The labels of an accepted report; with `cells` only those. `row` comes with its site and
    firm.
    """
    (labels,) = labels_of_all([row])
    return (
        labels
        if cells is None
        else replace(labels, rows=tuple(label for label in labels.rows if label.cell in cells))
    )


def labels_of_digest(digest: str) -> Labels:
    """The same of the report of that digest, for who has asked already whether the person may;
    `Submission.DoesNotExist` for none.
    """
    return labels_of(
        Submission.objects.select_related("site__organisation").defer("envelope").get(digest=digest)
    )


def labels_of_all(rows: Sequence[Submission]) -> tuple[Labels, ...]:
    """The same of several reports of different sites, in their order, by three questions to the
    database.
    """
    reports = {(row.site_id, row.period): row for row in rows}
    periods = ReportingPeriod.objects.filter(
        name__in={row.period for row in rows},
        peer_group__members__site__in=[row.site_id for row in rows],
    ).select_related("peer_group")
    groups: dict[tuple[int, str], ReportingPeriod] = {}
    for period in periods.annotate(member=F("peer_group__members__site")).order_by("-pk"):
        report = reports.get((period.member, period.name))
        # a group of another version of the pack took reports of this period, too; of those left the
        # first one of a site counts
        if report is not None and report.pack_version in ("", period.peer_group.pack_version):
            groups[period.member, period.name] = period
    standings: defaultdict[int, dict[tuple[int, LabelKey], Standing]] = defaultdict(dict)
    for standing in Standing.objects.filter(submission__in=rows):
        standings[standing.submission_id][standing.period_id, LabelKey.of(standing)] = standing
    values: defaultdict[int, list[ProtectedValue]] = defaultdict(list)
    for value in ProtectedValue.objects.filter(submission__in=rows).order_by("pk"):
        values[value.submission_id].append(value)
    return tuple(
        _labels(row, groups.get((row.site_id, row.period)), values[row.pk], standings[row.pk])
        for row in rows
    )


def _labels(
    row: Submission,
    group: ReportingPeriod | None,
    values: Sequence[ProtectedValue],
    standings: Mapping[tuple[int, LabelKey], Standing],
) -> Labels:
    site, firm = row.site, row.site.organisation
    return Labels(
        firm=firm.name,
        site=site.slug,
        site_name=site.name,
        pack=group.peer_group.pack if group else site.pack,
        pack_version=group.peer_group.pack_version if group else "",
        route=group.peer_group.route if group else "",
        period=row.period,
        revision=row.revision,
        digest=row.digest,
        log_index=row.log_index,
        received_at=row.received_at.isoformat(),
        rows=tuple(
            _row(value, standings.get((group.pk, LabelKey.of(value))) if group else None)
            for value in values
        ),
    )


def _row(value: ProtectedValue, standing: Standing | None) -> LabelRow:
    label = value.released()
    return LabelRow(
        *LabelKey.of(value),
        unit=value.unit,
        boundary=value.boundary,
        best=float(label.best_value),
        typical=float(label.typical_value),
        low=standing.low if standing else None,
        high=standing.high if standing else None,
        years=value.years,
    )
