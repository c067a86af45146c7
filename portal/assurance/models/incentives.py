"""What sites were given under schemes, and on what evidence."""

from __future__ import annotations

from django.db import models

from portal.accounts.models import HEX_32, Site, User
from portal.auditlog.models import AppendOnly


class Incentive(AppendOnly):
    """Money or relief that a site was given under a scheme, and the evidence it was given on. Never changed."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="incentives")
    scheme = models.CharField(max_length=120)
    amount = models.DecimalField(max_digits=14, decimal_places=2)  # yuan
    evidence = models.CharField(max_length=64, validators=[HEX_32])  # SHA-256 of a sealed report, or of a document kept elsewhere
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("site", "scheme", "evidence"), name="one_incentive_an_evidence"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="an_incentive_is_some_amount"),
        )

    def __str__(self) -> str:
        return f"{self.site}, {self.scheme}: {self.amount}"
