"""What is recorded of sites against evidence: incentives and corrections, certified management
systems, declarations of criteria.

Certified management systems of sites, recorded against evidence, and taken back where one was
recorded wrongly.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import HEX_32, Site, User
from portal.auditlog.models import AppendOnly


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


class Declaration(AppendOnly):
    """What a site says of itself towards one criterion of a programme, and the paper behind it. The
    newest row of a criterion counts; one without a value takes the one before back. Never
    changed."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="declarations")
    programme = models.CharField(max_length=60)  # `portal.assurance.programmes`
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
