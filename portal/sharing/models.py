"""What a firm shows of its own labels: certificates that anybody can verify, and links for a named buyer."""

from __future__ import annotations

from django.db import models

from portal.accounts.models import HEX_32
from portal.intake.models import Submission


class Certificate(models.Model):
    """The protected labels of one accepted report as they stood when it was issued. Falls with the report, or when the firm revokes it."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="certificates")
    code = models.CharField(max_length=24, unique=True)  # public; random, so that it tells nothing
    content = models.JSONField()  # `sharing.labels.Labels`, as it was then
    issued_by = models.CharField(max_length=254)
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("submission",), condition=models.Q(revoked_at=None), name="one_certificate_holds_a_report"),
        )

    def __str__(self) -> str:
        return self.code


class Share(models.Model):
    """A link that shows chosen labels of one report to a named buyer. The secret is in the link alone; here lies its hash."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="shares")
    buyer = models.CharField(max_length=200)
    cells = models.JSONField()  # lists of step, product, variant, metric
    secret_sha256 = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    openings = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.submission_id} for {self.buyer}"
