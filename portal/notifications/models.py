"""What people were told, how they wish to be told, and the mails that wait to be sent.

Figures and names are kept, never sentences: each reader reads them in the language of the moment.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.notifications.kinds import MailFrequency, kinds


class Reader(models.Model):
    """The language in which somebody is written to: the one they read the pages in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    language = models.CharField(max_length=10)

    def __str__(self) -> str:
        return f"{self.user} reads {self.language}"


class Wish(models.Model):
    """How a kind shall reach somebody by mail; where there is none, `kinds.at_first` holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40, choices=kinds)
    how = models.CharField(max_length=10, choices=MailFrequency.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "kind"), name="one_wish_a_kind"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.kind}: {self.how}"


class Mail(models.Model):
    """A mail to somebody with an account (its notices say what), or to an address that has none yet
    (a letter with a link).

    A letter's secret lies sealed here until it is sent, or its link lasts no longer, and is then
    wiped; its hash lies where it is used.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"  # claimed by a sweep
        SENT = "sent"
        DROPPED = (
            "dropped"  # nothing left to say: all was read in the portal, or the person is gone
        )
        FAILED = "failed"  # given up

    id = models.UUIDField(
        primary_key=True, default=uuid.uuid4, editable=False
    )  # also its Message-ID: sent twice, it is still one mail
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+"
    )
    address = models.EmailField(blank=True)  # of who has no account
    language = models.CharField(max_length=10, blank=True)  # of a letter
    letter = models.CharField(max_length=40, blank=True)  # which one; empty where notices are sent
    told = models.JSONField(default=dict)
    sealed = models.TextField(blank=True)
    daily = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=200, blank=True)  # what the mail server said last
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=("waiting", "sending")),
                name="mail_that_waits",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("recipient", "due_at"), condition=Q(daily=True), name="one_daily_mail_a_day"
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=True) ^ Q(address=""), name="a_mail_has_one_addressee"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "sending")) | Q(sealed=""),
                name="no_secret_outlives_its_mail",
            ),
        )

    def __str__(self) -> str:
        return f"{self.letter or 'notices'} to {self.address or self.recipient} ({self.state})"


class Notice(models.Model):
    """One thing that one person is told: `told` holds names and days, `place` the address that it
    is about.
    """

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40, choices=kinds)
    told = models.JSONField(default=dict)
    place = models.CharField(max_length=60)  # name of an address of the pages
    place_parts = models.JSONField(default=dict)  # what stands in that address
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail = models.ForeignKey(Mail, models.SET_NULL, null=True, related_name="notices")

    class Meta:
        indexes = (
            models.Index(fields=("recipient", "-id"), name="notices_of_a_person"),
            models.Index(
                fields=("recipient",), condition=Q(read_at__isnull=True), name="unread_notices"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
