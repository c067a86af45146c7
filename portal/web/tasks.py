"""The worker's task that sends mails: here, for here are their words. No arguments: it sweeps rows,
and may run twice.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from portal.notifications import mailing
from portal.web.words.mails import write


@shared_task(name="portal.web.tasks.send_mail")  # type: ignore[untyped-decorator] # Celery ships no types
def send_mail() -> None:
    """Send every mail that is due."""
    mailing.sweep(write, timezone.now)
