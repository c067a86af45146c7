"""The library of practices for everybody; offering, importing, editing, publishing and withdrawing for firms and regulators."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from benchmarks.errors import SteplabelError
from benchmarks.wire.outcomes import MOST_BYTES
from portal.accounts.models import Role
from portal.accounts.selectors import organisations_as, roles_of
from portal.assurance import confirming
from portal.days import scheme_day
from portal.governance.selectors import may_decide
from portal.keys import receipt_key
from portal.practices import outcomes, reviewing, selectors
from portal.practices.entry_checks import gives_away
from portal.practices.entry_texts import FIELDS
from portal.practices.models import Entry, State
from portal.practices.reviewing import WAITING
from portal.problems import RefusedError
from portal.read_replica import from_replica
from portal.request_sizes import MAX_FORM_BYTES, takes
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms import add_error
from portal.web.obliged_files import head_and_lines
from portal.web.practice_forms import (
    MOST_LIST_BYTES,
    MOST_PRACTICES,
    EndPracticeForm,
    ImportForm,
    ListedForm,
    OfferForm,
    OutcomeForm,
    PracticeForm,
    initial_of,
)
from portal.web.presenters import practices as presenter
from portal.web.shown_texts import add_what_stands, digest_of, require_shown
from portal.web.tables import csv_file
from portal.web.words import shown_name

CONCERNED = (Role.ENTERPRISE, Role.REGULATOR)
IMPORTED = ("id", *FIELDS)
ID = re.compile(r"[a-z0-9][a-z0-9-]{1,59}")
IN_THE_FORM = frozenset({"practice-changed", "practice-decided", "practice-waits"})


@require_safe
@from_replica
def every(request: HttpRequest) -> HttpResponse:
    """The whole library, or what fits a sector, a step, a cause (`?sector=&step=&cause=`)."""
    contributes = request.user.is_authenticated and not roles_of(person(request)).isdisjoint(CONCERNED)
    page = presenter.library_page(selectors.library(), request.GET)
    return render(request, "web/practices.html", {"page": page, "contributes": contributes})


@require_safe
@from_replica
def every_csv(request: HttpRequest) -> HttpResponse:
    """In the columns in which a list is imported, and what the library adds."""
    return csv_file("steplabel-practices.csv", *presenter.library_table(selectors.library()))


@require_safe
@from_replica
def practice_page(request: HttpRequest, practice: str, version: int | None = None) -> HttpResponse:
    reports = request.user.is_authenticated and Role.ENTERPRISE in roles_of(person(request))
    library = selectors.library()
    page = presenter.practice_page(library, practice, selectors.versions_of(practice), version, reports=reports)
    if page is None:
        raise Http404
    payback = presenter.payback_of(library, practice, scheme_day()) if version is None else None
    return render(request, "web/practice.html", {"page": page, "payback": payback})


@for_role(Role.ENTERPRISE, posts=True)
def outcome(request: HttpRequest, practice: str) -> HttpResponseBase:
    """What one's own sites report that a practice did there; `withdraw` names a report that is not counted yet."""
    user = person(request)
    shown = next((candidate for candidate in selectors.library().practices if candidate.id == practice), None)
    if shown is None:
        raise Http404
    if (withdrawn := request.POST.get("withdraw", "")).isdecimal():
        outcomes.withdraw(int(withdrawn[:18]), user, timezone.now())
        return report_done(request, _("The report is withdrawn, as if it had never been submitted."), "web:practice-outcome", practice)
    form = OutcomeForm(request.POST, request.FILES) if request.method == "POST" else OutcomeForm()
    if request.method == "POST" and form.is_valid():
        try:
            raw, ask = form.cleaned_data["told"].read(MOST_BYTES + 1), form.cleaned_data["ask"]
            report = confirming.hand_in(raw, practice, user, receipt_key(), timezone.now(), ask=ask)
        except SteplabelError as refusal:
            add_error(form, "told", refusal)
        else:
            waits = _("The report is submitted. It is shown to nobody else until four other firms have reported.")
            done = _("The report is counted, with those of four other firms.") if report.counted_at else waits
            if report.asked:
                done = _("The report is submitted. An auditor of your site can now read and confirm it.")
            return report_done(request, done, "web:practice-outcome", practice)
    page = presenter.outcome_page(shown, list(selectors.reports_of(user, practice)))
    return form_page(request, "web/practice_outcome.html", {"page": page}, form)


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
    kind: type[PracticeForm] = ListedForm if row.organisation_id is None else PracticeForm
    form = kind(request.POST) if request.method == "POST" else kind(initial=initial_of(row.content)) if editable else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            require_shown(request, [row])
            if not editable:
                raise reviewing.decided()
            edited = reviewing.edit(row, user, form.content(), timezone.now())
        except RefusedError as refusal:
            row = _entry(request, entry)
            waits = _entries(request).filter(practice=row.practice, state__in=WAITING).first()
            if waits is not None and waits.content == form.content():  # sent twice
                return report_done(request, _("Saved."), "web:practice-entry", waits.pk)
            _beside_the_form(form, refusal, waits or row)
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
    require_shown(request, [row])
    reviewing.publish([row], person(request), receipt_key(), timezone.now())
    return report_done(request, _("The practice is published, and the library is signed and logged."), "web:practice-entry", entry)


