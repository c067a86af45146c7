"""What the gate says of a draft beside all that the public ever saw."""

from __future__ import annotations

from datetime import datetime

from benchmarks import packs
from benchmarks.composition import IndustryLabel, Roster
from benchmarks.disclosure import GateResult, PublishedVersion, gate
from benchmarks.routes import Pack
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.selectors import overlapping
from portal.days import scheme_day
from portal.publication.errata import composed
from portal.publication.models import Publication
from portal.publication.rows import public
from portal.standings.cohort import Cohort, cohort


def gate_of(
    period: ReportingPeriod,
    label: IndustryLabel,
    roster: Roster,
    present: Cohort,
    pack: Pack,
    now: datetime,
) -> GateResult:
    """Against all that the public ever saw of any time that this period holds, in every peer group
    of the sector; withdrawn or not.
    """
    public_versions = public().order_by("published_at", "pk")
    at_that_time = ReportingPeriod.objects.filter(
        overlapping(period.start, period.end), peer_group__pack=pack.id
    ).exclude(pk=period.pk)
    other_groups = public_versions.filter(period__in=at_that_time)
    of_sector = public_versions.filter(period__peer_group__pack=pack.id).exclude(period=period)
    other_years = of_sector.exclude(period__in=at_that_time)
    return gate(
        label,
        roster,
        pack.disclosure,
        [_published(row, str(row.version)) for row in public_versions.filter(period=period)],
        elsewhere=[
            _published(row, row.audit_subject)
            for row in other_groups.select_related("period__peer_group__scope")
        ],
        other_years=[
            _published(row, row.audit_subject)
            for row in other_years.select_related("period__peer_group__scope")
        ],
        period_end=scheme_day(period.end),
        today=scheme_day(now),
        size_weights=present.size_weights,
        audited=present.verdicts.audited(present.submissions),
    )


def asked_again(row: Publication, now: datetime) -> tuple[Cohort, GateResult]:
    """Who takes part now, and what the gate says of the draft as it would stand among all that is
    public at that moment.

    Locks every period of the sector, in one order: what is published at once, of two groups or two
    years, must know of each other.
    """
    alike = ReportingPeriod.objects.filter(peer_group__pack=row.period.peer_group.pack).order_by(
        "pk"
    )
    periods = {
        other.pk: other
        for other in alike.select_for_update(of=("self",)).select_related("peer_group__scope")
    }
    period = periods[row.period_id]
    present = cohort(period, scheme_day(now))
    if row.corrects is not None:
        return present, composed(row.corrects, row.corrected_firms, present).gate
    pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
    return present, gate_of(
        period, IndustryLabel.from_json(row.label), Roster.from_json(row.roster), present, pack, now
    )


def _published(row: Publication, name: str) -> PublishedVersion:
    """A version that the public has seen, as the gate compares it."""
    return PublishedVersion(
        name, GateResult.from_json(row.gate).published, Roster.from_json(row.roster)
    )
