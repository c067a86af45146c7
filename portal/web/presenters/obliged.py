"""The list of the obliged: how far each cohort is, what a new list would change, what is wrong with
a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise, lazystr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.catalogue.models import ObligedChange
from portal.catalogue.obliged_list import ObligedChanges
from portal.catalogue.obliged_rows import LineFault, ObligedFileFault
from portal.catalogue.selectors import PeerGroupView
from portal.intake.participation import ParticipationView, ReportingState
from portal.web.presenters.regulator import group_title, periods_crumb
from portal.web.viewmodels.shared import Crumb, Mood, StateWord
from portal.web.words.terms import COHORTS, enumerated, period_name, state


@dataclass(frozen=True, slots=True)
class CohortRow:
    """The progress of one cohort in the newest period."""

    name: str
    obliged: int
    reported: int
    late: int
    share: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list that was uploaded, or one site changed by hand."""

    id: int
    url: str
    at: datetime
    by: str
    sites: int
    state: StateWord
    undo_url: str  # empty where it is not the last that was applied


@dataclass(frozen=True, slots=True)
class ObligedPage:
    title: str
    obliged: int
    voluntary: int
    period: str
    cohorts: tuple[CohortRow, ...]
    lists: tuple[ListRow, ...]
    may_decide: bool
    files: tuple[tuple[str, str, str], ...]  # what it is, as CSV, as XLSX
    upload_url: str
    amend_url: str
    faults: tuple[str, ...]
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    what: str
    sites: str
    count: int


@dataclass(frozen=True, slots=True)
class ListPage:
    title: str
    state: StateWord
    decided: bool  # applied, perhaps undone: the rows say what it changed
    rows: tuple[DifferenceRow, ...]
    unchanged: int
    read_against: str  # digest of who is obliged now
    apply_url: str  # empty where it was decided
    undo_url: str
    crumbs: tuple[Crumb, ...]


FAULTS: dict[ObligedFileFault, Promise] = {
    ObligedFileFault.NOT_TEXT: gettext_lazy(
        "The file is not a CSV file in UTF-8. Save it as “CSV UTF-8”."
    ),
    ObligedFileFault.NO_WORKBOOK: gettext_lazy(
        "The file cannot be read as a workbook. Save it as XLSX, or as “CSV UTF-8”."
    ),
    ObligedFileFault.TOO_LONG: gettext_lazy(
        "The workbook has more than %(found)s lines, empty ones included. Delete what is below "
        "the list, or save it as “CSV UTF-8”."
    ),
    ObligedFileFault.BEYOND_LIMITS: lazystr("%(found)s"),
    ObligedFileFault.NO_SITE_COLUMN: gettext_lazy(
        "There is no column “site” or “credit_code” in the first line (%(found)s). Give one "
        "column this name, or start from the template."
    ),
    ObligedFileFault.CODE_WRONG: gettext_lazy(
        "“%(found)s” is not a valid unified social credit code. Compare it with the business "
        "licence."
    ),
    ObligedFileFault.CODE_UNKNOWN: gettext_lazy(
        "No site of this pack in this jurisdiction has the code “%(found)s”. Enter it at its firm "
        "first."
    ),
    ObligedFileFault.CODE_OF_SEVERAL: gettext_lazy(
        "Several sites have the code “%(found)s”. Enter the id of the right site in the column "
        "“site”."
    ),
    ObligedFileFault.EMPTY: gettext_lazy(
        "The file contains no site. An empty list is not accepted, because it would release "
        "everybody from the duty to report."
    ),
    ObligedFileFault.SITE_UNKNOWN: gettext_lazy(
        "“%(found)s” is not a site of this pack in this jurisdiction. Correct its id, or register "
        "it first."
    ),
    ObligedFileFault.SITE_TWICE: gettext_lazy(
        "“%(found)s” is in the list twice. Remove one of the two lines."
    ),
    ObligedFileFault.COHORT_UNKNOWN: gettext_lazy(
        "“%(found)s” is not a cohort. Write hundred, thousand or ten-thousand, or leave it empty."
    ),
}

STATES: dict[str, tuple[Promise, Mood]] = {
    "proposed": (gettext_lazy("Not applied"), "wait"),
    "applied": (gettext_lazy("Applied"), "ok"),
    "undone": (gettext_lazy("Undone"), "no"),
}
MOST_NAMED = 40


