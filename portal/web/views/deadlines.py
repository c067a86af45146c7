"""For a regulator: due dates, more time for a site, reminders to those that are late. For a firm:
to ask for more time.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import Role
from portal.accounts.selectors import managed_sites, regulated_sites, sites_by_slug
from portal.catalogue import deadlines
from portal.catalogue.selectors import period_of_group
from portal.intake import reminders
from portal.intake.owed import owed_of
from portal.intake.participation import ParticipationView
from portal.intake.reminders import asked_for
from portal.notifications.kinds import MailFrequency
from portal.problems import RefusedError
from portal.sentences import in_words
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, report_done
from portal.web.forms.deadlines import DueForm, ExtensionForm, MoreTimeForm
from portal.web.forms.errors import add_error, mark_errors
from portal.web.pages.periods import participation_seen
from portal.web.presenters.deadlines import (
    deadlines_page,
    may_be_extended,
    reached_in_words,
    unreached_in_words,
)
from portal.web.presenters.regulator import period_frame, period_url
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import headed, period_name, shown_name

MOST_NAMED = 5
"""People whom the sentence about a reminder names; the table below it names all."""


@for_role(Role.REGULATOR, posts=True)
def set_due(request: HttpRequest, group: int, period: str) -> HttpResponseBase:
    view = participation_seen(request, group, period)
    if request.method == "GET":  # a refusal stood at this address, and was loaded again
        return redirect(period_url(group, period, "deadlines"))
    form = DueForm(request.POST)
    if form.is_valid():
        try:
            reminders.move_due(view, form.cleaned_data["due"], person(request), timezone.now())
        except RefusedError as refusal:
            if refusal.code not in ("due-before-end", "due-past"):
                raise
            add_error(form, "due", refusal)
        else:
            return report_done(
                request, _("The due date is saved."), "web:period", group, period, "deadlines"
            )
    return _page(request, view, due_form=form)


@for_role(Role.REGULATOR, posts=True)
def extend(request: HttpRequest, group: int, period: str) -> HttpResponseBase:
    view = participation_seen(request, group, period)
    if request.method == "GET":
        return redirect(period_url(group, period, "deadlines"))
    form = ExtensionForm(request.POST, sites=may_be_extended(view))
    if form.is_valid():
        answers = form.cleaned_data
        try:
            with transaction.atomic():  # all of them or none
                row = period_of_group(view.peer_group, view.period)
                for site in sites_by_slug(answers["site"]):
                    deadlines.extend(
                        row,
                        site,
                        answers["until"],
                        answers["reason"],
                        person(request),
                        timezone.now(),
                    )
        except RefusedError as refusal:
            if refusal.code not in ("extension-not-later", "due-past"):
                raise
            add_error(form, "until", refusal)
        else:
            n = len(answers["site"])
            messages.success(
                request,
                ngettext("%(n)d site has more time.", "%(n)d sites have more time.", n) % {"n": n},
            )
            return redirect(period_url(group, period, "deadlines"))
    return _page(request, view, extension_form=form)


@for_role(Role.ENTERPRISE, posts=True)
def ask(request: HttpRequest, slug: str, group: int, period: str) -> HttpResponseBase:
    """A firm asks for more time for one of its sites."""
    user, now = person(request), timezone.now()
    sites = managed_sites(user).filter(slug=slug)
    site = sites.first()
    row = next(
        (duty for duty in owed_of(sites, now) if (duty.group, duty.period) == (group, period)), None
    )
    if site is None or row is None:
        raise Http404
    form = MoreTimeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        period_row = period_of_group(group, period)
        try:
            deadlines.ask(
                period_row, site, form.cleaned_data["until"], form.cleaned_data["reason"], user, now
            )
        except RefusedError as refusal:
            if refusal.code not in ("extension-not-later", "extension-asked", "due-past"):
                raise
            add_error(form, "until", refusal)
        else:
            return report_done(
                request,
                _("Your request is on record. The regulator decides, and you are informed."),
                "web:site-record",
                slug,
            )
    name, back = shown_name(site.name), reverse("web:site-record", args=[slug])
    facts = {
        "site": name,
        "period": period_name(period),
        "day": date_format(deadlines.last_day(row.due), _("j F Y")),
    }
    return confirm_page(
        request,
        form,
        title=_("Ask for more time: %(site)s, %(period)s") % facts,
        sentence=_(
            "The report is due by the end of %(day)s. That day applies until the regulator has "
            "decided."
        )
        % facts,
        button=_("Ask for more time"),
        back=back,
        crumbs=(Crumb(name, back),),
    )


@for_role(Role.REGULATOR, posts=True)
def decide(request: HttpRequest, group: int, period: str, pk: int) -> HttpResponseBase:
    """What a firm asked for is given, or refused with a reason."""
    user, now = person(request), timezone.now()
    asked = next(
        (
            extension_request
            for extension_request in asked_for(regulated_sites(user))
            if extension_request.pk == pk
        ),
        None,
    )
    if request.method == "GET":
        return redirect(period_url(group, period, "deadlines"))
    if asked is None:  # decided already, or of another jurisdiction
        messages.error(
            request,
            _("Somebody else has decided about it meanwhile; nothing that you chose was recorded."),
        )
        return redirect(period_url(group, period, "deadlines"))
    answer = request.POST.get("answer", "").strip()
    if len(answer) > deadlines.MOST_CHARACTERS:
        too_long = _("Nothing was decided. Write at most %(n)d characters.") % {
            "n": deadlines.MOST_CHARACTERS
        }
        messages.error(request, too_long)
    elif request.POST.get("act") == "grant":
        try:
            deadlines.grant(asked, answer, user, now)
        except RefusedError as refusal:
            if refusal.code != "due-past":
                raise
            messages.error(request, in_words(refusal.whole))
        else:
            messages.success(request, _("The site has been given the time that it asked for."))
    elif answer:
        deadlines.refuse(pk, answer, user, now)
        messages.success(request, _("The request is refused, and the firm is informed why."))
    else:
        messages.error(
            request, _("Nothing was decided. A refusal needs a reason, which the firm can read.")
        )
    return redirect(period_url(group, period, "deadlines"))


@for_role(Role.REGULATOR, posts=True)
def remind(request: HttpRequest, group: int, period: str) -> HttpResponseBase:
    view = participation_seen(request, group, period)
    if request.method == "GET":
        return redirect(period_url(group, period, "deadlines"))
    chosen = request.POST.getlist("site")
    if "choose" in request.POST and not chosen:
        messages.error(request, _("Nobody was reminded: choose at least one site."))
        return redirect(period_url(group, period, "deadlines"))
    sent = reminders.remind(view, person(request), timezone.now(), chosen or None)
    reached = [row for row in sent if row.reminded]
    if reached:
        said = ngettext(
            "%(n)d site is reminded: %(people)s.",
            "%(n)d sites are reminded: %(people)s.",
            len(reached),
        )
        people = [(name, MailFrequency(how)) for row in reached for name, how in row.reminded]
        facts = {"n": len(reached), "people": reached_in_words(people, most=MOST_NAMED)}
        messages.success(request, said % facts)
    for row in sent:
        if not row.reminded:
            name = shown_name(row.site.name)
            telephone = row.site.organisation.telephone
            messages.error(request, headed((name, unreached_in_words(telephone))))
    return redirect(period_url(group, period, "deadlines"))


def shown(request: HttpRequest, view: ParticipationView, **wrong: Form) -> Mapping[str, object]:
    """The dates of a period, its reminders, and who asks for more time; a form that was wrong as it
    was filled in.
    """
    requests = asked_for(regulated_sites(person(request)))
    picked = request.POST.getlist("site") if "extension_form" in wrong else None
    return {
        "page": deadlines_page(
            view,
            requests,
            reminders.extensions(view),
            reminders.reminders(view),
            timezone.now(),
            request.GET,
            picked,
        ),
        "due_form": DueForm(initial={"due": deadlines.last_day(view.due)}),
        "extension_form": ExtensionForm(sites=may_be_extended(view)),
        **wrong,
    }


def _page(request: HttpRequest, view: ParticipationView, **wrong: Form) -> HttpResponse:
    (form,) = wrong.values()
    mark_errors(form)
    context = {
        **period_frame(view, "deadlines"),
        **shown(request, view, **wrong),
        "wrong": form,
    }
    return render(request, "web/period.html", context, status=400)
