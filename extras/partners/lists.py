"""What sites granted to partners, conformance results declared and confirmed, and deliveries of
energy, in words and as files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from extras.partners.conformance import ConformanceView
from extras.partners.deliveries import DeliveryView
from extras.partners.forms import CARRIERS
from extras.partners.grants import GrantedView, GrantView
from portal.accounts.models import Role
from portal.intake.selectors import SubmissionView
from portal.web.lists.tables import Key, with_query
from portal.web.presenters.listed import asked_for, listed
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.shared import StateWord
from portal.web.words.figures import raised
from portal.web.words.terms import (
    SUBMISSION_STATES,
    enumerated,
    moment_in_words,
    period_name,
    shown_name,
    state,
)

RESULT_COLUMNS = (
    "provider",
    "product",
    "version",
    "source",
    "kit",
    "ran_on",
    "failed",
    "file_sha256",
    "declared_at",
    "confirmed_at",
)
DELIVERY_COLUMNS = (
    "supplier",
    "site",
    "period",
    "carrier",
    "quantity",
    "unit",
    "note",
    "declared_at",
    "taken_back_at",
)

RESULTS = "results-"  # before the parameters of this table, which stands beside another one
RESULT_KEYS: Mapping[str, Key[ConformanceView]] = {
    "product": lambda view: (view.product.casefold(), view.version),
    "provider": lambda view: view.provider.casefold(),
    "ran": lambda view: view.ran_on,
}
RESULTS_BY = "-ran"
DELIVERY_KEYS: Mapping[str, Key[DeliveryView]] = {
    "site": lambda view: view.site,
    "period": lambda view: view.period,
    "carrier": lambda view: view.carrier,
    "supplier": lambda view: view.supplier.casefold(),
}
DELIVERIES_BY = "-period"


def results_list(
    views: Sequence[ConformanceView],
    query: QueryDict,
    *,
    export_url: str = "",
    to_confirm: bool = False,
    own: bool = False,
) -> ListTable:
    """Conformance results; `to_confirm` adds what a regulator may do, `own` are the reader's."""
    titles = {
        "product": _("Product"),
        "provider": _("Provider"),
        "ran": _("Test date"),
        "result": _("Result"),
        "word": _("Source of the statement"),
    }
    if to_confirm:
        titles["action"] = _("Action")

    def cells(view: ConformanceView) -> tuple[TableCell, ...]:
        row = (
            TableCell(f"{view.product} {view.version}", note=view.source),
            TableCell(shown_name(view.provider)),
            TableCell(date_format(view.ran_on, _("j F Y")), note=view.kit),
            TableCell("", state=_result(view), note=enumerated(view.failed)),
            TableCell("", state=_word(view)),
        )
        if not to_confirm:
            return row
        name = f"{view.product} {view.version}"
        if view.confirmed_at or view.failed:
            return (*row, TableCell("–"))
        return (
            *row,
            TableCell(_("Confirm"), url=reverse("web:confirm-result", args=[view.id]), about=name),
        )

    return listed(
        views,
        query,
        caption=_("Results of the conformance kit"),
        titles=titles,
        keys=RESULT_KEYS,
        default=RESULTS_BY,
        cells=cells,
        empty=_("No regulator has confirmed a result yet. Choose all to see the others.")
        if views
        else _("You have declared no result yet.")
        if own
        else _("No technology provider has declared a result yet."),
        export_url=export_url and export_url + with_query(query, **{f"{RESULTS}page": None}),
        only=(_("confirmed ones only"), _confirmed),
        prefix=RESULTS,
    )


def granted_list(views: Sequence[GrantedView], query: QueryDict) -> ListTable:
    """The reports of every site that granted a provider access; a site without one has a row,
    too.
    """
    pairs = [(view, report) for view in views for report in (view.submissions or (None,))]

    def cells(pair: tuple[GrantedView, SubmissionView | None]) -> tuple[TableCell, ...]:
        view, report = pair
        name = shown_name(view.site_name)
        if report is None:
            return (
                TableCell(name, note=view.site),
                TableCell("–"),
                TableCell(_("Nothing reported yet")),
                TableCell("–"),
                TableCell(open_to(view.receipts, view.values)),
            )
        about = enumerated((name, period_name(report.period), str(report.revision)))
        what = TableCell("–")
        if view.values:
            what = TableCell(
                _("Values and receipt"),
                url=reverse("web:granted", args=[report.digest]),
                about=about,
            )
        elif view.receipts:
            what = TableCell(
                _("Signed receipt"),
                url=reverse("web:granted-receipt", args=[report.digest]),
                about=about,
            )
        when = _("%(period)s, revision %(revision)s") % {
            "period": period_name(report.period),
            "revision": report.revision,
        }
        return (
            TableCell(name, note=view.site),
            TableCell(when, note=moment_in_words(report.received_at)),
            TableCell("", state=state(SUBMISSION_STATES, report.state)),
            what,
            TableCell(open_to(view.receipts, view.values)),
        )

    return listed(
        pairs,
        query,
        caption=_("Reports of the sites that gave you access"),
        titles={
            "site": _("Site"),
            "period": _("Report"),
            "state": _("State"),
            "what": _("You can see"),
            "granted": pgettext("access", "Granted"),
        },
        keys={
            "site": lambda pair: pair[0].site,
            "period": lambda pair: pair[1].period if pair[1] else "",
            "state": lambda pair: pair[1].state if pair[1] else "",
        },
        default="site",
        cells=cells,
        empty=_("No report was refused.")
        if pairs
        else _(
            "No site has given you access. Ask the firm: its manager grants access on the page "
            "“Sites and agents”."
        ),
        only=(
            _("refused ones only"),
            lambda pair: pair[1] is not None and pair[1].state == "refused",
        ),
    )


