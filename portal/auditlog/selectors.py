"""Reading the record, newest first. Regulators' people only: who may ask is decided by the caller's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.auditlog.models import Event


@dataclass(frozen=True, slots=True)
class EventView:
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


def events_of(subject: str) -> tuple[EventView, ...]:
    """Everything that happened to one subject."""
    return tuple(_view(event) for event in Event.objects.filter(subject=subject).order_by("-id"))


def latest(count: int = 100) -> tuple[EventView, ...]:
    """The latest events of the whole portal."""
    return tuple(_view(event) for event in Event.objects.order_by("-id")[:count])


def _view(event: Event) -> EventView:
    return EventView(event.at, event.actor, event.action, event.subject, event.detail)
