"""For a regulator: incentives, recorded against evidence, and corrected by a second officer. A site
is chosen among thousands without a script: words find some (`?find=`), and the form offers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from extras.programmes.incentives import (
    AmountCorrection,
    IncentiveView,
    correct,
    give,
    incentives_of,
)
from portal.accounts.models import Role, Site
from portal.accounts.selectors import regulated_sites, site_by_slug
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.forms.fields import area, choice, digest, line, number, offer_choices
from portal.web.lists.tables import csv_file, paged
from portal.web.search import LONGEST, MOST, sites_fitting
from portal.web.viewmodels.shared import Crumb
from portal.web.viewmodels.tables import PageRange
from portal.web.words.terms import period_name, sentence_space, shown_name


@dataclass(frozen=True, slots=True)
class SiteChoice:
    """What a form offers. `searched`: there are more sites than fit a list, so the page has a
    search.
    """

    words: str
    searched: bool
    offered: tuple[tuple[str, str], ...]  # id, and name, id and firm in words
    matches: int  # by the words
    more: bool  # more than are offered


def site_choice(sites: QuerySet[Site], text: str, chosen: str) -> SiteChoice:
    """All of at most `MOST` sites; of more those that fit the words, and none without words.

    Args:
        chosen: the id that was sent with the form: it stays on offer, whatever the words find, if
            it is one of `sites`.
    """
    words = " ".join(text.split())[:LONGEST]
    fitting = list(sites_fitting(sites, ())[: MOST + 1])
    if searched := len(fitting) > MOST:
        fitting = list(sites_fitting(sites, words.split())[: MOST + 1]) if words else []
    listed = fitting[:MOST]
    if chosen and all(site.slug != chosen for site in listed):
        listed += sites_fitting(sites, ()).filter(slug=chosen)
    offered = (
        (site.slug, f"{shown_name(site.name)} ({site.slug}), {shown_name(site.organisation.name)}")
        for site in listed
    )
    several = [("", _("Choose one"))] if len(listed) > 1 else []
    return SiteChoice(words, searched, (*several, *offered), len(fitting), len(fitting) > MOST)


YUAN = gettext_lazy("Write the amount as 120000 or 120000.50.")
LEAST_YUAN = Decimal("0.01")
TOO_LITTLE = gettext_lazy("The amount must be above 0.")


class IncentiveForm(forms.Form):
    """An incentive that a site was given, with its evidence."""

    site = choice(gettext_lazy("Site"), required=gettext_lazy("Choose a site."))
    scheme = line(
        gettext_lazy("Scheme"), required=gettext_lazy("Name the scheme."), most=120, width=20
    )
    amount = number(
        gettext_lazy("Amount, yuan"),
        required=gettext_lazy("Give the amount."),
        invalid=YUAN,
        min_value=LEAST_YUAN,
        too_small=TOO_LITTLE,
        max_digits=14,
        decimal_places=2,
    )
    evidence = digest(
        gettext_lazy("SHA-256 of the evidence"),
        gettext_lazy(
            "The digest of the site’s sealed report, or of a document that you keep: 64 digits of "
            "0–9 and a–f."
        ),
        gettext_lazy("Give the digest of the evidence."),
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "site", sites)


class CorrectionForm(forms.Form):
    """What of a recorded incentive was entered in error."""

    amount = number(
        gettext_lazy("Right amount, yuan"),
        gettext_lazy("Leave it empty if nothing was given on this evidence."),
        optional=True,
        invalid=YUAN,
        min_value=LEAST_YUAN,
        too_small=TOO_LITTLE,
        max_digits=14,
        decimal_places=2,
    )
    reason = area(
        gettext_lazy("Reason"),
        gettext_lazy("The site’s firm reads it."),
        gettext_lazy("Say in a sentence what is wrong."),
        most=500,
    )


@dataclass(frozen=True, slots=True)
class IncentiveRow:
    site: str
    scheme: str
    amount: str
    evidence: str
    report: (
        str  # which report of the site the evidence is, or that nothing on record has this digest
    )
    by: str
    at: datetime
    corrected: AmountCorrection | None
    error: str  # what is wrong, why, and what is right; empty where nothing is
    correct_url: str  # empty where the reader recorded it or its newest correction


@dataclass(frozen=True, slots=True)
class IncentivesPage:
    rows: tuple[IncentiveRow, ...]
    matches: int
    total: str
    sites: int
    pages: PageRange | None
    export_url: str


COLUMNS = (
    *(
        "site",
        "scheme",
        "amount_yuan",
        "evidence_sha256",
        "report_period",
        "recorded_by",
        "recorded_at",
    ),
    *("counted_yuan", "corrected_because", "corrected_by", "corrected_at"),
)


def incentives_page(
    views: Sequence[IncentiveView], query: QueryDict, *, reads: int
) -> IncentivesPage:
    """`reads`: the person, who marks no record or correction of their own."""
    here, pages = paged(views, query)
    return IncentivesPage(
        rows=tuple(
            IncentiveRow(
                site=shown_name(incentive.site_name),
                scheme=incentive.scheme,
                amount=f"{incentive.amount:,.2f}",
                evidence=incentive.evidence,
                report=_evidence(incentive),
                by=incentive.recorded_by,
                at=incentive.recorded_at,
                corrected=incentive.corrected,
                error=correction_in_words(incentive.corrected),
                correct_url=""
                if reads in incentive.barred
                else reverse("web:correct-incentive", args=[incentive.pk]),
            )
            for incentive in here
        ),
        matches=len(views),
        total=f"{sum(incentive.counted for incentive in views):,.0f}",
        sites=len({incentive.site for incentive in views if incentive.counted}),
        pages=pages,
        export_url=reverse("web:incentives-csv"),
    )


def correction_in_words(correction: AmountCorrection | None) -> str:
    if correction is None:
        return ""
    if correction.amount is None:
        return _("Entered in error: nothing was given. Reason: %(reason)s") % {
            "reason": correction.reason
        }
    facts = {"amount": f"{correction.amount:,.2f}", "reason": correction.reason}
    return _("Entered in error: %(amount)s yuan are right. Reason: %(reason)s") % facts


def what_is_recorded(view: IncentiveView) -> str:
    facts = {
        "site": shown_name(view.site_name),
        "scheme": view.scheme,
        "amount": f"{view.amount:,.2f}",
        "by": view.recorded_by,
    }
    parts = (
        _("%(site)s, %(scheme)s: %(amount)s yuan, recorded by %(by)s.") % facts,
        correction_in_words(view.corrected),
        _(
            "The record stays readable with your reason. In sums the right amount counts, or "
            "nothing."
        ),
    )
    return sentence_space().join(part for part in parts if part)


def crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Programmes"), reverse("web:incentives")),)


def _evidence(incentive: IncentiveView) -> str:
    if incentive.period:
        return _("its report of %(period)s") % {"period": period_name(incentive.period)}
    return (
        ""
        if incentive.on_record
        else _("a document kept elsewhere: nothing on record here has this digest")
    )


def incentives_table(
    views: Sequence[IncentiveView],
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    return COLUMNS, (
        (
            incentive.site,
            incentive.scheme,
            f"{incentive.amount:.2f}",
            incentive.evidence,
            incentive.period,
            incentive.recorded_by,
            incentive.recorded_at.isoformat(),
            f"{incentive.counted:.2f}",
            *_columns_of(incentive.corrected),
        )
        for incentive in views
    )


def _columns_of(correction: AmountCorrection | None) -> tuple[str, ...]:
    return (
        ("", "", "")
        if correction is None
        else (correction.reason, correction.by, correction.at.isoformat())
    )


@for_role(Role.REGULATOR, posts=True)
def page(request: HttpRequest) -> HttpResponseBase:
    choice = site_choice(
        regulated_sites(person(request)), request.GET.get("find", ""), request.POST.get("site", "")
    )
    form = IncentiveForm(request.POST if request.method == "POST" else None, sites=choice.offered)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data
        try:
            site = site_by_slug(content["site"])
            give(
                site,
                content["scheme"],
                content["amount"],
                content["evidence"],
                person(request),
                timezone.now(),
            )
        except RefusedError as refusal:
            if refusal.code == "not-regulator":
                raise
            add_error(form, "evidence", refusal)
        else:
            return report_done(request, _("The incentive is on record."), "web:incentives")
    user = person(request)
    content = {
        "page": incentives_page(incentives_of(user), request.GET, reads=user.pk),
        "choice": choice,
    }
    return form_page(request, "programmes/incentives.html", content, form)


@for_role(Role.REGULATOR, posts=True)
def correct_one(request: HttpRequest, incentive: int) -> HttpResponseBase:
    user = person(request)
    view = next((view for view in incentives_of(user) if view.pk == incentive), None)
    if view is None:
        raise Http404
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            correct(
                incentive,
                form.cleaned_data["amount"],
                form.cleaned_data["reason"],
                user,
                timezone.now(),
            )
        except RefusedError as refusal:
            add_error(form, "amount", refusal)
        else:
            return report_done(
                request, _("The record is marked as entered in error."), "web:incentives"
            )
    return confirm_page(
        request,
        form,
        title=_("Mark this record as entered in error?"),
        sentence=what_is_recorded(view),
        button=_("Mark it"),
        back=reverse("web:incentives"),
        crumbs=crumbs(),
        warning=True,
    )


@for_role(Role.REGULATOR)
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_file("steplabel-incentives.csv", *incentives_table(incentives_of(person(request))))
