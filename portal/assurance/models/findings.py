"""Findings of an audit and what became of each; and samples: the auditor's promise, the draw, what
came of the opening in counts.

Samples: the auditor's promise, the draw that it bound, and what came of the opening, in counts. No
opening ever comes here.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, Value, When

from portal.accounts.models import HEX_32, User
from portal.assurance.models.assigned import Assignment
from portal.auditlog.models import AppendOnly
from portal.intake.models import Submission


class FindingGrade(models.TextChoices):
    """As ISO 50003:2021 grades nonconformities; an observation is none."""

    MAJOR = "major"
    MINOR = "minor"
    OBSERVATION = "observation"


class Finding(AppendOnly):
    """What an auditor found at one site and period. The evidence stays where it is kept; its digest
    stands here.
    """

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="findings")
    number = models.PositiveIntegerField()
    grade = models.CharField(max_length=12, choices=FindingGrade.choices)
    text = models.CharField(max_length=2000)
    evidence = models.CharField(max_length=500, blank=True)  # which document, and where it is kept
    evidence_digest = models.CharField(max_length=64, blank=True)  # its SHA-256
    due = models.DateField()  # the plant's answer is wanted by the end of it
    raised_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("assignment", "number"), name="findings_are_numbered"),
        )

    def __str__(self) -> str:
        return f"{self.assignment}, finding {self.number} ({self.grade})"


class FindingAct(models.TextChoices):
    ANSWERED = "answered"  # by the firm
    RETURNED = "returned"  # by the auditor: the answer does not settle it
    CLOSED = "closed"  # by the auditor
    APPEALED = "appealed"  # by the firm, to the regulator of the site; once
    CONFIRMED = "confirmed"  # by the regulator: the finding stands, and waits for the plant
    ANNULLED = "annulled"  # by the regulator: the finding falls


ENDED = frozenset({FindingAct.CLOSED, FindingAct.ANNULLED})
WAITS_FOR_PLANT = frozenset({None, FindingAct.RETURNED, FindingAct.CONFIRMED})
"""The last act of a finding whose answer is the plant's to give; None: nobody has said anything
yet.
"""


class FindingStep(AppendOnly):
    """What was said to a finding afterwards. The last one says how it stands; none: it waits for
    the plant.
    """

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="steps")
    act = models.CharField(max_length=10, choices=FindingAct.choices)
    text = models.CharField(max_length=2000)
    evidence_digest = models.CharField(max_length=64, blank=True, validators=[HEX_32])
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.finding} {self.act}"


def last_act() -> Case:
    """Of each finding of a query, its last act; null where nobody has said anything yet. What ended
    with the firm is closed, and of that no step tells."""
    last = Subquery(
        FindingStep.objects.filter(finding=OuterRef("pk")).order_by("-pk").values("act")[:1]
    )
    ended = When(assignment__ended_with_firm=True, then=Value(FindingAct.CLOSED.value))
    return Case(ended, default=last)


class Sample(models.Model):
    """One draw of an engagement, in its three steps: promised, drawn, verified off this portal. Or
    promised, and given up.
    """

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="samples")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="samples")
    promise = models.BinaryField()  # signed, benchmarks.audit.signed_draws
    promise_digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    promised_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    promised_at = models.DateTimeField()
    head_size = models.PositiveBigIntegerField()  # of the log, when the draw may be made

    given_up_at = models.DateTimeField(null=True)
    given_up_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    given_up_reason = models.CharField(max_length=1000, blank=True, default="")

    draw = models.BinaryField(null=True)  # signed
    drawn_at = models.DateTimeField(null=True)

    held = models.PositiveIntegerField(null=True)  # checks that held
    codes = models.JSONField(default=dict)  # failed check -> of how many records
    not_checkable = models.JSONField(
        default=list
    )  # checks that could not be made, or that the summary does not name
    limits = models.JSONField(default=list)  # of the evidence: `EvidenceLimit`
    bound = models.BooleanField(
        null=True
    )  # to the report that was accepted; None until it is verified
    verified_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("assignment",),
                condition=Q(draw__isnull=True, given_up_at__isnull=True),
                name="one_promise_waits_an_engagement",
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True) | Q(draw__isnull=False),
                name="drawn_before_verified",
            ),
            models.CheckConstraint(
                condition=Q(given_up_at__isnull=True)
                | (Q(draw__isnull=True) & ~Q(given_up_reason="")),
                name="given_up_undrawn_for_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.assignment}, promised {self.promised_at:%Y-%m-%d}"

    @property
    def waits(self) -> bool:
        """For its draw."""
        return self.draw is None and self.given_up_at is None
