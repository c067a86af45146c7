"""Samples: the auditor's promise, the draw that it bound, and what came of the opening, in counts. No opening ever comes here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.accounts.models import HEX_32, User
from portal.assurance.models.assigned import Assignment
from portal.intake.models import Submission


class Sample(models.Model):
    """One draw of an engagement, in its three steps: promised, drawn, verified off this portal."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="samples")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="samples")
    promise = models.BinaryField()  # signed, benchmarks.audit.draws
    promise_digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    promised_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    promised_at = models.DateTimeField()
    head_size = models.PositiveBigIntegerField()  # of the log, when the draw may be made

    draw = models.BinaryField(null=True)  # signed
    drawn_at = models.DateTimeField(null=True)

    held = models.PositiveIntegerField(null=True)  # checks that held
    failing = models.PositiveIntegerField(null=True)
    codes = models.JSONField(default=dict)  # failed check -> of how many records
    not_checkable = models.JSONField(default=list)  # checks that could not be made, or that the summary does not name
    bound = models.BooleanField(null=True)  # to the report that was accepted; None: noted before that was asked
    verified_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("assignment",), condition=Q(draw__isnull=True), name="one_promise_waits_an_engagement"),
            models.CheckConstraint(condition=Q(verified_at__isnull=True) | Q(draw__isnull=False), name="drawn_before_verified"),
        )

    def __str__(self) -> str:
        return f"{self.assignment}, promised {self.promised_at:%Y-%m-%d}"
