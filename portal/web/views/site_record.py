"""One page a site and one a firm with all on them, for who regulates or owns them; a regulator's
notes; the firm's credit code.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role, Site, User
from portal.accounts.selectors import (
    device_views,
    devices_at,
    own_sites,
    regulated_sites,
    visible_sites,
)
from portal.assurance.engagements import audits_at
from portal.assurance.obliged_sites import obliged_own, obliged_regulated
from portal.catalogue.selectors import extensions_of, memberships_of, requests_of
from portal.days import scheme_day
from portal.intake.owed import owed_of
from portal.intake.selectors import SubmissionView, submissions_at
from portal.problems import RefusedError
from portal.register import identifying, naming, site_history
from portal.register.inviting import led_firms
from portal.web import areas
from portal.web.access import for_role, person
from portal.web.answers import report_done
from portal.web.forms.errors import add_error, mark_errors
from portal.web.forms.registering import FirmCodeForm
from portal.web.lists.tables import csv_file
from portal.web.presenters.consent import consent_page
from portal.web.presenters.site_record import (
    FirmDue,
    SiteFacts,
    events_table,
    firm_record_page,
    site_record_page,
)
from portal.web.presenters.submissions import device_rows


@for_role(Role.REGULATOR, Role.ENTERPRISE, posts=True)
def site(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A POST puts a regulator's note on record."""
    user, now = person(request), timezone.now()
    row, regulator = _site_for(user, slug)
    if request.method == "POST":
        if not regulator:
            raise Http404
        if request.POST.get("note", "").strip():
            site_history.note(row, request.POST["note"], user, now)
            messages.success(request, _("The note is saved."))
        else:
            messages.error(request, _("The note is empty. Write a sentence."))
        return redirect("web:site-record", slug)
    today = scheme_day(now)
    members = memberships_of(row)
    facts = SiteFacts(
        site=row,
        regulator=regulator,
        members=members,
        owed=owed_of((row,), now, members),
        duties=(obliged_regulated if regulator else obliged_own)(user, today, slug),
        submissions=submissions_at((row,)),
        devices=devices_at(row),
        audits=audits_at(user, (row.pk,), today),
        requests=requests_of(row),
        extensions=extensions_of(row),
        events=site_history.happened_at(row, regulator=regulator),
        added=areas.SITE_TABLES(row, request.GET),
        added_acts=areas.SITE_ACTS(row, regulator),
    )
    context = {
        "page": site_record_page(facts, request.GET, today),
        "regulator": regulator,
        "devices": device_rows(device_views(facts.devices)),
    }
    return render(request, "web/site_record.html", context)


@for_role(Role.REGULATOR, Role.ENTERPRISE)
def events_csv(request: HttpRequest, slug: str) -> HttpResponse:
    row, regulator = _site_for(person(request), slug)
    return csv_file(
        f"steplabel-site-{slug}.csv",
        *events_table(site_history.happened_at(row, regulator=regulator)),
    )


@for_role(Role.REGULATOR, Role.ENTERPRISE, posts=True)
def firm(request: HttpRequest, organisation: int) -> HttpResponseBase:
    """The firm's sites that the reader may see: not found where there is none, but for who leads
    the firm; for its own people what its reports agreed to. A POST enters or corrects the firm's
    credit code and telephone, or chooses whether the firm is named in public.
    """
    user, now = person(request), timezone.now()
    agreed = naming.consent_of(user, organisation)
    if "named" in request.POST:
        if agreed is None or not agreed.led:
            raise Http404
        naming.choose(user, organisation, request.POST["named"] == "yes", now)
        saved = _("Your choice is saved. It applies to versions that are approved from now on.")
        return report_done(request, saved, "web:firm-record", organisation)
    sites = visible_sites(user).filter(organisation=organisation)
    rows = list(
        sites.select_related("jurisdiction", "organisation__controlling_firm").order_by("slug")
    )
    house = (
        rows[0].organisation
        if rows
        else led_firms(user).select_related("controlling_firm").filter(pk=organisation).first()
    )
    if house is None:
        raise Http404
    form = FirmCodeForm(
        request.POST if request.method == "POST" else None,
        initial={"credit_code": house.credit_code, "telephone": house.telephone},
    )
    may_identify = identifying.may_identify(user, house.pk)
    if request.method == "POST":
        if not may_identify:
            raise Http404
        if form.is_valid():
            try:
                code, telephone = form.cleaned_data["credit_code"], form.cleaned_data["telephone"]
                identifying.identify(user, house.pk, code, telephone.strip(), now)
            except RefusedError as refusal:
                add_error(form, "credit_code", refusal)
            else:
                messages.success(request, _("The entry is saved."))
                return redirect("web:firm-record", house.pk)
        mark_errors(form)
    newest: dict[int, SubmissionView] = {}
    of_slug = {row.slug: row.pk for row in rows}
    for view in submissions_at(rows):
        newest.setdefault(of_slug[view.site], view)
    regulator = regulated_sites(user).filter(organisation=organisation).exists()
    today = scheme_day(now)
    due = FirmDue(
        owed_of(sites, now),
        audits_at(user, [row.pk for row in rows], today),
        (obliged_regulated if regulator else obliged_own)(user, today, *of_slug) if rows else (),
    )
    page = firm_record_page(
        house, rows, newest, due, request.GET, today, regulator=regulator, may_identify=may_identify
    )
    return render(
        request,
        "web/firm_record.html",
        {"page": page, "form": form, "consent": consent_page(agreed) if agreed else None},
        status=400 if form.errors else 200,
    )


def _site_for(user: User, slug: str) -> tuple[Site, bool]:
    """The site, and whether the person regulates it; not found where it is neither that nor their
    own.
    """
    related = ("organisation__controlling_firm", "jurisdiction")
    for sites, regulator in ((regulated_sites(user), True), (own_sites(user), False)):
        row = sites.select_related(*related).filter(slug=slug).first()
        if row is not None:
            return row, regulator
    raise Http404
