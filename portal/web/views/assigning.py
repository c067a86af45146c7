"""For a regulator: which certification body checks which site and period, to assign and to take
back; appeals against findings.
"""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import Role
from portal.assurance import assigning, findings
from portal.assurance.assignments import (
    AssignmentStanding,
    assignable_sites,
    assignments_of_regulator,
    bodies_at,
    certification_bodies,
    periods_of,
    regulated_assignments,
)
from portal.assurance.engagements import appealed_finding
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.sentences import in_words
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, listing_page, report_done
from portal.web.forms.assigning import AssignForm, TakeBackForm
from portal.web.forms.audits import SettleForm
from portal.web.forms.choosing import ChoiceBox, choosing, chosen_by
from portal.web.forms.errors import add_error
from portal.web.lists.tables import csv_file
from portal.web.presenters.assigning import assignments_list, assignments_table, sites_list
from portal.web.presenters.assurance import finding_page
from portal.web.viewmodels.shared import Crumb, SelectOption
from portal.web.words.terms import enumerated, headed, period_name, shown_name


@for_role(Role.REGULATOR)
def assignments(request: HttpRequest) -> HttpResponse:
    views = assignments_of_regulator(person(request), scheme_day())
    context = {
        "table": assignments_list(views, request.GET),
        "standing": sum(view.course is not AssignmentStanding.TAKEN_BACK for view in views),
        "late": sum(view.course is AssignmentStanding.LATE for view in views),
        "query": request.GET.get("q", ""),
    }
    return render(request, "web/assignments.html", context)


@for_role(Role.REGULATOR)
def assignments_csv(request: HttpRequest) -> HttpResponse:
    views = assignments_of_regulator(person(request), scheme_day())
    return csv_file("steplabel-assignments.csv", *assignments_table(views, request.GET))


@for_role(Role.REGULATOR)
def choose(request: HttpRequest) -> HttpResponse:
    """The site first: found by its name, its id or its firm."""
    rows = assignable_sites(person(request))
    for word in request.GET.get("q", "").split():
        named = Q(slug__icontains=word) | Q(name__icontains=word) | Q(name_zh__icontains=word)
        rows = rows.filter(
            named | Q(organisation__name__icontains=word) | Q(organisation__name_zh__icontains=word)
        )
    table = sites_list(list(rows.order_by("slug")), bodies_at(rows), request.GET)
    lead = _(
        "A certification body is assigned to one site and one period. Find the site; its page "
        "asks for the rest."
    )
    return listing_page(
        request,
        _("Choose a site"),
        lead,
        table,
        (_crumb(),),
        _("Name or id of the site, or its firm"),
    )


@for_role(Role.REGULATOR, posts=True)
def assign(request: HttpRequest, slug: str) -> HttpResponseBase:
    user = person(request)
    site = assignable_sites(user).filter(slug=slug).first()
    if site is None:
        raise Http404
    bodies = {str(body.pk): body for body in certification_bodies()}
    form = AssignForm(
        request.POST if request.method == "POST" else None,
        bodies=[(number, shown_name(body.name)) for number, body in bodies.items()],
        periods=periods_of(site),
        today=scheme_day(),
    )
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        sees = answers["sees"] == AssignForm.VALUES
        try:
            assigning.assign(
                bodies[answers["body"]],
                site,
                answers["period"],
                user,
                timezone.now(),
                answers["due"],
                sees_values=sees,
            )
        except RefusedError as refusal:
            if refusal.status == 403:
                raise
            add_error(form, "body", refusal)
        else:
            return report_done(
                request, _("It is assigned, and the body is informed."), "web:assignments"
            )
    name = shown_name(site.name)
    return confirm_page(
        request,
        form,
        title=_("Assign a certification body to %(site)s") % {"site": name},
        sentence=_(
            "The body is informed at once and can then see the reports of that period. If you "
            "assign the same body to the same "
            "period again, this changes the due day and what the body sees."
        ),
        button=_("Assign it"),
        back=reverse("web:assign"),
        crumbs=(_crumb(), Crumb(_("Choose a site"), reverse("web:assign"))),
    )


