"""For a regulator: incentives, recorded against evidence, and corrected by a second officer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.accounts.selectors import regulated_sites, site_by_slug
from portal.assurance.incentives import correct, give, incentives_of
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.forms.incentives import CorrectionForm, IncentiveForm
from portal.web.forms.site_choice import site_choice
from portal.web.lists.tables import csv_file
from portal.web.presenters.incentives import (
    crumbs,
    incentives_page,
    incentives_table,
    what_is_recorded,
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
    return form_page(request, "web/incentives.html", content, form)


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
