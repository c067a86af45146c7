"""For a regulator: incentives, recorded against evidence."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role, Site
from portal.accounts.selectors import regulated_sites
from portal.assurance.incentives import give, incentives_of
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import form_page, report_done
from portal.web.forms import IncentiveForm, add_error
from portal.web.presenters.incentives import incentives_page, incentives_table
from portal.web.tables import csv_file
from portal.web.words import shown_name


@for_role(Role.REGULATOR, posts=True)
def page(request: HttpRequest) -> HttpResponseBase:
    sites = regulated_sites(person(request)).order_by("slug")
    offered = [(site.slug, f"{shown_name(site.name)} ({site.slug})") for site in sites]
    form = IncentiveForm(request.POST, sites=offered) if request.method == "POST" else IncentiveForm(sites=offered)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data
        try:
            site = Site.objects.get(slug=content["site"])
            give(site, content["scheme"], content["amount"], content["evidence"], person(request), timezone.now())
        except RefusedError as refusal:
            if refusal.code == "not-regulator":
                raise
            add_error(form, "evidence", refusal)
        else:
            return report_done(request, _("The incentive is on record."), "web:incentives")
    content = {"page": incentives_page(incentives_of(person(request)), request.GET)}
    return form_page(request, "web/incentives.html", content, form)


@for_role(Role.REGULATOR)
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_file("steplabel-incentives.csv", *incentives_table(incentives_of(person(request))))