@for_role(Role.REGULATOR, posts=True)
def assign_several(request: HttpRequest) -> HttpResponseBase:
    """One body for the chosen sites and one period, each on its own: what one is refused for holds
    no other up.
    """
    user = person(request)
    sites = list(
        assignable_sites(user).select_related("organisation", "jurisdiction").order_by("slug")
    )
    boxes = [
        ChoiceBox(plant.slug, plant.jurisdiction.path, shown_name(plant.jurisdiction.name))
        for plant in sites
    ]
    bodies = {str(body.pk): body for body in certification_bodies()}
    form = AssignForm(
        request.POST if request.method == "POST" else None,
        bodies=[(number, shown_name(body.name)) for number, body in bodies.items()],
        periods=periods_of(*sites),
        today=scheme_day(),
    )
    picked = (
        frozenset(request.POST.getlist("site"))
        if request.method == "POST"
        else chosen_by(boxes, request.GET) or frozenset()
    )
    chosen = [plant for plant in sites if plant.slug in picked]
    if request.method == "POST" and not chosen:
        form.add_error(None, _("Choose at least one site."))
    if request.method == "POST" and form.is_valid():
        answers, done = form.cleaned_data, 0
        refused: dict[str, list[str]] = {}
        for site in chosen:
            try:
                assigning.assign(
                    bodies[answers["body"]],
                    site,
                    answers["period"],
                    user,
                    timezone.now(),
                    answers["due"],
                    sees_values=answers["sees"] == AssignForm.VALUES,
                )
                done += 1
            except RefusedError as refusal:
                refused.setdefault(in_words(refusal.whole), []).append(site.slug)
        for why, slugs in refused.items():
            messages.error(
                request,
                _("Not assigned: %(sites)s. %(why)s") % {"sites": enumerated(slugs), "why": why},
            )
        if done:
            messages.success(
                request,
                ngettext("%(n)d site is assigned.", "%(n)d sites are assigned.", done)
                % {"n": done},
            )
        return redirect("web:assignments")
    context = {
        "sites": [
            SelectOption(
                plant.slug,
                headed((shown_name(plant.organisation.name), shown_name(plant.name))),
                plant.slug in picked,
            )
            for plant in sites
        ],
        "choosing": choosing(boxes, request.GET),
        "crumbs": (_crumb(),),
    }
    return form_page(request, "web/assign_several.html", context, form)


@for_role(Role.REGULATOR, posts=True)
@freshly
def take_back(request: HttpRequest, assignment: int) -> HttpResponseBase:
    user = person(request)
    row = regulated_assignments(user).select_related("body", "site").filter(pk=assignment).first()
    if row is None:
        raise Http404
    if row.taken_back_at is not None:
        return redirect("web:assignments")
    form = TakeBackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assigning.take_back(row, form.cleaned_data["reason"], user, timezone.now())
        return report_done(
            request,
            _("The assignment has been withdrawn, and the body is informed."),
            "web:assignments",
        )
    about = {
        "body": shown_name(row.body.name),
        "site": shown_name(row.site.name),
        "period": period_name(row.period),
    }
    return confirm_page(
        request,
        form,
        title=_("Withdraw the assignment of %(site)s, %(period)s from %(body)s?") % about,
        sentence=_(
            "The body can no longer see the reports or record anything new. Its findings and "
            "statements do not change. It can no "
            "longer sign a statement that it has not signed yet. This cannot be undone: you would "
            "have to assign the body again."
        ),
        button=_("Withdraw the assignment"),
        warning=True,
        back=reverse("web:assignments"),
        crumbs=(_crumb(),),
    )


@for_role(Role.REGULATOR, posts=True)
def appealed(request: HttpRequest, assignment: int, number: int) -> HttpResponseBase:
    """A finding that the firm brought before the regulator."""
    user, today = person(request), scheme_day()
    appeal = appealed_finding(user, assignment, number, today)
    if appeal is None:
        raise Http404
    form = SettleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        finding_row = findings.finding_by_number(assignment, number)
        try:
            annulled = request.POST.get("act") == "annul"
            findings.decide_appeal(
                finding_row, form.cleaned_data["text"], user, timezone.now(), annulled=annulled
            )
        except RefusedError as refusal:
            add_error(form, "text", refusal)
        else:
            return report_done(
                request,
                _("Your decision is on record; plant and body can read it."),
                "web:appealed-finding",
                assignment,
                number,
            )
    context = {
        "page": finding_page(*appeal, today, (_crumb(),), regulator=True),
        "reader": "regulator",
    }
    return form_page(request, "web/finding.html", context, form)


def _crumb() -> Crumb:
    return Crumb(_("Audits"), reverse("web:assignments"))
