"""The worker's task of the register: deleting what belongs to firms whose time to undo is over, and
what is past its time.

No arguments: it sweeps rows, and may run twice.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from portal.register import leaving, record


@shared_task(name="portal.register.tasks.sweep")  # type: ignore[untyped-decorator] # Celery ships no types
def sweep() -> None:
    """Delete what belongs to firms whose time to undo is over, and what is past its time."""
    leaving.carry_out_due(timezone.now)
    record.forget(timezone.now())
