"""What an officer does about a version: draft it, read it, comment, discard or publish it, at a set
time too; correct it, withdraw it; the reports behind it as a file.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from benchmarks.errors import SteplabelError
from portal.accounts.models import Role
from portal.catalogue.selectors import period_of_group
from portal.intake.participation import ParticipationView
from portal.keys import receipt_key
from portal.publication import correcting, draft_comments, drafting, publishing, scheduling
from portal.publication.composed import composed_of
from portal.publication.errata import already_corrected
from portal.publication.review import DraftView, draft_review
from portal.publication.rows import shown_beside
from portal.publication.selectors import every_version, version_by_id
from portal.sentences import in_words
from portal.standings import computing as standings
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page
from portal.web.forms.corrections import CorrectionForm
from portal.web.forms.drafts import ApprovalForm, CommentForm
from portal.web.forms.errors import mark_errors
from portal.web.forms.reasons import DiscardForm, ReasonForm
from portal.web.pages.periods import participation_seen
from portal.web.presenters.drafts import draft_page
from portal.web.presenters.regulator import (
    draft_url,
    period_crumbs,
    period_frame,
    period_url,
    version_rows,
)
from portal.web.words.terms import moment_in_words, zone_name


def shown(request: HttpRequest, view: ParticipationView) -> Mapping[str, object]:
    """The versions of a period, and for who decides about them the one that is asked for, else the
    one that is newest.
    """
    versions = every_version(view.peer_group, view.period)
    asked = request.GET.get("version", "")
    number = int(asked) if asked.isdecimal() else versions[0].version if versions else 0
    version = next((version for version in versions if version.version == number), None)
    if asked and (version is None or not view.may_decide):
        raise Http404
    review = None
    if version is not None and view.may_decide:
        review = draft_review(person(request), version.id, timezone.now())
    return {
        "versions": version_rows(view, versions),
        "compose_url": reverse("web:compose", args=[view.peer_group, view.period]),
        "may_compose": view.may_decide,
        "page": draft_page(review) if review else None,
        "comment_form": CommentForm(),
        "approval_form": ApprovalForm(now=timezone.now()),
    }


@for_role(Role.REGULATOR, posts=True)
def compose(request: HttpRequest, group: int, period: str) -> HttpResponseBase:
    """The draft, and with it the standings, so that every enterprise finds its rank when the label
    is out.
    """
    view = participation_seen(request, group, period)
    if request.method == "GET":  # a refusal stood at this address, and was loaded again
        return redirect(period_url(group, period, "draft"))
    asked = period_of_group(group, period)
    what_changed = request.POST.get("what_changed", "").strip()
    if (beyond := len(what_changed) - drafting.MOST_CHARACTERS) > 0:
        longer = ngettext(
            "Nothing was drafted: what you wrote is longer by %(n)d character than the %(most)d "
            "that are kept. Shorten it.",
            "Nothing was drafted: what you wrote is longer by %(n)d characters than the %(most)d "
            "that are kept. Shorten it.",
            beyond,
        )
        return _not_composed(
            request, view, longer % {"n": beyond, "most": drafting.MOST_CHARACTERS}, what_changed
        )
    if (
        view.may_decide and not what_changed and shown_beside(asked).exists()
    ):  # the public reads it beside the new version
        unsaid = _("State what changes and why. The public can read this beside the new version.")
        return _not_composed(request, view, unsaid, what_changed)
    try:
        row = drafting.draft(asked, person(request), timezone.now(), what_changed)
    except SteplabelError as refusal:
        if not view.may_decide:
            raise
        return _not_composed(request, view, in_words(refusal.whole), what_changed)
    standings.compute(asked, person(request).email, timezone.now())
    messages.success(
        request,
        _("Version %(n)d is drafted. A second person must read and publish it.")
        % {"n": row.version},
    )
    return redirect(draft_url(group, period, row.version))


def _not_composed(
    request: HttpRequest, view: ParticipationView, problem: str, typed: str
) -> HttpResponse:
    """Why there is no draft, beside what was typed."""
    context = {
        **period_frame(view, "draft"),
        **shown(request, view),
        "problem": problem,
        "typed": typed,
    }
    return render(request, "web/period.html", context, status=400)


@for_role(Role.REGULATOR)
def composed_of_json(request: HttpRequest, publication: int) -> HttpResponse:
    """The reports behind a published version with their protected values and proofs, to be checked
    anywhere.
    """
    content = composed_of(person(request), publication, receipt_key())
    if content is None:
        raise Http404
    response = JsonResponse(content)
    response["Content-Disposition"] = (
        f'attachment; filename="steplabel-composed-of-{publication}.json"'
    )
    response["Cache-Control"] = "private, no-store"
    return response


@for_role(Role.REGULATOR, posts=True)
def comment(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if request.method == "GET":
        return redirect(_address(view))
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _page(request, view, comment_form=form)
    draft_comments.comment(
        version_by_id(publication), person(request), form.cleaned_data["text"], timezone.now()
    )
    return redirect(f"{_address(view)}#comments")


@for_role(Role.REGULATOR, posts=True)
@freshly
def publish(request: HttpRequest, publication: int) -> HttpResponseBase:
    view, now = _draft(request, publication), timezone.now()
    if (
        request.method == "GET" or view.status == "published"
    ):  # loaded again, or sent twice: the version's page says how it stands
        return redirect(_address(view))
    form = ApprovalForm(request.POST, now=now)
    if not form.is_valid():
        return _page(request, view, approval_form=form)
    row, at, note = version_by_id(publication), form.cleaned_data["at"], form.cleaned_data["note"]
    if form.later:
        scheduling.schedule(row, person(request), at, receipt_key(), now, note)
        facts = {"n": view.version, "moment": moment_in_words(at), "zone": zone_name(at)}
        messages.success(
            request,
            _("Version %(n)d is approved and will be published on %(moment)s (%(zone)s).") % facts,
        )
    else:
        publishing.publish(row, person(request), receipt_key(), now, note)
        messages.success(request, _("Version %(n)d is published.") % {"n": view.version})
    return redirect(_address(view))


@for_role(Role.REGULATOR, posts=True)
def cancel_release(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if (
        request.method == "GET" or view.release is None or view.release.state != "waiting"
    ):  # loaded again, or sent twice
        return redirect(_address(view))
    scheduling.cancel(version_by_id(publication), person(request), timezone.now())
    messages.success(
        request,
        _("The release is cancelled. Version %(n)d is a draft again.") % {"n": view.version},
    )
    return redirect(_address(view))


@for_role(Role.REGULATOR, posts=True)
@freshly
def withdraw(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if (
        not view.may_withdraw
    ):  # sent twice, or never published: the version's page says how it stands
        return redirect(_address(view))
    form = ReasonForm(request.POST) if request.method == "POST" else ReasonForm()
    if request.method == "POST" and form.is_valid():
        publishing.withdraw(
            version_by_id(publication), person(request), form.cleaned_data["reason"], timezone.now()
        )
        messages.success(
            request,
            _("Version %(n)d is withdrawn. Its page stays, marked with the reason.")
            % {"n": view.version},
        )
        return redirect(_address(view))
    return confirm_page(
        request,
        form,
        title=_("Withdraw version %(n)d?") % {"n": view.version},
        sentence=_(
            "The page stays at its address, marked as withdrawn, with the reason you give. To "
            "replace false figures by right ones, correct the version instead, or afterwards."
        ),
        button=_("Withdraw version %(n)d") % {"n": view.version},
        warning=True,
        back=_address(view),
        crumbs=period_crumbs(view),
    )


@for_role(Role.REGULATOR, posts=True)
@freshly
def correct(request: HttpRequest, publication: int) -> HttpResponseBase:
    """Which reports an erratum corrects or takes out: a POST drafts it."""
    view = _draft(request, publication)
    if not view.may_correct:  # an erratum, or replaced meanwhile: its page says how it stands
        return redirect(_address(view))
    base, now = version_by_id(publication), timezone.now()
    slots = correcting.slots(base)
    if slots <= 0:
        messages.error(
            request,
            _("Errata have corrected as many firms of this version as they may. Compose a draft."),
        )
        return redirect(_address(view))
    firms = correcting.firms_behind(base, now)
    posted = request.POST if request.method == "POST" else None
    form = CorrectionForm(posted, firms=firms, slots=slots)
    if posted is not None and form.is_valid():
        row = correcting.correct(
            base, form.corrections, person(request), form.cleaned_data["reason"], now
        )
        messages.success(
            request,
            _("Version %(n)d is drafted, an erratum. A second person has to publish it.")
            % {"n": row.version},
        )
        return redirect(draft_url(view.peer_group, view.period, row.version))
    sentence = _(
        "An erratum is a new version, calculated from this one and the reports you name here "
        "alone. So the difference between the versions says nothing about any other firm, and it "
        "can be published however few firms have changed. This version stays at its address."
    )
    if corrected := len(already_corrected(base)):
        sentence += " " + ngettext(
            "Errata of this version have corrected %(n)d firm already; this one corrects it too.",
            "Errata of this version have corrected %(n)d firms already; this one corrects them "
            "too.",
            corrected,
        ) % {"n": corrected}
    return confirm_page(
        request,
        form,
        title=_("Correct version %(n)d") % {"n": view.version},
        sentence=sentence,
        button=_("Draft the erratum"),
        back=_address(view),
        crumbs=period_crumbs(view),
    )


@for_role(Role.REGULATOR, posts=True)
def discard(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if (
        not view.may_discard
    ):  # sent twice, decided meanwhile, or approved for a set time: its page says how it stands
        return redirect(_address(view))
    form = DiscardForm(request.POST) if request.method == "POST" else DiscardForm()
    if request.method == "POST" and form.is_valid():
        drafting.discard(
            version_by_id(publication), person(request), form.cleaned_data["reason"], timezone.now()
        )
        messages.success(
            request,
            _("Version %(n)d is discarded. You can compose a new draft at any time.")
            % {"n": view.version},
        )
        return redirect(period_url(view.peer_group, view.period, "draft"))
    return confirm_page(
        request,
        form,
        title=_("Discard version %(n)d?") % {"n": view.version},
        sentence=_(
            "It is never published and cannot be restored. Its number is not used again. Its page "
            "stays, for the people who decide."
        ),
        button=_("Discard version %(n)d") % {"n": view.version},
        warning=True,
        back=_address(view),
        crumbs=period_crumbs(view),
    )


def _page(
    request: HttpRequest,
    view: DraftView,
    **wrong: Form,
) -> HttpResponse:
    """The draft, with the form that was wrong as it was filled in."""
    (form,) = wrong.values()
    mark_errors(form)
    period = participation_seen(request, view.peer_group, view.period)
    context = {
        **period_frame(period, "draft"),
        **shown(request, period),
        "page": draft_page(view),
        "wrong": form,
        **wrong,
    }
    return render(request, "web/period.html", context, status=400)


def _address(view: DraftView) -> str:
    return draft_url(view.peer_group, view.period, view.version)


def _draft(request: HttpRequest, publication: int) -> DraftView:
    view = draft_review(person(request), publication, timezone.now())
    if view is None:
        raise Http404
    return view
