"""Every standing of a period, for the regulators of the sites: ranks as intervals and quarters, no
values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benchmarks.phrases import Name
from benchmarks.route_ranking import WHOLE_ROUTE, tells
from portal.accounts.models import User
from portal.accounts.selectors import regulated_sites
from portal.names import RelatedName
from portal.standings.models import Standing


@dataclass(frozen=True, slots=True)
class RankedView:
    firm: Name
    site: str
    site_name: Name
    jurisdiction: Name
    step: str
    variant: str
    metric: str
    rank_low: int
    rank_high: int
    of: int
    band: int | None  # the quarter, 1 the least energy; None where it cannot be told
    computed_at: datetime


def ranked(user: User, peer_group: int, period: str) -> tuple[RankedView, ...]:
    """The standings of the sites in the person's jurisdiction, among all of the peer group; over
    the whole route where they say something.
    """
    rows = Standing.objects.filter(
        period__peer_group=peer_group,
        period__name=period,
        submission__site__in=regulated_sites(user),
    )
    return tuple(
        RankedView(
            firm=row.firm,
            site=row.submission__site__slug,
            site_name=row.site_name,
            jurisdiction=row.region,
            step=row.step,
            variant=row.variant,
            metric=row.metric,
            rank_low=row.rank_low,
            rank_high=row.rank_high,
            of=row.of,
            band=row.band,
            computed_at=row.computed_at,
        )
        for row in rows.order_by("step", "metric", "rank_low", "rank_high", "pk")
        .annotate(**_NAMES)
        .values_list(*_NAMES, "submission__site__slug", *_RANK, named=True)
        if row.step != WHOLE_ROUTE or tells((row.rank_low, row.rank_high), row.of)
    )


_SITE = "submission__site__"
_NAMES = {
    "firm": RelatedName(f"{_SITE}organisation__controlling_firm__"),
    "site_name": RelatedName(_SITE),
    "region": RelatedName(f"{_SITE}jurisdiction__"),
}
_RANK = ("step", "variant", "metric", "rank_low", "rank_high", "of", "band", "computed_at")
