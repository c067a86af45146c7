"""What an authority offers a site that meets a criterion of a programme, and what an officer found
in the paper behind a declaration.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import Jurisdiction, User
from portal.assurance.models.evidenced import Declaration
from portal.auditlog.models import AppendOnly


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

    programme = models.CharField(max_length=60)  # `portal.assurance.programmes`
    criterion = models.CharField(max_length=60)
    jurisdiction = models.ForeignKey(Jurisdiction, models.PROTECT, related_name="incentive_offers")
    what_en = models.CharField(max_length=200)
    what_zh = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=30)  # `portal.assurance.offers.AmountUnit`
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
