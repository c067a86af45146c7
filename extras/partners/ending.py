"""What ends with a site that changes hands, and with a firm that leaves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from benchmarks.phrases import Phrase
from extras.partners import grants
from extras.partners.models import AcceptedTerms, Delivery
from portal.accounts.models import Organisation, Site


def end_accesses(
    sites: Collection[Site], because: Phrase, by: str, now: datetime, **_more: Any
) -> tuple[set[str], Phrase]:
    """Receives `site_changes_hands`: the new firm decides itself whom it lets in."""
    return grants.end_all(sites, because, by, now), Phrase(
        "is open to no partner any more, to which its earlier organisation gave access"
    )


def end_deliveries(sites: Collection[Site], now: datetime, **_more: Any) -> tuple[set[str], Phrase]:
    """Receives `site_changes_hands`: they were to the earlier firm."""
    declared = Delivery.objects.filter(site__in=sites, taken_back_at=None)
    supplied = set(declared.values_list("site__slug", flat=True))
    declared.update(taken_back_at=now)
    return supplied, Phrase(
        "has no declared deliveries any more, which were to its earlier organisation"
    )


def forget(
    sites: Collection[Site], firm: Organisation, because: Phrase, now: datetime, **_more: Any
) -> None:
    """Receives `firm_leaves`. Who accepted terms in its name stands on the record alone: by the
    table, for of rows that are never changed this is the exception.
    """
    grants.end_all(sites, because, "worker", now)
    Delivery.objects.filter(site__in=sites)._raw_delete("default")  # nobody may check them any more
    QuerySet(AcceptedTerms).filter(organisation=firm).update(accepted_by="")
