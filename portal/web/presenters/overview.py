"""The sector at a glance: who reported of those who must, for every peer group and period in the
reader's jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.accounts.models import SizeClass
from portal.catalogue.deadlines import last_day
from portal.intake.participation import ReportingState
from portal.intake.turnout import RegionView, TurnoutView
from portal.web.lists.tables import (
    Key,
    columns,
    filter_choices,
    paged,
    sort_form,
    sorted_rows,
    with_query,
)
from portal.web.viewmodels.shared import HeadlineFigure, SelectOption, StateWord
from portal.web.viewmodels.tables import ColumnHead, PageRange, SortForm
from portal.web.words.terms import SIZE_CLASSES, TAKING_PART, Names, period_name, shown_name, state


@dataclass(frozen=True, slots=True)
class TurnoutRow:
    """One peer group and period. `share` is how far the bar of the obliged reaches, in per cent of
    its width.
    """

    title: str
    scope: str
    url: str
    due: date
    open: StateWord
    reported: int
    obliged: int
    share: str
    late: int
    states: tuple[tuple[StateWord, int], ...]
    committed: int
    arrived_late: int


@dataclass(frozen=True, slots=True)
class OverviewPage:
    rows: tuple[TurnoutRow, ...]
    columns: tuple[ColumnHead, ...]
    sort_form: SortForm | None
    pages: PageRange | None
    matches: int
    any_group: bool
    reported: int  # obliged sites, over all rows found
    obliged: int
    overdue: int
    refused: int
    waiting: int
    figures: tuple[HeadlineFigure, ...]
    sectors: tuple[SelectOption, ...]
    regions: tuple[SelectOption, ...]
    sizes: tuple[SelectOption, ...]
    stages: tuple[SelectOption, ...]
    export_url: str


STAGES = ("open", "closed", "all")
DEFAULT_ORDER = "due"
PAGE_ROWS = 25

KEYS: Mapping[str, Key[TurnoutView]] = {
    "group": lambda view: (view.pack, view.route, view.scope, view.period),
    "due": lambda view: (view.due, view.pack, view.route),
    "reported": lambda view: (_share(view), view.due),
    "overdue": lambda view: (view.states.get(ReportingState.LATE, 0), view.due),
}


def overview_page(
    views: Sequence[TurnoutView], regions: Sequence[RegionView], query: QueryDict
) -> OverviewPage:
    turnouts = in_stage(views, query)
    rows, pages = paged(sorted_rows(turnouts, KEYS, query, DEFAULT_ORDER), query, PAGE_ROWS)
    heads = {
        "group": _("Peer group and period"),
        "reported": _("Obliged sites that reported"),
        "due": _("Due"),
        "overdue": pgettext("taking part", "Late"),
        "states": _("State of the reports"),
    }
    reported, obliged = (
        sum(view.obliged_reported for view in turnouts),
        sum(view.obliged for view in turnouts),
    )
    return OverviewPage(
        rows=tuple(_row(view) for view in rows),
        columns=(shown_columns := columns(heads, KEYS, query, DEFAULT_ORDER)),
        sort_form=sort_form(shown_columns, len(turnouts), query),
        pages=pages,
        matches=len(turnouts),
        any_group=bool(views) or bool(query),
        reported=reported,
        obliged=obliged,
        overdue=_total(turnouts, ReportingState.LATE),
        refused=_total(turnouts, ReportingState.UNUSABLE),
        waiting=_total(turnouts, ReportingState.WAITING),
        figures=_figures(turnouts, reported, obliged),
        sectors=filter_choices(
            query.get("sector", ""),
            _("All sectors"),
            {pack.pack_id: pack.sector for pack in _packs(views, query)},
        ),
        regions=filter_choices(
            query.get("region", ""),
            _("All regions"),
            {region.path: shown_name(region.name) for region in regions},
        ),
        sizes=filter_choices(
            query.get("size", ""),
            _("All sizes"),
            {size.value: str(SIZE_CLASSES[size]) for size in SizeClass},
        ),
        stages=tuple(
            SelectOption(stage, text, stage == query.get("stage", "open"))
            for stage, text in zip(
                STAGES, (_("Open periods"), _("Closed periods"), _("All periods")), strict=True
            )
        ),
        export_url=reverse("web:overview-csv") + with_query(query, page=None),
    )


def in_stage(views: Iterable[TurnoutView], query: QueryDict) -> list[TurnoutView]:
    """Those that take reports still, unless the reader asks for the closed ones or for all."""
    stage = query.get("stage", "open")
    return [
        view
        for view in views
        if stage == "all" or (view.closed_at is not None) == (stage == "closed")
    ]


def overview_table(
    views: Iterable[TurnoutView],
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """Head and rows of the file."""
    head = (
        *(
            "pack",
            "pack_version",
            "route",
            "scope",
            "period",
            "due",
            "closed",
            "sites",
            "obliged",
            "obliged_reported",
            "firms",
        ),
        *(
            "firms_reported",
            *(taking.value.replace("-", "_") for taking in ReportingState),
            "committed_only",
            "arrived_late",
        ),
    )
    rows: Iterator[Sequence[object]] = (
        (
            *(
                view.pack,
                view.pack_version,
                view.route,
                view.scope,
                view.period,
                view.due.isoformat(),
            ),
            view.closed_at.isoformat() if view.closed_at else "",
            *(view.sites, view.obliged, view.obliged_reported, view.firms, view.firms_reported),
            *(view.states.get(taking, 0) for taking in ReportingState),
            *(view.committed, view.arrived_late),
        )
        for view in views
    )
    return head, rows


def _row(view: TurnoutView) -> TurnoutRow:
    names = Names.of(view.pack, view.pack_version)
    return TurnoutRow(
        title=_("%(title)s, %(period)s")
        % {"title": names.title(view.route), "period": period_name(view.period)},
        scope=shown_name(view.scope),
        url=reverse("web:participation", args=[view.peer_group, view.period]),
        due=last_day(view.due),
        open=StateWord(_("Closed"), "ok")
        if view.closed_at
        else StateWord(_("Open for reports"), "wait"),
        reported=view.obliged_reported,
        obliged=view.obliged,
        share=f"{100 * _share(view):.1f}%",
        late=view.states.get(ReportingState.LATE, 0),
        states=tuple(
            (state(TAKING_PART, taking), view.states[taking])
            for taking in ReportingState
            if view.states.get(taking)
        ),
        committed=view.committed,
        arrived_late=view.arrived_late,
    )


def _figures(
    turnouts: Sequence[TurnoutView], reported: int, obliged: int
) -> tuple[HeadlineFigure, ...]:
    late = _total(turnouts, ReportingState.LATE)
    return (
        HeadlineFigure(
            _("Obliged sites that reported"),
            f"{reported:,}",
            _("of %(of)s") % {"of": f"{obliged:,}"},
            _("accepted reports only"),
            "best",
        ),
        HeadlineFigure(
            _("Late, nothing received"),
            f"{late:,}",
            "",
            _("%(n)d came after the due date") % {"n": sum(v.arrived_late for v in turnouts)},
            "you" if late else "plain",
        ),
        HeadlineFigure(
            _("Committed, not yet reported"),
            f"{sum(view.committed for view in turnouts):,}",
            "",
            _("their data is fixed, the report is still to come"),
        ),
    )


def _share(view: TurnoutView) -> float:
    return view.obliged_reported / view.obliged if view.obliged else 0.0


def _total(views: Iterable[TurnoutView], taking: ReportingState) -> int:
    return sum(view.states.get(taking, 0) for view in views)


def _packs(views: Iterable[TurnoutView], query: QueryDict) -> list[Names]:
    """Those of the rows, and the one that is asked for, which another filter may have emptied."""
    asked = Names.newest(query.get("sector", ""))
    packs = {view.pack for view in views} | ({asked.pack_id} if asked.pack else set())
    return [Names.newest(pack) for pack in sorted(packs)]
