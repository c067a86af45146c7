"""Versions of method packs on their way: proposed with a file, commented on, approved by two
others, signed and logged; or not.
"""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from portal.accounts.models import HEX_32, User
from portal.auditlog.models import AppendOnly

PACK_ID = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,39}\Z", "Lower-case letters, digits and hyphens, at most 40."
)
VERSION = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9.-]{0,19}\Z", "Letters, digits, dots and hyphens, at most 20."
)


class ProposalState(models.TextChoices):
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Proposal(models.Model):
    """A version of a pack. Once approved it is kept for ever: labels made by it are computed again
    with this very file.

    `document` is what was signed (`benchmarks.wire.documents`); `log_index` its entry in the
    transparency log.
    """

    pack = models.CharField(max_length=40, validators=[PACK_ID])
    version = models.CharField(max_length=20, validators=[VERSION])
    corrects = models.CharField(max_length=20, blank=True)  # the version that this erratum corrects
    file = models.TextField()
    factors = models.TextField(blank=True)  # its own table of conversion factors
    factors_version = models.CharField(max_length=20, blank=True)
    digest = models.CharField(max_length=64, validators=[HEX_32])  # that labels by it name
    effective_from = models.DateField()
    reason = models.CharField(max_length=2000)
    sources = models.CharField(max_length=2000)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    state = models.CharField(
        max_length=9, choices=ProposalState.choices, default=ProposalState.OPEN
    )
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    ended_reason = models.CharField(max_length=1000, blank=True)
    document = models.JSONField(null=True)
    log_index = models.PositiveBigIntegerField(null=True, unique=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("pack", "version"),
                condition=Q(state__in=("open", "approved")),
                name="one_proposal_a_version",
            ),
            models.UniqueConstraint(
                fields=("factors_version",),
                condition=Q(state="approved") & ~Q(factors_version=""),
                name="one_table_a_factors_version",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(document__isnull=False, log_index__isnull=False),
                name="approved_is_signed_and_logged",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("refused", "withdrawn")) | ~Q(ended_reason=""),
                name="ended_has_a_reason",
            ),
        )
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.pack} {self.version} ({self.state})"


class Comment(AppendOnly):
    """A technical comment on a proposal, or the answer to one. Never changed."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="comments")
    answers = models.ForeignKey("self", models.PROTECT, related_name="answered_by", null=True)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.CharField(max_length=2000)

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.author}, {self.at:%Y-%m-%d %H:%M}"


class Approval(AppendOnly):
    """One person's approval of a proposal that is not theirs."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="approvals")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=1000, blank=True)

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("proposal", "by"), name="one_approval_a_person"),
        )

    def __str__(self) -> str:
        return f"{self.by}, {self.at:%Y-%m-%d %H:%M}"
