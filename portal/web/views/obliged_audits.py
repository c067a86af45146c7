"""Obligatory audits: who is due, for a regulator; one site with its certified systems, for who
regulates it, acts for it or checks it.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role, User
from portal.accounts.selectors import jurisdictions_of, own_sites, roles_of, site_by_slug
from portal.assurance import systems
from portal.assurance.next_audit import Duty, obligatory_audit
from portal.assurance.obliged_sites import (
    ObligedView,
    obliged_checked,
    obliged_own,
    obliged_regulated,
)
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.assigning import TakeBackForm
from portal.web.forms.errors import add_error
from portal.web.forms.management_systems import SystemForm
from portal.web.lists.tables import csv_file
from portal.web.presenters.obliged_audits import (
    certificates_list,
    duties_list,
    duties_table,
    duty_in_words,
)
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import in_page_language, shown_name

READERS = (Role.REGULATOR, Role.ENTERPRISE, Role.CERTIFICATION_BODY)
FIELD_OF = {"certificate-days-wrong": "valid_until", "standard-unknown": "standard"}


@for_role(Role.REGULATOR)
def page(request: HttpRequest) -> HttpResponse:
    views = obliged_regulated(person(request), scheme_day())
    counted = {duty: sum(view.due.duty is duty for view in views) for duty in Duty}
    context = {
        "table": duties_list(views, request.GET, export_url=reverse("web:obliged-audits-csv")),
        "overdue": counted[Duty.OVERDUE],
        "soon": counted[Duty.SOON],
        "unknown": counted[Duty.UNKNOWN],
        "found": len(views),
        "query": request.GET.get("q", ""),
        **_rule(jurisdictions_of(person(request))[0].path),
    }
    return render(request, "web/obliged_audits.html", context)


@for_role(Role.REGULATOR)
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(
        "steplabel-obligatory-audits.csv",
        *duties_table(obliged_regulated(person(request), scheme_day()), request.GET),
    )


@for_role(*READERS, posts=True)
def site(request: HttpRequest, slug: str) -> HttpResponseBase:
    """When the next audit of one obliged site is due, why, and putting a certificate on record."""
    user, today = person(request), scheme_day()
    view = _obliged_site(user, slug)
    may_record = systems.may_record(user).filter(slug=slug).exists()
    if request.method == "POST" and not may_record:
        raise Http404
    form = SystemForm(
        request.POST if request.method == "POST" else None, jurisdiction=view.jurisdiction
    )
    if request.method == "POST" and form.is_valid():
        try:
            systems.put_on_record(site_by_slug(slug), form.paper(), user, timezone.now())
        except RefusedError as refusal:
            add_error(form, FIELD_OF.get(refusal.code, "evidence"), refusal)
        else:
            return report_done(
                request, _("The certificate is on record."), "web:obliged-audit", slug
            )
    firm = own_sites(user).filter(slug=slug).exists()
    context = {
        "title": _title(view),
        "due": view.due,
        "last_audit": view.last_audit,
        "to_do": duty_in_words(view.due, firm=firm, regulator=may_record),
        **_rule(view.jurisdiction),
        "table": certificates_list(
            list(systems.certificates_of(slug)), request.GET, today, may_take_back=may_record
        ),
        "form": form if may_record else None,
        "crumbs": (_crumb(user),),
    }
    return form_page(request, "web/obliged_audit.html", context, form)


@for_role(Role.REGULATOR, Role.ENTERPRISE, posts=True)
@freshly
def take_back(request: HttpRequest, slug: str, certificate: int) -> HttpResponseBase:
    user = person(request)
    row = systems.recordable(user, slug, certificate)
    if row is None:
        raise Http404
    if row.taken_back_at is not None:
        return redirect("web:obliged-audit", slug)
    form = TakeBackForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].help_text = _(
        "Firm, regulator and certification body can read it, and it stays on record."
    )
    if request.method == "POST" and form.is_valid():
        systems.take_back(row, form.cleaned_data["reason"], user, timezone.now())
        return report_done(
            request,
            _("The certificate is withdrawn: it no longer counts."),
            "web:obliged-audit",
            slug,
        )
    return confirm_page(
        request,
        form,
        title=_("Withdraw the certificate %(number)s?") % {"number": row.number},
        sentence=_(
            "It no longer counts, and the day of the next audit is set without it. Its content "
            "stays on record."
        ),
        button=_("Withdraw the certificate"),
        warning=True,
        back=reverse("web:obliged-audit", args=[slug]),
        crumbs=(_crumb(user),),
    )


def _obliged_site(user: User, slug: str) -> ObligedView:
    """The site, where the person regulates it, acts for it or checks it."""
    today = scheme_day()
    for views in (obliged_regulated, obliged_own, obliged_checked):
        for duty in views(user, today, slug):
            return duty
    raise Http404


def _rule(jurisdiction: str) -> dict[str, object]:
    rule = obligatory_audit(jurisdiction)
    return {
        "rule": in_page_language(rule.name),
        "years": rule.years,
        "source": in_page_language(rule.source),
    }


def _title(view: ObligedView) -> str:
    return _("%(site)s: obligatory audit") % {"site": shown_name(view.site_name)}


def _crumb(user: User) -> Crumb:
    roles = roles_of(user)
    if Role.REGULATOR in roles:
        return Crumb(_("Obligatory audits"), reverse("web:obliged-audits"))
    if Role.ENTERPRISE in roles:
        return Crumb(_("Audits"), reverse("web:audits"))
    return Crumb(_("Assigned sites"), reverse("web:assigned"))
