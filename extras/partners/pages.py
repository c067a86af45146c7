"""For technology providers, energy suppliers and academics: what sites granted, results and
deliveries declared, the archive.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from extras.partners import conformance, deliveries, terms
from extras.partners.archive import archive, permanent
from extras.partners.forms import DeliveryForm, ResultForm
from extras.partners.grants import granted_receipt, granted_sites, granted_values
from extras.partners.lists import (
    deliveries_list,
    deliveries_table,
    granted_list,
    results_list,
    results_table,
)
from extras.partners.models import Delivery, Grant
from portal.accounts.models import Organisation, Role
from portal.own_address import own_address
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import attachment, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.lists.tables import csv_file
from portal.web.presenters.submissions import submission_page
from portal.web.viewmodels.shared import Crumb, SelectOption
from portal.web.views.enterprise import receipt_file
from portal.web.words.terms import shown_name


@for_role(Role.PROVIDER, posts=True)
def provider(request: HttpRequest) -> HttpResponseBase:
    """What sites granted, what was declared; a result is declared from here."""
    user, now = person(request), timezone.now()
    houses = list(conformance.houses_of(user))
    if request.method == "POST" and not houses:
        raise Http404
    asked = request.POST.get("organisation", "") or "".join(
        str(organisation.pk) for organisation in houses[:1]
    )
    form = ResultForm(request.POST, request.FILES) if request.method == "POST" else ResultForm()
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        try:
            house = next(
                organisation.pk for organisation in houses if str(organisation.pk) == asked
            )
            conformance.declare(
                user, house, answers["product"], answers["version"], answers["result"].read(), now
            )
        except StopIteration as error:
            raise Http404 from error
        except RefusedError as refusal:
            add_error(form, "result", refusal)
        else:
            return report_done(
                request,
                _(
                    "The result is declared. It is shown as your own statement until a regulator "
                    "confirms it."
                ),
                "web:provider",
            )
    sites = granted_sites(user, Role.PROVIDER)
    context = {
        "sites": len(sites),
        "granted": granted_list(sites, request.GET),
        "results": results_list(
            conformance.results_of(user),
            request.GET,
            export_url=reverse("web:provider-csv"),
            own=True,
        ),
        "choices": tuple(
            SelectOption(
                str(organisation.pk), shown_name(organisation.name), str(organisation.pk) == asked
            )
            for organisation in houses
        ),
    }
    return form_page(request, "partners/provider.html", context, form)


@for_role(Role.PROVIDER)
def provider_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(
        "steplabel-conformance.csv",
        *results_table(conformance.results_of(person(request)), request.GET),
    )


@for_role(Role.PROVIDER)
def values(request: HttpRequest, digest: str) -> HttpResponse:
    """The values of a report whose site granted them."""
    view, protected = (
        granted_receipt(person(request), digest),
        granted_values(person(request), digest),
    )
    if view is None or protected is None:
        raise Http404
    crumbs = (Crumb(_("Your sources and sites"), reverse("web:provider")),)
    return render(
        request,
        "web/submission.html",
        {"page": submission_page(view, protected, "web:granted"), "crumbs": crumbs},
    )


@for_role(Role.PROVIDER)
def receipt(request: HttpRequest, digest: str) -> HttpResponse:
    view = granted_receipt(person(request), digest)
    if view is None:
        raise Http404
    return receipt_file(view)


@for_role(Role.SUPPLIER, posts=True)
def supplier(request: HttpRequest) -> HttpResponseBase:
    """What was declared, and declaring it."""
    user = person(request)
    if request.method == "POST" and not deliveries.may_declare(user):
        raise Http404
    sites = granted_sites(user, Role.SUPPLIER)
    offered = [
        (row.site.slug, f"{shown_name(row.site.name)} ({row.site.slug})")
        for row in deliveries.grants_to_declare_by(user)
    ]
    form = (
        DeliveryForm(request.POST, sites=offered)
        if request.method == "POST"
        else DeliveryForm(sites=offered)
    )
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        carrier, _mark, unit = answers["carrier"].partition("~")
        try:
            deliveries.declare(
                user,
                answers["site"],
                answers["period"],
                carrier,
                answers["quantity"],
                unit,
                answers["note"],
                timezone.now(),
            )
        except Grant.DoesNotExist as error:
            raise Http404 from error
        except RefusedError as refusal:
            add_error(form, "period", refusal)
        else:
            return report_done(
                request,
                _("It is declared. Only the body that audits the site can read it."),
                "web:supplier",
            )
    context = {
        "sites": len(sites),
        "table": deliveries_list(
            deliveries.deliveries_of(user),
            request.GET,
            mine=True,
            export_url=reverse("web:supplier-csv"),
        ),
        "form": form if offered or form.errors else None,
        "may_declare": deliveries.may_declare(user),
    }
    return form_page(request, "partners/supplier.html", context, form)


@for_role(Role.SUPPLIER)
def supplier_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(
        "steplabel-deliveries.csv",
        *deliveries_table(deliveries.deliveries_of(person(request)), request.GET),
    )


@for_role(Role.SUPPLIER, posts=True)
def take_back(request: HttpRequest, delivery: int) -> HttpResponseBase:
    if request.method == "POST":
        try:
            deliveries.take_back(person(request), delivery, timezone.now())
        except Delivery.DoesNotExist as error:
            raise Http404 from error
        messages.success(request, _("The figure has been withdrawn and is no longer valid."))
    return redirect("web:supplier")


@for_role(*Role, posts=True)
def downloads(request: HttpRequest) -> HttpResponseBase:
    """The archive of all that is published, for who accepted the terms."""
    user = person(request)
    houses = list(terms.houses_to_accept_for(user))
    if request.method == "POST":
        chosen = request.POST.get("organisation", "") or "".join(
            str(organisation.pk) for organisation in houses[:1]
        )
        try:
            terms.accept(
                user,
                int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0,
                timezone.now(),
            )
        except Organisation.DoesNotExist as error:
            raise Http404 from error
        return report_done(
            request, _("The terms are accepted. You can now download the archive."), "web:downloads"
        )
    accepted = terms.accepted_by(user)
    context = {
        "accepted_at": accepted.accepted_at if accepted else None,
        "accepted_by": accepted.accepted_by if accepted else "",
        "terms": terms.TERMS,
        "choices": tuple(
            SelectOption(str(organisation.pk), shown_name(organisation.name), False)
            for organisation in houses
        ),
    }
    return render(request, "partners/downloads.html", context)


@for_role(*Role)
def archive_zip(request: HttpRequest) -> HttpResponseBase:
    if terms.accepted_by(person(request)) is None:
        return redirect("web:downloads")
    return attachment(archive(permanent(own_address())), "application/zip", "steplabel.zip")
