"""Reading the library, its editions, and entries on their way into it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from benchmarks.guidance.outcomes import PracticeOutcomes
from benchmarks.guidance.practices import Library
from benchmarks.phrases import Name
from portal.accounts.models import Organisation, Role, User
from portal.accounts.selectors import managed_sites, organisations_as
from portal.governance.selectors import may_decide
from portal.practices.entry_texts import library_of
from portal.practices.models import SHOWN, Edition, Entry, EntryState, Revision, SiteReport


def library() -> Library:
    """What comes with Steplabel and what was published here."""
    return Library.held().with_further(of_this_portal())


def of_this_portal() -> Library:
    """What an edition holds: the practices published here, and what sites reported of these and of
    those that come with Steplabel.
    """
    published = library_of(_rows().filter(state=EntryState.PUBLISHED).order_by("practice"))
    counted: dict[str, list[tuple[int, str, int, bool]]] = {}
    for row in SiteReport.objects.exclude(counted_at=None):
        counted.setdefault(row.practice, []).append(
            (row.firm_id, row.outcome, row.year, row.confirmed)
        )
    practice_ids = {entry.id for entry in (*Library.held().practices, *published.practices)}
    return published.model_copy(
        update={
            "reported": {
                of: PracticeOutcomes.of(reports)
                for of, reports in counted.items()
                if of in practice_ids
            }
        }
    )


def reports_of(user: User, practice: str) -> QuerySet[SiteReport]:
    """What the person's own firms reported of a practice, counted or not: nobody else is shown
    that.
    """
    own = organisations_as(user, Role.ENTERPRISE)
    return SiteReport.objects.filter(practice=practice, site__organisation__in=own).select_related(
        "site"
    )


def may_report(user: User, practice: str, sector: str) -> bool:
    """Whether a site that the person manages has not reported on a practice of its sector."""
    reported = SiteReport.objects.filter(practice=practice).values("site")
    return (
        managed_sites(user).filter(pack=sector, retired_at=None).exclude(pk__in=reported).exists()
    )


def newest_edition() -> Edition | None:
    return Edition.objects.first()


def versions_of(practice: str) -> list[Entry]:
    """Every version that was ever published here, the newest first."""
    return [
        row
        for row in _rows().filter(practice=practice, state__in=SHOWN).order_by("-version")
        if row.published_at is not None
    ]


def agencies_of(entries: Iterable[Entry]) -> dict[str, Name]:
    """The agencies that reviewed these, by the name that the library holds, in every language; one
    renamed since is not among them.
    """
    rows = Organisation.objects.filter(
        kind=Role.REGULATOR, name__in={entry.reviewer for entry in entries}
    )
    return {str(agency.name): agency.name for agency in rows}


def entries_of(user: User) -> QuerySet[Entry]:
    """All of them for a regulator of the nation; a firm its own."""
    if may_decide(user):
        return _rows()
    return _rows().filter(organisation__in=organisations_as(user, Role.ENTERPRISE))


def firms_to_offer_for(user: User) -> QuerySet[Organisation]:
    """The firms in whose name the person offers a practice: those they manage."""
    return organisations_as(user, Role.ENTERPRISE, managing=True).distinct().order_by("name")


def entries_to_publish(user: User) -> QuerySet[Entry]:
    """Reviewed, and no part of them written by this person."""
    return _rows().filter(_by_others(user))


def entries_to_review(user: User) -> tuple[int, int]:
    """For a regulator of the nation: how many were offered and not reviewed, and how many this
    person may publish.
    """
    counted = Entry.objects.aggregate(
        offered=Count("pk", filter=Q(state=EntryState.OFFERED)),
        reviewed=Count("pk", filter=_by_others(user)),
    )
    return counted["offered"], counted["reviewed"]


def _by_others(user: User) -> Q:
    return (
        Q(state=EntryState.REVIEWED)
        & ~Q(reviewed_by=user)
        & ~Q(pk__in=Revision.objects.filter(written_by=user).values("entry"))
    )


def speaks_for(user: User, entry: Entry) -> bool:
    """Whether the person manages the firm that it was collected from."""
    own = Q(pk=entry.organisation_id)
    return (
        entry.organisation_id is not None
        and organisations_as(user, Role.ENTERPRISE, managing=True).filter(own).exists()
    )


def _rows() -> QuerySet[Entry]:
    return Entry.objects.select_related(
        "organisation", "reviewed_by", "published_by", "ended_by"
    ).order_by("-pk")
