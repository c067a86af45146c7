"""Obliged sites with what is on record of each, for regulator, firm and certification body;
`next_audit` has the rule for the day.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, QuerySet

from benchmarks.phrases import Name
from portal.accounts.models import Site, User
from portal.accounts.selectors import own_sites, regulated_sites
from portal.assurance.engagements import checked_by
from portal.assurance.models import Attestation, SystemCertificate
from portal.assurance.next_audit import NextAudit, ValidityPeriod, due, obligatory_audit
from portal.days import scheme_day


@dataclass(frozen=True, slots=True)
class ObligedView:
    site: str
    site_name: Name
    firm: Name
    jurisdiction: str  # its path, whose rule counts
    last_audit: date | None  # the day on which its newest statement that stands was issued
    due: NextAudit


@dataclass(frozen=True, slots=True)
class DueSite:
    """A site's number and the day, for the reminders."""

    site: int
    due: NextAudit


def obliged_regulated(user: User, today: date, *sites: str) -> tuple[ObligedView, ...]:
    """Those that the person regulates; of all of these functions only those that `sites` names,
    where it names any.
    """
    return _views(regulated_sites(user), today, sites)


def obliged_own(user: User, today: date, *sites: str) -> tuple[ObligedView, ...]:
    return _views(own_sites(user), today, sites)


def obliged_checked(user: User, today: date, *sites: str) -> tuple[ObligedView, ...]:
    """Those that are assigned to the person's certification bodies."""
    return _views(Site.objects.filter(pk__in=checked_by(user).values("site")), today, sites)


def due_sites(today: date) -> tuple[DueSite, ...]:
    """Of every obliged site."""
    obliged = obliged_sites(Site.objects.all())
    sites = obliged.values_list("pk", flat=True)
    audits, papers = _audits(sites), _papers(sites)
    return tuple(
        DueSite(pk, due(audits.get(pk), papers.get(pk, ()), obligatory_audit(jurisdiction), today))
        for pk, jurisdiction in obliged.values_list("pk", "jurisdiction__path").order_by("pk")
    )


def obliged_sites(sites: QuerySet[Site]) -> QuerySet[Site]:
    """Those on a list of the obliged, whatever the peer group, that are not retired."""
    return sites.filter(peer_group_members__obliged=True, retired_at=None).distinct()


def _views(among: QuerySet[Site], today: date, named: Collection[str]) -> tuple[ObligedView, ...]:
    sites = obliged_sites(among.filter(slug__in=named) if named else among)
    numbers = sites.values_list("pk", flat=True)
    audits, papers = _audits(numbers), _papers(numbers)
    return tuple(
        ObligedView(
            site=site.slug,
            site_name=site.name,
            firm=site.organisation.name,
            last_audit=audits.get(site.pk),
            jurisdiction=site.jurisdiction.path,
            due=due(
                audits.get(site.pk),
                papers.get(site.pk, ()),
                obligatory_audit(site.jurisdiction.path),
                today,
            ),
        )
        for site in sites.select_related("organisation", "jurisdiction").order_by("slug")
    )


def _audits(sites: QuerySet[Site, int]) -> dict[int, date]:
    """The day of the newest statement that stands, by site."""
    rows = (
        Attestation.objects.filter(site__in=sites, state=Attestation.State.ISSUED)
        .order_by()
        .values_list("site")
    )
    return {site: scheme_day(issued) for site, issued in rows.annotate(newest=Max("issued_at"))}


def _papers(sites: QuerySet[Site, int]) -> dict[int, list[ValidityPeriod]]:
    spans: dict[int, list[ValidityPeriod]] = {}
    rows = SystemCertificate.objects.filter(site__in=sites, taken_back_at=None)
    for site, first, last in rows.values_list("site", "valid_from", "valid_until"):
        spans.setdefault(site, []).append(ValidityPeriod(first, last))
    return spans
