"""Which days of an audit people were told of: each once."""

from __future__ import annotations

from django.db import models

from portal.accounts.models import Site
from portal.auditlog.models import AppendOnly


class Reminded(AppendOnly):
    """A day that the people of a site and of a body were told of. Written with their notices: both stand, or neither."""

    need = models.CharField(max_length=20)  # portal.assurance.needs.Need
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    subject = models.CharField(max_length=80)  # what the day is of: an attestation's digest, a finding of an assignment
    day = models.DateField()
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (models.UniqueConstraint(fields=("need", "subject", "day"), name="a_day_is_told_once"),)

    def __str__(self) -> str:
        return f"{self.site}: {self.need} on {self.day}"
