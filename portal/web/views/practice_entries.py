"""Practices on their way into the library: offered by a firm; edited, published, refused and
withdrawn.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role, User
from portal.accounts.selectors import packs_of
from portal.governance.selectors import may_decide
from portal.keys import receipt_key
from portal.practices import reviewing, selectors
from portal.practices.given_away import gives_away
from portal.practices.models import Entry, EntryState
from portal.practices.reviewing import WAITING
from portal.practices.revisions import as_read, changed, text_read, texts_of, wrote_in
from portal.problems import RefusedError
from portal.sentences import in_words
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.errors import add_error, mark_errors
from portal.web.forms.practices import (
    EndPracticeForm,
    ListedForm,
    OfferForm,
    PracticeForm,
    initial_of,
)
from portal.web.presenters import practice_entries as presenter
from portal.web.presenters.entry_changes import changed_meanwhile, edits, merged, not_saved
from portal.web.viewmodels.methods import MethodSection
from portal.web.words.terms import shown_name

CONCERNED = (Role.ENTERPRISE, Role.REGULATOR)
MEANWHILE = frozenset({"practice-changed", "practice-decided", "practice-waits"})
"""Refusals because of what somebody else did since the page was opened."""

IN_THE_FORM = frozenset({"practice-gives-away"})


@for_role(*CONCERNED)
def entries(request: HttpRequest) -> HttpResponse:
    user = person(request)
    regulates = may_decide(user)
    to_publish = (
        selectors.entries_to_publish(user).filter(organisation=None).count() if regulates else 0
    )
    may_offer = selectors.firms_to_offer_for(user).exists()
    page = presenter.entries_page(
        list(_entries(request)),
        request.GET,
        to_publish=to_publish,
        may_offer=may_offer,
        regulates=regulates,
    )
    return render(request, "web/sheet.html", {"page": page})


@for_role(Role.ENTERPRISE, posts=True)
def offer(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    rows = selectors.firms_to_offer_for(user)
    if not rows:
        raise reviewing.not_of_the_firm()
    firms = [(str(row.pk), shown_name(row.name)) for row in rows]
    sectors = packs_of(rows)
    form = OfferForm(
        request.POST if request.method == "POST" else None, firms=firms, sectors=sectors
    )
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        try:
            row = reviewing.offer(
                user,
                int(answers["organisation"]),
                form.content(),
                named=answers["naming"] == "named",
                now=timezone.now(),
            )
        except RefusedError as refusal:
            _beside_the_form(form, refusal)
        else:
            return report_done(
                request,
                _("The practice is offered. A reviewer will read it."),
                "web:practice-entry",
                row.pk,
            )
    return form_page(request, "web/form_sheet.html", {"page": presenter.offer_page()}, form)


@for_role(*CONCERNED, posts=True)
def entry(request: HttpRequest, entry: int) -> HttpResponseBase:
    """What it says and how it stands; edited by its firm until it is reviewed, by a regulator until
    it ends.
    """
    user, row = person(request), _entry(request, entry)
    if request.method == "GET":
        form = _form_of(row)(initial=initial_of(row.content)) if _editable(user, row) else None
        return _page(
            request,
            row,
            form,
            edits(texts_of(row)) if row.state in (*WAITING, EntryState.PUBLISHED) else (),
        )
    form = _form_of(row)(request.POST)
    if not _editable(user, row):
        return _not_saved(request, row, form, changed())
    if form.is_valid():
        try:
            edited = reviewing.edit(
                row, _read_against(request), user, form.content(), timezone.now()
            )
        except RefusedError as refusal:
            if refusal.code in MEANWHILE:
                return _not_saved(request, row, form, refusal)
            _beside_the_form(form, refusal)
        else:
            return report_done(request, _("Saved."), "web:practice-entry", edited.pk)
    return _page(request, row, form, read_against=_read_against(request))


@for_role(Role.REGULATOR, posts=True)
@freshly
def publish(request: HttpRequest, entry: int) -> HttpResponseBase:
    user, row = person(request), _entry(request, entry)
    if request.method == "GET" or row.state == EntryState.PUBLISHED:  # loaded again, or sent twice
        return redirect("web:practice-entry", entry)
    try:
        reviewing.publish([row], _read_against(request), user, receipt_key(), timezone.now())
    except RefusedError as refusal:
        if refusal.code not in MEANWHILE:
            raise
        stands = _entry(request, entry)
        form = (
            _form_of(stands)(initial=initial_of(stands.content))
            if _editable(user, stands)
            else None
        )
        return _page(
            request, stands, form, _changes(request, stands), problem=in_words(refusal.whole)
        )
    return report_done(
        request,
        _("The practice is published, and the library is signed and logged."),
        "web:practice-entry",
        entry,
    )


@for_role(*CONCERNED, posts=True)
def end(request: HttpRequest, entry: int) -> HttpResponseBase:
    """Refuse what waits, withdraw what is published or one's own."""
    user, row, problem = person(request), _entry(request, entry), ""
    if row.state not in (*WAITING, EntryState.PUBLISHED) or not (
        may_decide(user) or selectors.speaks_for(user, row)
    ):
        return redirect("web:practice-entry", entry)
    form = EndPracticeForm(request.POST) if request.method == "POST" else EndPracticeForm()
    read_against = _read_against(request) or as_read(row)
    changes: tuple[MethodSection, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            reviewing.end(
                row,
                _read_against(request),
                user,
                form.cleaned_data["reason"],
                receipt_key(),
                timezone.now(),
            )
        except RefusedError as refusal:
            if refusal.code not in MEANWHILE:
                raise
            row = _entry(request, entry)
            problem, changes, read_against = (
                in_words(refusal.whole),
                _changes(request, row),
                as_read(row),
            )
        else:
            return report_done(
                request, _("It is ended, with your reason."), "web:practice-entry", entry
            )
    refuses = row.state != EntryState.PUBLISHED and not selectors.speaks_for(user, row)
    return confirm_page(
        request,
        form,
        title=_("Refuse this practice?") if refuses else _("Withdraw this practice?"),
        sentence=_(
            "What was published keeps its address and shows your reason in place of its text. "
            "Copies that were already downloaded remain."
        ),
        button=_("Refuse it") if refuses else _("Withdraw it"),
        warning=True,
        back=reverse("web:practice-entry", args=[entry]),
        crumbs=presenter.crumbs(),
        read_against=read_against,
        problem=problem,
        changes=changes,
    )


def _page(
    request: HttpRequest,
    row: Entry,
    form: PracticeForm | None,
    sections: tuple[MethodSection, ...] = (),
    *,
    read_against: str = "",
    problem: str = "",
) -> HttpResponse:
    """The entry; with a problem, 409. `read_against` where the page goes on from an earlier one."""
    user = person(request)
    regulates, own = may_decide(user), selectors.speaks_for(user, row)
    page = presenter.entry_page(
        row,
        {name: str(field.label) for name, field in _form_of(row).base_fields.items()},
        wrote=wrote_in(row, user),
        regulates=regulates,
        own=own,
        read_against=read_against or as_read(row),
        agencies=selectors.agencies_of([row]),
        sections=sections,
        problem=problem,
    )
    context = {"page": page, **({"form": form} if form else {})}
    if form is not None:
        mark_errors(form)
    return render(
        request,
        "web/form_sheet.html",
        context,
        status=409 if problem else 400 if form and form.errors else 200,
    )


def _not_saved(
    request: HttpRequest, row: Entry, form: PracticeForm, refusal: RefusedError
) -> HttpResponse:
    """Somebody else was first: what they changed, and all that was typed here. The form goes on
    from what stands now, in the version that waits where one does."""
    waits = _entries(request).filter(practice=row.practice, state__in=WAITING).first()
    stands = waits if waits is not None and waits.practice else _entry(request, row.pk)
    before = text_read(row, _read_against(request))
    typed = {name: request.POST.get(name, "").strip() for name in form.fields}
    merging = merged(before, stands.content, typed)
    again = _form_of(stands)(initial=merging) if _editable(person(request), stands) else None
    sections = (*changed_meanwhile(before, stands.content), *not_saved(stands.content, merging))
    return _page(request, stands, again, sections, problem=in_words(refusal.whole))


def _changes(request: HttpRequest, row: Entry) -> tuple[MethodSection, ...]:
    return changed_meanwhile(text_read(row, _read_against(request)), row.content)


def _read_against(request: HttpRequest) -> str:
    """What the page was read as; the link to the question whether to end it brings it along."""
    return (request.POST or request.GET).get("read_against", "")


def _form_of(row: Entry) -> type[PracticeForm]:
    return ListedForm if row.organisation_id is None else PracticeForm


def _editable(user: User, row: Entry) -> bool:
    if may_decide(user):
        return row.state in (*WAITING, EntryState.PUBLISHED)
    return row.state == EntryState.OFFERED and selectors.speaks_for(user, row)


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
