"""How pages answer that are alike: a table under its sentence, a form with what is wrong beside its
fields, the question before an act, the word that it is done, a file to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from portal.web.forms.errors import mark_errors
from portal.web.viewmodels.listed import ListTable
from portal.web.viewmodels.methods import MethodSection
from portal.web.viewmodels.shared import Crumb


def attachment(content: str | bytes, kind: str, name: str) -> HttpResponse:
    """A file of that kind, to be kept under that name."""
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def listing_page(
    request: HttpRequest,
    title: str,
    lead: str,
    table: ListTable,
    crumbs: tuple[Crumb, ...] = (),
    search: str = "",
) -> HttpResponse:
    """A page that is a sentence and a table; `search` says what its words (`?q=`) are looked for
    in.
    """
    return render(
        request,
        "web/listing.html",
        {"title": title, "lead": lead, "table": table, "crumbs": crumbs, "search": search},
    )


def form_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], form: forms.Form
) -> HttpResponse:
    """The page with its form, 400 where something in it is wrong."""
    mark_errors(form)
    return render(request, template, {"form": form, **context}, status=400 if form.errors else 200)


def confirm_page(
    request: HttpRequest,
    form: forms.Form | None = None,
    *,
    title: str,
    sentence: str,
    button: str,
    back: str,
    crumbs: tuple[Crumb, ...],
    warning: bool = False,
    read_against: str = "",
    problem: str = "",
    changes: Sequence[MethodSection] = (),
) -> HttpResponse:
    """One question before an act, with what is to be said of it; `warning` where it cannot be
    undone.

    `read_against` is sent along with the answer: what it is about, as it was read. `problem` is why
    an answer was not taken (409), with the `changes` that were made meanwhile.
    """
    context = {
        "title": title,
        "sentence": sentence,
        "button": button,
        "back": back,
        "crumbs": crumbs,
        "warning": warning,
    }
    context |= {"read_against": read_against, "problem": problem, "changes": changes}
    page = (
        form_page(request, "web/confirm.html", context, form)
        if form
        else render(request, "web/confirm.html", context)
    )
    if problem:
        page.status_code = 409
    return page


def report_done(request: HttpRequest, sentence: str, to: str, *args: Any) -> HttpResponseRedirect:
    """It happened: on to a page that says so."""
    messages.success(request, sentence)
    return redirect(to, *args)
