"""The worker's task. No arguments: it sweeps rows, and may run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from portal import keys
from portal.opening import services


@shared_task(name="portal.opening.tasks.sweep")  # type: ignore[untyped-decorator] # Celery ships no types
def sweep() -> None:
    """Open every submission that waits, with whichever key its envelope names; a key that was destroyed meanwhile is gone from memory."""
    for key in keys.processing_keys():
        services.sweep(key, timezone.now)
