"""Sealed files and commitments that a person brings: they go the way of those sent by the agent,
with the same challenge or receipt.
"""

from __future__ import annotations

from secrets import token_bytes

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.accounts.models import Role
from portal.accounts.selectors import own_sites
from portal.celery import nudge
from portal.intake import by_hand
from portal.intake.models import Commitment, Submission
from portal.intake.owed import owed_of
from portal.intake.receiving import OPENING
from portal.intake.reminders import asked_for
from portal.intake.selectors import own_commitment
from portal.keys import published_directory, receipt_key
from portal.request_sizes import MAX_FORM_BYTES, takes
from portal.web.access import for_role, person
from portal.web.answers import attachment
from portal.web.forms.errors import mark_errors
from portal.web.forms.sealed_files import SealedFilesForm
from portal.web.presenters.handed_in import FileAnswer, handed_in, told_of
from portal.web.presenters.site_record import more_time
from portal.web.viewmodels.shared import Crumb


@takes(MAX_FORM_BYTES + (by_hand.MOST_FILES - 1) * MAX_ENVELOPE_BYTES)
@for_role(Role.ENTERPRISE, posts=True)
def upload(request: HttpRequest) -> HttpResponseBase:
    """One file is answered with its challenge or its page, several with a row for each."""
    form = (
        SealedFilesForm(request.POST, request.FILES)
        if request.method == "POST"
        else SealedFilesForm()
    )
    page = {"form": form, "crumbs": (Crumb(_("Submissions"), reverse("web:submissions")),)}
    if request.method == "GET":
        own = own_sites(person(request))
        page["more_time"] = more_time(owed_of(own, timezone.now()), asked_for(own))
        return render(request, "web/upload.html", page)
    if form.is_valid():
        answers = _answers(request, form)
        if len(answers) > 1:
            all_refused = all(answer.refusal for answer in answers)
            page |= {"answers": handed_in(answers), "form": SealedFilesForm()}
            return render(request, "web/upload.html", page, status=400 if all_refused else 200)
        (only,) = answers
        if isinstance(only.stored, Commitment):
            return _challenge_file(only.stored)
        if isinstance(only.stored, Submission):
            messages.success(
                request,
                _("The sealed file has been received.")
                if only.created
                else _("This file was submitted before. Here is its receipt."),
            )
            return redirect("web:submission", only.stored.digest)
        form.add_error("sealed", only.refusal)
    mark_errors(form)
    return render(request, "web/upload.html", page, status=400)


@for_role(Role.ENTERPRISE)
def challenge(request: HttpRequest, digest: str) -> HttpResponse:
    """The challenge to a commitment of an own site, again."""
    row = own_commitment(person(request), digest)
    if row is None:
        raise Http404
    return _challenge_file(row)


def _answers(request: HttpRequest, form: SealedFilesForm) -> list[FileAnswer]:
    """Of every file, in the order in which they were chosen."""
    files = form.cleaned_data["sealed"]
    readable = [file for file in files if not form.fault_of(file)]
    outcomes = by_hand.take(
        person(request),
        [file.read() for file in readable],
        published_directory(),
        receipt_key(),
        timezone.now(),
        token_bytes,
    )
    if any(answer.created and isinstance(answer.stored, Submission) for answer in outcomes):
        nudge(OPENING)
    answered = dict(zip(map(id, readable), outcomes, strict=True))
    return [told_of(file.name or "", answered.get(id(file)), form.fault_of(file)) for file in files]


def _challenge_file(row: Commitment) -> HttpResponse:
    """The signed challenge, as `steplabel-agent submit --challenge` reads it; the same file
    whenever it is asked for.
    """
    name = f"challenge-{row.site.slug}-{row.period.replace('/', '_')}-r{row.revision}.cbor"
    return attachment(bytes(row.challenge), "application/cbor", name)
