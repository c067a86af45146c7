"""How many sites of each cell are sure to lie in which quarter: numbers for the public, and by name those who chose to be named.

A site counts for a quarter where it lies in it with a probability of 0.8 (`benchmarks.ranking`); the others cannot be told. The numbers
are of the very participants that are published: where a standing is missing, or of a report that was replaced, a cell has none.

A firm is named beside its own quarter only, where that can be told, and only while as many firms of the cell stay unnamed as a value
needs to be shown at all and four in five of these are not of one quarter: otherwise the names would tell of those who did not choose
it. See docs/decisions/0054.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from benchmarks.composition import ReportedLabel
from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Name
from benchmarks.ranking import BAND_PROBABILITY, BANDS, Quarters, quarters
from benchmarks.route_ranking import WHOLE_ROUTE
from benchmarks.routes import Pack
from portal import wall
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import State
from portal.names import Called
from portal.standings.cohort import Cohort
from portal.standings.models import Standing
from portal.standings.naming import named_firms


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """A firm that chose to be named, in the quarter that it is sure to lie in."""

    quarter: int
    firm: Name


@dataclass(frozen=True, slots=True)
class Bands:
    """Sites sure to lie in each quarter, the least energy first, and of how many."""

    quarters: tuple[int, ...]
    of: int
    named: tuple[Named, ...] = ()

    @property
    def untold(self) -> int:
        return self.of - sum(self.quarters)


@wall.opened()
def bands(period: ReportingPeriod, present: Cohort, pack: Pack, fewest_unnamed: int) -> Mapping[LabelKey, Bands]:
    """By cell; two questions to the database, however many sites there are. A cell whose standings do not come out again from the reports
    that are published has none: whoever holds these reports could not check the numbers.

    Args:
        fewest_unnamed: firms of a cell that must stay unnamed for anybody to be named there (`disclosure.fewest_firms` of the pack).
    """
    rows = Standing.objects.filter(period=period, submission__state=State.ACCEPTED).exclude(step=WHOLE_ROUTE)  # the public has steps alone
    counted: dict[LabelKey, dict[int | None, int]] = {}
    for *cell, band, sites in rows.values_list(*LabelKey._fields, "band").annotate(sites=Count("pk")):
        counted.setdefault(LabelKey(*cell), {})[band] = sites
    named = _named(rows)
    firms, again = _firms(present.labels), quarters(present.labels, pack, present.digests)
    return {
        cell: Bands(
            again[cell].counts,
            again[cell].of,
            _if_nothing_is_told_of_the_others(named.get(cell, {}), firms[cell], again[cell], fewest_unnamed),
        )
        for cell, sites in counted.items()
        if cell in again and Quarters(tuple(sites.get(quarter, 0) for quarter in range(1, BANDS + 1)), sum(sites.values())) == again[cell]
    }


def _named(rows: QuerySet[Standing]) -> dict[LabelKey, dict[str, Named]]:
    """By cell and controlling firm, those that chose it and whose quarter can be told."""
    fields = (*LabelKey._fields, "band", "called", "submission__site__organisation__controlling_firm")
    chosen = (
        rows.filter(submission__site__organisation__in=named_firms())
        .exclude(band=None)
        .annotate(called=Called("submission__site__organisation__"))
    )
    by_cell: dict[LabelKey, dict[str, Named]] = {}
    for *cell, band, name, firm in chosen.values_list(*fields):
        by_cell.setdefault(LabelKey(*cell), {})[str(firm)] = Named(int(band or 0), name)
    return by_cell


def _firms(reported: Sequence[ReportedLabel]) -> Mapping[LabelKey, set[str]]:
    by_cell: dict[LabelKey, set[str]] = {}
    for row in reported:
        by_cell.setdefault(LabelKey.of(row.label), set()).add(row.firm)
    return by_cell


def _if_nothing_is_told_of_the_others(
    named: Mapping[str, Named], firms: set[str], cell: Quarters, fewest_unnamed: int
) -> tuple[Named, ...]:
    """The names, while enough firms stay unnamed and fewer than four in five of these lie in one quarter."""
    taken = Counter(entry.quarter for entry in named.values())
    left = [sites - taken[quarter] for quarter, sites in enumerate(cell.counts, start=1)]
    revealing = len(firms - named.keys()) < fewest_unnamed or max(left) >= BAND_PROBABILITY * (cell.of - len(named))
    return () if revealing else tuple(sorted(named.values()))
