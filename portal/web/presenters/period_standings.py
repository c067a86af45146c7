"""The standings of a period for its regulator, site by site: between which ranks and in which
quarter each lies, and their filters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from benchmarks.measurements import Metric
from portal.intake.participation import ParticipationView
from portal.names import in_any_language
from portal.standings.ranked import RankedView
from portal.web.lists.tables import (
    Key,
    columns,
    filter_choices,
    paged,
    sort_form,
    sorted_rows,
    with_query,
)
from portal.web.viewmodels.shared import SelectOption
from portal.web.viewmodels.tables import ColumnHead, PageRange, SortForm
from portal.web.words.figures import NONE
from portal.web.words.terms import Names, metric_name, shown_name, with_variant
from portal.web.words.verdicts import QUARTERS, ranks_of, verdict


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A site in one cell: between which ranks it lies, and what that bears out. Never a value,
    never one rank.
    """

    firm: str
    site: str
    region: str
    step: str
    metric: str
    ranks: str
    verdict: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One site: at each step of the head the verdict, and between which ranks it lies."""

    firm: str
    site: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    head: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    pages: PageRange | None
    metric: str


@dataclass(frozen=True, slots=True)
class StandingsPage:
    computed: datetime | None
    sites: int
    sure: int  # rows found whose quarter can be told
    matches: int
    rows: tuple[StandingRow, ...]
    matrix: Matrix | None  # sites by steps, where the address asks for it
    matrix_url: str
    list_url: str
    columns: tuple[ColumnHead, ...]
    sort_form: SortForm | None
    pages: PageRange | None
    steps: tuple[SelectOption, ...]
    metrics: tuple[SelectOption, ...]
    quarters: tuple[SelectOption, ...]
    regions: tuple[SelectOption, ...]
    query: str
    export_url: str


STANDING_COLUMNS = (
    *(
        "firm",
        "site",
        "jurisdiction",
        "step",
        "variant",
        "metric",
        "rank_low",
        "rank_high",
        "of",
        "quarter",
    ),
    *("step_name", "variant_name"),  # in the reader's language, beside the codes
)

KEYS: Mapping[str, Key[RankedView]] = {
    "places": lambda standing: (
        standing.step,
        standing.metric,
        standing.rank_low,
        standing.rank_high,
        standing.site,
    ),
    "firm": lambda standing: (standing.firm, standing.site, standing.step, standing.metric),
    "region": lambda standing: (standing.jurisdiction, standing.firm, standing.site, standing.step),
    "quarter": lambda standing: (standing.band or 9, standing.step, standing.firm),
}
DEFAULT_ORDER = "places"


def standings_page(
    view: ParticipationView, rows: Sequence[RankedView], query: QueryDict
) -> StandingsPage:
    names = Names.of(view.pack, view.pack_version)
    standings = [standing for standing in rows if _fits(standing, query)]
    here, pages = paged(sorted_rows(standings, KEYS, query, DEFAULT_ORDER), query)
    parts = [view.peer_group, view.period]
    heads = {
        "firm": _("Firm"),
        "region": _("Jurisdiction"),
        "step": _("Step"),
        "places": _("Range of ranks"),
        "quarter": _("Compared with typical"),
    }
    return StandingsPage(
        computed=max((standing.computed_at for standing in rows), default=None),
        sites=len({standing.site for standing in rows}),
        sure=sum(standing.band is not None for standing in standings),
        matches=len(standings),
        rows=tuple(_row(standing, names) for standing in here),
        matrix=_matrix(standings, names, query) if query.get("as") == "matrix" else None,
        matrix_url=with_query(query, **{"as": "matrix", "page": None}),
        list_url=with_query(query, **{"as": None, "page": None}),
        columns=(shown_columns := columns(heads, KEYS, query, DEFAULT_ORDER)),
        sort_form=sort_form(shown_columns, len(standings), query),
        pages=pages,
        steps=filter_choices(
            query.get("step", ""),
            _("All steps"),
            {standing.step: names.step_name(standing.step) for standing in rows},
        ),
        metrics=filter_choices(
            query.get("metric", ""),
            _("All metrics"),
            {standing.metric: capfirst(metric_name(standing.metric)) for standing in rows},
        ),
        quarters=filter_choices(
            query.get("quarter", ""),
            _("All quarters"),
            {str(n): str(called) for n, called in enumerate(QUARTERS, start=1)}
            | {"none": _("Not certain")},
        ),
        regions=filter_choices(
            query.get("region", ""),
            _("All regions"),
            {standing.jurisdiction: shown_name(standing.jurisdiction) for standing in rows},
        ),
        query=query.get("q", "").strip()[:100],
        export_url=reverse("web:standings-csv", args=parts) + with_query(query, page=None),
    )


def _matrix(standings: Sequence[RankedView], names: Names, query: QueryDict) -> Matrix:
    """Of one metric: the one that is asked for, else comprehensive energy."""
    metric = query.get("metric", "") or str(Metric.TOTAL)
    cells: dict[tuple[str, str], dict[tuple[str, str], RankedView]] = {}
    for standing in standings:
        if standing.metric == metric:
            cells.setdefault((shown_name(standing.firm), standing.site), {})[
                standing.step, standing.variant
            ] = standing
    route = list(names.steps)  # in the order of production, as every other table
    steps = sorted(
        {cell for row in cells.values() for cell in row},
        key=lambda cell: (route.index(cell[0]) if cell[0] in route else 0, cell),
    )
    here, pages = paged(sorted(cells), query)
    rows = []
    for firm, site in here:
        by_step = cells[firm, site]
        first = next(iter(by_step.values()))
        rows.append(
            MatrixRow(
                firm,
                shown_name(first.site_name),
                tuple(_matrix_cell(by_step.get(step)) for step in steps),
            )
        )
    head = tuple(
        with_variant(names.step_name(step), names.variant_name(step, variant))
        for step, variant in steps
    )
    return Matrix(head, tuple(rows), pages, capfirst(metric_name(metric)))


def _matrix_cell(standing: RankedView | None) -> tuple[str, str]:
    if standing is None:
        return NONE, ""
    ranks = (standing.rank_low, standing.rank_high)
    return verdict(ranks, standing.of), ranks_of(ranks, standing.of)


def standings_table(
    rows: Sequence[RankedView], query: QueryDict, names: Names
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    standings = sorted_rows(
        [standing for standing in rows if _fits(standing, query)], KEYS, query, DEFAULT_ORDER
    )
    return STANDING_COLUMNS, (
        (
            *(
                standing.firm,
                standing.site,
                standing.jurisdiction,
                standing.step,
                standing.variant,
                standing.metric,
            ),
            *(standing.rank_low, standing.rank_high, standing.of, standing.band or ""),
            *(names.step_name(standing.step), names.variant_name(standing.step, standing.variant)),
        )
        for standing in standings
    )


def _fits(standing: RankedView, query: QueryDict) -> bool:
    text = f"{in_any_language(standing.firm)} {standing.site} {in_any_language(standing.site_name)}".lower()  # noqa: E501
    return (
        query.get("step", "") in ("", standing.step)
        and query.get("metric", "") in ("", standing.metric)
        and query.get("region", "") in ("", standing.jurisdiction)
        and query.get("quarter", "") in ("", str(standing.band or "none"))
        and all(word in text for word in query.get("q", "").strip()[:100].lower().split())
    )


def _row(standing: RankedView, names: Names) -> StandingRow:
    told, ranks = _matrix_cell(standing)
    return StandingRow(
        firm=shown_name(standing.firm),
        site=shown_name(standing.site_name),
        region=shown_name(standing.jurisdiction),
        step=with_variant(
            names.step_name(standing.step), names.variant_name(standing.step, standing.variant)
        ),
        metric=metric_name(standing.metric),
        ranks=ranks,
        verdict=told,
    )
