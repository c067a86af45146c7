"""A firm shows its labels to others: a certificate, links for named buyers; and the page that such
a link opens.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from extras.sharing import certificates, paper, shares
from extras.sharing.forms import ShareForm
from extras.sharing.labels import labels_of_digest
from extras.sharing.models import Certificate, Share
from extras.sharing.shown import (
    audits_of_labels,
    label_certificate,
    label_name,
    names_of_labels,
    share_row,
    shown_report,
)
from portal.accounts.models import Role
from portal.accounts.selectors import managed_sites, own_sites
from portal.assurance.attestation_standing import valid_for_steps
from portal.days import scheme_day
from portal.intake.models import Submission, SubmissionState
from portal.intake.selectors import SubmissionView, submission
from portal.own_address import absolute
from portal.register.record import OpenedPage, saw
from portal.web.access import for_role, person
from portal.web.answers import attachment, form_page
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import period_name, shown_name


@for_role(Role.ENTERPRISE, posts=True)
def show(request: HttpRequest, digest: str) -> HttpResponseBase:
    """The certificate of a report and its links; the secret of a new link is in this one answer and
    nowhere else.
    """
    user, now = person(request), timezone.now()
    view = _own(request, digest)
    managed = managed_sites(user).filter(slug=view.site).exists()
    labels = labels_of_digest(view.digest)
    names = names_of_labels(labels)
    offered = [(str(index), label_name(label, names)) for index, label in enumerate(labels.rows)]
    form, link = ShareForm(request.POST if request.method == "POST" else None, offered=offered), ""
    if request.method == "POST" and not managed:
        raise Http404
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        cells = [labels.rows[int(index)].cell for index in answers["labels"]]
        secret = shares.share(user, digest, answers["buyer"].strip(), cells, answers["days"], now)
        link = absolute(reverse("web:shared", args=[secret]))
        form = ShareForm(offered=offered)
    certificate = certificates.certificate_of(user, digest)
    saw(user, OpenedPage.SHOWN, f"submission {digest}", now, view.site)
    title = _("%(title)s, %(period)s") % {
        "title": shown_name(view.site_name),
        "period": period_name(view.period),
    }
    context = {
        "title": title,
        "digest": digest,
        "accepted": view.state == SubmissionState.ACCEPTED,
        "managed": managed,
        "certificate": certificate,
        "intervals": labels.has_intervals,
        "lacks_intervals": certificate is not None and not certificate.labels.has_intervals,
        "link": link,
        "shares": [share_row(row, now) for row in shares.shares_of(user, digest)],
        "crumbs": (
            Crumb(_("Submissions"), reverse("web:submissions")),
            Crumb(title, reverse("web:submission", args=[digest])),
        ),
    }
    return form_page(request, "sharing/show.html", context, form)


@for_role(Role.ENTERPRISE, posts=True)
def take_back(request: HttpRequest, digest: str, share: int) -> HttpResponseBase:
    if request.method == "POST":
        try:
            row = shares.take_back(person(request), share, timezone.now())
        except Share.DoesNotExist as error:
            raise Http404 from error
        messages.success(request, _("%(buyer)s can no longer see anything.") % {"buyer": row.buyer})
    return redirect("web:show", digest)


@for_role(Role.ENTERPRISE, posts=True)
def certificate(request: HttpRequest, digest: str) -> HttpResponseBase:
    """Issue the certificate of a report, or revoke it."""
    if request.method == "POST":
        user, now = person(request), timezone.now()
        try:
            if request.POST.get("do") == "revoke":
                certificates.revoke(user, digest, now)
                messages.success(
                    request, _("The certificate is revoked. Its code shows this from now on.")
                )
            else:
                issued = certificates.issue(user, digest, now)
                messages.success(request, _("The certificate is issued."))
                if not issued.labels.has_intervals:
                    messages.info(
                        request,
                        _("It has no intervals yet. You can add them here once they are computed."),
                    )
        except (Submission.DoesNotExist, Certificate.DoesNotExist) as error:
            raise Http404 from error
    return redirect("web:show", digest)


@for_role(Role.ENTERPRISE)
def certificate_pdf(request: HttpRequest, digest: str) -> HttpResponse:
    certificate = certificates.certificate_of(person(request), digest)
    if certificate is None:
        raise Http404
    saw(
        person(request),
        OpenedPage.CERTIFICATE,
        f"submission {digest}",
        timezone.now(),
        certificate.labels.site,
    )
    verify_at = absolute(reverse("web:verify", args=[certificate.code]))
    return attachment(
        paper.pdf(certificate, verify_at),
        "application/pdf",
        f"steplabel-certificate-{certificate.code}.pdf",
    )


@require_GET
@never_cache
def shared(request: HttpRequest, secret: str) -> HttpResponse:
    """What a link shows, to whoever has it; for people only, not for search engines, and its
    address is told to no other page.
    """
    opened = shares.opened(secret, timezone.now())
    context: dict[str, object] = {}
    if opened is not None:
        row, labels = opened
        context = {
            "report": shown_report(labels),
            "audits": audits_of_labels(
                labels, valid_for_steps(labels.digest, labels.steps, scheme_day())
            ),
            "buyer": row.buyer,
            "until": row.expires_at,
            # a later revision was accepted since: these figures are out of date
            "superseded": row.submission.state != SubmissionState.ACCEPTED,
        }
    response = render(request, "sharing/shared.html", context, status=200 if opened else 404)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def certified(request: HttpRequest, code: str) -> Iterator[HttpResponse]:
    """What the code of a label certificate says today."""
    if view := certificates.resolve(code):
        yield render(request, "sharing/verify_label.html", label_certificate(view))


def _own(request: HttpRequest, digest: str) -> SubmissionView:
    """Of an own site: whoever regulates it has no business here."""
    user = person(request)
    view = submission(user, digest)
    if view is None or not own_sites(user).filter(slug=view.site).exists():
        raise Http404
    return view
