"""For a regulator: firms and sites that wish to take part, to approve or to refuse with a
reason.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from portal.accounts.models import Role
from portal.own_address import absolute
from portal.problems import RefusedError
from portal.register import applying, siting
from portal.register.inviting import LIFETIME, SentInvitation
from portal.register.models import FirmApplication, SiteApplication
from portal.sentences import in_words
from portal.web import areas
from portal.web.access import for_role, person
from portal.web.answers import form_page, report_done
from portal.web.forms.choosing import ChoiceBox, choosing, chosen_by
from portal.web.forms.errors import add_error
from portal.web.forms.registering import FirmDecisionForm, RefusalForm, SiteDecisionForm
from portal.web.presenters.applications import decided_page, firm_wish, site_wish
from portal.web.viewmodels.shared import Crumb, SelectOption
from portal.web.words.mails import post_link
from portal.web.words.terms import headed, shown_name


@for_role(Role.REGULATOR)
def applications(request: HttpRequest) -> HttpResponse:
    user = person(request)
    sites = list(siting.waiting_for(user))
    boxes = [
        ChoiceBox(str(row.pk), row.jurisdiction.path, shown_name(row.jurisdiction.name))
        for row in sites
        if row.site_id is None
    ]
    picked = chosen_by(boxes, request.GET) or ()
    context = {
        "firms": tuple(firm_wish(row) for row in applying.waiting_for(user)),
        "unjoined": tuple(firm_wish(row) for row in applying.unjoined_for(user)),
        "sites": tuple(site_wish(row) for row in sites),
        "several": tuple(
            _choice(row, str(row.pk) in picked) for row in sites if row.site_id is None
        ),
        "choosing": choosing(boxes, request.GET),
        "links": areas.FIRMS(),
    }
    return render(request, "web/applications.html", context)


@for_role(Role.REGULATOR, posts=True)
def approve_sites(request: HttpRequest) -> HttpResponseBase:
    """Several new sites with one duty, each in its own transaction: what one is refused for holds
    no other up.
    """
    chosen = {
        int(number)
        for number in request.POST.getlist("site")
        if number.isdecimal() and len(number) < 10
    }
    duty = request.POST.get("duty", "")
    if request.method == "GET":
        return redirect("web:applications")
    if not chosen or duty not in ("obliged", "voluntary"):
        messages.error(
            request,
            _(
                "Nothing was approved. Choose at least one site, and whether the sites are "
                "obliged to report."
            ),
        )
        return redirect("web:applications")
    user, done = person(request), 0
    for row in siting.waiting_for(user).filter(pk__in=chosen, site=None):
        try:
            siting.approve(user, row.pk, obliged=duty == "obliged", now=timezone.now())
            done += 1
        except RefusedError as refusal:
            messages.error(request, headed((row.slug, in_words(refusal.whole))))
        except SiteApplication.DoesNotExist:  # at the same moment
            decided = _(
                "Somebody else has decided about it meanwhile; nothing that you chose was recorded."
            )
            messages.error(request, headed((row.slug, decided)))
    if done:
        messages.success(
            request,
            ngettext("%(n)d site is approved.", "%(n)d sites are approved.", done) % {"n": done},
        )
    return redirect("web:applications")


def _choice(row: SiteApplication, chosen: bool) -> SelectOption:
    firm = shown_name(row.organisation.name)
    return SelectOption(str(row.pk), f"{headed((firm, shown_name(row.name)))} ({row.slug})", chosen)


@for_role(Role.REGULATOR, posts=True)
def firm(request: HttpRequest, application: int) -> HttpResponseBase:
    user, now = person(request), timezone.now()
    row = applying.waiting_for(user).filter(pk=application).first()
    if row is None:
        return _invited_again(request, application) or _decided(
            request, applying.decided_for(user).filter(pk=application).first()
        )
    given_form = request.POST if request.method == "POST" else None
    form = (
        FirmDecisionForm(row.controlling_firm, given_form)
        if row.kind == Role.ENTERPRISE
        else RefusalForm(given_form)
    )
    if request.method == "POST" and form.is_valid() and _decision(request, form):
        answers = form.cleaned_data
        try:
            with transaction.atomic():  # no decision without its letter
                if request.POST["do"] == "approve":
                    chosen = answers.get("controlling", "")
                    controlling = None if chosen in ("", FirmDecisionForm.NEW) else int(chosen)
                    _mail(*applying.approve(user, row.pk, controlling, now))
                else:
                    applying.refuse(user, row.pk, answers["reason"], now)
                    facts = {"firm": row.name, "reason": answers["reason"]}
                    post_link(
                        "application_refused",
                        row.email,
                        row.language,
                        facts,
                        good_for=applying.TIME_TO_ANSWER,
                    )
            return report_done(
                request,
                _("The decision is recorded, and the applicant is informed by mail."),
                "web:applications",
            )
        except RefusedError as refusal:
            add_error(form, "controlling" if "controlling" in form.fields else "reason", refusal)
        except FirmApplication.DoesNotExist:  # at the same moment
            return _decided(request, applying.decided_for(user).filter(pk=application).first())
    return _page(request, form, {"wish": firm_wish(row)})


@for_role(Role.REGULATOR, posts=True)
def site(request: HttpRequest, application: int) -> HttpResponseBase:
    user, now = person(request), timezone.now()
    row = siting.waiting_for(user).filter(pk=application).first()
    if row is None:
        return _decided(request, siting.decided_for(user).filter(pk=application).first())
    form = SiteDecisionForm(request.POST if request.method == "POST" else None)
    new_site = row.site_id is None
    if (
        request.method == "POST"
        and form.is_valid()
        and _decision(request, form)
        and (not new_site or _duty(request, form))
    ):
        try:
            if request.POST["do"] == "approve":
                siting.approve(
                    user, row.pk, obliged=form.cleaned_data["duty"] == "obliged", now=now
                )
                messages.success(request, _("The site %(site)s is approved.") % {"site": row.slug})
            else:
                siting.refuse(user, row.pk, form.cleaned_data["reason"], now)
                messages.success(
                    request,
                    _("The site %(site)s is refused; its firm can read why.") % {"site": row.slug},
                )
            return redirect("web:applications")
        except SiteApplication.DoesNotExist:  # at the same moment
            return _decided(request, siting.decided_for(user).filter(pk=application).first())
    return _page(request, form, {"wish": site_wish(row), "new_site": new_site})


def _invited_again(request: HttpRequest, application: int) -> HttpResponseBase | None:
    """The contact of an approved firm for which nobody acts yet is sent a new link, where that
    button was pressed.
    """
    if request.method != "POST" or request.POST.get("do") != "again":
        return None
    try:
        with transaction.atomic():
            row, sent = applying.invite_again(person(request), application, timezone.now())
            _mail(row, sent)
    except FirmApplication.DoesNotExist:
        return None
    return report_done(
        request,
        _("An invitation is on its way to %(email)s.") % {"email": row.email},
        "web:applications",
    )


def _mail(row: FirmApplication, sent: SentInvitation) -> None:
    link = absolute(reverse("web:join", args=[sent.secret]))
    post_link(
        "application_approved", row.email, row.language, {"firm": row.name}, link, good_for=LIFETIME
    )


def _decided(request: HttpRequest, row: FirmApplication | SiteApplication | None) -> HttpResponse:
    """Another officer was first: what was decided, and the reason that was typed here. Not found
    where there is no such application.
    """
    if row is None:
        raise Http404
    sheet = decided_page(
        row, request.POST.get("reason", "").strip() if request.method == "POST" else None
    )
    invited = ""
    if (
        isinstance(row, FirmApplication)
        and applying.unjoined_for(person(request)).filter(pk=row.pk).exists()
    ):
        invited = row.email
    status = 409 if request.method == "POST" else 200
    return render(
        request, "web/application_decided.html", {"page": sheet, "invited": invited}, status=status
    )


def _decision(request: HttpRequest, form: forms.Form) -> bool:
    """Whether one of the two buttons was pressed, and a refusal says why."""
    do = request.POST.get("do")
    if do == "approve" or (do == "refuse" and form.cleaned_data["reason"]):
        return True
    form.add_error("reason", _("Press one of the two buttons. If you refuse, state why."))
    return False


def _duty(request: HttpRequest, form: forms.Form) -> bool:
    """Whether it was said if a site that is approved is obliged: nothing is chosen beforehand."""
    if request.POST.get("do") == "approve" and not form.cleaned_data["duty"]:
        form.add_error("duty", _("Choose whether the site is obliged to report."))
    return not form.errors


def _page(request: HttpRequest, form: forms.Form, context: dict[str, Any]) -> HttpResponse:
    crumbs = (Crumb(pgettext("heading", "Firms"), reverse("web:applications")),)
    return form_page(request, "web/application.html", {**context, "crumbs": crumbs}, form)
