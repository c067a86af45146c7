"""Practices on their way into the library: offered by a firm; edited, published, refused and withdrawn."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.accounts.selectors import organisations_as, roles_of
from portal.governance.selectors import may_decide
from portal.keys import receipt_key
from portal.practices import reviewing, selectors
from portal.practices.entry_checks import gives_away
from portal.practices.models import Entry, State
from portal.practices.reviewing import WAITING
from portal.problems import RefusedError
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms import add_error
from portal.web.practice_forms import EndPracticeForm, ListedForm, OfferForm, PracticeForm, initial_of
from portal.web.presenters import practice_entries as presenter
from portal.web.words import shown_name

CONCERNED = (Role.ENTERPRISE, Role.REGULATOR)
IN_THE_FORM = frozenset({"practice-gives-away"})


@for_role(*CONCERNED)
def entries(request: HttpRequest) -> HttpResponse:
    user = person(request)
    page = presenter.entries_page(list(_entries(request)), request.GET, reads=user.pk, roles=roles_of(user), regulates=may_decide(user))
    return render(request, "web/sheet.html", {"page": page})


@for_role(Role.ENTERPRISE, posts=True)
def offer(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    rows = organisations_as(user, Role.ENTERPRISE, managing=True).distinct().order_by("name")
    firms = [(str(row.pk), shown_name(row.name)) for row in rows]
    form = OfferForm(request.POST, firms=firms) if request.method == "POST" else OfferForm(firms=firms)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        try:
            row = reviewing.offer(
                user, int(answers["organisation"]), form.content(), named=answers["naming"] == "named", now=timezone.now()
            )
        except RefusedError as refusal:
            _beside_the_form(form, refusal)
        else:
            return report_done(request, _("The practice is offered. A reviewer will read it."), "web:practice-entry", row.pk)
    return form_page(request, "web/form_sheet.html", {"page": presenter.offer_page()}, form)


@for_role(*CONCERNED, posts=True)
def entry(request: HttpRequest, entry: int) -> HttpResponseBase:
    """What it says and how it stands; edited by its firm until it is reviewed, by a regulator until it ends."""
    user, row = person(request), _entry(request, entry)
    regulates = may_decide(user)
    own = selectors.speaks_for(user, row)
    editable = row.state in (*WAITING, State.PUBLISHED) if regulates else own and row.state == State.OFFERED
    if request.method == "POST" and not editable:
        return redirect("web:practice-entry", entry)
    kind: type[PracticeForm] = ListedForm if row.organisation_id is None else PracticeForm
    form = kind(request.POST) if request.method == "POST" else kind(initial=initial_of(row.content)) if editable else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            edited = reviewing.edit(row, user, form.content(), timezone.now())
        except RefusedError as refusal:
            _beside_the_form(form, refusal)
        else:
            return report_done(request, _("Saved."), "web:practice-entry", edited.pk)
    page = presenter.entry_page(row, reads=user.pk, regulates=regulates, own=own)
    if form is None:
        return render(request, "web/form_sheet.html", {"page": page})
    return form_page(request, "web/form_sheet.html", {"page": page}, form)


@for_role(Role.REGULATOR, posts=True)
@freshly
def publish(request: HttpRequest, entry: int) -> HttpResponseBase:
    row = _entry(request, entry)
    if request.method == "GET" or row.state == State.PUBLISHED:  # loaded again, or sent twice
        return redirect("web:practice-entry", entry)
    reviewing.publish([row], person(request), receipt_key(), timezone.now())
    return report_done(request, _("The practice is published, and the library is signed and logged."), "web:practice-entry", entry)


@for_role(*CONCERNED, posts=True)
def end(request: HttpRequest, entry: int) -> HttpResponseBase:
    """Refuse what waits, withdraw what is published or one's own."""
    user, row = person(request), _entry(request, entry)
    if row.state not in (*WAITING, State.PUBLISHED) or not (may_decide(user) or selectors.speaks_for(user, row)):
        return redirect("web:practice-entry", entry)
    form = EndPracticeForm(request.POST) if request.method == "POST" else EndPracticeForm()
    if request.method == "POST" and form.is_valid():
        reviewing.end(row, user, form.cleaned_data["reason"], receipt_key(), timezone.now())
        return report_done(request, _("It is ended, with your reason."), "web:practice-entry", entry)
    refuses = row.state != State.PUBLISHED and not selectors.speaks_for(user, row)
    return confirm_page(
        request,
        form,
        title=_("Refuse this practice?") if refuses else _("Withdraw this practice?"),
        sentence=_(
            "What was published keeps its address and shows your reason in place of its text. Copies that were already downloaded remain."
        ),
        button=_("Refuse it") if refuses else _("Withdraw it"),
        warning=True,
        back=reverse("web:practice-entry", args=[entry]),
        crumbs=presenter.crumbs(),
    )


def _beside_the_form(form: PracticeForm, refusal: RefusedError) -> None:
    if refusal.code not in IN_THE_FORM:
        raise refusal
    add_error(form, gives_away(form.content()) or "saving_to", refusal)


def _entries(request: HttpRequest) -> QuerySet[Entry]:
    return selectors.entries_of(person(request))


def _entry(request: HttpRequest, pk: int) -> Entry:
    row = _entries(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
