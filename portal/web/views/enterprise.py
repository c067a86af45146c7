"""For a reporting enterprise: submissions and receipts, sites, agents' tokens and revoking, where
it stands, next steps, its trend.
"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import enrolling as accounts
from portal.accounts.enrolling import TOKEN_LIFETIME
from portal.accounts.models import Role, Site
from portal.accounts.selectors import own_sites, revocable_device, sites_of
from portal.days import scheme_day
from portal.intake.reminders import owed_by
from portal.intake.selectors import SubmissionView, submission, submissions_of
from portal.keys import published_directory
from portal.own_address import own_address
from portal.publication.history import entered
from portal.register.record import OpenedPage, saw
from portal.register.selectors import site_wishes_of
from portal.standings.selectors import released_values
from portal.web import areas
from portal.web.access import for_role, freshly, person
from portal.web.agent_files import offered
from portal.web.answers import attachment, confirm_page, report_done
from portal.web.presenters.applications import own_wish
from portal.web.presenters.deadlines import owed_sentences
from portal.web.presenters.submissions import site_row, submission_page, submission_row
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import shown_name


@for_role(Role.ENTERPRISE)
def submission_list(request: HttpRequest) -> HttpResponse:
    views = submissions_of(person(request))
    states = [view.state for view in views]
    return render(
        request,
        "web/submissions.html",
        {
            "rows": tuple(submission_row(view) for view in views),
            "caption": _("All reports of your sites, newest first"),
            "accepted": states.count("accepted"),
            "refused": states.count("refused"),
            "waiting": any(state in ("received", "opening") for state in states),
            "owed": owed_sentences(owed_by(person(request), timezone.now())),
        },
    )


@for_role(Role.ENTERPRISE)
def submission_detail(request: HttpRequest, digest: str) -> HttpResponse:
    view = _own_submission(request, digest)
    saw(person(request), OpenedPage.SUBMISSION, f"submission {digest}", timezone.now(), view.site)
    versions = entered([view]).get(digest, ())
    page = submission_page(view, released_values(person(request), digest), versions=versions)
    acts = areas.REPORT_ACTS(digest) if view.state == "accepted" else ()
    return render(request, "web/submission.html", {"page": page, "acts": acts, "crumbs": _crumbs()})


@for_role(Role.ENTERPRISE)
def submission_receipt(request: HttpRequest, digest: str) -> HttpResponse:
    view = _own_submission(request, digest)
    saw(person(request), OpenedPage.RECEIPT, f"submission {digest}", timezone.now(), view.site)
    return receipt_file(view)


@for_role(Role.ENTERPRISE)
def site_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context = {
        "sites": tuple(site_row(view) for view in sites_of(user, timezone.now())),
        "wishes": tuple(own_wish(view) for view in site_wishes_of(user)),
        "links": areas.SITES(),
    }
    return render(request, "web/sites.html", context)


@for_role(Role.ENTERPRISE, posts=True)
@freshly
def token(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The token is in this one answer and nowhere else: not stored, not in an address, not in a
    cache.
    """
    if (
        request.method == "GET"
    ):  # the page was loaded again, or its language changed: the token is gone
        return redirect("web:sites")
    now = timezone.now()
    own = next(
        (
            site
            for site in sites_of(person(request), now)
            if site.slug == slug and site.managed and site.retired_at is None
        ),
        None,
    )
    if own is None:
        raise Http404
    try:
        text = accounts.issue_token_for(
            person(request), slug, published_directory().fingerprint, now
        )
    except Site.DoesNotExist as error:
        raise Http404 from error
    return render(
        request,
        "web/token.html",
        {
            "site_name": site_row(own).name,
            "token": text,
            "files": offered(),
            "year": scheme_day().year - 1,
            "expires": now + TOKEN_LIFETIME,
            "portal": own_address(),
            "crumbs": (Crumb(_("Sites and agents"), reverse("web:sites")),),
        },
    )


@for_role(Role.ENTERPRISE, Role.REGULATOR, posts=True)
@freshly
def revoke(request: HttpRequest, device: UUID) -> HttpResponseBase:
    """By its enterprise or the regulator of where it stands: a stolen machine is stopped by whoever
    hears of it first.
    """
    revocable = revocable_device(person(request), device)
    if revocable is None:
        raise Http404
    own = any(site.pk == revocable.site_id for site in own_sites(person(request)))
    back = Crumb(_("Sites and agents"), reverse("web:sites"))
    if not own:
        back = Crumb(
            shown_name(revocable.site.name), reverse("web:site-record", args=[revocable.site.slug])
        )
    if request.method == "POST":
        accounts.revoke_for(person(request), str(device), timezone.now())
        return report_done(
            request, _("The agent is revoked. What it sent before remains valid."), back.url
        )
    return confirm_page(
        request,
        title=_("Revoke this agent?"),
        sentence=_(
            "Nothing that the agent %(name)s signs will be accepted any more. To report again, "
            "enrol a new one with a new token."
        )
        % {"name": revocable.public_key[:16]},
        button=_("Revoke the agent"),
        warning=True,
        back=back.url,
        crumbs=(back,),
    )


def receipt_file(view: SubmissionView) -> HttpResponse:
    """The signed receipt, as `steplabel-agent verify` reads it."""
    return attachment(
        view.receipt,
        "application/cbor",
        f"receipt-{view.site}-{view.period.replace('/', '_')}-r{view.revision}.cbor",
    )


def _own_submission(request: HttpRequest, digest: str) -> SubmissionView:
    view = submission(person(request), digest)
    if view is None:
        raise Http404
    return view


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Submissions"), reverse("web:submissions")),)
