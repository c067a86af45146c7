"""Published benchmarks. A version is never overwritten: it is drafted, published by a second person, perhaps withdrawn with a reason."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import User
from portal.catalogue.models import ReportingPeriod


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Publication(models.Model):
    """One version of the industry label of one peer group and period.

    `label` holds every composed cell and `roster` who stands behind each: neither ever leaves the portal. `gate` holds the
    decisions and the label as it may go out; `document`, made of the latter when it is published and signed, is what the API serves.
    """

    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    label = models.JSONField()  # benchmarks.composition.IndustryLabel
    roster = models.JSONField()  # benchmarks.composition.Roster
    gate = models.JSONField()  # benchmarks.disclosure.GateResult
    explanation = models.JSONField()  # benchmarks.explanation.Explanation
    document = models.JSONField(null=True)
    participants = models.JSONField()  # digests of the envelopes that entered, sorted
    seed = models.CharField(max_length=64)  # of the simulation; derived from the participants, so that anyone who holds them can repeat it
    what_changed = models.CharField(max_length=1000, blank=True)

    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("period", "version"), name="one_publication_a_version"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")), name="a_second_person_approves"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.DRAFT) | Q(approved_by__isnull=False, document__isnull=False), name="published_was_approved"
            ),
            models.CheckConstraint(condition=~Q(status=Status.WITHDRAWN) | ~Q(withdrawal_reason=""), name="withdrawn_has_a_reason"),
        )

    def __str__(self) -> str:
        return f"{self.period} version {self.version} ({self.status})"
