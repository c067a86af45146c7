"""Certified management systems of sites, recorded against evidence, and taken back where one was
recorded wrongly.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import HEX_32, Site, User


class SystemCertificate(models.Model):
    """A certificate that a site runs a management system by a standard. The paper stays where it is
    kept; its digest stands here.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="system_certificates")
    standard = models.CharField(
        max_length=40
    )  # `portal.assurance.next_audit.ObligatoryAudit.systems`
    number = models.CharField(max_length=80)  # as it stands on the certificate
    certifier = models.CharField(max_length=200)
    valid_from = models.DateField()
    valid_until = models.DateField()  # the last day
    evidence = models.CharField(max_length=64, validators=[HEX_32])
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    taken_back_reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("site", "evidence"),
                condition=Q(taken_back_at__isnull=True),
                name="one_certificate_an_evidence",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__lte=F("valid_until")),
                name="certificate_begins_before_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True)
                | (Q(taken_back_by__isnull=False) & ~Q(taken_back_reason="")),
                name="certificate_taken_back_with_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site}, {self.standard} {self.number}, until {self.valid_until}"
