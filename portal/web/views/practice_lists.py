"""Published lists of practices: read from a file by one regulator, published by another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import Role
from portal.governance.selectors import may_decide
from portal.keys import receipt_key
from portal.practices import reviewing, selectors
from portal.practices.entry_texts import FIELDS
from portal.practices.revisions import as_read
from portal.problems import RefusedError
from portal.request_sizes import MAX_FORM_BYTES, takes
from portal.sentences import in_words
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.forms.practices import MOST_LIST_BYTES, MOST_PRACTICES, ImportForm, ListedForm
from portal.web.lists.obliged_files import head_and_lines
from portal.web.lists.tables import csv_file
from portal.web.presenters import practice_entries as presenter
from portal.web.presenters.practices import library_table

IMPORTED = ("id", *FIELDS)
ID = re.compile(r"[a-z0-9][a-z0-9-]{1,59}")


@for_role(Role.REGULATOR, posts=True)
@freshly
def publish_lists(request: HttpRequest) -> HttpResponseBase:
    """All imported practices of which nothing is the reader's own, as they stood when the question
    was read.
    """
    user, problem = person(request), ""
    rows = list(selectors.entries_to_publish(user).filter(organisation=None).order_by("pk"))
    if not rows or not may_decide(user):
        return redirect("web:practice-entries")
    if request.method == "POST":
        try:
            reviewing.publish(
                rows, request.POST.get("read_against", ""), user, receipt_key(), timezone.now()
            )
        except RefusedError as refusal:
            if refusal.code != "practice-changed":
                raise
            problem = in_words(refusal.whole)
        else:
            return report_done(request, _published(len(rows)), "web:practice-entries")
    return confirm_page(
        request,
        title=ngettext(
            "Publish %(n)s imported practice?", "Publish %(n)s imported practices?", len(rows)
        )
        % {"n": len(rows)},
        sentence=presenter.names_of(rows),
        button=_("Publish them"),
        back=reverse("web:practice-entries"),
        crumbs=presenter.crumbs(),
        read_against=as_read(*rows),
        problem=problem,
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
                return report_done(request, _imported(len(imported)), "web:practice-entries")
        else:
            form.add_error(
                "listed",
                _("Nothing was imported. Correct what is listed below, and choose the file again."),
            )
    return form_page(
        request, "web/practice_import.html", {"page": presenter.import_page(faults)}, form
    )


@for_role(Role.REGULATOR)
def template_csv(request: HttpRequest) -> HttpResponse:
    """The columns of a list, with one line as an example."""
    _require_nation(request)
    head, rows = library_table(selectors.library(), {})
    return csv_file(
        "steplabel-practices-template.csv",
        head[: len(IMPORTED)],
        [row[: len(IMPORTED)] for row in rows[:1]],
    )


def _imported(n: int) -> str:
    return ngettext(
        "%(n)s practice is imported. A second person publishes it.",
        "%(n)s practices are imported. A second person publishes them.",
        n,
    ) % {"n": n}


def _published(n: int) -> str:
    return ngettext("%(n)s practice is published.", "%(n)s practices are published.", n) % {"n": n}


def _read(raw: bytes) -> tuple[dict[str, dict[str, str]], list[tuple[int, str, str]]]:
    """The practices by id, or (line, column, what is wrong)."""
    head, lines, fault = head_and_lines(raw)
    if fault is not None or "id" not in head:
        return {}, [(1, "id", _("The file is not a table with the columns of the template."))]
    if not lines:
        return {}, [(2, "id", _("The list is empty."))]
    contents: dict[str, dict[str, str]] = {}
    faults = (
        [(lines[MOST_PRACTICES][0], "id", _("At most 500 practices at once."))]
        if len(lines) > MOST_PRACTICES
        else []
    )
    for number, cells in lines[:MOST_PRACTICES]:
        whole = [*cells, *[""] * (len(head) - len(cells))]  # a line may end before the last column
        row = {
            name: cell.removesuffix(" 00:00:00") for name, cell in zip(head, whole, strict=False)
        }  # a workbook's day has a time
        form = ListedForm({**row, "step": f"{row.get('sector', '')}/{row.get('step', '')}"})
        if not ID.fullmatch(row["id"]) or row["id"] in contents:
            faults.append(
                (
                    number,
                    "id",
                    _("It needs its own id: small letters, digits and hyphens, at most 60."),
                )
            )
        elif row["id"].startswith(reviewing.COLLECTED):
            faults.append(
                (
                    number,
                    "id",
                    _("Ids that begin with “collected-” are kept for practices of firms."),
                )
            )
        faults += [
            (number, name, str(error)) for name, errors in form.errors.items() for error in errors
        ]
        if not form.errors:
            contents[row["id"]] = form.content()
    return contents, faults


def _require_nation(request: HttpRequest) -> None:
    if not may_decide(person(request)):
        raise reviewing.not_regulator()
