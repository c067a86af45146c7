"""The audit record: who did what, when, in rows that are only ever added to, and the actions that
it knows.

Append-only: the record outlives the people and objects it names, so it holds their names, not keys.
"""

from __future__ import annotations

from typing import Any

from django.db import models


class Action(models.TextChoices):
    """Everything the book records; an extra has its own. Stable names: auditors search by
    them.
    """

    REGISTER_CHANGED = "register.changed"
    SIGNED_IN = "person.signed-in"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of an event
    SECOND_FACTOR_ADDED = "second-factor.added"
    SECOND_FACTOR_REMOVED = "second-factor.removed"
    SESSIONS_ENDED = "sessions.ended"
    FIRM_APPLIED = "firm.applied"
    FIRM_APPROVED = "firm.approved"
    FIRM_REFUSED = "firm.refused"
    NAMING_CHOSEN = "naming.chosen"
    FIRM_LEAVING = "firm.leaving"
    FIRM_STAYING = "firm.staying"
    FIRM_LEFT = "firm.left"
    SITE_APPLIED = "site.applied"
    SITE_APPROVED = "site.approved"
    SITE_REFUSED = "site.refused"
    SITE_RENAMED = "site.renamed"
    CREDIT_CODE = "site.credit-code"
    TELEPHONE = "firm.telephone"
    SITE_SINCE = "site.since"
    SITE_RETIRED = "site.retired"
    SITE_NOTED = "site.noted"
    PERSON_INVITED = "person.invited"
    INVITATION_REVOKED = "invitation.revoked"
    PERSON_JOINED = "person.joined"
    CAPACITY_CHANGED = "capacity.changed"
    PERSON_REMOVED = "person.removed"
    TOKEN_ISSUED = "enrolment-token.issued"  # noqa: S105 - the name of an event
    DEVICE_ENROLLED = "device.enrolled"
    DEVICE_ROTATED = "device.rotated"
    DEVICE_REVOKED = "device.revoked"
    KEY_MADE = "api-key.made"
    KEY_REVOKED = "api-key.revoked"
    DIRECTORY_TAKEN = "key-directory.taken"
    LOG_RESTARTED = "log.restarted"
    BACKUP_MADE = "backup.made"
    INSTALLATION_CHECKED = "installation.checked"
    KEY_DESTROYED = "processing-key.destroyed"
    PERIOD_OPENED = "period.opened"
    PERIOD_CLOSED = "period.closed"
    OBLIGED_CHANGED = "obliged-list.changed"
    OBLIGED_UNDONE = "obliged-list.undone"
    ASSURANCE_POLICY_CHANGED = "assurance-policy.changed"
    DUE_CHANGED = "period.due-changed"
    EXTENSION_ASKED = "extension.asked"
    EXTENSION_GRANTED = "extension.granted"
    EXTENSION_REFUSED = "extension.refused"
    REMINDERS_SENT = "reminders.sent"
    SUBMISSION_RECEIVED = "submission.received"
    SUBMISSION_ACCEPTED = "submission.accepted"
    SUBMISSION_REFUSED = "submission.refused"
    STANDINGS_COMPUTED = "standings.computed"
    PUBLICATION_DRAFTED = "publication.drafted"
    PUBLICATION_COMMENTED = "publication.commented"
    PUBLICATION_SCHEDULED = "publication.scheduled"
    RELEASE_CANCELLED = "publication.release-cancelled"
    RELEASE_STOPPED = "publication.release-stopped"
    PUBLICATION_DISCARDED = "publication.discarded"
    PUBLICATION_PUBLISHED = "publication.published"
    PUBLICATION_WITHDRAWN = "publication.withdrawn"
    PACK_PROPOSED = "pack.proposed"
    PACK_COMMENTED = "pack.commented"
    PACK_SECONDED = "pack.seconded"
    PACK_APPROVED = "pack.approved"
    PACK_REFUSED = "pack.refused"
    PACK_WITHDRAWN = "pack.withdrawn"
    PACK_TAKEN_UP = "pack.taken-up"
    PRACTICE_OFFERED = "practice.offered"
    PRACTICE_IMPORTED = "practice.imported"
    PRACTICE_EDITED = "practice.edited"
    PRACTICE_PUBLISHED = "practice.published"
    PRACTICE_REFUSED = "practice.refused"
    PRACTICE_WITHDRAWN = "practice.withdrawn"
    OUTCOME_HANDED_IN = "practice-outcome.handed-in"
    OUTCOME_WITHDRAWN = "practice-outcome.withdrawn"
    OUTCOME_CONFIRMED = "practice-outcome.confirmed"
    OUTCOME_UNCONFIRMED = "practice-outcome.unconfirmed"
    SYSTEM_RECORDED = "certified-system.recorded"
    SYSTEM_TAKEN_BACK = "certified-system.taken-back"
    ASSIGNMENT_MADE = "assignment.made"
    ASSIGNMENT_TAKEN_BACK = "assignment.taken-back"
    INTEREST_DECLARED = "interest.declared"
    FINDING_RAISED = "finding.raised"
    FINDING_ANSWERED = "finding.answered"
    FINDING_RETURNED = "finding.returned"
    FINDING_CLOSED = "finding.closed"
    FINDING_APPEALED = "finding.appealed"
    FINDING_CONFIRMED = "finding.confirmed"
    FINDING_ANNULLED = "finding.annulled"
    AUDITOR_KEY_REGISTERED = "auditor-key.registered"
    AUDITOR_KEY_REVOKED = "auditor-key.revoked"
    SAMPLE_PROMISED = "sample.promised"
    SAMPLE_GIVEN_UP = "sample.given-up"
    SAMPLE_DRAWN = "sample.drawn"
    SAMPLE_VERIFIED = "sample.verified"
    ATTESTATION_DRAWN_UP = "attestation.drawn-up"
    ATTESTATION_DISCARDED = "attestation.discarded"
    ATTESTATION_ISSUED = "attestation.issued"
    ATTESTATION_WITHDRAWN = "attestation.withdrawn"


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
    """One thing that somebody did. `subject` names the object in words that stay readable: `site
    works-2`, `benchmark steel/2016/v1`.
    """

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=254)  # a person's email, `device <id>`, or `worker`
    action = models.CharField(max_length=40, db_index=True)
    subject = models.CharField(max_length=254, db_index=True)
    detail = models.CharField(max_length=1000, blank=True)

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.subject}"
