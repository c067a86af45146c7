"""What is recorded for programmes of leaders and grades: incentives and their corrections, what a
firm declares, what an officer found in the paper behind it, and what authorities offer.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import HEX_32, Jurisdiction, Site, User
from portal.auditlog.models import AppendOnly


class Action(models.TextChoices):
    """What the record of acts holds, by words of `words.toml`."""

    INCENTIVE_RECORDED = "incentive.recorded"
    INCENTIVE_CORRECTED = "incentive.corrected"
    INCENTIVE_OFFERED = "incentive.offer-proposed"
    INCENTIVE_APPROVED = "incentive.offer-approved"
    INCENTIVE_REFUSED = "incentive.offer-refused"
    INCENTIVE_ENDED = "incentive.offer-ended"
    DOSSIER_DECLARED = "dossier.declared"
    DOSSIER_READ = "dossier.paper-read"


class DossiersScope(models.TextChoices):
    """What a key may be good for."""

    READ = "read:dossiers"


class Incentive(AppendOnly):
    """Money or relief that a site was given under a scheme, and the evidence it was given on. Never
    changed.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="incentives")
    scheme = models.CharField(max_length=120)
    amount = models.DecimalField(max_digits=14, decimal_places=2)  # yuan
    evidence = models.CharField(
        max_length=64, validators=[HEX_32]
    )  # SHA-256 of a sealed report, or of a document kept elsewhere
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("site", "scheme", "evidence"), name="one_incentive_an_evidence"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="an_incentive_is_some_amount"
            ),
        )

    def __str__(self) -> str:
        return f"{self.site}, {self.scheme}: {self.amount}"


class IncentiveCorrection(AppendOnly):
    """A second officer says that a recorded incentive was entered in error, and which amount is
    right, if any was given.

    The record itself stays as it was; the newest correction of it counts. Never changed.
    """

    incentive = models.ForeignKey(Incentive, models.PROTECT, related_name="corrections")
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, null=True
    )  # yuan; null where nothing was given
    reason = models.CharField(max_length=500)
    corrected_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    corrected_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0),
                name="a_corrected_incentive_is_some_amount",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="an_incentive_is_corrected_with_a_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.incentive}, corrected: {self.amount}"


class Declaration(AppendOnly):
    """What a site says of itself towards one criterion of a programme, and the paper behind it. The
    newest row of a criterion counts; one without a value takes the one before back. Never
    changed."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="declarations")
    programme = models.CharField(max_length=60)  # `programmes`
    criterion = models.CharField(max_length=60)
    value = models.CharField(max_length=200, blank=True)
    paper = models.CharField(max_length=200, blank=True)  # what the evidence is called
    evidence = models.CharField(
        max_length=64, blank=True, validators=[HEX_32]
    )  # SHA-256 of the paper, which stays where it is kept
    declared_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True
    )  # none: taken back as the site changed hands
    declared_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (
            models.CheckConstraint(
                condition=(Q(value="") & Q(evidence="")) | (~Q(value="") & ~Q(evidence="")),
                name="declared_on_evidence",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site}, {self.programme}, {self.criterion}"


class PaperReading(AppendOnly):
    """An officer read the paper that a declaration names, and says whether it shows the criterion.
    The newest of a declaration counts.
    """

    declaration = models.ForeignKey(Declaration, models.PROTECT, related_name="readings")
    met = models.BooleanField()
    note = models.CharField(max_length=500)
    read_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    read_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (
            models.CheckConstraint(condition=~Q(note=""), name="a_reading_says_what_was_found"),
        )

    def __str__(self) -> str:
        return f"{self.declaration}: {'met' if self.met else 'not met'}"


class IncentiveOffer(models.Model):
    """An incentive tied to a criterion, for the sites of a jurisdiction: proposed by one officer,
    approved by another, ended with a reason.

    What it says is never changed: another amount or another act is another offer.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"
        ENDED = "ended"

    programme = models.CharField(max_length=60)  # `programmes`
    criterion = models.CharField(max_length=60)
    jurisdiction = models.ForeignKey(Jurisdiction, models.PROTECT, related_name="incentive_offers")
    what_en = models.CharField(max_length=200)
    what_zh = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=30)  # `offers.AmountUnit`
    authority_en = models.CharField(max_length=200)
    authority_zh = models.CharField(max_length=200)
    source_en = models.CharField(max_length=300)  # the act, with its number and article
    source_zh = models.CharField(max_length=300)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)  # the last day; null where the act names none
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")  # of the refusal or the end

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="an_offer_is_some_amount"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="an_offer_begins_first",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "ended"))
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="an_offer_is_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("refused", "ended")) | ~Q(reason=""),
                name="an_offer_ends_with_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.programme}, {self.criterion}: {self.amount} {self.unit} ({self.state})"
