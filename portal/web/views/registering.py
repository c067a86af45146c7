"""A firm registers itself; its address answers by a link. Open to everybody."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts import first_mails
from portal.accounts.models import Role
from portal.own_address import absolute
from portal.register import applying
from portal.web.answers import form_page
from portal.web.forms.registering import FirmForm
from portal.web.words.mails import post_link
from portal.web.words.terms import shown_name


@require_http_methods(["GET", "POST"])
@never_cache
def register(request: HttpRequest) -> HttpResponseBase:
    form = FirmForm(request.POST) if request.method == "POST" else FirmForm()
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        if not first_mails.may_register(request, answers["email"]):
            form.add_error(
                None,
                _(
                    "Too many firms were registered from here or for this address. Wait an hour, "
                    "then try again."
                ),
            )
        else:
            language = get_language() or "en"
            wish = applying.FirmWish(
                answers["name"].strip(),
                answers["name_zh"].strip(),
                answers["controlling_firm"].strip(),
                answers["jurisdiction"],
                answers["contact"].strip(),
                answers["email"],
                language,
                Role(answers["kind"]),
                answers["credit_code"],
                answers["telephone"].strip(),
            )
            with transaction.atomic():  # no application without the letter that asks its address
                secret = applying.apply(wish, timezone.now())
                link = absolute(reverse("web:register-confirm", args=[secret]))
                post_link(
                    "application",
                    answers["email"],
                    language,
                    {},
                    link,
                    good_for=applying.TIME_TO_ANSWER,
                )
            return redirect("web:register-sent")
    return form_page(request, "web/register.html", {}, form)


@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "web/register_sent.html")


@require_http_methods(["GET", "POST"])
@never_cache
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """Where the link leads. Nothing happens by opening it: programs that read mails open links,
    too.
    """
    now = timezone.now()
    row = applying.unanswered(secret, now)
    if row is None:
        return render(
            request,
            "web/register_confirm.html",
            {"outdated": True},
            status=200 if request.method == "GET" else 400,
        )
    if request.method == "POST":
        applying.confirm(secret, now)
        return render(
            request, "web/register_confirm.html", {"done": True, "firm": shown_name(row.name)}
        )
    return render(request, "web/register_confirm.html", {"firm": shown_name(row.name)})
