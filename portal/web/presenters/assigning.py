"""What a regulator has assigned, and the sites that it may assign, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import Site
from portal.assurance.assignments import AssignmentStanding, AssignmentView
from portal.names import in_any_language
from portal.web.lists import tables
from portal.web.presenters.listed import Show, listed, showing
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.words.audits import COURSES, ended_because
from portal.web.words.headings import REPORTING_FIRM
from portal.web.words.terms import enumerated, moment_in_words, period_name, shown_name, state

FILE_COLUMNS = (
    *(
        "body",
        "site",
        REPORTING_FIRM,
        "period",
        "due",
        "sees_values",
        "state",
        "major_findings_open",
        "assigned_by",
        "assigned_at",
    ),
    *("taken_back_by", "taken_back_at", "taken_back_reason", "state_name"),
)
DEFAULT = "-assigned"
KEYS: dict[str, tables.Key[AssignmentView]] = {
    "site": lambda view: view.site,
    "body": lambda view: view.body.casefold(),
    "period": lambda view: (view.period, view.site),
    "due": lambda view: view.due.isoformat() if view.due else "9999",
    "assigned": lambda view: (view.assigned_at, view.id),
    "state": lambda view: view.course,
}


def assignments_list(views: Sequence[AssignmentView], query: QueryDict) -> ListTable:
    fitting = _fitting(views, query)
    count = len(showing(fitting, query, _shown()))
    return listed(
        fitting,
        query,
        caption=ngettext("%(n)s assignment", "%(n)s assignments", count) % {"n": count},
        titles={
            "site": _("Site"),
            "body": _("Certification body"),
            "period": _("Period"),
            "due": _("Conclusion due"),
            "state": _("State"),
            "assigned": _("Assigned"),
            "action": _("Action"),
        },
        keys=KEYS,
        default=DEFAULT,
        cells=_cells,
        empty=_(
            "No assignment matches. Use fewer words or choose all. To assign a body, use the "
            "button above."
        )
        if views
        else _(
            "Nothing is assigned in your jurisdiction. Assign a certification body to a site and "
            "period with the button above."
        ),
        export_url=reverse("web:assignments-csv") + tables.with_query(query, page=None),
        shown=_shown(),
    )


def assignments_table(
    views: Sequence[AssignmentView], query: QueryDict
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """For a file: the rows that the address leaves, in its order; columns by their codes."""
    chosen = tables.sorted_rows(
        showing(_fitting(views, query), query, _shown()), KEYS, query, DEFAULT
    )
    return FILE_COLUMNS, (
        (
            *(
                view.body,
                view.site,
                view.firm,
                view.period,
                view.due.isoformat() if view.due else "",
            ),
            *(
                "yes" if view.sees_values else "no",
                view.course.value,
                view.majors,
                view.assigned_by,
                view.assigned_at.isoformat(),
            ),
            *(
                view.taken_back_by,
                view.taken_back_at.isoformat() if view.taken_back_at else "",
                view.taken_back_reason,
            ),
            state(COURSES, view.course).word,
        )
        for view in chosen
    )


def sites_list(sites: Sequence[Site], standing: Mapping[int, int], query: QueryDict) -> ListTable:
    """`standing`: how many assignments stand, by the site's number."""

    def cells(site: Site) -> tuple[TableCell, ...]:
        name = shown_name(site.name)
        count = standing.get(site.pk, 0)
        return (
            TableCell(name, note=site.slug, url=reverse("web:assign-site", args=[site.slug])),
            TableCell(shown_name(site.organisation.name)),
            TableCell(
                ngettext("%(n)s in force", "%(n)s in force", count) % {"n": count}
                if count
                else _("none")
            ),
        )

    return listed(
        sites,
        query,
        caption=ngettext("%(n)s site", "%(n)s sites", len(sites)) % {"n": len(sites)},
        titles={"site": _("Site"), "firm": _("Firm"), "standing": _("Assignments")},
        keys={
            "site": lambda site: site.slug,
            "firm": lambda site: site.organisation.name.casefold(),
            "standing": lambda site: standing.get(site.pk, 0),
        },
        default="site",
        cells=cells,
        empty=_(
            "No site of your jurisdiction matches these words. Use fewer words; you can also "
            "enter the site’s id."
        ),
    )


def _cells(view: AssignmentView) -> tuple[TableCell, ...]:
    name, period = shown_name(view.site_name), period_name(view.period)
    note = (
        ngettext("%(n)s major finding open", "%(n)s major findings open", view.majors)
        % {"n": view.majors}
        if view.majors
        else ""
    )
    action = TableCell("–")
    if view.course is AssignmentStanding.TAKEN_BACK:
        note = ended_because(view.taken_back_reason)
    else:
        action = TableCell(
            _("Withdraw"),
            url=reverse("web:take-assignment-back", args=[view.id]),
            about=enumerated((name, period)),
        )
    return (
        TableCell(name, note=f"{view.site} · {shown_name(view.firm)}"),
        TableCell(
            shown_name(view.body),
            note=_("sees protected values") if view.sees_values else _("sees only the outer data"),
        ),
        TableCell(period),
        TableCell(date_format(view.due, _("j F Y")) if view.due else "–"),
        TableCell("", state=state(COURSES, view.course), note=note),
        TableCell(moment_in_words(view.assigned_at), note=view.assigned_by),
        action,
    )


def _shown() -> tuple[Show[AssignmentView], ...]:
    return tuple(
        (course.value, str(COURSES[course][0]), lambda view, course=course: view.course is course)
        for course in AssignmentStanding
    )


def _fitting(views: Sequence[AssignmentView], query: QueryDict) -> list[AssignmentView]:
    """Those that hold every word of `?q=` somewhere in site, firm, body or period."""
    words = query.get("q", "").casefold().split()
    return [view for view in views if all(word in _text(view) for word in words)]


def _text(view: AssignmentView) -> str:
    parts = (view.site, *map(in_any_language, (view.site_name, view.firm, view.body)), view.period)
    return "\n".join(parts).casefold()