def obliged_page(
    group: PeerGroupView,
    newest: ParticipationView | None,
    lists: Sequence[ObligedChange],
    faults: Sequence[LineFault],
) -> ObligedPage:
    participants = newest.participants if newest else ()
    obliged = sum(participant.obliged for participant in participants)
    last = next(
        (
            change.pk
            for change in sorted(lists, key=_applied, reverse=True)
            if change.state == "applied"
        ),
        None,
    )
    return ObligedPage(
        title=group_title(group),
        obliged=obliged,
        voluntary=len(participants) - obliged,
        period=period_name(newest.period) if newest else "",
        cohorts=_cohorts(newest) if newest else (),
        lists=tuple(_list(group, change, last) for change in lists),
        may_decide=group.may_decide,
        files=tuple(
            (
                title,
                reverse(f"web:obliged-{name}-csv", args=[group.id]),
                reverse(f"web:obliged-{name}-xlsx", args=[group.id]),
            )
            for name, title in (
                ("now", _("Who is obliged today")),
                ("template", _("Template of a list")),
            )
        ),
        upload_url=reverse("web:obliged-upload", args=[group.id]),
        amend_url=reverse("web:obliged-amend", args=[group.id]),
        faults=tuple(fault_words(fault) for fault in faults),
        crumbs=(periods_crumb(),),
    )


def list_page(
    group: PeerGroupView,
    change: ObligedChange,
    difference: ObligedChanges,
    held_now: str,
    *,
    is_last: bool,
) -> ListPage:
    """`held_now` goes back with the button, so that nothing is applied that was not read."""
    rows = [
        _row(_("Obliged from now on, new in the peer group"), difference.added),
        _row(_("Obliged from now on, took part voluntarily before"), difference.obliged),
        _row(_("No longer obliged; can continue voluntarily"), difference.released),
        _row(
            _("In another cohort"),
            [f"{site} ({_cohort(old)} → {_cohort(new)})" for site, old, new in difference.cohorts],
        ),
    ]
    return ListPage(
        title=_("List %(n)d") % {"n": change.pk},
        state=state(STATES, change.state),
        decided=change.state != "proposed",
        rows=tuple(row for row in rows if row.count),
        unchanged=difference.unchanged,
        read_against=held_now,
        apply_url=reverse("web:obliged-apply", args=[group.id, change.pk])
        if change.state == "proposed" and group.may_decide
        else "",
        undo_url=reverse("web:obliged-undo", args=[group.id, change.pk])
        if is_last and group.may_decide
        else "",
        crumbs=(
            periods_crumb(),
            Crumb(_("Who is obliged"), reverse("web:obliged", args=[group.id])),
        ),
    )


def fault_words(fault: LineFault) -> str:
    text = str(FAULTS[fault.fault]) % {"found": fault.found}
    return _("Line %(n)d: %(text)s") % {"n": fault.line, "text": text} if fault.line else text


def _cohorts(view: ParticipationView) -> tuple[CohortRow, ...]:
    """Each cohort that has sites, then those of none."""
    rows = []
    for cohort in (*COHORTS, ""):
        those = [
            participant
            for participant in view.participants
            if participant.obliged and participant.cohort == cohort
        ]
        if those:
            reported = sum(participant.taking is ReportingState.REPORTED for participant in those)
            late = sum(participant.taking is ReportingState.LATE for participant in those)
            rows.append(
                CohortRow(
                    _cohort(cohort),
                    len(those),
                    reported,
                    late,
                    f"{100 * reported / len(those):.1f}%",
                )
            )
    return tuple(rows)


def _list(group: PeerGroupView, row: ObligedChange, last: int | None) -> ListRow:
    return ListRow(
        id=row.pk,
        url=reverse("web:obliged-list", args=[group.id, row.pk]),
        at=row.at,
        by=str(row.by),
        sites=len(row.entries),
        state=state(STATES, row.state),
        undo_url=reverse("web:obliged-undo", args=[group.id, row.pk])
        if row.pk == last and group.may_decide
        else "",
    )


def _applied(row: ObligedChange) -> tuple[float, int]:
    return (row.applied_at.timestamp() if row.applied_at else 0.0, row.pk)


def _row(what: str, sites: Sequence[str]) -> DifferenceRow:
    more = _(" and %(n)d more") % {"n": len(sites) - MOST_NAMED} if len(sites) > MOST_NAMED else ""
    return DifferenceRow(what, enumerated(sites[:MOST_NAMED]) + more, len(sites))


def _cohort(code: str) -> str:
    return str(COHORTS[code]) if code else _("in no cohort")
