"""Sending the mails that wait, at least once and never by two at a time, and when one is tried
again; deleting mails and read notices that are past their time.

    waiting ──claim──▶ sending ──▶ sent | dropped | waiting again, later | failed

A sweep claims one row in a short transaction, hands the mail to the server holding no lock, and
settles the row if the claim is still its own. Killed before the server took it, nothing was sent
and the claim ages until another sweep takes the row. Killed between the server's yes and the row's,
it is sent again under the same Message-ID, which mail programs show once: no protocol closes that
gap, and the other choice would lose mails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from uuid import uuid4

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import Q

from portal import encrypted_texts
from portal.notifications.models import Mail, Notice, Reader
from portal.notifications.telling import PURPOSE

Clock = Callable[[], datetime]

TO_ACCOUNTS_ALONE = ("new_password",)
"""Letters that anybody may have posted to any address: the web process does not look who has it,
and so does not tell by its time.
"""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
"""After the first attempt that failed; each further pause is four times as long, until it is the
longest, and shorter again near the end of a letter's link."""

KEPT_MAILS = timedelta(days=30)
KEPT_NOTICES = timedelta(days=365)
"""How long a settled mail, and a notice that was read, are kept."""


@dataclass(frozen=True, slots=True)
class Addressee:
    address: str
    language: str
    zone: str  # IANA name; empty: that of the scheme


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    body: str


Writer = Callable[[Mail, Sequence[Notice], str, str, str], Letter]
"""Words for a mail: its row, its notices, its secret, the language, the time zone."""


def sweep(write: Writer, clock: Clock) -> int:
    """Send all that is due; how many mails the server took. Safe to run twice, at once, and after a
    death at any point.
    """
    sent = 0
    while mail := claim(clock()):
        sent += deliver(mail, write, clock)
    forget(clock())
    return sent


def claim(now: datetime) -> Mail | None:
    """Take one mail that is due, or whose sweep has died: the least tried first."""
    dead_since = now - timedelta(seconds=settings.MAIL_LEASE_SECONDS)
    due = Q(state=Mail.State.WAITING, due_at__lte=now) | Q(
        state=Mail.State.SENDING, claimed_at__lte=dead_since
    )
    with transaction.atomic():
        rows = Mail.objects.filter(due).order_by("attempts", "due_at", "pk")
        row = rows.select_for_update(
            skip_locked=connection.features.has_select_for_update_skip_locked, of=_self()
        ).first()
        if row is None:
            return None
        row.state, row.claim, row.claimed_at, row.attempts = (
            Mail.State.SENDING,
            uuid4(),
            now,
            row.attempts + 1,
        )
        row.save(update_fields=["state", "claim", "claimed_at", "attempts"])
    return row


def deliver(mail: Mail, write: Writer, clock: Clock) -> bool:
    """Send a claimed mail and settle its fate; whether the server took it."""
    addressee = _addressee(mail)
    notices = list(mail.notices.filter(**({"read_at": None} if mail.daily else {})).order_by("pk"))
    if addressee is None or not (notices or mail.letter):
        _settle(mail, Mail.State.DROPPED, clock())
        return False
    try:
        secret = encrypted_texts.unseal(mail.sealed, PURPOSE) if mail.sealed else ""
    except InvalidToken:  # SECRET_KEY was changed meanwhile: the link is lost
        _settle(mail, Mail.State.FAILED, clock(), "the link can no longer be read")
        return False
    letter = write(mail, notices, secret, addressee.language, addressee.zone)
    try:
        _message(mail, addressee.address, letter).send()
    except SMTPRecipientsRefused as error:
        answers = [code for code, _said in error.recipients.values()]
        _put_off(
            mail,
            clock(),
            _said_by_server(error),
            final=bool(answers) and all(code >= 500 for code in answers),
        )
    except (SMTPException, OSError) as error:
        _put_off(mail, clock(), _said_by_server(error), final=False)
    else:
        _settle(mail, Mail.State.SENT, clock())
        return True
    return False


def forget(now: datetime) -> None:
    """Mails and read notices that are past their time are deleted."""
    settled = (Mail.State.SENT, Mail.State.DROPPED, Mail.State.FAILED)
    Notice.objects.filter(read_at__lt=now - KEPT_NOTICES).delete()
    Mail.objects.filter(state__in=settled, settled_at__lt=now - KEPT_MAILS).delete()


def _addressee(mail: Mail) -> Addressee | None:
    if mail.recipient_id is None:
        return (
            Addressee(mail.address, mail.language, "")
            if mail.letter not in TO_ACCOUNTS_ALONE or _has_account(mail.address)
            else None
        )
    # by columns: of people the worker may read the address, the zone and whether they are still
    # here, nothing else
    rows = Mail.objects.filter(pk=mail.pk, recipient__is_active=True).values_list(
        "recipient__email", "recipient__zone"
    )
    language = (
        Reader.objects.filter(user=mail.recipient_id).values_list("language", flat=True).first()
    )
    return next(
        (Addressee(address, language or settings.LANGUAGE_CODE, zone) for address, zone in rows),
        None,
    )


def _has_account(address: str) -> bool:
    return get_user_model()._default_manager.filter(email=address, is_active=True).exists()


def _message(mail: Mail, address: str, letter: Letter) -> EmailMessage:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >")
    headers = {"Message-ID": f"<{mail.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(letter.subject, letter.body, None, [address], headers=headers)


def _put_off(mail: Mail, now: datetime, fault: str, *, final: bool) -> None:
    later = now + min(
        FIRST_PAUSE * 4 ** min(mail.attempts - 1, 5), LONGEST_PAUSE
    )  # a letter is tried for up to a year
    if (
        mail.letter and later > mail.give_up_at
    ):  # its link is still good, and nothing else says what it says: after half of what is left
        later = now + max(FIRST_PAUSE, (mail.give_up_at - now) / 2)
    if final or later > mail.give_up_at:
        _settle(mail, Mail.State.FAILED, now, fault)
    else:
        # a mail of the day keeps its hour, by which it is known; its claim ages instead
        own = Mail.objects.filter(pk=mail.pk, claim=mail.claim, state=Mail.State.SENDING)
        again = later - timedelta(seconds=settings.MAIL_LEASE_SECONDS)
        own.update(
            fault=fault,
            **(
                {"claimed_at": again}
                if mail.daily
                else {"state": Mail.State.WAITING, "claim": None, "due_at": later}
            ),
        )


def _settle(mail: Mail, state: Mail.State, now: datetime, fault: str = "") -> None:
    """Only if the claim still holds; the secret goes with it."""
    own = Mail.objects.filter(pk=mail.pk, claim=mail.claim, state=Mail.State.SENDING)
    own.update(state=state, settled_at=now, claim=None, sealed="", fault=fault)


def _said_by_server(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _self() -> tuple[str, ...]:
    return ("self",) if connection.features.has_select_for_update_of else ()
