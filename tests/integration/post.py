"""The worker's part in sending mails, done at once, and what somebody then finds in their box."""

from __future__ import annotations

from django.core import mail
from django.utils import timezone

from portal.notifications import mailing
from portal.web.words.mails import write


def send_all() -> int:
    return mailing.sweep(write, timezone.now)


def letter_to(address: str) -> str:
    """The newest mail to that address, after everything that is due has been sent."""
    send_all()
    return str(next(message.body for message in reversed(mail.outbox) if message.to == [address]))
