"""Reading when something was recorded last, and by whom: what the installation shows of itself."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, QuerySet, TextChoices

from portal.auditlog.models import Event


def last_recorded_at(action: TextChoices) -> datetime | None:
    """When it was recorded last; None where it never was."""
    moment: datetime | None = Event.objects.filter(action=action).aggregate(at=Max("at"))["at"]
    return moment


def newest_of_each_actor(action: TextChoices) -> QuerySet[Event]:
    """Of everybody who did it, the event that was recorded last."""
    newest = (
        Event.objects.filter(action=action)
        .order_by()
        .values("actor")
        .annotate(pk=Max("pk"))
        .values("pk")
    )
    return Event.objects.filter(pk__in=newest)
