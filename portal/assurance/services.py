"""Giving a certification body a site to check."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from portal.accounts.deciding import require_regulator_of_site
from portal.accounts.models import Organisation, Role, Site, User
from portal.assurance.models import Assignment
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.problems import RefusedError


def assign(
    body: Organisation, site: Site, period: str, by: User, now: datetime, due: date | None = None, *, sees_values: bool = False
) -> Assignment:
    """Let a body see one site's submissions of a period, with their protected values or without, until a day.

    The same again changes nothing; other terms take the place of those that were.

    Raises:
        RefusedError: `not-regulator` (403), `not-a-certification-body` (409).
    """
    require_regulator_of_site(by, site)
    if body.kind != Role.CERTIFICATION_BODY:
        raise RefusedError(409, "not-a-certification-body", f"{body} is no certification body.", "Name one.")
    with transaction.atomic():
        made, created = Assignment.objects.select_for_update().get_or_create(
            body=body, site=site, period=period, defaults={"assigned_by": by, "assigned_at": now, "due": due, "sees_values": sees_values}
        )
        if not created and (made.due, made.sees_values) == (due, sees_values):
            return made
        made.due, made.sees_values = due, sees_values
        made.save(update_fields=["due", "sees_values"])
        terms = f"due {due or 'open'}, {'with' if sees_values else 'without'} protected values"
        record(now, by.email, Action.ASSIGNMENT_MADE, f"site {site.slug}", f"{body}, {period}: {terms}")
    return made
