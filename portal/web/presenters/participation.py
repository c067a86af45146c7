"""Who took part in one peer group and period, site by site: state, deadline, what the report
covers. Never a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import SizeClass
from portal.intake.participation import (
    ParticipantFilter,
    ParticipantView,
    ParticipationView,
    PartView,
    ReportingState,
    fitting,
    in_order,
    participants,
)
from portal.sentences import in_words
from portal.standings.quality import HistoryBreak, QualitiesView, QualityView
from portal.web.lists.tables import (
    columns,
    filter_choices,
    order_asked,
    paged,
    sort_form,
    with_query,
)
from portal.web.viewmodels.shared import SelectOption, StateWord
from portal.web.viewmodels.tables import ColumnHead, PageRange, SortForm
from portal.web.words.figures import NONE
from portal.web.words.terms import COHORTS, SIZE_CLASSES, TAKING_PART, Names, shown_name, state

SquareKind = Literal["reported", "unusable", "late", "missing"]


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """One firm's site: whether it reported, and what can be told of the report without a value."""

    firm: str
    site: str
    record_url: str
    jurisdiction: str
    kind: str  # declared size, and whether the site is obliged
    state: StateWord
    received: datetime | None
    note: str
    late: bool  # it came after the due date
    coverage: str  # the steps of the route it covers
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Square:
    """One site in the strip of squares, or all of one state."""

    x: str
    width: str
    kind: SquareKind


@dataclass(frozen=True, slots=True)
class ParticipationPage:
    rows: tuple[ParticipationRow, ...]
    counts: tuple[tuple[str, int, str], ...]  # (kind, how many, word)
    squares: tuple[Square, ...]
    reported: int
    of: int
    late: int  # sites of which nothing came in time and nothing has come since
    awaited: int  # sites that owe a report, or may still send one, of which none is accepted
    committed: int  # of those without a report
    whole: int  # accepted reports that cover every step of the route
    accepted: int
    broken: int  # accepted reports that break their series
    columns: tuple[ColumnHead, ...]
    sort_form: SortForm | None
    matches: int
    pages: PageRange | None
    export_url: str
    states: tuple[SelectOption, ...]
    regions: tuple[SelectOption, ...]
    sizes: tuple[SelectOption, ...]
    duties: tuple[SelectOption, ...]
    query: str


SQUARES: dict[str, SquareKind] = {
    "reported": "reported",
    "waiting": "reported",
    "unusable": "unusable",
    "late": "late",
    "missing": "missing",
    "not-owed": "missing",
}


BREAKS: dict[HistoryBreak, Promise] = {
    HistoryBreak.AGENT: gettext_lazy("signed by a different agent than in the period before"),
    HistoryBreak.LEDGER: gettext_lazy(
        "its privacy ledger counts fewer reports than in the period before"
    ),
}

MOST_SQUARES = 200
DUTIES = ("obliged", "voluntary")
ORDERS = ("firm", "site", "region", "state", "received", "steps")
DEFAULT_ORDER = "firm"
SITES_A_PAGE = 25


def participation_page(
    view: ParticipationView, quality: QualitiesView, query: QueryDict
) -> ParticipationPage:
    parts = _asked(view, quality, query)
    here, pages = paged(parts, query, SITES_A_PAGE)
    heads = {
        "firm": _("Firm"),
        "site": _("Site"),
        "region": _("Jurisdiction"),
        "state": _("State"),
        "received": _("Received"),
        "steps": _("Steps covered"),
    }
    numbers = {taking.value: number for taking, number in view.totals.states.items()}
    asked = query.get("state", "")
    regions = {str(name): shown_name(name) for name in view.totals.regions}
    states = {code: state(TAKING_PART, code).word for code in TAKING_PART}
    of_steps = len(steps_of(view))
    return ParticipationPage(
        rows=tuple(
            _row(participant, quality.of(participant), of_steps)
            for participant in participants(view, here)
        ),
        counts=tuple(
            (SQUARES[code], numbers[code], states[code])
            for code in TAKING_PART
            if numbers.get(code)
        ),
        squares=_squares(numbers),
        reported=view.firms_reported,
        of=view.firms,
        late=view.count(ReportingState.LATE),
        awaited=sum(
            number
            for taking, number in view.totals.states.items()
            if taking not in (ReportingState.REPORTED, ReportingState.NOT_OWED)
        ),
        committed=view.totals.committed,
        whole=quality.whole,
        accepted=quality.accepted,
        broken=quality.broken,
        columns=(shown_columns := columns(heads, ORDERS, query, DEFAULT_ORDER)),
        sort_form=sort_form(shown_columns, len(parts), query),
        matches=len(parts),
        pages=pages,
        export_url=reverse("web:participation-csv", args=[view.peer_group, view.period])
        + with_query(query, page=None),
        states=filter_choices(asked, _("All states"), states),
        regions=filter_choices(query.get("region", ""), _("All regions"), regions),
        sizes=filter_choices(
            query.get("size", ""),
            _("All sizes"),
            {size.value: str(SIZE_CLASSES[size]) for size in SizeClass},
        ),
        duties=filter_choices(
            query.get("duty", ""),
            _("All sites"),
            dict(zip(DUTIES, (_("Obliged"), _("Voluntary")), strict=True)),
        ),
        query=query.get("q", "").strip()[:100],
    )


