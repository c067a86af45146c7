"""Practices in the library or on their way, every text that was saved, what sites report of them,
and editions of the library.
"""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from portal.accounts.models import ControllingFirm, Organisation, Site, User
from portal.auditlog.models import AppendOnly


class EntryState(models.TextChoices):
    OFFERED = "offered"  # by a firm; waits for a reviewer
    REVIEWED = "reviewed"  # edited or imported by a regulator; waits for a second person
    PUBLISHED = "published"
    REPLACED = "replaced"  # by a later version
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


SHOWN = (EntryState.PUBLISHED, EntryState.REPLACED, EntryState.WITHDRAWN)
"""What was published once has its page for ever."""


class Entry(models.Model):
    """One version of a practice. `content` holds the texts of `content.FIELDS`, `organisation` the
    firm it was collected from.
    """

    practice = models.SlugField(max_length=60, blank=True)
    version = models.PositiveIntegerField(default=1)
    content = models.JSONField(encoder=DjangoJSONEncoder)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", null=True)
    named = models.BooleanField(default=False)  # whether the firm wishes to be named
    consented_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    consented_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewer = models.CharField(max_length=200, blank=True)  # the agency, as the library names it
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    published_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=9, choices=EntryState.choices, default=EntryState.OFFERED)
    ended_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("practice",), condition=Q(state="published"), name="one_version_published"
            ),
            models.UniqueConstraint(
                fields=("practice",),
                condition=Q(state__in=("offered", "reviewed")) & ~Q(practice=""),
                name="one_version_waits",
            ),
            models.CheckConstraint(
                condition=Q(organisation=None) | Q(consented_at__isnull=False),
                name="collected_with_consent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("published", "replaced"))
                | ~Q(published_by=models.F("reviewed_by")),
                name="published_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("refused", "withdrawn")) | ~Q(ended_reason=""),
                name="practice_ended_by_reason",
            ),
        )
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.practice} {self.version} ({self.state})"


class Revision(AppendOnly):
    """What an entry said once somebody had saved it. Who wrote any of it does not publish it; its
    firm reads what was edited.
    """

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="revisions")
    content = models.JSONField(encoder=DjangoJSONEncoder)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.entry_id} as of {self.written_at}"


class SiteReport(models.Model):
    """What a site reports that a practice did there: a class, waiting to be counted or counted for
    ever.

    Who handed it in stands in the audit record alone.
    """

    practice = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    firm = models.ForeignKey(
        ControllingFirm, models.PROTECT, related_name="+"
    )  # that controlled the site when it was handed in
    outcome = models.CharField(max_length=12)  # `benchmarks.guidance.outcomes.SavingOutcome`
    year = models.PositiveSmallIntegerField()
    handed_in_at = models.DateTimeField()
    confirmed_key = models.CharField(
        max_length=64, blank=True
    )  # fingerprint of the auditor's key; none confirmed it where empty
    confirmed_on = models.DateField(null=True)
    asked = models.TextField(
        blank=True
    )  # the agent's file, for an auditor to confirm; such a report is counted once it is confirmed
    unconfirmed_at = models.DateTimeField(
        null=True
    )  # an auditor refused to confirm it, or withdrew the confirmation
    unconfirmed_reason = models.CharField(max_length=1000, blank=True)
    unconfirmed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    counted_at = models.DateTimeField(null=True)  # with its batch (`benchmarks.guidance.outcomes`)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("practice", "site"), name="one_report_a_site_and_practice"
            ),
            models.CheckConstraint(
                condition=Q(unconfirmed_at=None) | ~Q(unconfirmed_reason=""),
                name="outcome_unconfirmed_by_reason",
            ),
            models.CheckConstraint(
                condition=Q(counted_at=None) | Q(asked=""), name="outcome_counted_once_answered"
            ),
        )
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.practice} at {self.site_id}"

    @property
    def confirmed(self) -> bool:
        """An auditor confirmed it, and stands by that."""
        return bool(self.confirmed_key) and self.unconfirmed_at is None


class Edition(AppendOnly):
    """The whole library after one change of it: its file, what was signed, and its entry in the
    transparency log.
    """

    number = models.PositiveIntegerField(unique=True)
    library = models.TextField()
    document = models.JSONField()
    log_index = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"edition {self.number}"
