"""For everybody: the transparency log, its signed head, its checkpoint with cosignatures, and any
entry with its proof.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.keys import published_directory, receipt_key
from portal.translog import selectors, witnesses
from portal.translog.selectors import EntryView
from portal.translog.witnesses import CheckpointChoice
from portal.web.answers import attachment
from portal.web.forms.errors import mark_errors
from portal.web.forms.log_entry import LogEntryForm
from portal.web.presenters.log import log_page

Found = tuple[EntryView, list[bytes]]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    head = selectors.head(receipt_key())
    form = LogEntryForm(request.GET) if "entry" in request.GET else LogEntryForm()
    entry = (
        _entry(form.cleaned_data["entry"], head.size) if form.is_bound and form.is_valid() else None
    )
    if form.is_bound and not form.errors and entry is None:
        form.add_error(
            "entry", _("No entry has this number, and nothing with this digest was logged.")
        )
    mark_errors(form)
    directory = published_directory()
    content = directory.content
    witness_views = witnesses.witnesses(directory)
    shown = log_page(
        head, witness_views, content.witnesses_required, content.witnessed_within_days, entry
    )
    return render(
        request, "web/log.html", {"page": shown, "form": form}, status=404 if form.errors else 200
    )


@require_safe
def head_file(_request: HttpRequest) -> HttpResponse:
    """The signed head, to be kept and compared."""
    head = selectors.head(receipt_key())
    return attachment(head.signed, "application/cbor", f"steplabel-log-head-{head.size}.cbor")


@require_safe
def directory_file(_request: HttpRequest) -> HttpResponse:
    """The key directory as the coordinator signed it, to be carried to a plant without a
    connection.
    """
    directory = published_directory()
    return attachment(
        directory.signed, "application/cbor", f"steplabel-directory-{directory.content.number}.cbor"
    )


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest head as public logs write it, with its cosignatures (C2SP tlog-checkpoint)."""
    raw = witnesses.checkpoint(CheckpointChoice.NEWEST, published_directory(), receipt_key())
    return HttpResponse(raw, content_type="text/plain; charset=utf-8")


def _entry(asked: str, size: int) -> Found | None:
    """By number, or by the digest of the thing itself."""
    if asked.isdecimal() and len(asked) < 16:
        return selectors.inclusion(int(asked), size) if int(asked) < size else None
    view = selectors.entry_of(asked)
    return None if view is None or view.index >= size else selectors.inclusion(view.index, size)
