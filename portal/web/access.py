"""Who may open a page. What they then see is the selectors' business.

A stranger is asked to sign in, a wrong role is told so, and a refusal of a service becomes a page in the service's words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.middleware import get_user
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from benchmarks.errors import SteplabelError
from portal.accounts.models import Role, User
from portal.accounts.selectors import roles_of
from portal.web.views.errors import refused

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def for_role(role: Role) -> Callable[[Page[P]], Page[P]]:
    """Only for people with that role; their pages are never kept by a cache on the way."""

    def guard(page: Page[P]) -> Page[P]:
        @wraps(page)
        @never_cache
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if role not in roles_of(person(request)):
                raise PermissionDenied
            try:
                return page(request, *args, **kwargs)
            except SteplabelError as error:
                return refused(request, error)

        return cast("Page[P]", guarded)

    return guard


def person(request: HttpRequest) -> User:
    """The signed-in person; pages that ask are behind `for_role`. The row itself, for `request.user` is only a stand-in for it."""
    return cast(User, get_user(request))
