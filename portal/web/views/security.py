"""A person's own account: what guards it, the picture for an authenticator app, the zone of times,
where it is signed in.
"""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts import second_factor, sessions
from portal.accounts.reading import read_in
from portal.accounts.selectors import roles_of
from portal.register.inviting import INVITING
from portal.web import areas
from portal.web.access import for_anybody_signed_in, person
from portal.web.answers import report_done
from portal.web.middleware import zones
from portal.web.presenters.account import security_page, session_rows
from portal.web.signing_in import first_page
from portal.web.viewmodels.shared import Crumb


@require_http_methods(["GET", "POST"])
@for_anybody_signed_in
def index(request: HttpRequest) -> HttpResponseBase:
    """What guards the account, and the zone that the person reads times in, which a POST sets."""
    user = person(request)
    if request.method == "POST":
        if (chosen := request.POST.get("zone", "")) in zones.ZONES:
            read_in(user, chosen)
            messages.success(request, _("Your time zone is saved."))
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
        sessions=len(sessions.sessions_of(user, request.session.session_key, timezone.now())),
        keys=bool(roles_of(user)),
    )
    context = {
        "page": page,
        "invites": not roles_of(user).isdisjoint(INVITING),
        "first_page": first_page(request),
        "zones": zones.choices(user.zone, timezone.now()),
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


@require_http_methods(["GET", "POST"])
@for_anybody_signed_in
def session_list(request: HttpRequest) -> HttpResponseBase:
    """Where the person is signed in; end one, or all of them."""
    user, now = person(request), timezone.now()
    here = request.session.session_key
    if request.method == "POST":
        if request.POST.get("everywhere"):
            sessions.end(user, now)
            logout(request)
            return report_done(request, _("You are signed out everywhere."), "account_login")
        chosen = request.POST.get("session", "")
        if (
            chosen.isascii()
            and chosen.isdigit()
            and len(chosen) < 19
            and sessions.end(user, now, only=int(chosen))
        ):
            messages.success(request, _("That session is ended."))
        return redirect("sessions")
    rows = session_rows(sessions.sessions_of(user, here, now))
    return render(
        request,
        "web/sessions.html",
        {"rows": rows, "crumbs": (Crumb(_("Your account"), reverse("mfa_index")),)},
    )
