"""What was told of the best firms of a version."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import User
from portal.publication.models import Publication


class Action(models.TextChoices):
    """What the record of acts holds, by words of `words.toml`."""

    PROPOSED = "publication.best-group-proposed"
    PUBLISHED = "publication.best-group-published"


class BestGroup(models.Model):
    """How the firms behind a version's best values are composed (`publishing`).
    `behind` says who stands behind each share: it never leaves the portal. `document` is signed
    once a second person has published it, and then never changed."""

    publication = models.OneToOneField(Publication, models.PROTECT, related_name="best_group")
    document = models.JSONField()
    behind = models.JSONField()  # cell -> trait -> [{classes, members: [[firm, site], ...]}]
    digest = models.CharField(max_length=64, blank=True)
    log_index = models.PositiveBigIntegerField(null=True, unique=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(published_at=None)
                | (
                    Q(log_index__isnull=False)
                    & Q(published_by__isnull=False)
                    & ~Q(published_by=F("proposed_by"))
                ),
                name="a_second_person_tells_of_the_best",
            ),
        )

    def __str__(self) -> str:
        return f"best of {self.publication_id}"
