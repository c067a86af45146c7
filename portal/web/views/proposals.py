"""For those concerned: propose a version of a pack or an erratum, comment, approve, refuse,
withdraw.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.packs.faults import PackFault
from portal.accounts.models import Role
from portal.accounts.selectors import roles_of
from portal.days import scheme_day
from portal.governance import proposing, selectors
from portal.governance.checking import check
from portal.governance.effects import difference
from portal.governance.proposing import CONCERNED
from portal.governance.selectors import ProposalView
from portal.keys import receipt_key
from portal.request_sizes import MAX_FORM_BYTES, takes
from portal.web.access import for_role, freshly, person
from portal.web.answers import attachment, confirm_page, form_page, report_done
from portal.web.forms.errors import mark_errors
from portal.web.forms.packs import (
    MOST_PACK_BYTES,
    EndForm,
    ProposalCommentForm,
    ProposalForm,
    SecondForm,
)
from portal.web.presenters.proposals import crumbs, faults_table, proposal_page, proposals_page


@for_role(*CONCERNED)
def proposals(request: HttpRequest) -> HttpResponse:
    user = person(request)
    page = proposals_page(
        selectors.proposals(user), request.GET, may_propose=Role.REGULATOR in roles_of(user)
    )
    return render(request, "web/sheet.html", {"page": page})


@takes(2 * MOST_PACK_BYTES + MAX_FORM_BYTES)
@for_role(Role.REGULATOR, posts=True)
def propose(request: HttpRequest) -> HttpResponseBase:
    """Check the file; one without a fault is put up for comment."""
    form = ProposalForm(request.POST, request.FILES) if request.method == "POST" else ProposalForm()
    faults: Sequence[PackFault] = ()
    if request.method == "POST" and form.is_valid():
        (file, factors), answers = form.texts(), form.cleaned_data
        if not form.errors:
            faults = check(file, factors, answers["corrects"].strip(), scheme_day()).faults
            if not faults:
                proposed = proposing.propose(
                    person(request),
                    file,
                    factors,
                    answers["corrects"].strip(),
                    answers["reason"],
                    answers["sources"],
                    timezone.now(),
                )
                messages.success(
                    request,
                    _("Version %(version)s is proposed. Two other people must approve it.")
                    % {"version": proposed.version},
                )
                return redirect("web:proposal", proposed.pk)
            form.add_error(
                "file",
                _(
                    "The file is not a pack that can be approved. Correct what is listed below, "
                    "and choose it again."
                ),
            )
    page = {"faults": faults_table(faults) if faults else None, "crumbs": crumbs()}
    return form_page(request, "web/propose.html", page, form)


@for_role(*CONCERNED)
def proposal(request: HttpRequest, proposal: int) -> HttpResponse:
    return _page(request, _view(request, proposal))


@for_role(*CONCERNED)
def file(request: HttpRequest, proposal: int, name: str) -> HttpResponse:
    view = _view(request, proposal)
    text = {"pack.toml": view.file, "factors.toml": view.factors}.get(name, "")
    if not text:
        raise Http404
    return attachment(text, "text/plain; charset=utf-8", f"{view.pack}-{view.version}-{name}")


@for_role(*CONCERNED, posts=True)
def comment(request: HttpRequest, proposal: int) -> HttpResponseBase:
    view = _view(request, proposal)
    if request.method == "GET":
        return redirect("web:proposal", proposal)
    form = ProposalCommentForm(request.POST)
    if not form.is_valid():
        return _page(request, view, comment_form=form)
    named = request.POST.get("answers", "")
    is_number = named.isascii() and named.isdigit() and len(named) < 19
    answered = selectors.comment_to_answer(proposal, int(named)) if is_number else None
    proposing.comment(
        selectors.proposal_by_id(proposal),
        person(request),
        form.cleaned_data["text"],
        timezone.now(),
        answered,
    )
    return redirect(f"{reverse('web:proposal', args=[proposal])}#comments")


@for_role(Role.REGULATOR, posts=True)
@freshly
def approve(request: HttpRequest, proposal: int) -> HttpResponseBase:
    view = _view(request, proposal)
    if request.method == "GET" or view.state != "open":  # loaded again, or sent twice
        return redirect("web:proposal", proposal)
    form = SecondForm(request.POST)
    if not form.is_valid():
        return _page(request, view, approval_form=form)
    row = proposing.approve(
        selectors.proposal_by_id(proposal),
        person(request),
        receipt_key(),
        timezone.now(),
        form.cleaned_data["note"],
    )
    done = (
        _("Version %(version)s is approved, signed and logged.")
        if row.state == "approved"
        else _("Your approval is on record.")
    )
    return report_done(request, done % {"version": view.version}, "web:proposal", proposal)


@for_role(Role.REGULATOR, posts=True)
def refuse(request: HttpRequest, proposal: int) -> HttpResponseBase:
    view = _view(request, proposal)
    if not view.may_decide:
        return redirect("web:proposal", proposal)
    form = EndForm(request.POST) if request.method == "POST" else EndForm()
    if request.method == "POST" and form.is_valid():
        proposing.refuse(
            selectors.proposal_by_id(proposal),
            person(request),
            form.cleaned_data["reason"],
            timezone.now(),
        )
        return report_done(request, _("The proposal is refused."), "web:proposal", proposal)
    return _end(request, view, form, _("Refuse this proposal?"), _("Refuse it"))


@for_role(Role.REGULATOR, posts=True)
def withdraw(request: HttpRequest, proposal: int) -> HttpResponseBase:
    view = _view(request, proposal)
    if not view.may_withdraw:
        return redirect("web:proposal", proposal)
    form = EndForm(request.POST) if request.method == "POST" else EndForm()
    if request.method == "POST" and form.is_valid():
        proposing.withdraw(
            selectors.proposal_by_id(proposal),
            person(request),
            form.cleaned_data["reason"],
            timezone.now(),
        )
        return report_done(request, _("The proposal is withdrawn."), "web:proposal", proposal)
    return _end(request, view, form, _("Withdraw this proposal?"), _("Withdraw it"))


def _end(
    request: HttpRequest, view: ProposalView, form: EndForm, title: str, button: str
) -> HttpResponse:
    return confirm_page(
        request,
        form,
        title=title,
        sentence=_(
            "It stays readable with its comments and your reason. The version may be proposed "
            "again."
        ),
        button=button,
        warning=True,
        back=reverse("web:proposal", args=[view.id]),
        crumbs=crumbs(),
    )


def _page(
    request: HttpRequest,
    view: ProposalView,
    comment_form: ProposalCommentForm | None = None,
    approval_form: SecondForm | None = None,
) -> HttpResponse:
    user = person(request)
    wrong: Form | None = comment_form or approval_form
    if wrong is not None:
        mark_errors(wrong)
    changes = difference(view.file, view.factors_version, view.factors, view.corrects)
    regulates = Role.REGULATOR in roles_of(user)
    page = proposal_page(view, changes, answers=regulates, decides=selectors.may_decide(user))
    forms = {
        "comment_form": comment_form or ProposalCommentForm(),
        "approval_form": approval_form or SecondForm(),
    }
    return render(
        request,
        "web/proposal.html",
        {"page": page, "wrong": wrong, **forms},
        status=400 if wrong is not None else 200,
    )


def _view(request: HttpRequest, proposal: int) -> ProposalView:
    view = selectors.proposal(person(request), proposal)
    if view is None:
        raise Http404
    return view
