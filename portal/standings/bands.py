"""How many sites of each cell are sure to lie in which quarter: numbers for the public, and by name
those who chose to be named.

A site counts for a quarter where that holds its whole rank interval (`benchmarks.ranking`); the
others cannot be told. The numbers are of the very participants that are published: where a
standing is missing, or of a report that was replaced, a cell has none.

A firm is named beside its own quarter only, where that can be told and is that of all its sites,
and only while as many firms of the cell stay unnamed as a value needs to be shown at all and four
in five of their sites are not of one quarter: otherwise the names would tell of those who did not
choose it. Firms under one control are one here, named where each of them chose it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from benchmarks.composition import ReportedLabel
from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Name
from benchmarks.ranking import BANDS, Quarters, quarters
from benchmarks.route_ranking import WHOLE_ROUTE
from benchmarks.routes import Pack
from portal import wall
from portal.accounts.models import Organisation
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import SubmissionState
from portal.names import RelatedName
from portal.standings.cohort import Cohort
from portal.standings.models import Standing
from portal.standings.naming import named_firms

MOST_IN_ONE = 0.8
"""Of the sites of unnamed firms: where so many lie in one quarter, nobody is named."""


@dataclass(frozen=True, slots=True, order=True)
class NamedFirm:
    """A firm that chose to be named, in the quarter that it is sure to lie in."""

    quarter: int
    firm: Name


@dataclass(frozen=True, slots=True)
class Bands:
    """Sites sure to lie in each quarter, the least energy first, and of how many."""

    quarters: tuple[int, ...]
    of: int
    named: tuple[NamedFirm, ...] = ()

    @property
    def untold(self) -> int:
        return self.of - sum(self.quarters)


@wall.opened()
def bands(
    period: ReportingPeriod, present: Cohort, pack: Pack, fewest_unnamed: int
) -> Mapping[LabelKey, Bands]:
    """By cell; two questions to the database, however many sites there are. A cell whose standings
    do not come out again from the reports that are published has none: whoever holds these reports
    could not check the numbers.

    Args:
        fewest_unnamed: firms of a cell that must stay unnamed for anybody to be named there
            (`disclosure.fewest_firms` of the pack).
    """
    rows = Standing.objects.filter(
        period=period, submission__state=SubmissionState.ACCEPTED
    ).exclude(step=WHOLE_ROUTE)  # the public has steps alone
    counted: dict[LabelKey, dict[int | None, int]] = {}
    for *cell, band, sites in rows.values_list(*LabelKey._fields, "band").annotate(
        sites=Count("pk")
    ):
        counted.setdefault(LabelKey(*cell), {})[band] = sites
    willing = _willing(rows)
    firms, again = _firms(present.labels), quarters(present.labels, pack, present.digests)
    return {
        cell: Bands(
            again[cell].counts,
            again[cell].of,
            _if_nothing_is_told_of_the_others(
                willing.get(cell, {}), firms[cell], again[cell], fewest_unnamed
            ),
        )
        for cell, sites in counted.items()
        if cell in again
        and Quarters(
            tuple(sites.get(quarter, 0) for quarter in range(1, BANDS + 1)), sum(sites.values())
        )
        == again[cell]
    }


@dataclass(slots=True)
class SitesOfOneControl:
    """The sites of a cell under one control: how many there are, how many are sure to lie in each
    quarter, and whether each of their firms chose to be named; `names` are of firms with a site
    whose quarter can be told."""

    sites: int = 0
    sure: Counter[int] = field(default_factory=Counter)
    names: set[Name] = field(default_factory=set)
    chosen: bool = True

    @property
    def quarter(self) -> int | None:
        """Beside which these firms may stand by name: the one in which all their sites lie whose
        quarter can be told.
        """
        return next(iter(self.sure)) if self.chosen and len(self.sure) == 1 else None


_FIRM = "submission__site__organisation"


def _willing(rows: QuerySet[Standing]) -> dict[LabelKey, dict[str, SitesOfOneControl]]:
    """By cell and controlling firm, all sites of those of which a firm chose to be named."""
    chosen = named_firms()
    controlling = Organisation.objects.filter(pk__in=chosen).values("controlling_firm")
    theirs = rows.filter(**{f"{_FIRM}__controlling_firm__in": controlling}).annotate(
        called=RelatedName(f"{_FIRM}__")
    )
    by_cell: dict[LabelKey, dict[str, SitesOfOneControl]] = {}
    for *cell, band, name, firm, control in theirs.values_list(
        *LabelKey._fields, "band", "called", _FIRM, f"{_FIRM}__controlling_firm"
    ):
        entry = by_cell.setdefault(LabelKey(*cell), {}).setdefault(
            str(control), SitesOfOneControl()
        )
        entry.sites += 1
        entry.chosen = entry.chosen and firm in chosen
        if band is not None:
            entry.sure[band] += 1
            entry.names.add(name)
    return by_cell


def _firms(reported: Sequence[ReportedLabel]) -> Mapping[LabelKey, set[str]]:
    by_cell: dict[LabelKey, set[str]] = {}
    for row in reported:
        by_cell.setdefault(LabelKey.of(row.label), set()).add(row.firm)
    return by_cell


def _if_nothing_is_told_of_the_others(
    willing: Mapping[str, SitesOfOneControl], firms: set[str], cell: Quarters, fewest_unnamed: int
) -> tuple[NamedFirm, ...]:
    """The names, while enough firms stay unnamed and fewer than four in five of their sites lie in
    one quarter.
    """
    named = {firm: entry for firm, entry in willing.items() if entry.quarter is not None}
    named_by_quarter = sum((entry.sure for entry in named.values()), Counter[int]())
    left = [sites - named_by_quarter[quarter] for quarter, sites in enumerate(cell.counts, start=1)]
    unnamed = cell.of - sum(entry.sites for entry in named.values())
    revealing = len(firms - named.keys()) < fewest_unnamed or max(left) >= MOST_IN_ONE * unnamed
    if revealing:
        return ()
    return tuple(
        sorted(
            NamedFirm(quarter, name)
            for entry in named.values()
            for quarter in entry.sure
            for name in entry.names
        )
    )
