"""API keys: made, shown once, revoked, by who manages an organisation and has a second factor."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import api_keys, second_factor
from portal.accounts.models import Organisation, Role
from portal.accounts.scopes import OF_A_PERSON, SCOPES_OF, every_scope
from portal.own_address import own_address
from portal.problems import RefusedError
from portal.web.access import for_role, person, to_second_factor
from portal.web.answers import confirm_page, report_done
from portal.web.forms.errors import add_error, mark_errors
from portal.web.forms.keys import SCOPES, ApiKeyForm
from portal.web.lists.tables import csv_file
from portal.web.presenters.keys import ScopeBox, keys_page, keys_table
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import shown_name


@for_role(*Role, posts=True)
def page(request: HttpRequest) -> HttpResponseBase:
    """Every key of the organisations that the person manages; a new one is in this one answer and
    nowhere else.
    """
    user, now = person(request), timezone.now()
    houses = list(api_keys.houses_of(user))
    offered = [
        scope
        for scope in every_scope()
        if scope in OF_A_PERSON or any(scope in SCOPES_OF[house.kind] for house in houses)
    ]
    choices = [(str(house.pk), shown_name(house.name)) for house in houses]
    form = ApiKeyForm(
        request.POST if request.method == "POST" else None, houses=choices, scopes=offered
    )
    if request.method == "POST" and houses:
        if not second_factor.was_shown(request, user):
            return to_second_factor(request, user)
        if form.is_valid():
            answers = form.cleaned_data
            lifetime, personal = (
                timedelta(days=int(answers["lifetime"])),
                answers["kind"] == "personal",
            )
            try:
                issued = api_keys.make(
                    user,
                    int(answers["organisation"]),
                    answers["name"],
                    answers["scopes"],
                    lifetime,
                    personal=personal,
                    now=now,
                )
            except RefusedError as refusal:
                add_error(form, "scopes", refusal)
            except Organisation.DoesNotExist as error:
                raise Http404 from error
            else:
                context = {
                    "key": issued.text,
                    "name": answers["name"],
                    "expires": issued.key.expires_at,
                    "crumbs": _crumbs(),
                    "portal": own_address(),
                }
                return render(request, "web/key_made.html", context)
    if form.errors:
        mark_errors(form)
    chosen = request.POST.getlist("scopes")
    context = {
        "page": keys_page(api_keys.keys_of(user), request.GET, now),
        "form": form if houses else None,
        "one_house": len(houses) == 1,
        "scopes": tuple(
            ScopeBox(scope.value, str(SCOPES[scope.value]), scope.value in chosen)
            for scope in offered
        ),
        "has_factor": second_factor.has_one(user),
        "crumbs": (Crumb(_("Your account"), reverse("mfa_index")),),
    }
    return render(
        request, "web/keys.html", context, status=400 if request.method == "POST" else 200
    )


@for_role(*Role)
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(
        "steplabel-api-keys.csv",
        *keys_table(api_keys.keys_of(person(request)), request.GET, timezone.now()),
    )


@for_role(*Role, posts=True)
def revoke(request: HttpRequest, key: int) -> HttpResponseBase:
    """At once, and without a second factor: whoever hears that a key has leaked should not look for
    a telephone first.
    """
    user = person(request)
    key_row = api_keys.key_of(user, key)
    if key_row is None:
        raise Http404
    if request.method == "POST":
        api_keys.revoke(user, key, timezone.now())
        return report_done(request, _("The key is revoked. It no longer gives access."), "web:keys")
    return confirm_page(
        request,
        title=_("Revoke the key %(name)s?") % {"name": key_row.name},
        sentence=_(
            "From now on every request with it is refused. A key cannot be restored; make a new "
            "one instead."
        ),
        button=_("Revoke the key"),
        warning=True,
        back=reverse("web:keys"),
        crumbs=_crumbs(),
    )


def _crumbs() -> tuple[Crumb, ...]:
    return (
        Crumb(_("Your account"), reverse("mfa_index")),
        Crumb(_("API keys"), reverse("web:keys")),
    )
