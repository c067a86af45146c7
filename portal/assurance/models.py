"""Which certification body checks which site's reports. Sampling and openings come with the log's proofs."""

from __future__ import annotations

from django.db import models

from portal.accounts.models import Organisation, Site, User


class Assignment(models.Model):
    """A certification body may see one site's submissions for one period."""

    body = models.ForeignKey(Organisation, models.PROTECT, related_name="assignments")
    site = models.ForeignKey(Site, models.PROTECT, related_name="assignments")
    period = models.CharField(max_length=32)
    assigned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("body", "site", "period"), name="one_assignment_a_period"),)

    def __str__(self) -> str:
        return f"{self.body} checks {self.site}, {self.period}"
