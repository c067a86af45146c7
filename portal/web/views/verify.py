"""For everybody, the one door for proof: what a code on a certificate stands for today, the
transparency log with its signed head and cosignatures, and any entry with its proof.

A code says by its first letter what it is of; those that are none of the book's are answered by
extras (`areas.CODES`).
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from portal.assurance import attestation_standing
from portal.assurance.attestation_standing import AttestationView, by_code
from portal.days import scheme_day
from portal.keys import published_directory, receipt_key
from portal.own_address import absolute
from portal.publication.entries import entry_of_version
from portal.translog import selectors, witnesses
from portal.translog.selectors import EntryView
from portal.translog.witnesses import CheckpointChoice
from portal.web import areas
from portal.web.answers import attachment
from portal.web.forms.errors import mark_errors
from portal.web.forms.verifying import VerifyForm
from portal.web.papers.attestation import certificate_pdf
from portal.web.presenters.assurance import attestation_page
from portal.web.presenters.log import log_page

Found = tuple[EntryView, list[bytes]]


@require_safe
def ask(request: HttpRequest) -> HttpResponseBase:
    """The door for proof: the field, what the log knows of it, and the log's head and witnesses."""
    form = VerifyForm(request.GET) if "code" in request.GET else VerifyForm()
    valid = form.is_bound and form.is_valid()
    asked = form.entry if valid else ""
    if valid and not asked:  # a certificate is checked even where the log cannot be
        code = attestation_standing.canonical(form.cleaned_data["code"]) or ""
        if _page(request, code) is not None:
            return redirect("web:verify", code)
    head = selectors.head(receipt_key())
    entry = _entry(asked, head.size) if asked else None
    if valid and entry is None:
        form.add_error(
            "code",
            _("No certificate and no entry of the log has this. Compare it letter by letter."),
        )
    mark_errors(form)
    directory = published_directory()
    content = directory.content
    shown = log_page(
        head,
        witnesses.witnesses(directory),
        content.witnesses_required,
        content.witnessed_within_days,
        entry,
    )
    return render(
        request,
        "web/verify_ask.html",
        {"page": shown, "form": form},
        status=404 if form.errors else 200,
    )


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponseBase:
    if (found := _page(request, code)) is None:
        raise Http404
    return found


@require_GET
def statement(_request: HttpRequest, code: str) -> HttpResponseBase:
    """The signed file itself, for checking without the portal."""
    view = _issued(code)
    return attachment(
        attestation_standing.signed_statement(view.id),
        "application/cbor",
        f"attestation-{view.code}.cbor",
    )


@require_GET
def certificate(_request: HttpRequest, code: str) -> HttpResponseBase:
    view = _issued(code)
    address = absolute(reverse("web:verify", args=[view.code]))
    response = HttpResponse(
        certificate_pdf(attestation_page(view), address), content_type="application/pdf"
    )
    response["Content-Disposition"] = f'inline; filename="attestation-{view.code}.pdf"'
    return response


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
    """By number, by the digest of the thing itself, or by that of a version."""
    index: int | None
    if len(asked) < 64:  # a number
        index = int(asked)
    else:
        view = selectors.entry_of(asked)
        index = view.index if view else entry_of_version(asked)
    return selectors.inclusion(index, size) if index is not None and index < size else None


def _page(request: HttpRequest, code: str) -> HttpResponse | None:
    """None where nothing has this code."""
    if view := by_code(code, scheme_day()):
        return render(request, "web/verify.html", {"page": attestation_page(view)})
    return next(iter(areas.CODES(request, code)), None)


def _issued(code: str) -> AttestationView:
    view = by_code(code, scheme_day())
    if view is None:
        raise Http404
    return view