def deliveries_list(
    views: Sequence[DeliveryView], query: QueryDict, *, mine: bool, export_url: str
) -> ListTable:
    """Declared deliveries, for the supplier (`mine`) or for the certification body."""
    titles = {
        "site": _("Site"),
        "period": _("Period"),
        "carrier": _("Energy carrier"),
        "quantity": _("Delivered"),
    }
    titles |= (
        {"state": _("State"), "action": _("Action")}
        if mine
        else {"supplier": _("Energy supplier"), "note": _("Note")}
    )

    def cells(view: DeliveryView) -> tuple[TableCell, ...]:
        name = shown_name(view.site_name)
        row = (
            TableCell(name, note=view.site),
            TableCell(period_name(view.period)),
            TableCell(str(CARRIERS.get(view.carrier, view.carrier))),
            TableCell(f"{_plain(view.quantity)} {raised(view.unit)}", num=True),
        )
        if not mine:
            moment = moment_in_words(view.declared_at)
            return (
                *row,
                TableCell(shown_name(view.supplier), note=moment),
                TableCell(view.note or "–"),
            )
        stands = view.taken_back_at is None
        word = (
            StateWord(_("Declared"), "ok")
            if stands
            else StateWord(_("Withdrawn or replaced"), "wait")
        )
        about = enumerated((name, period_name(view.period)))
        back = (
            TableCell(
                _("Withdraw"),
                post_url=reverse("web:take-back-delivery", args=[view.id]),
                about=about,
            )
            if view.may_be_taken_back
            else TableCell("–")
        )
        return (*row, TableCell("", state=word), back)

    return listed(
        views,
        query,
        caption=_("Declared deliveries"),
        titles=titles,
        keys=DELIVERY_KEYS,
        default=DELIVERIES_BY,
        cells=cells,
        empty=_("Nothing on record matches this filter.")
        if views
        else _("Nothing is declared yet.")
        if mine
        else _(
            "No energy supplier has declared a delivery to a site and period that you audit. You "
            "need not do anything."
        ),
        export_url=export_url + with_query(query, page=None),
        only=(_("valid ones only"), _stands) if mine else None,
    )


def grants_list(views: Sequence[GrantView], site: str, query: QueryDict) -> ListTable:
    """Who sees or saw what of a firm's site."""

    def cells(view: GrantView) -> tuple[TableCell, ...]:
        name = shown_name(view.partner)
        ends = TableCell("–")
        if view.ended_at is None:
            ends = TableCell(
                _("Withdraw"), post_url=reverse("web:end-access", args=[site, view.id]), about=name
            )
        kind = _("technology provider") if view.kind == Role.PROVIDER else _("energy supplier")
        what = (
            open_to(view.receipts, view.values)
            if view.kind == Role.PROVIDER
            else _("declares deliveries")
        )
        granted_at = moment_in_words(view.granted_at)
        word = (
            StateWord(_("Has access"), "ok")
            if view.ended_at is None
            else StateWord(_("Ended"), "wait")
        )
        return (
            TableCell(name, note=kind),
            TableCell(what),
            TableCell(granted_at, note=view.granted_by),
            TableCell("", state=word),
            ends,
        )

    return listed(
        views,
        query,
        caption=_("Who has or had access to this site"),
        titles={
            "partner": _("Partner"),
            "what": _("To what"),
            "given": pgettext("access", "Granted"),
            "state": _("State"),
            "action": _("Action"),
        },
        keys={
            "partner": lambda view: view.partner.casefold(),
            "given": lambda view: view.granted_at,
        },
        default="-given",
        cells=cells,
        empty=_(
            "Only your firm, its regulators and the certification body can see anything about "
            "this site."
        ),
        only=(_("current ones only"), lambda view: view.ended_at is None),
    )


def results_table(
    views: Sequence[ConformanceView], query: QueryDict
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """For a file: the rows that the address leaves, in its order."""
    rows = asked_for(views, query, RESULT_KEYS, RESULTS_BY, only=_confirmed, prefix=RESULTS)
    return RESULT_COLUMNS, (
        tuple(
            " ".join(view.failed) if name == "failed" else getattr(view, name) or ""
            for name in RESULT_COLUMNS
        )
        for view in rows
    )


def deliveries_table(
    views: Sequence[DeliveryView], query: QueryDict
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """For a file: the rows that the address leaves, in its order."""
    rows = asked_for(views, query, DELIVERY_KEYS, DELIVERIES_BY, only=_stands)
    return DELIVERY_COLUMNS, (
        tuple(getattr(view, name) or "" for name in DELIVERY_COLUMNS) for view in rows
    )


def _confirmed(view: ConformanceView) -> bool:
    return view.confirmed_at is not None


def _stands(view: DeliveryView) -> bool:
    return view.taken_back_at is None


def open_to(receipts: bool, values: bool) -> str:
    """What a grant opens."""
    if values:
        return _("states, receipts and protected values")
    return _("states and receipts") if receipts else _("states of reports")


def _plain(quantity: Decimal) -> str:
    """Without noughts that nobody wrote: `120,000.5`."""
    return f"{quantity:,.3f}".rstrip("0").rstrip(".")


def _result(view: ConformanceView) -> StateWord:
    failed = len(view.failed)
    if not failed:
        return StateWord(_("All checks passed"), "ok")
    return StateWord(
        ngettext("%(n)s check failed", "%(n)s checks failed", failed) % {"n": failed}, "no"
    )


def _word(view: ConformanceView) -> StateWord:
    if view.confirmed_at is not None:
        return StateWord(_("Confirmed by a regulator"), "ok")
    return StateWord(_("Declared by the provider"), "wait")
