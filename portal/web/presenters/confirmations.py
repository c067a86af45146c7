"""For an auditor: what firms ask to have confirmed, and what was confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks.guidance.practices import Library
from portal.assurance.models import AuditorKey
from portal.practices.models import SiteReport
from portal.web.presenters.methods import table_of
from portal.web.presenters.practices import class_found
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.methods import Fact, FormSheet, Link, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb, StateWord
from portal.web.words.terms import dated, in_language, in_page_language, moment_in_words

COMMAND = (
    "steplabel-agent practices confirm practice-outcome-%(report)s.json ACTION --site site.toml "
    "--keys auditor.pem"
)


def confirmations_page(
    library: Library,
    waiting: Sequence[SiteReport],
    refused: Sequence[SiteReport],
    confirmed: Sequence[tuple[SiteReport, AuditorKey]],
) -> MethodSheet:
    names = {practice.id: in_page_language(practice.words) for practice in library.practices}
    lead = _("Reports that wait for you: %(waits)s. Confirmations of your body that stand: "
             "%(confirmed)s.") % {
        "waits": len(waiting), "confirmed": sum(row.confirmed for row, _key in confirmed),
    }  # fmt: skip
    return MethodSheet(
        _("Confirmations"),
        (),
        lead,
        sections=(
            MethodSection(_("Waiting for you"), _waiting(waiting, names), _about()),
            MethodSection(_("Confirmed by your body"), _confirmed(confirmed, names)),
            MethodSection(_("Refused at these sites"), _refused(refused, names)),
        ),
    )


def confirm_page(library: Library, row: SiteReport) -> FormSheet:
    facts = (
        Fact(_("Site"), in_language(row.site.name, row.site.name_zh)),
        Fact(_("Practice"), _practice(library, row), reverse("web:practice", args=[row.practice])),
        Fact(_("What the site found"), class_found(row)),
        Fact(pgettext("date", "Submitted"), moment_in_words(row.handed_in_at)),
        Fact(_("Command"), COMMAND % {"report": row.pk}, mono=True),
    )
    links = (
        Link(_("Save the file of the firm"), reverse("web:outcome-to-confirm", args=[row.pk])),
    )
    lead = _(
        "Save the file and run the command beside the plant’s records; ACTION is the id of the "
        "plant’s action. It signs the file with your "
        "key only if it finds the same class. Then choose the signed file here."
    )
    return FormSheet(
        MethodSheet(_("Confirm what a practice saved"), crumbs(), lead, facts, links=links),
        end_url=reverse("web:withdraw-confirmation", args=[row.pk]),
        end_text=_("Refuse to confirm it"),
        form_title=_("Your confirmation"),
        button=_("Confirm it"),
    )


def which(library: Library, row: SiteReport) -> str:
    """Of which site and practice a report is."""
    names = {
        "site": in_language(row.site.name, row.site.name_zh),
        "practice": _practice(library, row),
    }
    return _("%(site)s: %(practice)s.") % names


def _practice(library: Library, row: SiteReport) -> str:
    return next(
        (
            in_page_language(practice.words)
            for practice in library.practices
            if practice.id == row.practice
        ),
        row.practice,
    )


def crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Confirmations"), reverse("web:confirmations")),)


def _about() -> str:
    return _(
        "A report is listed here if its firm asks for a confirmation, your body is assigned to "
        "the site and you declared no interest."
    )


def _waiting(rows: Sequence[SiteReport], names: dict[str, str]) -> ListTable:
    heads = (_("Site"), _("Practice"), _("What the site found"), pgettext("date", "Submitted"))
    cells = tuple(
        (
            *_what(row, names, url="web:confirm-outcome"),
            TableCell(moment_in_words(row.handed_in_at)),
        )
        for row in rows
    )
    return table_of(_("Reports that wait"), heads, cells, _("Nothing waits for your confirmation."))


def _refused(rows: Sequence[SiteReport], names: dict[str, str]) -> ListTable:
    heads = (_("Site"), _("Practice"), _("What the site found"), _("Refused on"), _("Reason"))
    cells = tuple(
        (*_what(row, names), _refused_by(row), TableCell(row.unconfirmed_reason)) for row in rows
    )
    return table_of(_("Refused reports"), heads, cells, _("No auditor has refused a report."))


def _refused_by(row: SiteReport) -> TableCell:
    return TableCell(
        moment_in_words(row.unconfirmed_at) if row.unconfirmed_at else "",
        note=str(row.unconfirmed_by),
    )


def _confirmed(rows: Sequence[tuple[SiteReport, AuditorKey]], names: dict[str, str]) -> ListTable:
    heads = (
        _("Site"),
        _("Practice"),
        _("What the site found"),
        _("Confirmed on"),
        _("State"),
        _("Action"),
    )
    cells = tuple(
        (*_what(row, names), _by(row, key), _state(row), _withdrawal(row)) for row, key in rows
    )
    return table_of(
        _("Confirmed reports"), heads, cells, _("Your body has confirmed no report yet.")
    )


def _what(
    row: SiteReport, names: dict[str, str], url: str = ""
) -> tuple[TableCell, TableCell, TableCell]:
    site = TableCell(
        in_language(row.site.name, row.site.name_zh),
        note=row.site.slug,
        url=reverse(url, args=[row.pk]) if url else "",
    )
    return site, TableCell(names.get(row.practice, row.practice)), TableCell(class_found(row))


def _by(row: SiteReport, key: AuditorKey) -> TableCell:
    return TableCell(
        dated(row.confirmed_on.isoformat()) if row.confirmed_on else "", note=str(key.owner)
    )


def _state(row: SiteReport) -> TableCell:
    if not row.confirmed:
        return TableCell("", state=StateWord(_("Withdrawn"), "no"), note=row.unconfirmed_reason)
    counted = row.counted_at is not None
    return TableCell(
        "",
        state=StateWord(_("Counted"), "ok")
        if counted
        else StateWord(_("Waits for four other firms"), "wait"),
    )


def _withdrawal(row: SiteReport) -> TableCell:
    address = reverse("web:withdraw-confirmation", args=[row.pk])
    return (
        TableCell(_("Withdraw"), url=address, about=row.site.slug)
        if row.confirmed
        else TableCell("–")
    )
