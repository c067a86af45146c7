"""Who may open a page: by role, signed in, with a second factor, with a password given lately;
others are led to sign in.

What they then see is the selectors' business.

A stranger is asked to sign in, a wrong role is told so, whose role needs a second factor is led to
it, and a refusal of a service becomes a page in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.middleware import get_user
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from benchmarks.errors import SteplabelError
from portal.accounts import second_factor
from portal.accounts.models import Role, User
from portal.accounts.selectors import read_once, roles_of
from portal.web.forms import unsent as unsent_forms
from portal.web.forms.signing_in import SignInForm
from portal.web.signing_in import signed_in_lately
from portal.web.views.errors import refused

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def for_role(*roles: Role, posts: bool = False) -> Callable[[Page[P]], Page[P]]:
    """Only for people with one of these roles; their pages are never kept by a cache on the way.
    `posts`: a form is sent here.
    """

    def guard(page: Page[P]) -> Page[P]:
        @require_http_methods(["GET", "POST"] if posts else ["GET"])
        @wraps(page)
        @never_cache
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            user = person(request)
            if request.method in ("GET", "HEAD"):
                read_once(user)
            own_roles = roles_of(user)
            if own_roles.isdisjoint(roles):
                raise PermissionDenied
            if second_factor.asked_of(own_roles) and not second_factor.was_shown(request, user):
                return to_second_factor(request, user)
            try:
                return page(request, *args, **kwargs)
            except SteplabelError as error:
                return refused(request, error)

        vars(guarded)["open_to"] = roles
        return cast("Page[P]", guarded)

    return guard


def for_anybody_signed_in(page: Page[P]) -> Page[P]:
    """For pages about the person alone."""

    @wraps(page)
    @never_cache
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        try:
            return page(request, *args, **kwargs)
        except SteplabelError as error:
            return refused(request, error)

    vars(guarded)["open_to"] = ()
    return cast("Page[P]", guarded)


def freshly(page: Page[P]) -> Page[P]:
    """For dangerous acts: who gave no password and no code for a quarter of an hour is asked again,
    and brought back to the page.
    """

    @wraps(page)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not signed_in_lately(request):
            return redirect(
                f"{reverse('account_reauthenticate')}?{urlencode({'next': _back(request)})}"
            )
        return page(request, *args, **kwargs)

    return cast("Page[P]", guarded)


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To sign in and come back; who had typed something takes it along."""
    typed = unsent_forms.packed(request)
    if not typed:
        return redirect_to_login(request.get_full_path())
    context = {"form": SignInForm(request), "next": reverse("web:unsent"), "unsent": typed}
    return render(request, "web/sign_in.html", context, status=403)


def person(request: HttpRequest) -> User:
    """The signed-in person; pages that ask are behind `for_role`. The row itself, for
    `request.user` is only a stand-in for it.
    """
    return cast(User, get_user(request))


def to_second_factor(request: HttpRequest, user: User) -> HttpResponseBase:
    """To give a code, or first to set up what gives one."""
    name = "mfa_reauthenticate" if second_factor.has_one(user) else "mfa_activate_totp"
    return redirect(f"{reverse(name)}?{urlencode({'next': _back(request)})}")


def _back(request: HttpRequest) -> str:
    """Where a signed-in person goes on once asked again: to the page, or to what was typed
    there.
    """
    typed = unsent_forms.packed(request, again=True)
    unsent_forms.keep(request, typed)
    return reverse("web:unsent") if typed else request.get_full_path()
