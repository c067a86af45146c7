"""Who else sees something: a firm lets partners in, a regulator confirms results, a certification
body reads declared deliveries.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from extras.partners import conformance, grants
from extras.partners.deliveries import deliveries_assigned
from extras.partners.forms import GrantForm
from extras.partners.lists import (
    deliveries_list,
    deliveries_table,
    grants_list,
    results_list,
    results_table,
)
from extras.partners.models import Conformance, Grant
from portal.accounts.models import Organisation, Role
from portal.accounts.selectors import managed_sites
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, listing_page, report_done
from portal.web.lists.tables import csv_file
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import shown_name


@for_role(Role.ENTERPRISE, posts=True)
@freshly
def access(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Who sees what of a site besides those who must, and letting somebody in."""
    user = person(request)
    site = managed_sites(user).filter(slug=slug, retired_at=None).first()
    if site is None:
        raise Http404
    kinds = {Role.PROVIDER: _("technology provider"), Role.SUPPLIER: _("energy supplier")}
    offered = [
        (
            str(organisation.pk),
            f"{shown_name(organisation.name)} ({kinds[Role(organisation.kind)]})",
        )
        for organisation in grants.partners()
    ]
    form = (
        GrantForm(request.POST, partners=offered)
        if request.method == "POST"
        else GrantForm(partners=offered)
    )
    if request.method == "POST" and form.is_valid():
        what, partner = form.cleaned_data["what"], int(form.cleaned_data["partner"])
        supplies = grants.partners().filter(pk=partner, kind=Role.SUPPLIER).exists()
        receipts, values = (
            what != GrantForm.STATES and not supplies,
            what == GrantForm.VALUES and not supplies,
        )
        try:
            grants.grant(user, slug, partner, receipts=receipts, values=values, now=timezone.now())
        except Organisation.DoesNotExist as error:
            raise Http404 from error
        return report_done(
            request,
            _("Access is granted. You can withdraw it here at any time."),
            "web:access",
            slug,
        )
    context = {
        "site": shown_name(site.name),
        "table": grants_list(grants.grants_at(user, slug), slug, request.GET),
        "results": results_list(conformance.newest_results(), request.GET),
        "form": form if offered else None,
        "crumbs": (Crumb(_("Sites and agents"), reverse("web:sites")),),
    }
    return form_page(request, "partners/site_access.html", context, form)


@for_role(Role.ENTERPRISE, posts=True)
def end(request: HttpRequest, slug: str, grant: int) -> HttpResponseBase:
    """At once, without a further question: less is seen afterwards, never more."""
    if request.method == "POST":
        try:
            row = grants.take_back(person(request), grant, timezone.now())
        except Grant.DoesNotExist as error:
            raise Http404 from error
        partner = shown_name(row.partner.name)
        messages.success(
            request, _("%(partner)s can no longer see anything of the site.") % {"partner": partner}
        )
    return redirect("web:access", slug)


@for_role(Role.REGULATOR)
def results(request: HttpRequest) -> HttpResponse:
    views = conformance.results_for_regulator(person(request))
    table = results_list(
        views, request.GET, export_url=reverse("web:conformance-csv"), to_confirm=True
    )
    waiting = sum(view.confirmed_at is None and not view.failed for view in views)
    return render(request, "partners/conformance.html", {"table": table, "waiting": waiting})


@for_role(Role.REGULATOR)
def results_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(
        "steplabel-conformance.csv",
        *results_table(conformance.results_for_regulator(person(request)), request.GET),
    )


@for_role(Role.REGULATOR, posts=True)
def confirm(request: HttpRequest, result: int) -> HttpResponseBase:
    row = conformance.to_confirm(person(request)).filter(pk=result).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            conformance.confirm(person(request), result, timezone.now())
        except Conformance.DoesNotExist as error:
            raise Http404 from error
        return report_done(request, _("The result is confirmed."), "web:conformance")
    return confirm_page(
        request,
        title=_("Confirm %(product)s?") % {"product": f"{row.product} {row.version}"},
        sentence=_(
            "Firms then see that a regulator has confirmed this result. Confirm only a result "
            "that you have seen pass yourself."
        ),
        button=_("Confirm the result"),
        back=reverse("web:conformance"),
        crumbs=(Crumb(_("Software checks"), reverse("web:conformance")),),
    )


@for_role(Role.CERTIFICATION_BODY)
def assigned_deliveries(request: HttpRequest) -> HttpResponse:
    views = deliveries_assigned(person(request))
    table = deliveries_list(
        views, request.GET, mine=False, export_url=reverse("web:assigned-deliveries-csv")
    )
    lead = _(
        "What energy suppliers say they delivered to the sites that you audit: their billed "
        "figures, to compare with the site’s own "
        "records. Nobody else can read them."
    )
    return listing_page(
        request,
        _("Declared deliveries"),
        lead,
        table,
        (Crumb(_("Assigned sites"), reverse("web:assigned")),),
    )


@for_role(Role.CERTIFICATION_BODY)
def assigned_deliveries_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(
        "steplabel-deliveries.csv",
        *deliveries_table(deliveries_assigned(person(request)), request.GET),
    )
