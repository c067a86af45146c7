"""Where the agent is had from: a file for each system with its digest, and the three commands with
this portal's address in them.
"""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from benchmarks.wire import agent_releases
from portal.accounts.models import Role
from portal.accounts.selectors import roles_of, sites_of
from portal.days import scheme_day
from portal.own_address import own_address
from portal.web.access import person
from portal.web.agent_files import announced, offered
from portal.web.presenters.submissions import site_row


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """For everybody; who leads a site makes its token from here, and the answer fills the commands
    in.
    """
    user = person(request) if request.user.is_authenticated else None
    own = (
        sites_of(user, timezone.now())
        if user is not None and Role.ENTERPRISE in roles_of(user)
        else ()
    )
    led = tuple(site_row(site) for site in own if site.managed and site.retired_at is None)
    return render(
        request,
        "web/agent.html",
        {
            "files": offered(),
            "portal": own_address(),
            "sites": led,
            "token": "TOKEN",
            "year": scheme_day().year - 1,
        },
    )


@require_safe
def file(request: HttpRequest, name: str) -> HttpResponseBase:
    """One of the files, or what was announced of them, as it lies in the folder."""
    path = (
        announced()
        if name == agent_releases.FILE
        else next((release.path for release in offered() if release.name == name), None)
    )
    if path is None:
        raise Http404
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