@for_role(Role.REGULATOR, posts=True)
@freshly
def publish_lists(request: HttpRequest) -> HttpResponseBase:
    """All imported practices that somebody else brought in."""
    user = person(request)
    rows = list(_entries(request).filter(state=State.REVIEWED, organisation=None).exclude(reviewed_by=user))
    if not rows:
        return redirect("web:practice-entries")
    if request.method == "POST":
        require_shown(request, rows)
        reviewing.publish(rows, user, receipt_key(), timezone.now())
        return report_done(request, _("%(n)s practices are published.") % {"n": len(rows)}, "web:practice-entries")
    return confirm_page(
        request,
        title=_("Publish %(n)s imported practices?") % {"n": len(rows)},
        sentence=presenter.names_of(rows),
        button=_("Publish them"),
        back=reverse("web:practice-entries"),
        crumbs=presenter.crumbs(),
        shown=digest_of(rows),
    )


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


@takes(MOST_LIST_BYTES + MAX_FORM_BYTES)
@for_role(Role.REGULATOR, posts=True)
def import_list(request: HttpRequest) -> HttpResponseBase:
    """Read a list and keep it for a second person: all of it, or nothing and the faults by line."""
    _require_nation(request)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    faults: Sequence[tuple[int, str, str]] = ()
    if request.method == "POST" and form.is_valid():
        contents, faults = _read(form.cleaned_data["listed"].read())
        if not faults:
            try:
                imported = reviewing.import_list(person(request), contents, timezone.now())
            except RefusedError as refusal:
                add_error(form, "listed", refusal)
            else:
                done = _("%(n)s practices are imported. A second person publishes them.") % {"n": len(imported)}
                return report_done(request, done, "web:practice-entries")
        else:
            form.add_error("listed", _("Nothing was imported. Correct what is listed below, and choose the file again."))
    return form_page(request, "web/practice_import.html", {"page": presenter.import_page(faults)}, form)


@for_role(Role.REGULATOR)
def template_csv(request: HttpRequest) -> HttpResponse:
    """The columns of a list, with one line as an example."""
    _require_nation(request)
    head, rows = presenter.library_table(selectors.library())
    return csv_file("steplabel-practices-template.csv", head[: len(IMPORTED)], [row[: len(IMPORTED)] for row in rows[:1]])


def _read(raw: bytes) -> tuple[dict[str, dict[str, str]], list[tuple[int, str, str]]]:
    """The practices by id, or (line, column, what is wrong)."""
    head, lines, fault = head_and_lines(raw)
    if fault is not None or "id" not in head:
        return {}, [(1, "id", _("The file is not a table with the columns of the template."))]
    if not lines:
        return {}, [(2, "id", _("The list is empty."))]
    contents: dict[str, dict[str, str]] = {}
    faults = [(lines[MOST_PRACTICES][0], "id", _("At most 500 practices at once."))] if len(lines) > MOST_PRACTICES else []
    for number, cells in lines[:MOST_PRACTICES]:
        row = {name: cell.removesuffix(" 00:00:00") for name, cell in zip(head, cells, strict=False)}  # a workbook's day has a time
        form = ListedForm({**row, "step": f"{row.get('sector', '')}/{row.get('step', '')}"})
        if not ID.fullmatch(row.get("id", "")) or row["id"] in contents:
            faults.append((number, "id", _("It needs its own id: small letters, digits and hyphens, at most 60.")))
        faults += [(number, name, str(error)) for name, errors in form.errors.items() for error in errors]
        if not form.errors:
            contents[row["id"]] = form.content()
    return contents, faults


def _beside_the_form(form: PracticeForm, refusal: RefusedError, stands: Entry | None = None) -> None:
    if refusal.code == "practice-gives-away":
        add_error(form, gives_away(form.content()) or "saving_to", refusal)
    elif stands is not None and refusal.code in IN_THE_FORM:
        add_what_stands(form, form.content(), stands, refusal)
    else:
        raise refusal


def _require_nation(request: HttpRequest) -> None:
    if not may_decide(person(request)):
        raise reviewing.not_regulator()


def _entries(request: HttpRequest) -> QuerySet[Entry]:
    return selectors.entries_of(person(request))


def _entry(request: HttpRequest, pk: int) -> Entry:
    row = _entries(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
