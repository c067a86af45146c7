"""The worker's task of publications: letting out every version whose set time has come.

No arguments: it sweeps rows, and may run twice.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from portal.publication import scheduling


@shared_task(name="portal.publication.tasks.release")  # type: ignore[untyped-decorator] # Celery ships no types
def release() -> None:
    """Let out every version whose time has come."""
    scheduling.release_due(timezone.now)
