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
    rows = Standing.objects.filter(period__peer_group=peer_group, period__name=period, submission__site__in=regulated_sites(user))
    return tuple(
        RankedView(
            firm=row.submission__site__organisation__controlling_firm__name,
            firm_zh=row.submission__site__organisation__controlling_firm__name_zh,
            site=row.submission__site__slug,
            site_name=row.submission__site__name,
            site_name_zh=row.submission__site__name_zh,
            jurisdiction=row.submission__site__jurisdiction__name,
            jurisdiction_zh=row.submission__site__jurisdiction__name_zh,
            step=row.step,
            variant=row.variant,
            metric=row.metric,
            rank_low=row.rank_low,
            rank_high=row.rank_high,
            of=row.of,
            band=row.band,
            computed_at=row.computed_at,
        )
        for row in rows.order_by("step", "metric", "rank_low", "rank_high", "pk").values_list(*_SITE, *_PLACE, named=True)
    )


_FIRM = ("organisation__controlling_firm__name", "organisation__controlling_firm__name_zh")
_SITE = tuple(f"submission__site__{name}" for name in (*_FIRM, "slug", "name", "name_zh", "jurisdiction__name", "jurisdiction__name_zh"))
_PLACE = ("step", "variant", "metric", "rank_low", "rank_high", "of", "band", "computed_at")
