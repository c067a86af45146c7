"""Protected values copied out of the vault, the standings computed from them, what auditors signed,
and firms' choice to be named.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from django.db import models

from benchmarks.measurements import Metric
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile
from portal.accounts.models import HEX_32, Organisation
from portal.auditlog.models import AppendOnly
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission


class Verdict(models.Model):
    """What an auditor signed of one report, as far as a publication asks: written when it is
    issued, ended when it is withdrawn.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="verdicts")
    attestation = models.CharField(
        max_length=64, unique=True, validators=[HEX_32]
    )  # the statement's digest
    adverse = models.BooleanField()
    steps = models.JSONField()  # ids of those that were audited
    certification_body = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", null=True
    )  # none: by the last release
    body = models.CharField(max_length=200)  # as it was called when it signed
    body_zh = models.CharField(max_length=200, blank=True)
    valid_until = models.DateField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.submission}: {'adverse' if self.adverse else 'attested'} by {self.body}"


@lru_cache(maxsize=1024)
def grid_of(lower: str, upper: str, width: str) -> Grid:
    """A grid by its three fractions as text. A pack has one a step and metric, which all its rows
    share.
    """
    return Grid(Fraction(lower), Fraction(upper), Fraction(width))


class ProtectedValue(models.Model):
    """One released label of one accepted submission. Already noised at the plant: stealing this
    table yields no exact value.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="protected_values")
    step = models.CharField(max_length=64)
    product = models.CharField(max_length=80)
    variant = models.CharField(max_length=80, blank=True)
    boundary = models.CharField(max_length=80)
    metric = models.CharField(max_length=20)
    unit = models.CharField(max_length=24)
    grid_lower = models.CharField(max_length=40)  # exact fractions as text: the plant's own numbers
    grid_upper = models.CharField(max_length=40)
    grid_width = models.CharField(max_length=40)
    count_class = models.PositiveIntegerField()
    best_quantile = models.CharField(max_length=40)
    best_cell = models.PositiveIntegerField()
    best_epsilon = models.CharField(max_length=40)
    typical_quantile = models.CharField(max_length=40)
    typical_cell = models.PositiveIntegerField()
    typical_epsilon = models.CharField(max_length=40)
    years = models.PositiveSmallIntegerField(default=1)  # pooled, the last of them the submission's
    months = models.PositiveSmallIntegerField(
        null=True
    )  # in which five valid batches began, where that is not all of its time

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("submission", "step", "product", "variant", "metric"),
                name="one_value_a_cell",
            ),
        )

    def __str__(self) -> str:
        return f"{self.submission_id} {self.step} {self.metric}"

    @classmethod
    def of(cls, submission: Submission, label: ReleasedLabel) -> ProtectedValue:
        return cls(
            submission=submission,
            step=label.step,
            product=label.product,
            variant=label.variant,
            boundary=label.boundary,
            metric=label.metric.value,
            unit=label.unit,
            grid_lower=str(label.grid.lower),
            grid_upper=str(label.grid.upper),
            grid_width=str(label.grid.width),
            count_class=label.count_class,
            best_quantile=str(label.best.quantile),
            best_cell=label.best.grid_point,
            best_epsilon=str(label.best.epsilon),
            typical_quantile=str(label.typical.quantile),
            typical_cell=label.typical.grid_point,
            typical_epsilon=str(label.typical.epsilon),
            years=label.years,
            months=label.months,
        )

    @property
    def grid(self) -> Grid:
        return grid_of(self.grid_lower, self.grid_upper, self.grid_width)

    @property
    def best(self) -> float:
        """As released, in `unit`."""
        return float(self.grid.value(self.best_cell))

    @property
    def typical(self) -> float:
        """As released, in `unit`."""
        return float(self.grid.value(self.typical_cell))

    def released(self) -> ReleasedLabel:
        """The label as the plant released it."""
        return ReleasedLabel(
            step=self.step,
            product=self.product,
            variant=self.variant,
            boundary=self.boundary,
            metric=Metric(self.metric),
            unit=self.unit,
            grid=self.grid,
            count_class=self.count_class,
            best=ReleasedQuantile(
                Fraction(self.best_quantile), self.best_cell, Fraction(self.best_epsilon)
            ),
            typical=ReleasedQuantile(
                Fraction(self.typical_quantile), self.typical_cell, Fraction(self.typical_epsilon)
            ),
            years=self.years,
            months=self.months,
        )


class NamingChoice(AppendOnly):
    """Whether a firm lets itself be named beside its quarter in what is published from then on. The
    newest counts; none means no.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="naming_choices")
    named = models.BooleanField()
    chosen_by = models.CharField(max_length=254)
    chosen_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.organisation}: {'named' if self.named else 'not named'}"


class Standing(models.Model):
    """Where one site stands in one cell among its peer group. For its owner and the regulator; a
    rank never without its interval.
    """

    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="standings")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="standings")
    step = models.CharField(max_length=64)
    product = models.CharField(max_length=80)
    variant = models.CharField(max_length=80, blank=True)
    metric = models.CharField(max_length=20)
    unit = models.CharField(max_length=24)
    value = models.FloatField()  # as released, in `unit`
    estimate = models.FloatField()  # where the true value lies given all participants
    low = models.FloatField()  # 95 % interval of the true value
    high = models.FloatField()
    rank_low = models.PositiveIntegerField()
    rank_high = models.PositiveIntegerField()
    band = models.PositiveSmallIntegerField(
        null=True
    )  # the quarter, 1 the least energy; None where it cannot be told
    of = models.PositiveIntegerField()
    score_low = models.PositiveSmallIntegerField(
        null=True
    )  # 95 % interval of the percentile, 100 the least energy; None of few sites
    score_high = models.PositiveSmallIntegerField(null=True)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("period", "submission", "step", "product", "variant", "metric"),
                name="one_standing_a_cell",
            ),
        )

    def __str__(self) -> str:
        return f"{self.submission_id} {self.step}: {self.rank_low} to {self.rank_high} of {self.of}"
