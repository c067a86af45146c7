"""What devices hand in, commitments and then sealed reports; what a firm agreed to in a report; and
when a worker was last at work.

Of a report the web tier stores ciphertext and nothing else.
"""

from __future__ import annotations

from django.db import models

from benchmarks.wire.logged import ReportRevision
from portal.accounts.models import HEX_32, Device, Site
from portal.auditlog.models import AppendOnly


class SubmissionState(models.TextChoices):
    """The life of a submission: received ▶ opening ▶ accepted or refused; an accepted one is
    superseded by a later revision.

    Whatever it was, it is deleted when its firm leaves: then the receipt is all that is left of it.
    """

    RECEIVED = "received", "Received"
    OPENING = "opening", "Being opened"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    SUPERSEDED = "superseded", "Superseded"
    DELETED = "deleted", "Deleted"


WAITING = (SubmissionState.RECEIVED, SubmissionState.OPENING)
IN_THE_VAULT = (SubmissionState.ACCEPTED, SubmissionState.SUPERSEDED)


def counting_by(version: str) -> tuple[str, str]:
    """What a report that counts in a peer group by that version of the pack has as `pack_version`:
    none before it is opened.
    """
    return "", version


class Submission(models.Model):
    """One envelope: one site, period and revision, all steps. Revisions add up; nothing is
    overwritten.
    """

    digest = models.CharField(
        max_length=64, unique=True, validators=[HEX_32]
    )  # SHA-256 of the envelope
    site = models.ForeignKey(Site, models.PROTECT, related_name="submissions")
    period = models.CharField(max_length=32)
    revision = models.PositiveIntegerField()
    device = models.ForeignKey(Device, models.PROTECT, related_name="submissions")
    key_id = models.CharField(max_length=64)  # the processing key it is sealed to
    ledger_sequence = models.PositiveBigIntegerField()
    envelope = models.BinaryField()
    size_bytes = models.PositiveIntegerField()
    receipt = models.BinaryField()  # signed; the same bytes for the same envelope, for ever
    log_index = models.PositiveBigIntegerField(unique=True)
    received_at = models.DateTimeField()

    state = models.CharField(
        max_length=12,
        choices=SubmissionState.choices,
        default=SubmissionState.RECEIVED,
        db_index=True,
    )
    reason_code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    reason_phrase = models.JSONField(
        null=True
    )  # the same, to be said in another language: `benchmarks.phrases`
    claim = models.UUIDField(null=True)  # which sweep is opening it
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    decided_at = models.DateTimeField(null=True)
    covers = models.TextField(
        blank=True
    )  # from acceptance on: ids of the steps that it has values of, sorted, a space between
    pack_version = models.CharField(
        max_length=20, blank=True
    )  # of the peer group it was accepted for; empty until it is opened
    values_salt = models.BinaryField(
        max_length=32, default=b""
    )  # of the report inside: hides its values in the log; empty until it is opened

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("site", "period", "revision"), name="one_envelope_a_revision"
            ),
            models.UniqueConstraint(
                fields=("site", "ledger_sequence"), name="one_envelope_a_ledger_sequence"
            ),
        )
        indexes = (
            models.Index(fields=("period", "state", "site"), name="submission_period_states"),
            models.Index(
                fields=("key_id", "attempts", "log_index"),
                condition=models.Q(state__in=WAITING),
                name="submission_waits",
            ),
            models.Index(
                fields=("received_at",),
                condition=models.Q(state__in=WAITING),
                name="submission_waits_since",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site} {self.period} revision {self.revision} ({self.state})"

    @property
    def name(self) -> ReportRevision:
        """As `benchmarks.wire.logged.values` takes it; `site` must be at hand."""
        return ReportRevision(self.site.slug, self.period, self.revision)

    @property
    def salt(self) -> bytes:
        """As `benchmarks.wire.logged.values` takes it."""
        return bytes(self.values_salt)


class Commitment(AppendOnly):
    """What a site committed to before it drew, and the challenge it was given: one for a site,
    period and revision, for ever.

    `sequence` is the report's number in the site's ledger, as the challenge says it.
    """

    digest = models.CharField(
        max_length=64, unique=True, validators=[HEX_32]
    )  # of what is committed to, whichever device signed it
    site = models.ForeignKey(Site, models.PROTECT, related_name="commitments")
    period = models.CharField(max_length=32)
    revision = models.PositiveIntegerField()
    device = models.ForeignKey(Device, models.PROTECT, related_name="commitments")
    data_root = models.CharField(max_length=64, validators=[HEX_32])
    nonce = models.CharField(max_length=64, validators=[HEX_32])  # the challenge's 32 random bytes
    signed = models.BinaryField()  # the commitment as the device signed it
    challenge = models.BinaryField()  # signed; the same bytes for the same commitment, for ever
    sequence = models.PositiveBigIntegerField()
    log_index = models.PositiveBigIntegerField(unique=True)
    committed_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                fields=("site", "period", "revision"), name="one_commitment_a_revision"
            ),
            models.UniqueConstraint(
                fields=("site", "sequence"), name="one_commitment_a_ledger_sequence"
            ),
        )

    def __str__(self) -> str:
        return f"{self.site} {self.period} revision {self.revision}"


class ReportConsent(models.Model):
    """What the firm agreed to in a report, as its device signed it there. Copied when it is opened;
    the pages have the words.
    """

    submission = models.OneToOneField(Submission, models.CASCADE, related_name="consent")
    scheme = models.CharField(max_length=64)
    terms = models.CharField(
        max_length=64, validators=[HEX_32]
    )  # SHA-256 of the wording that was shown
    purpose = models.CharField(max_length=64)
    use = models.CharField(max_length=64)
    naming = models.CharField(max_length=64)
    retention_years = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.scheme}"


class WorkerSeen(models.Model):
    """When the worker of a machine was last at work (`worker_seen`)."""

    name = models.CharField(max_length=100, primary_key=True)
    seen_at = models.DateTimeField()  # by the database's clock
    clock_apart_s = models.FloatField()
    key_ids = models.TextField(blank=True)
    trouble = models.CharField(
        max_length=40, blank=True
    )  # by its name in docs/runbook.md: what the worker alone can see

    def __str__(self) -> str:
        return f"{self.name}: {self.seen_at}"
