"""When obligatory audits are due, in words and as a file; and the certificates that are on record
for a site.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.assurance.models import SystemCertificate
from portal.assurance.next_audit import Duty, NextAudit, obligatory_audit
from portal.assurance.obliged_sites import ObligedView
from portal.names import in_any_language
from portal.web.lists import tables
from portal.web.presenters.listed import Show, listed, showing
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.shared import StateWord
from portal.web.words.audits import DUTIES, STANDINGS
from portal.web.words.headings import REPORTING_FIRM
from portal.web.words.terms import moment_in_words, shown_name, state

FILE_COLUMNS = (
    "site",
    REPORTING_FIRM,
    "state",
    "due",
    "last_audit",
    "certified_until",
    "state_name",
)
NO_DAY = date.max
ORDER = {duty: index for index, duty in enumerate(Duty)}
KEYS: dict[str, tables.Key[ObligedView]] = {
    "site": lambda view: view.site,
    "due": lambda view: (view.due.day or NO_DAY, view.site),
    "last": lambda view: (view.last_audit or date.min, view.site),
    "state": lambda view: (ORDER[view.due.duty], view.due.day or NO_DAY, view.site),
}


def duties_list(
    views: Sequence[ObligedView],
    query: QueryDict,
    *,
    export_url: str = "",
    firm: bool = False,
    prefix: str = "",
) -> ListTable:
    """`firm`: for the firm itself; else its name stands beside the site. With `export_url` the
    table is narrowed and searched, too.
    """
    fitting = _fitting(views, query) if export_url else list(views)
    shown = _shown() if export_url else ()
    count = len(showing(fitting, query, shown))
    return listed(
        fitting,
        query,
        caption=ngettext("%(n)s obliged site", "%(n)s obliged sites", count) % {"n": count},
        titles={
            "site": _("Site"),
            "state": _("State"),
            "due": _("Next audit due by"),
            "last": _("Last audit"),
            "system": _("Certified until"),
        },
        keys=KEYS,
        default="state",
        cells=lambda view: _cells(view, firm=firm),
        empty=_("No obliged site matches. Use fewer words, or choose all.")
        if views
        else _("No site here is on a list of the obliged."),
        export_url=export_url + tables.with_query(query, page=None) if export_url else "",
        shown=shown,
        prefix=prefix,
    )


def duties_table(
    views: Sequence[ObligedView], query: QueryDict
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """For a file: the rows that the address leaves, in its order; columns by their codes."""
    duties = tables.sorted_rows(
        showing(_fitting(views, query), query, _shown()), KEYS, query, "state"
    )
    return FILE_COLUMNS, (
        (
            *(view.site, view.firm, view.due.duty.value),
            *(_iso(day) for day in (view.due.day, view.last_audit, view.due.certified_until)),
            state(DUTIES, view.due.duty).word,
        )
        for view in duties
    )


def certificates_list(
    rows: Sequence[SystemCertificate], query: QueryDict, today: date, *, may_take_back: bool
) -> ListTable:
    """What is on record for one site, also what was taken back."""

    def cells(row: SystemCertificate) -> tuple[TableCell, ...]:
        name = obligatory_audit(row.site.jurisdiction.path).systems.get(row.standard, row.standard)
        back = TableCell("–")
        if may_take_back and row.taken_back_at is None:
            back = TableCell(
                _("Withdraw"),
                url=reverse("web:take-system-back", args=[row.site.slug, row.pk]),
                about=f"{name} {row.number}",
            )
        return (
            TableCell(f"{name}, {row.number}", note=row.certifier),
            TableCell(
                _("%(first)s to %(last)s")
                % {"first": _day(row.valid_from), "last": _day(row.valid_until)}
            ),
            TableCell("", state=_state(row, today), note=row.taken_back_reason),
            TableCell(row.evidence, mono=True),
            TableCell(str(row.recorded_by), note=moment_in_words(row.recorded_at)),
            back,
        )

    return listed(
        rows,
        query,
        caption=_("Certified systems on record"),
        titles={
            "paper": _("Certificate"),
            "days": _("Valid"),
            "state": _("State"),
            "evidence": _("SHA-256 of the evidence"),
            "by": _("By"),
            "action": _("Action"),
        },
        keys={
            "days": lambda row: (row.valid_until, row.pk),
            "paper": lambda row: row.number.casefold(),
        },
        default="-days",
        cells=cells,
        empty=_("No certificate is on record for this site."),
    )


def duty_in_words(due: NextAudit, *, firm: bool, regulator: bool = True) -> str:
    """What is to be done, in a sentence; empty where nothing is."""
    if due.duty is Duty.UNKNOWN:
        if firm:
            return _(
                "No audit or certificate is on record. Record your certificate, or ask your "
                "regulator to assign a certification body."
            )
        if not regulator:
            return _("No audit and no certificate is on record.")
        return _(
            "No audit or certificate is on record. Record a certificate, or assign a "
            "certification body."
        )
    if due.duty is Duty.OVERDUE and (firm or regulator):
        return (
            _("Ask your regulator which certification body will do the audit.")
            if firm
            else _("Assign a certification body.")
        )
    if due.duty is Duty.SOON and due.certified_until is not None and due.certified_until == due.day:
        return _(
            "The certificate expires on this day. Record the next certificate, or arrange an audit."
        )
    return ""


def _in_the_list(due: NextAudit, *, firm: bool) -> str:
    """What is to be done, for the firm; who reads of many sites learns above the list what to do
    where nothing is known.
    """
    return (
        _("No audit and no certificate is on record.")
        if due.duty is Duty.UNKNOWN and not firm
        else duty_in_words(due, firm=firm)
    )


def _cells(view: ObligedView, *, firm: bool) -> tuple[TableCell, ...]:
    due, name = view.due, shown_name(view.site_name)
    note = view.site if firm else f"{view.site} · {shown_name(view.firm)}"
    return (
        TableCell(name, note=note, url=reverse("web:obliged-audit", args=[view.site])),
        TableCell("", state=state(DUTIES, due.duty), note=_in_the_list(due, firm=firm)),
        TableCell(_day(due.day)),
        TableCell(_day(view.last_audit)),
        TableCell(_day(due.certified_until)),
    )


def _state(row: SystemCertificate, today: date) -> StateWord:
    if row.taken_back_at is not None:
        return StateWord(_("Withdrawn"), "no")
    if today < row.valid_from:
        return StateWord(_("Begins later"), "wait")
    return state(STANDINGS, "valid" if today <= row.valid_until else "expired")


def _shown() -> tuple[Show[ObligedView], ...]:
    return tuple(
        (duty.value, str(DUTIES[duty][0]), lambda view, duty=duty: view.due.duty is duty)
        for duty in Duty
    )


def _fitting(views: Sequence[ObligedView], query: QueryDict) -> list[ObligedView]:
    """Those that hold every word of `?q=` somewhere in site or firm."""
    words = query.get("q", "").casefold().split()
    text = {
        view.site: "\n".join(
            (view.site, in_any_language(view.site_name), in_any_language(view.firm))
        ).casefold()
        for view in views
    }
    return [view for view in views if all(word in text[view.site] for word in words)]


def _day(day: date | None) -> str:
    return date_format(day, _("j F Y")) if day else "–"


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
