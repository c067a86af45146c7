"""For a regulator: incentives tied to criteria of programmes, proposed by one officer and approved
by another.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.accounts.selectors import jurisdictions_of, may_decide_for
from portal.assurance.models import IncentiveOffer
from portal.assurance.offers import decide, end, offers_seen_by, propose
from portal.days import scheme_day
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.incentive_offers import EndOfferForm, OfferedForm
from portal.web.lists.tables import csv_file
from portal.web.presenters import offers as presenter
from portal.web.words.terms import shown_name


@for_role(Role.REGULATOR)
def page(request: HttpRequest) -> HttpResponse:
    rows = list(offers_seen_by(person(request)))
    return render(
        request, "web/sheet.html", {"page": presenter.offers_page(rows, request.GET, scheme_day())}
    )


@for_role(Role.REGULATOR)
def as_csv(request: HttpRequest) -> HttpResponse:
    rows = list(offers_seen_by(person(request)))
    return csv_file(
        "steplabel-incentive-offers.csv",
        presenter.COLUMNS,
        presenter.offers_table(rows, request.GET, scheme_day()),
    )


@for_role(Role.REGULATOR, posts=True)
def new(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    jurisdictions = {str(jurisdiction.pk): jurisdiction for jurisdiction in jurisdictions_of(user)}
    choices = [(pk, shown_name(jurisdiction.name)) for pk, jurisdiction in jurisdictions.items()]
    form = OfferedForm(request.POST if request.method == "POST" else None, jurisdictions=choices)
    if request.method == "POST" and form.is_valid():
        proposed = propose(
            form.terms(), jurisdictions[form.cleaned_data["place"]], user, timezone.now()
        )
        return report_done(
            request,
            _("The offer is proposed. A second officer has to approve it."),
            "web:offer",
            proposed.pk,
        )
    return form_page(request, "web/form_sheet.html", {"page": presenter.new_offer_page()}, form)


@for_role(Role.REGULATOR, posts=True)
@freshly
def offer(request: HttpRequest, offer: int) -> HttpResponseBase:
    """A POST approves it."""
    user, row = person(request), _offer(request, offer)
    if request.method == "POST":
        decide(row.pk, user, timezone.now())
        return report_done(
            request, _("The offer is approved. Dossiers show it in its days."), "web:offer", offer
        )
    sheet = presenter.offer_page(
        row, scheme_day(), reads=user.pk, decides=may_decide_for(user, row.jurisdiction)
    )
    return render(request, "web/form_sheet.html", {"page": sheet})


@for_role(Role.REGULATOR, posts=True)
def end_offer(request: HttpRequest, offer: int) -> HttpResponseBase:
    """Refuse what waits, end what stands, with a reason."""
    user, row = person(request), _offer(request, offer)
    waits = row.state == IncentiveOffer.State.PROPOSED
    if not may_decide_for(user, row.jurisdiction) or not (
        waits or row.state == IncentiveOffer.State.APPROVED
    ):
        return redirect("web:offer", offer)
    form = EndOfferForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason, now = form.cleaned_data["reason"], timezone.now()
        if waits:
            decide(row.pk, user, now, refused_because=reason)
        else:
            end(row.pk, reason, user, now)
        return report_done(request, _("It is ended, with your reason."), "web:offer", offer)
    return confirm_page(
        request,
        form,
        title=_("Refuse this offer?") if waits else _("End this offer?"),
        sentence=_("It stays on record with your reason, and no dossier shows it."),
        button=_("Refuse it") if waits else _("End it"),
        warning=True,
        back=reverse("web:offer", args=[offer]),
        crumbs=presenter.crumbs(),
    )


def _offer(request: HttpRequest, offer: int) -> IncentiveOffer:
    row = offers_seen_by(person(request)).filter(pk=offer).first()
    if row is None:
        raise Http404
    return row
