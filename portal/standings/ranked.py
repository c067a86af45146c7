"""Every standing of a period, for the regulators of the sites: places as intervals and quarters, no values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.accounts.models import User
from portal.accounts.selectors import regulated_sites
from portal.standings.models import Standing


@dataclass(frozen=True, slots=True)
class RankedView:
    firm: str
    firm_zh: str
    site: str
    site_name: str
    site_name_zh: str
    jurisdiction: str
    jurisdiction_zh: str
    step: str
    variant: str
    metric: str
    rank_low: int
    rank_high: int
    of: int
    band: int | None  # the quarter, 1 the least energy; None where it cannot be told
    computed_at: datetime


def ranked(user: User, peer_group: int, period: str) -> tuple[RankedView, ...]:
    """The standings of the sites in the person's jurisdiction, among all of the peer group."""
    rows = (
        Standing.objects.filter(period__peer_group=peer_group, period__name=period, submission__site__in=regulated_sites(user))
        .order_by("step", "metric", "rank_low", "rank_high", "pk")
        .values_list(
            "submission__site__organisation__controlling_firm__name",
            "submission__site__organisation__controlling_firm__name_zh",
            "submission__site__slug",
            "submission__site__name",
            "submission__site__name_zh",
            "submission__site__jurisdiction__name",
            "submission__site__jurisdiction__name_zh",
            "step",
            "variant",
            "metric",
            "rank_low",
            "rank_high",
            "of",
            "band",
            "computed_at",
        )
    )
    return tuple(RankedView(*row) for row in rows)
