"""What ends with a site that retires or changes hands, and with a firm that leaves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from benchmarks.phrases import Phrase
from extras.sharing import groups
from extras.sharing.models import Certificate, GroupMember, Share, SiteGroup
from portal.accounts.models import Organisation, Site
from portal.intake.models import Submission


def leave_groups(
    sites: Collection[Site], by: str, now: datetime, **_more: Any
) -> tuple[set[str], Phrase]:
    """Receives `site_retires` and `site_changes_hands`."""
    return groups.end_all(sites, by, now), Phrase(
        "is in no group of sites any more, which its earlier organisation joined"
    )


def forget(sites: Collection[Site], firm: Organisation, now: datetime, **_more: Any) -> None:
    """Receives `firm_leaves`. Nothing of its reports is shown, its sites are in no group and the
    groups that it ran are over; counts that were shown hold its random mark alone. Who decided in
    its name stands on the record alone.
    """
    reports = list(Submission.objects.filter(site__in=sites).values_list("pk", flat=True))
    for model in (Share, Certificate):
        QuerySet(model).filter(submission__in=reports)._raw_delete("default")
    GroupMember.objects.filter(slug__in=[site.slug for site in sites])._raw_delete("default")
    SiteGroup.objects.filter(run_by=firm, ended_at=None).update(ended_at=now)
    SiteGroup.objects.filter(run_by=firm).update(made_by="")
    GroupMember.objects.filter(group__run_by=firm, state=GroupMember.State.REMOVED).update(
        decided_by=""
    )
