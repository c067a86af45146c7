"""For a regulator: read a draft, comment, discard or publish it, at a set time too; withdraw; the
reports behind a version as a file.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import Role
from portal.keys import receipt_key
from portal.publication import correcting, draft_comments, drafting, publishing, scheduling
from portal.publication.composed import composed_of
from portal.publication.errata import already_corrected
from portal.publication.review import DraftView, draft_review
from portal.publication.selectors import version_by_id
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page
from portal.web.forms.corrections import CorrectionForm
from portal.web.forms.drafts import ApprovalForm, CommentForm
from portal.web.forms.errors import mark_errors
from portal.web.forms.reasons import DiscardForm, ReasonForm
from portal.web.presenters.drafts import draft_page
from portal.web.words.terms import moment_in_words, zone_name


@for_role(Role.REGULATOR)
def draft(request: HttpRequest, publication: int) -> HttpResponse:
    return _page(request, _draft(request, publication))


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
        return redirect("web:draft", publication)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _page(request, view, comment_form=form)
    draft_comments.comment(
        version_by_id(publication), person(request), form.cleaned_data["text"], timezone.now()
    )
    return redirect(f"{reverse('web:draft', args=[publication])}#comments")


@for_role(Role.REGULATOR, posts=True)
@freshly
def publish(request: HttpRequest, publication: int) -> HttpResponseBase:
    view, now = _draft(request, publication), timezone.now()
    if (
        request.method == "GET" or view.status == "published"
    ):  # loaded again, or sent twice: the version's page says how it stands
        return redirect("web:draft", publication)
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
    return redirect("web:draft", publication)


@for_role(Role.REGULATOR, posts=True)
def cancel_release(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if (
        request.method == "GET" or view.release is None or view.release.state != "waiting"
    ):  # loaded again, or sent twice
        return redirect("web:draft", publication)
    scheduling.cancel(version_by_id(publication), person(request), timezone.now())
    messages.success(
        request,
        _("The release is cancelled. Version %(n)d is a draft again.") % {"n": view.version},
    )
    return redirect("web:draft", publication)


@for_role(Role.REGULATOR, posts=True)
@freshly
def withdraw(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if (
        not view.may_withdraw
    ):  # sent twice, or never published: the version's page says how it stands
        return redirect("web:draft", publication)
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
        return redirect("web:draft", publication)
    page = draft_page(view)
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
        back=reverse("web:draft", args=[publication]),
        crumbs=page.crumbs,
    )


@for_role(Role.REGULATOR, posts=True)
@freshly
def correct(request: HttpRequest, publication: int) -> HttpResponseBase:
    """Which reports an erratum corrects or takes out: a POST drafts it."""
    view = _draft(request, publication)
    if not view.may_correct:  # an erratum, or replaced meanwhile: its page says how it stands
        return redirect("web:draft", publication)
    base, now = version_by_id(publication), timezone.now()
    page, slots = draft_page(view), correcting.slots(base)
    if slots <= 0:
        messages.error(
            request,
            _("Errata have corrected as many firms of this version as they may. Compose a draft."),
        )
        return redirect("web:draft", publication)
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
        return redirect("web:draft", row.pk)
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
        back=reverse("web:draft", args=[publication]),
        crumbs=page.crumbs,
    )


@for_role(Role.REGULATOR, posts=True)
def discard(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if (
        not view.may_discard
    ):  # sent twice, decided meanwhile, or approved for a set time: its page says how it stands
        return redirect("web:draft", publication)
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
        return redirect("web:participation", view.peer_group, view.period)
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
        back=reverse("web:draft", args=[publication]),
        crumbs=draft_page(view).crumbs,
    )


def _page(
    request: HttpRequest,
    view: DraftView,
    comment_form: CommentForm | None = None,
    approval_form: ApprovalForm | None = None,
) -> HttpResponse:
    """The draft, with the form that was wrong as it was filled in."""
    wrong = comment_form or approval_form
    if wrong is not None:
        mark_errors(wrong)
    forms = {
        "comment_form": comment_form or CommentForm(),
        "approval_form": approval_form or ApprovalForm(now=timezone.now()),
    }
    context = {"page": draft_page(view), "wrong": wrong, **forms}
    return render(request, "web/draft.html", context, status=400 if wrong is not None else 200)


def _draft(request: HttpRequest, publication: int) -> DraftView:
    view = draft_review(person(request), publication, timezone.now())
    if view is None:
        raise Http404
    return view
