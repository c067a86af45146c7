"""A firm's consent: what its reports said, and whether it is named in public."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Organisation, Role
from portal.register.naming import choose, consent_of
from portal.web.access import for_role, person
from portal.web.answers import report_done
from portal.web.presenters.consent import consent_page
from portal.web.viewmodels.shared import Crumb


@for_role(Role.ENTERPRISE, posts=True)
def consent(request: HttpRequest, firm: int) -> HttpResponseBase:
    user = person(request)
    view = consent_of(user, firm)
    if view is None:
        raise Http404
    if request.method == "POST":
        try:
            choose(user, firm, request.POST.get("named") == "yes", timezone.now())
        except Organisation.DoesNotExist as error:  # who only reads
            raise Http404 from error
        return report_done(
            request,
            _("Your choice is saved. It applies to versions that are approved from now on."),
            "web:consent",
            firm,
        )
    return render(
        request,
        "web/consent.html",
        {"page": consent_page(view), "crumbs": (Crumb(_("People"), reverse("web:people")),)},
    )
