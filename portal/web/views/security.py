"""A person's own account: what guards it, the picture for an authenticator app, the zone of times,
where it is signed in, saved filters.
"""

from __future__ import annotations

import re

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts import second_factor, sessions
from portal.accounts.reading import read_in
from portal.accounts.saved_filters import saved_by
from portal.accounts.selectors import roles_of
from portal.register.inviting import INVITING
from portal.web import areas
from portal.web.access import for_anybody_signed_in, person
from portal.web.answers import report_done
from portal.web.lists.saved_lists import links
from portal.web.middleware import zones
from portal.web.presenters.account import security_page, session_rows
from portal.web.presenters.saved import filters_list
from portal.web.signing_in import first_page


@require_http_methods(["GET", "POST"])
@for_anybody_signed_in
def index(request: HttpRequest) -> HttpResponseBase:
    """What guards the account. A POST sets the zone that the person reads times in, or ends one of
    their sessions or all.
    """
    user, now, here = person(request), timezone.now(), request.session.session_key
    if request.method == "POST":
        session = request.POST.get("session", "")
        if request.POST.get("everywhere"):
            sessions.end(user, now)
            logout(request)
            return report_done(request, _("You are signed out everywhere."), "account_login")
        if (chosen := request.POST.get("zone", "")) in zones.ZONES:
            read_in(user, chosen)
            messages.success(request, _("Your time zone is saved."))
        elif re.fullmatch("[0-9]{1,18}", session) and sessions.end(user, now, only=int(session)):
            messages.success(request, _("That session is ended."))
        return redirect("mfa_index")
    authenticators = second_factor.authenticators_of(user)
    codes = authenticators.get(Authenticator.Type.RECOVERY_CODES)
    page = security_page(
        user,
        set_up=authenticators[Authenticator.Type.TOTP].created_at
        if Authenticator.Type.TOTP in authenticators
        else None,
        needed=second_factor.needed_by(user),
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
        keys=bool(roles_of(user)),
    )
    context = {
        "page": page,
        "invites": not roles_of(user).isdisjoint(INVITING),
        "first_page": first_page(request),
        "zones": zones.choices(user.zone, now),
        "sessions": session_rows(sessions.sessions_of(user, here, now)),
        "filters": filters_list(links(saved_by(user)), request.GET),
        "links": areas.ACCOUNT(),
    }
    return render(request, "web/security.html", context)


@require_GET
@for_anybody_signed_in
def qr(request: HttpRequest) -> HttpResponse:
    """The picture an authenticator app reads: an address of its own, for the content policy takes
    no picture out of the page's text.
    """
    secret = request.session.get(SECRET_SESSION_KEY)
    if secret is None:
        raise Http404
    adapter = get_adapter()
    return HttpResponse(
        adapter.build_totp_svg(adapter.build_totp_url(person(request), secret)),
        content_type="image/svg+xml",
    )
