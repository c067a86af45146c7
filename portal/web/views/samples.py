"""Sample and opening of one engagement, for a certification body: promise, draw and evidence file;
for its plant, too.
"""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.errors import SteplabelError
from portal.accounts.models import Role
from portal.assurance import browser_signing, sampling
from portal.assurance.engagements import EngagementView
from portal.assurance.evidence_file import drawn_sample, evidence_of, sample_to_draw
from portal.assurance.models import Sample
from portal.days import scheme_day
from portal.keys import published_directory, receipt_key
from portal.problems import RefusedError
from portal.translog import selectors as logged
from portal.web.access import for_role, person
from portal.web.answers import attachment, confirm_page, form_page, report_done
from portal.web.forms.audits import GiveUpForm, SignedFileForm, SummaryForm
from portal.web.forms.errors import add_error
from portal.web.presenters.assurance import engagement_title
from portal.web.presenters.samples import (
    evidence_name,
    sample_page,
    sample_stage,
)
from portal.web.viewmodels.assurance import SampleStage
from portal.web.viewmodels.shared import Crumb
from portal.web.views.engagements import row, seen_engagement


@for_role(Role.CERTIFICATION_BODY, posts=True)
def page(request: HttpRequest, assignment: int) -> HttpResponseBase:
    """What the newest sample waits for; beside the result of an opening, which may never come, a
    new promise.
    """
    view, newest = seen_engagement(request, assignment), sampling.newest_sample(assignment)
    root = _root(newest)
    stage = sample_stage(newest, root)
    opened_for = _opened_for(request, newest, stage)
    form = (
        _form_of(opened_for)(request.POST, request.FILES)
        if request.method == "POST"
        else _form_of(opened_for)()
    )
    if request.method == "POST" and form.is_valid():
        try:
            _act(request, assignment, newest, opened_for, form)
        except SteplabelError as refusal:
            add_error(form, form.first, refusal)
        else:
            return report_done(request, _("It is on record."), "web:engagement-sample", assignment)
    context = {
        "page": sample_page(view, newest, root, published_directory().fingerprint, _crumbs(view)),
        "parts": [
            (
                part,
                form if part is opened_for else _form_of(part)(),
                _to_sign(request, assignment, newest, root, part),
            )
            for part in ((stage, SampleStage.PROMISE) if stage is SampleStage.COUNTS else (stage,))
        ],
    }
    return form_page(request, "web/sample.html", context, form)


@for_role(Role.CERTIFICATION_BODY, posts=True)
def give_up(request: HttpRequest, assignment: int) -> HttpResponseBase:
    """Why nobody will draw with the promise that waits."""
    view, newest = seen_engagement(request, assignment), sampling.newest_sample(assignment)
    if newest is None or not newest.waits:
        return redirect("web:engagement-sample", assignment)
    form = GiveUpForm(request.POST) if request.method == "POST" else GiveUpForm()
    if request.method == "POST" and form.is_valid():
        try:
            sampling.give_up(newest, form.cleaned_data["reason"], person(request), timezone.now())
        except RefusedError as refusal:
            add_error(form, "reason", refusal)
        else:
            return report_done(
                request,
                _("The promise is given up. You can promise again."),
                "web:engagement-sample",
                assignment,
            )
    back = reverse("web:engagement-sample", args=[assignment])
    return confirm_page(
        request,
        form,
        title=_("Give this promise up?"),
        sentence=_(
            "Nobody can draw with it any more. It stays in the log and on record with your "
            "reason, and every later statement about this "
            "report counts it among the draws promised before."
        ),
        button=_("Give the promise up"),
        warning=True,
        back=back,
        crumbs=(*_crumbs(view), Crumb(_("Sample and opening"), back)),
    )


@for_role(Role.CERTIFICATION_BODY, Role.ENTERPRISE)
def draw_file(request: HttpRequest, sample: int) -> HttpResponse:
    """The signed draw, for the body that made it and for the plant that opens it."""
    drawn = drawn_sample(person(request), sample)
    if drawn is None:
        raise Http404
    return attachment(bytes(drawn.draw or b""), "application/cbor", f"draw-{drawn.pk}.cbor")


@for_role(Role.CERTIFICATION_BODY, Role.ENTERPRISE)
def evidence(request: HttpRequest, sample: int) -> HttpResponse:
    """All that the body needs from the portal to draw, and to verify the opening, in one file; for
    the plant, too, which may check it first.
    """
    user = person(request)
    of = drawn_sample(user, sample) or sample_to_draw(user, sample)
    if of is None:
        raise Http404
    response = JsonResponse(evidence_of(of, receipt_key()))
    response["Content-Disposition"] = f'attachment; filename="{evidence_name(of)}"'
    return response


def _crumbs(view: EngagementView) -> tuple[Crumb, ...]:
    return (
        Crumb(_("Assigned sites"), reverse("web:assigned")),
        Crumb(engagement_title(view), reverse("web:engagement", args=[view.id])),
    )


def _root(newest: Sample | None) -> bytes | None:
    """The root of the head to draw with; None where the log is not there yet, or nothing is
    promised.
    """
    if newest is None or logged.size() < newest.head_size:
        return None
    return logged.root_at(newest.head_size)


def _opened_for(request: HttpRequest, newest: Sample | None, stage: SampleStage) -> SampleStage:
    """What the form that comes was opened for, which may be done since: a second click hands the
    same in again.
    """
    sent = request.POST.get("opened_for")
    return SampleStage(sent) if newest is not None and sent in tuple(SampleStage) else stage


def _form_of(stage: SampleStage) -> type[SignedFileForm | SummaryForm]:
    return SummaryForm if stage is SampleStage.COUNTS else SignedFileForm


def _act(
    request: HttpRequest,
    assignment: int,
    newest: Sample | None,
    opened_for: SampleStage,
    form: SignedFileForm | SummaryForm,
) -> None:
    user, now = person(request), timezone.now()
    if isinstance(form, SummaryForm):
        if newest is not None:
            sampling.note(newest, form.summary_of(), user, now)
    elif newest is not None and opened_for is not SampleStage.PROMISE:
        root = _root(newest) or b""
        sampling.draw(
            newest,
            form.raw(
                lambda signature, nonce: browser_signing.draw_signed(newest, root, nonce, signature)
            ),
            user,
            now,
        )
    else:
        engaged = row(request, assignment)
        day = partial(
            browser_signing.day_signed, request.POST.get("day", ""), now
        )  # asked of what was signed here, not of a file
        raw = form.raw(
            lambda signature, digest: browser_signing.promise_signed(
                engaged, user, digest, day(), signature
            )
        )
        sampling.promise(engaged, raw, user, now)


def _to_sign(
    request: HttpRequest,
    assignment: int,
    newest: Sample | None,
    root: bytes | None,
    part: SampleStage,
) -> browser_signing.ToSign | None:
    if part is SampleStage.PROMISE:
        return browser_signing.promise_to_sign(
            row(request, assignment), person(request), scheme_day()
        )
    return (
        browser_signing.draw_to_sign(newest, root)
        if part is SampleStage.DRAW and newest is not None and root is not None
        else None
    )
