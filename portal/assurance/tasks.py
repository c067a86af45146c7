"""The worker's task of audits: telling people of the days of audits that come or are past.

No arguments: it sweeps rows, and may run twice.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from portal.assurance import reminding


@shared_task(name="portal.assurance.tasks.remind")  # type: ignore[untyped-decorator] # Celery ships no types
def remind() -> None:
    """Tell of the days of audits that come or are past."""
    reminding.remind(timezone.now())
