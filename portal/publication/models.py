"""Published benchmarks and drafts, versions never overwritten; their best groups, logged acts,
comments and scheduled releases.

A version is never overwritten: it is drafted, discarded or published by a second person, perhaps
withdrawn.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from benchmarks.disclosure.corrected_values import Correction
from portal.accounts.models import HEX_32, User
from portal.auditlog.models import AppendOnly
from portal.catalogue.models import ReportingPeriod


class VersionStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DISCARDED = "discarded", "Discarded"


UNSEEN = (VersionStatus.DRAFT, VersionStatus.DISCARDED)
"""What the public has never seen, and never sees as long as it stays so."""


class Publication(models.Model):
    """One version of the industry label of one peer group and period.

    `label` holds every composed cell and `roster` who stands behind each: neither ever leaves the
    portal. `gate` holds the decisions and the label as it may go out; `document`, made of the
    latter when it is published and signed, is what the API serves. `summary` is what lists say of
    the gate's result, so that they need not read it; `digest` names the signed document's content.
    """

    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField()
    status = models.CharField(
        max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT
    )
    label = models.JSONField()  # benchmarks.composition.IndustryLabel
    roster = models.JSONField()  # benchmarks.composition.Roster
    gate = models.JSONField()  # benchmarks.disclosure.GateResult
    summary = models.JSONField(default=dict)  # portal.publication.shapes.SummaryView
    explanation = models.JSONField()  # benchmarks.explanation.Explanation
    document = models.JSONField(null=True)
    digest = models.CharField(
        max_length=64, blank=True
    )  # benchmarks.wire.published.digest of the document, hex
    participants = models.JSONField()  # digests of the envelopes that entered, sorted
    seed = models.CharField(
        max_length=64
        # of the simulation; derived from the participants, so that anyone who holds them can repeat
        # it
    )
    what_changed = models.CharField(max_length=1000, blank=True)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="errata"
    )  # of an erratum the version that it corrects, which is none itself
    corrections = models.JSONField(
        default=dict
    )  # firm -> benchmarks.disclosure.corrected_values.Correction; never leaves the portal

    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    published_at = models.DateTimeField(null=True)
    approval_note = models.CharField(
        max_length=1000, blank=True
    )  # why the second person let it out; for the record, not for the public
    withdrawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.CharField(max_length=1000, blank=True)
    discarded_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    discarded_at = models.DateTimeField(null=True)
    discard_reason = models.CharField(
        max_length=1000, blank=True
    )  # for those who decide, not for the public

    class Meta:
        indexes = (
            models.Index(
                fields=("status", "published_at", "withdrawn_at"), name="publication_states"
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("period", "version"), name="one_publication_a_version"),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, corrections={})
                | (Q(corrects__isnull=False) & ~Q(corrections={})),
                name="an_erratum_corrects_firms",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
                name="a_second_person_approves",
            ),
            models.CheckConstraint(
                condition=Q(status__in=UNSEEN)
                | Q(approved_by__isnull=False, document__isnull=False),
                name="published_was_approved",
            ),
            models.CheckConstraint(
                condition=~Q(status=VersionStatus.WITHDRAWN) | ~Q(withdrawal_reason=""),
                name="withdrawn_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=VersionStatus.DISCARDED)
                | (Q(discarded_by__isnull=False) & ~Q(discard_reason="")),
                name="discarded_has_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.period} version {self.version} ({self.status})"

    @property
    def corrected_firms(self) -> dict[str, Correction]:
        """Of an erratum, what becomes of whose report."""
        return {firm: Correction(kind) for firm, kind in self.corrections.items()}

    @property
    def audit_subject(self) -> str:
        """How the audit record names it."""
        group = self.period.peer_group
        return (
            "benchmark "
            f"{group.pack}/{group.scope.path}/{group.route}/{self.period.name}/v{self.version}"
        )


class LoggedAct(AppendOnly):
    """That a version was published or withdrawn, as the transparency log has it: what was signed,
    and of which reports it was made.
    """

    class Act(models.TextChoices):
        PUBLISHED = "published"
        WITHDRAWN = "withdrawn"

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="logged")
    act = models.CharField(max_length=10, choices=Act.choices)
    document = models.CharField(max_length=64, validators=[HEX_32])  # the digest that was signed
    leaves = (
        models.JSONField()
    )  # log indices of the envelopes that entered, sorted; none for a withdrawal
    values = models.JSONField(default=list)  # and of the values that were found in them
    reason = models.CharField(max_length=1000, blank=True)  # of a withdrawal
    log_index = models.PositiveBigIntegerField(unique=True)

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(fields=("publication", "act"), name="one_logged_act_a_version"),
        )

    def __str__(self) -> str:
        return f"{self.publication_id} {self.act}, entry {self.log_index}"


class DraftComment(AppendOnly):
    """What somebody who may decide about a version said of it to the others. Never public, never
    changed.
    """

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.CharField(max_length=2000)

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.author}, {self.at:%Y-%m-%d %H:%M}"


class ScheduledRelease(models.Model):
    """A second person's approval that takes effect at a set time. Until then the version is a draft
    like any other.

    What will go out is made and signed when it is approved, by the process that holds the key; the
    worker only lets it out, and only if the gate still says then what it said here.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RELEASED = "released"
        CANCELLED = "cancelled"  # by a person
        STOPPED = "stopped"  # by what had changed when its time came

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="releases")
    at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    note = models.CharField(max_length=1000, blank=True)
    gate = models.JSONField()
    explanation = models.JSONField()
    document = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True
    )  # who cancelled it
    reason_code = models.CharField(max_length=60, blank=True)  # why it was stopped

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("publication",),
                condition=Q(state="waiting"),
                name="one_release_waits_a_version",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting") | Q(ended_at__isnull=False),
                name="a_release_ends_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.publication} at {self.at:%Y-%m-%d %H:%M} ({self.state})"
