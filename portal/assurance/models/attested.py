"""Auditors' keys, and attestations with their whole life: drawn up, signed, perhaps withdrawn."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.accounts.models import HEX_32, Organisation, Site, User
from portal.assurance.models.assigned import Assignment
from portal.intake.models import Submission
from portal.publication.models import Publication


class AuditorKey(models.Model):
    """The public half of an auditor's own signing key. Revoked, it signs nothing new; what it
    signed before stands.
    """

    body = models.ForeignKey(Organisation, models.PROTECT, related_name="auditor_keys")
    owner = models.ForeignKey(User, models.PROTECT, related_name="auditor_keys")
    public_key = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    registered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)

    def __str__(self) -> str:
        return f"key of {self.owner}, {self.body}"


class Attestation(models.Model):
    """An auditor's statement (`benchmarks.wire.attestations`). Its columns repeat what pages and
    policies ask for.

    `content` is the file that was given out to be signed, `signed` the one that came back; the same
    for a withdrawal.
    """

    class State(models.TextChoices):
        DRAWN_UP = "drawn-up"  # waits for the signature
        ISSUED = "issued"
        WITHDRAWN = "withdrawn"
        DISCARDED = "discarded"  # drawn up, never signed

    body = models.ForeignKey(Organisation, models.PROTECT, related_name="attestations")
    key = models.ForeignKey(AuditorKey, models.PROTECT, related_name="attestations")
    assignment = models.ForeignKey(
        Assignment, models.PROTECT, related_name="attestations", null=True
    )
    submission = models.ForeignKey(
        Submission, models.PROTECT, related_name="attestations", null=True
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="attestations", null=True)
    publication = models.ForeignKey(
        Publication, models.PROTECT, related_name="attestations", null=True
    )

    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAWN_UP)
    digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    opinion = models.CharField(max_length=12)
    assurance = models.CharField(max_length=12)
    steps = models.JSONField(default=list)
    level = models.CharField(max_length=40, blank=True)  # of a scheme, such as `sep/gold`
    valid_until = models.DateField()
    surveillance_on = models.DateField(null=True)

    content = models.BinaryField()
    signed = models.BinaryField(null=True)
    drawn_up_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drawn_up_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    log_index = models.PositiveBigIntegerField(null=True, unique=True)

    withdrawal = models.BinaryField(null=True)
    withdrawal_signed = models.BinaryField(null=True)
    withdrawal_reason = models.CharField(max_length=1000, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_log_index = models.PositiveBigIntegerField(null=True, unique=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("drawn-up", "discarded"))
                | Q(signed__isnull=False, issued_at__isnull=False, log_index__isnull=False),
                name="issued_is_signed_and_logged",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn")
                | Q(withdrawal_signed__isnull=False, withdrawn_at__isnull=False),
                name="a_withdrawal_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(
                    submission__isnull=False,
                    site__isnull=False,
                    assignment__isnull=False,
                    publication__isnull=True,
                )
                | Q(
                    submission__isnull=True,
                    site__isnull=True,
                    assignment__isnull=True,
                    publication__isnull=False,
                ),
                name="of_a_report_or_of_a_publication",
            ),
        )

    def __str__(self) -> str:
        return f"{self.body}, {self.site or self.publication}: {self.opinion} ({self.state})"
