"""An organisation's people: who acts for it, who is invited, parting with them; and the page that a
link in a mail leads to.
"""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.accounts.models import Membership, Organisation, Role
from portal.accounts.selectors import has_account
from portal.own_address import absolute
from portal.problems import RefusedError
from portal.register import inviting
from portal.register.models import Invitation
from portal.register.selectors import (
    has_gone,
    houses_of,
    invitation_of_led_house,
    member_of_led_house,
)
from portal.web.access import for_role, freshly, person
from portal.web.answers import form_page, report_done
from portal.web.forms.errors import add_error, mark_errors
from portal.web.forms.people import InvitePersonForm, JoinForm
from portal.web.presenters.people import capacity_word, house_block
from portal.web.signing_in import first_page
from portal.web.viewmodels.shared import Crumb, SelectOption
from portal.web.words.mails import post_link
from portal.web.words.terms import shown_name


@for_role(*inviting.INVITING, posts=True)
def people(request: HttpRequest) -> HttpResponseBase:
    """The people of the person's organisations; whoever leads one invites from here."""
    user, now = person(request), timezone.now()
    views = houses_of(user, now)
    led = [view for view in views if view.led]
    form = InvitePersonForm(request.POST) if request.method == "POST" else InvitePersonForm()
    asked = request.POST.get("firm", "") or (str(led[0].id) if len(led) == 1 else "")
    if request.method == "POST" and form.is_valid():
        firm = next((view.id for view in led if str(view.id) == asked), None)
        if firm is None:
            raise Http404
        answers = form.cleaned_data
        may_manage, delegate = answers["capacity"] == "manager", answers["delegate"]
        try:
            with transaction.atomic():  # no invitation without its letter
                _mail(
                    request,
                    inviting.invite(
                        user,
                        firm,
                        answers["email"],
                        may_manage=may_manage,
                        delegate=delegate,
                        now=now,
                    ),
                )
            return redirect("web:people")
        except RefusedError as refusal:
            add_error(form, "email", refusal)
    choices = tuple(
        SelectOption(str(view.id), shown_name(view.name), str(view.id) == asked) for view in led
    )
    context = {
        "houses": tuple(house_block(view) for view in views),
        "choices": choices,
        "delegates": any(view.kind == Role.ENTERPRISE for view in led),
    }
    return form_page(request, "web/people.html", context, form)


@for_role(*inviting.INVITING, posts=True)
def invitation(request: HttpRequest, invitation: int) -> HttpResponseBase:
    """Send an invitation again, or take it back."""
    if request.method == "GET":
        return redirect("web:people")
    user, now, again = person(request), timezone.now(), request.POST.get("do") == "again"
    try:
        if again:
            with (
                transaction.atomic()
            ):  # the link of before stands until the letter with the new one is written
                _mail(request, inviting.send_again(user, invitation, now))
        else:
            inviting.revoke_invitation(user, invitation, now)
            messages.success(
                request, _("The invitation has been withdrawn; its link no longer works.")
            )
    except Invitation.DoesNotExist as error:
        row = invitation_of_led_house(user, invitation)
        if row is None:
            raise Http404 from error
        if again or row.accepted_at:  # else withdrawn twice
            messages.error(
                request, _("The invitation no longer waits: it was accepted or withdrawn before.")
            )
    return redirect("web:people")


@for_role(*inviting.INVITING, posts=True)
@freshly
def member(request: HttpRequest, member: int) -> HttpResponseBase:
    """Let a person act or only read, or part with them."""
    user, now = person(request), timezone.now()
    membership = member_of_led_house(user, member)
    if membership is None and request.method == "POST" and has_gone(member):  # sent twice
        return redirect("web:people")
    if membership is None:
        raise Http404
    view, firm = membership[0], shown_name(membership[1])
    if request.method == "POST":
        try:
            if request.POST.get("do") in ("manager", "viewer"):
                inviting.set_capacity(
                    user, member, may_manage=request.POST["do"] == "manager", now=now
                )
                messages.success(
                    request, _("The rights of %(email)s have been changed.") % {"email": view.email}
                )
            else:
                inviting.part_with(user, member, now)
                messages.success(
                    request,
                    _("%(email)s no longer acts for %(firm)s.")
                    % {"email": view.email, "firm": firm},
                )
        except Membership.DoesNotExist:  # at the same moment
            pass
        return redirect("web:people")
    context = {
        "member": view,
        "capacity": capacity_word(view.may_manage, view.delegate),
        "firm": firm,
        "crumbs": (Crumb(_("People"), reverse("web:people")),),
    }
    return render(request, "web/member.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def join(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Where the link of an invitation leads. Nothing happens by opening it: programs that read
    mails open links, too.
    """
    now = timezone.now()
    offer = inviting.offered(secret, now)
    if offer is None:
        return render(
            request,
            "web/join.html",
            {"outdated": True},
            status=200 if request.method == "GET" else 400,
        )
    here = person(request) if request.user.is_authenticated else None
    is_known = has_account(offer.email)
    form = (
        None
        if is_known
        else JoinForm(offer.email, request.POST if request.method == "POST" else None)
    )
    if request.method == "POST":
        if here is not None and here.email == offer.email:
            return _joined(request, inviting.accept(secret, here, now))
        if here is None and form is not None and form.is_valid():
            user = inviting.accept_as_new(
                secret, form.cleaned_data["name"], form.cleaned_data["password"], now
            )
            user.backend = "django.contrib.auth.backends.ModelBackend"
            answer: HttpResponse = perform_password_login(
                request, {"email": user.email}, Login(user=user, email=user.email)
            )
            return answer
        if form is not None:
            mark_errors(form)
    context = {
        "firm": shown_name(offer.organisation.name),
        "email": offer.email,
        "capacity": capacity_word(offer.may_manage, offer.delegate),
        "yours": here is not None and here.email == offer.email,
        "of_another": here is not None and here.email != offer.email,
        "form": form if here is None else None,
        "here": request.get_full_path(),
    }
    return render(
        request, "web/join.html", context, status=400 if request.method == "POST" else 200
    )


def _joined(request: HttpRequest, firm: Organisation) -> HttpResponseBase:
    return report_done(
        request,
        _("You act for %(firm)s now.") % {"firm": shown_name(firm.name)},
        first_page(request),
    )


def _mail(request: HttpRequest, sent: inviting.SentInvitation) -> None:
    link = absolute(reverse("web:join", args=[sent.secret]))
    facts = {"firm": sent.invitation.organisation.name, "by": sent.invitation.invited_by}
    post_link(
        "invitation",
        sent.invitation.email,
        get_language() or "en",
        facts,
        link,
        good_for=inviting.LIFETIME,
    )
    messages.success(
        request, _("An invitation is on its way to %(email)s.") % {"email": sent.invitation.email}
    )
