"""What happened at a site, from the audit record: for a regulator of where it lies, who also keeps
notes there, and for its firm.

A firm reads no notes of its regulators, and no names of people who are not its own, as in the
firm's record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from portal.accounts.deciding import require_regulator_of_site
from portal.accounts.models import Site, User
from portal.auditlog.models import Action, Event
from portal.auditlog.recording import record
from portal.intake.models import Submission
from portal.problems import RefusedError
from portal.register.record import own_actors
from portal.whole_text import whole_sentence

KINDS = {
    "report": ("submission.", "label.", "certificate."),
    "agent": ("device.", "enrolment-token."),
    "audit": ("assignment.", "interest.", "sample.", "attestation.", "certified-system."),
    "finding": ("finding.",),
    "time": ("extension.", "reminders."),
    "note": (Action.SITE_NOTED.value,),
    "site": ("site.", "site-group.", "access.", "delivery.", "conformance."),
}
"""Kinds of events by how their actions begin; the first that fits. An extra adds its own, with a
word in the table `site_events`.
"""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    at: datetime
    kind: str
    action: str
    actor: str  # empty where the reader is not told
    name: str  # of the person, where the actor is one
    subject: str
    detail: str


def happened_at(site: Site, *, regulator: bool) -> tuple[HistoryEntry, ...]:
    """Every event of the site and its reports, newest first; for a caller who let the reader in."""
    own = None if regulator else own_actors(site.organisation)
    name_of = Subquery(User.objects.filter(email=OuterRef("actor")).values("name")[:1])
    rows = _events(site).order_by("-at", "-id")
    if not regulator:
        rows = rows.exclude(action=Action.SITE_NOTED)
    return tuple(
        HistoryEntry(
            at,
            kind_of(action),
            action,
            actor if own is None or actor in own else "",
            name or "" if own is None or actor in own else "",
            subject,
            detail if own is None or actor in own else "",
        )
        for at, action, actor, name, subject, detail in rows.annotate(name=name_of).values_list(
            "at", "action", "actor", "name", "subject", "detail"
        )
    )


def note(site: Site, text: str, by: User, now: datetime) -> None:
    """Put a regulator's note about a site on record, where regulators of the site read it and its
    firm does not.

    Raises:
        RefusedError: `not-regulator` (403), `note-empty`, `text-too-long` (409).
    """
    require_regulator_of_site(by, site)
    sentence = whole_sentence(text)
    if not sentence:
        raise RefusedError(409, "note-empty", "The note is empty.", "Write a sentence.")
    record(now, by.email, Action.SITE_NOTED, f"site {site.slug}", sentence)


def kind_of(action: str) -> str:
    return next((kind for kind, begins in KINDS.items() if action.startswith(begins)), "site")


def _events(site: Site) -> QuerySet[Event]:
    reports = Submission.objects.filter(site=site).values_list(
        Concat(Value("submission "), "digest")
    )
    rows: QuerySet[Event] = Event.objects.filter(
        Q(subject=f"site {site.slug}") | Q(subject__in=reports)
    )
    return rows
