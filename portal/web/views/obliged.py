"""For a regulator: who is obliged to report, by a file or by hand, and how far each cohort is."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.catalogue import obliged_list, obliged_rows
from portal.catalogue.models import ObligedChange
from portal.catalogue.obliged_list import MOST_BYTES
from portal.catalogue.obliged_rows import LineFault, ObligedSite
from portal.catalogue.selectors import PeerGroupView, groups_of, peer_group_by_id
from portal.intake.participation import participation
from portal.problems import RefusedError
from portal.request_sizes import MAX_FORM_BYTES, takes
from portal.sentences import in_words
from portal.web.access import for_role, person
from portal.web.answers import report_done
from portal.web.forms.errors import mark_errors
from portal.web.forms.obliged import ObligedForm, ObligedListForm
from portal.web.lists import obliged_files
from portal.web.lists.tables import csv_file
from portal.web.presenters.obliged import list_page, obliged_page

MOST_LISTS = 50


@for_role(Role.REGULATOR)
def page(request: HttpRequest, group: int) -> HttpResponse:
    return _page(request, _group(request, group))


@takes(MOST_BYTES + MAX_FORM_BYTES)
@for_role(Role.REGULATOR, posts=True)
def upload(request: HttpRequest, group: int) -> HttpResponseBase:
    """Read the file and show what it would change; nothing is changed by it."""
    view = _group(request, group)
    if request.method == "GET":
        return redirect("web:obliged", group)
    form = ObligedListForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, view, list_form=form)
    peer_group = peer_group_by_id(view.id)
    rows, faults = obliged_files.rows_of(form.cleaned_data["listed"].read())
    if not faults:
        listed, faults = obliged_rows.read_list(rows, peer_group)
    if faults:
        return _page(request, view, faults=faults)
    return redirect(
        "web:obliged-list",
        group,
        obliged_list.propose(peer_group, listed, person(request), timezone.now()).pk,
    )


@for_role(Role.REGULATOR)
def now_csv(request: HttpRequest, group: int) -> HttpResponse:
    """Who is obliged today, in the columns of a new list."""
    return csv_file(
        f"steplabel-obliged-{group}.csv",
        *obliged_files.table(obliged_list.listed_now(peer_group_by_id(_group(request, group).id))),
    )


@for_role(Role.REGULATOR)
def template_csv(request: HttpRequest, group: int) -> HttpResponse:
    """The columns of a list, and no row."""
    return csv_file(
        f"steplabel-obliged-{_group(request, group).id}-template.csv", *obliged_files.table(())
    )


@for_role(Role.REGULATOR, posts=True)
def amend(request: HttpRequest, group: int) -> HttpResponseBase:
    view = _group(request, group)
    if request.method == "GET":
        return redirect("web:obliged", group)
    peer_group = peer_group_by_id(view.id)
    form = ObligedForm(request.POST, sites=obliged_rows.eligible(peer_group))
    if not form.is_valid():
        return _page(request, view, form=form)
    answers = form.cleaned_data
    obliged_list.amend(
        peer_group,
        ObligedSite(answers["site"], answers["duty"] == "obliged", answers["cohort"]),
        person(request),
        timezone.now(),
    )
    return report_done(request, _("The list is changed."), "web:obliged", group)


@for_role(Role.REGULATOR)
def one_list(request: HttpRequest, group: int, change: int) -> HttpResponse:
    view = _group(request, group)
    row = _change(view, change)
    difference = obliged_list.difference(row)
    last = obliged_list.last_applied(group)
    is_last = last is not None and last.pk == row.pk
    return render(
        request,
        "web/obliged_list.html",
        {
            "page": list_page(
                view, row, difference, obliged_list.held_now(row.peer_group), is_last=is_last
            )
        },
    )


@for_role(Role.REGULATOR, posts=True)
def apply(request: HttpRequest, group: int, change: int) -> HttpResponseBase:
    row = _change(_group(request, group), change)
    if request.method == "GET" or row.state != "proposed":  # loaded again, or sent twice
        return redirect("web:obliged-list", group, change)
    try:
        obliged_list.apply(
            row, request.POST.get("read_against", ""), person(request), timezone.now()
        )
    except RefusedError as error:
        if error.code != "list-changed-meanwhile":
            raise
        messages.error(request, in_words(error.whole))
        return redirect("web:obliged-list", group, change)
    return report_done(
        request,
        _("The list is applied. You can undo it until another list is applied."),
        "web:obliged",
        group,
    )


@for_role(Role.REGULATOR, posts=True)
def undo(request: HttpRequest, group: int, change: int) -> HttpResponseBase:
    row = _change(_group(request, group), change)
    if request.method == "GET" or row.state != "applied":
        return redirect("web:obliged-list", group, change)
    obliged_list.undo(row, person(request), timezone.now())
    return report_done(
        request,
        _("Undone. The list of the obliged is as it was before that list."),
        "web:obliged",
        group,
    )


def _page(
    request: HttpRequest,
    view: PeerGroupView,
    form: ObligedForm | None = None,
    list_form: ObligedListForm | None = None,
    faults: Sequence[LineFault] = (),
) -> HttpResponse:
    wrong = form or list_form
    if wrong is not None:
        mark_errors(wrong)
    newest = (
        participation(person(request), view.id, view.periods[0].name, timezone.now())
        if view.periods
        else None
    )
    lists = list(obliged_list.lists_of(view.id)[:MOST_LISTS])
    context = {
        "page": obliged_page(view, newest, lists, faults),
        "wrong": wrong,
        "form": form or ObligedForm(sites=obliged_rows.eligible(peer_group_by_id(view.id))),
        "list_form": list_form or ObligedListForm(),
    }
    return render(
        request, "web/obliged.html", context, status=400 if wrong is not None or faults else 200
    )


def _group(request: HttpRequest, group: int) -> PeerGroupView:
    """A group whose whole scope the person regulates: the list names sites of all of it."""
    view = next(
        (
            peer_group
            for peer_group in groups_of(person(request))
            if peer_group.id == group and peer_group.may_decide
        ),
        None,
    )
    if view is None:
        raise Http404
    return view


def _change(view: PeerGroupView, change: int) -> ObligedChange:
    row = obliged_list.list_of(view.id, change)
    if row is None:
        raise Http404
    return row
