"""Giving a certification body a site to check."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts.models import Organisation, Role, Site, User
from portal.accounts.selectors import regulated_sites
from portal.assurance.models import Assignment
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.problems import RefusedError


def assign(body: Organisation, site: Site, period: str, by: User, now: datetime) -> Assignment:
    """Let a body see one site's submissions of a period; asking again changes nothing.

    Raises:
        RefusedError: `not-regulator` (403), `not-a-certification-body` (409).
    """
    if not regulated_sites(by).filter(pk=site.pk).exists():
        raise RefusedError(403, "not-regulator", "You are no regulator of this site.", "Ask a regulator of its jurisdiction.")
    if body.kind != Role.CERTIFICATION_BODY:
        raise RefusedError(409, "not-a-certification-body", f"{body} is no certification body.", "Name one.")
    with transaction.atomic():
        made, created = Assignment.objects.get_or_create(
            body=body, site=site, period=period, defaults={"assigned_by": by, "assigned_at": now}
        )
        if created:
            record(now, by.email, Action.ASSIGNMENT_MADE, f"site {site.slug}", f"{body}, {period}")
    return made
