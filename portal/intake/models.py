"""Sealed reports as they came in, and the append-only log of their digests. The web tier stores ciphertext and nothing else."""

from __future__ import annotations

from django.db import models

from portal.accounts.models import HEX_32, Device, Site
from portal.auditlog.models import AppendOnly


class State(models.TextChoices):
    """The life of a submission: received ▶ opening ▶ accepted or refused; an accepted one is superseded by a later revision."""

    RECEIVED = "received", "Received"
    OPENING = "opening", "Being opened"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    SUPERSEDED = "superseded", "Superseded"


class Submission(models.Model):
    """One envelope: one site, period and revision, all steps. Revisions add up; nothing is overwritten."""

    digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])  # SHA-256 of the envelope
    site = models.ForeignKey(Site, models.PROTECT, related_name="submissions")
    period = models.CharField(max_length=32)
    revision = models.PositiveIntegerField()
    device = models.ForeignKey(Device, models.PROTECT, related_name="submissions")
    key_id = models.CharField(max_length=64)  # the processing key it is sealed to
    ledger_sequence = models.PositiveBigIntegerField()
    envelope = models.BinaryField()
    size_bytes = models.PositiveIntegerField()
    receipt = models.BinaryField()  # signed; the same bytes for the same envelope, for ever
    log_index = models.PositiveBigIntegerField(unique=True)
    received_at = models.DateTimeField()

    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED, db_index=True)
    reason_code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    claim = models.UUIDField(null=True)  # which sweep is opening it
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("site", "period", "revision"), name="one_envelope_a_revision"),)

    def __str__(self) -> str:
        return f"{self.site} {self.period} revision {self.revision} ({self.state})"


class LogHead(models.Model):
    """The size and the last hash of the log; its one row is locked by whoever appends."""

    size = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, validators=[HEX_32])

    def __str__(self) -> str:
        return f"{self.size} entries, {self.hash}"


class LogEntry(AppendOnly):
    """One received envelope: hash = SHA-256(previous hash ‖ index as 8 bytes ‖ envelope digest). Indices count from 0 without a gap."""

    index = models.PositiveBigIntegerField(primary_key=True)
    envelope_digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    hash = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    appended_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("index",)

    def __str__(self) -> str:
        return f"{self.index}: {self.envelope_digest}"
