"""A firm that leaves the scheme has no name behind a share of the best firms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from extras.best_groups.models import BestGroup
from portal.accounts.models import Site
from portal.register.site_ends import RandomNames


def unname(sites: Collection[Site], names: RandomNames, **_more: Any) -> None:
    """Receives `firm_leaves`. The rows are locked: another firm may leave at this moment."""
    groups = (
        BestGroup.objects.select_for_update(of=("self",))
        .filter(publication__period__peer_group__pack__in={site.pack for site in sites})
        .order_by("pk")
    )
    for group in groups.only("behind"):
        shares = [
            share
            for tables in group.behind.values()
            for table in tables.values()
            for share in table
        ]
        members = [
            member for share in shares for member in share["members"] if member[1] in names.sites
        ]
        for member in members:
            member[0] = member[1] = names[member[1]]
        for share in shares:
            share["members"].sort()
        if members:
            BestGroup.objects.filter(pk=group.pk).update(behind=group.behind)
