"""Who did what, when. Append-only: the record outlives the people and objects it names, so it holds their names, not keys."""

from __future__ import annotations

from typing import Any

from django.db import models


class Action(models.TextChoices):
    """Everything the portal records. Stable names: auditors search by them."""

    REGISTER_CHANGED = "register.changed"
    TOKEN_ISSUED = "enrolment-token.issued"  # noqa: S105 - the name of an event
    DEVICE_ENROLLED = "device.enrolled"
    DEVICE_REVOKED = "device.revoked"
    PERIOD_OPENED = "period.opened"
    PERIOD_CLOSED = "period.closed"
    SUBMISSION_RECEIVED = "submission.received"
    SUBMISSION_ACCEPTED = "submission.accepted"
    SUBMISSION_REFUSED = "submission.refused"
    STANDINGS_COMPUTED = "standings.computed"
    PUBLICATION_DRAFTED = "publication.drafted"
    PUBLICATION_PUBLISHED = "publication.published"
    PUBLICATION_WITHDRAWN = "publication.withdrawn"
    ASSIGNMENT_MADE = "assignment.made"


class AppendOnlyError(TypeError):
    """The program tried to change or delete what may only be added to."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **_kwargs: Any) -> int:
        raise AppendOnlyError("Rows of an append-only table are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("Rows of an append-only table are never deleted.")


class AppendOnly(models.Model):
    """A row that is written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("A row of an append-only table is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("A row of an append-only table is never deleted.")


class Event(AppendOnly):
    """One thing that somebody did. `subject` names the object in words that stay readable: `site works-2`, `benchmark steel/2016/v1`."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=254)  # a person's email, `device <id>`, or `worker`
    action = models.CharField(max_length=40, choices=Action.choices, db_index=True)
    subject = models.CharField(max_length=254, db_index=True)
    detail = models.CharField(max_length=1000, blank=True)

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.subject}"