def participation_table(
    view: ParticipationView, quality: QualitiesView, query: QueryDict
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """Head and rows of the file, filtered and ordered as the page."""
    head = (
        "firm",
        "organisation",
        "credit_code",
        "site",
        "site_name",
        "jurisdiction",
        "size_class",
        "obliged",
        "cohort",
        "state",
        "due",
        "committed",
        "first_received",
    )
    more = (
        "received",
        "revision",
        "arrived_late",
        "steps_covered",
        "steps_of_route",
        "breaks",
        "reason",
    )
    of = len(steps_of(view))
    rows: Iterator[Sequence[object]] = (
        (
            *(
                participant.firm,
                participant.organisation,
                participant.credit_code,
                participant.site,
                participant.site_name,
                participant.jurisdiction,
                participant.size_class,
            ),
            *(
                "yes" if participant.obliged else "no",
                participant.cohort,
                participant.taking.value,
                participant.due.isoformat(),
            ),
            *(
                moment.isoformat() if moment else ""
                for moment in (
                    participant.committed_at,
                    participant.first_received_at,
                    participant.received_at,
                )
            ),
            *(participant.revision, "yes" if participant.arrived_late else "no"),
            *(
                assessment.steps if assessment else "",
                of,
                " ".join(assessment.breaks) if assessment else "",
                participant.reason,
            ),
        )
        for participant in participants(view, _asked(view, quality, query))
        for assessment in (quality.of(participant),)
    )
    return (*head, *more), rows


def steps_of(view: ParticipationView) -> tuple[str, ...]:
    """The steps of the peer group's route; none where its pack is no longer installed."""
    route = Names.of(view.pack, view.pack_version).route(view.route)
    return tuple(dict.fromkeys(step.step for step in route.steps)) if route else ()


def _asked(view: ParticipationView, quality: QualitiesView, query: QueryDict) -> Sequence[PartView]:
    """Those that the address asks for, in the order that it asks for."""
    duty = query.get("duty", "")
    if duty not in ("", *DUTIES):
        return ()
    wanted = ParticipantFilter(
        taking=query.get("state", ""),
        obliged=duty == DUTIES[0] if duty else None,
        region=query.get("region", "")[:200],
        size_class=query.get("size", "")[:20],
        words=tuple(query.get("q", "").strip()[:100].split()),
    )
    order, descending = order_asked(ORDERS, query, DEFAULT_ORDER)
    parts = fitting(view, wanted)
    if order == "steps":
        return sorted(
            parts,
            key=lambda part: assessment.steps if (assessment := quality.of(part)) else -1,
            reverse=descending,
        )
    return in_order(view, parts, order, descending=descending)


def _row(
    participant: ParticipantView, quality: QualityView | None, of_steps: int
) -> ParticipationRow:
    duty = _("obliged") if participant.obliged else _("voluntary")
    kind = (
        str(SIZE_CLASSES[participant.size_class]),
        duty,
        str(COHORTS.get(participant.cohort, "")),
    )
    only_committed = participant.committed_at and not participant.received_at
    return ParticipationRow(
        firm=shown_name(participant.firm),
        site=shown_name(participant.site_name),
        record_url=reverse("web:site-record", args=[participant.site]),
        jurisdiction=shown_name(participant.jurisdiction),
        kind=" · ".join(word for word in kind if word),
        state=state(TAKING_PART, participant.taking),
        received=participant.received_at,
        note=in_words(participant.reason)
        or (_("committed to its data, the report is still to come") if only_committed else ""),
        late=participant.arrived_late,
        coverage=_("%(n)d of %(of)d") % {"n": quality.steps, "of": of_steps} if quality else NONE,
        breaks=tuple(str(BREAKS[broken]) for broken in quality.breaks) if quality else (),
    )


def _squares(numbers: Mapping[str, int]) -> tuple[Square, ...]:
    """One square a site, those that reported first; where squares would be thinner than a line, one
    bar a state.
    """
    kinds = [(SQUARES[code], numbers.get(code, 0)) for code in TAKING_PART]
    sites = sum(numbers.values())
    room = 100 / max(sites, 12)
    if sites <= MOST_SQUARES:
        each = [kind for kind, number in kinds for _ in range(number)]
        return tuple(
            Square(f"{index * room:.3f}%", f"{0.78 * room:.3f}%", kind)
            for index, kind in enumerate(each)
        )
    bars, before = [], 0
    for kind, number in kinds:
        if number:
            bars.append(Square(f"{before * room:.3f}%", f"{number * room:.3f}%", kind))
        before += number
    return tuple(bars)
