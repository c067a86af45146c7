"""Who in a firm saw and did what, for who manages it.

What was done comes from the audit record: what concerns the firm, its sites and its reports. What
was seen is noted here, for the pages that show what is the firm's alone, and is forgotten after a
stated time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import CharField, F, QuerySet, Value

from portal.accounts.models import Device, Membership, Organisation, Role, Site, User
from portal.auditlog.models import Action, Event
from portal.intake.models import Submission
from portal.register.models import Viewing

KEPT = timedelta(days=400)
"""How long it is known who opened a page: a year's audit, and some weeks to finish it."""


class OpenedPage(StrEnum):
    """What is noted when it is opened."""

    PLANT = "our-plant"
    SUBMISSION = "submission"
    RECEIPT = "receipt"
    SHOWN = "shown-to-others"
    CERTIFICATE = "certificate"
    RECORD = "record"


_PERSON = "person "
"""How the audit record names a person, before the address."""


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """`who` and `what` are looked for anywhere in the text, `who` in names alone that the firm may
    read; empty fits all.
    """

    who: str = ""
    what: str = ""
    seen_only: bool = False
    done_only: bool = False


@dataclass(frozen=True, slots=True)
class RecordEntry:
    at: datetime
    who: str  # an address, `device <id>`, or empty for somebody outside the firm
    what: str  # an action of the audit record, or a page
    seen: bool
    subject: str
    detail: str


def saw(
    user: User,
    page: OpenedPage,
    subject: str,
    now: datetime,
    site: str = "",
    firm: int | None = None,
) -> None:
    """Note that the person opened a page about that site of theirs, or about that firm."""
    organisation = (
        firm or Site.objects.filter(slug=site).values_list("organisation", flat=True).first()
    )
    if organisation is not None:
        Viewing.objects.create(
            user=user, organisation_id=organisation, page=page.value, subject=subject, at=now
        )


def count(firm: Organisation, wanted: RecordFilter) -> int:
    return _entries(firm, wanted).count()


def entries(
    firm: Organisation, wanted: RecordFilter, first: int, most: int
) -> Iterator[RecordEntry]:
    """What was seen and done, newest first, from the `first` (0 is the newest) on."""
    own = own_actors(firm)
    rows = _entries(firm, wanted).order_by("-when", "what")[first : first + most]
    for when, who, what, subject, detail, kind in rows:
        yield RecordEntry(
            when,
            who if who in own else "",
            what,
            kind == "seen",
            subject,
            detail if who in own else "",
        )


def forget(now: datetime) -> None:
    Viewing.objects.filter(at__lt=now - KEPT)._raw_delete("default")


def _entries(firm: Organisation, wanted: RecordFilter) -> QuerySet[Any, Any]:
    """Both kinds as rows of when, who, what, subject, detail, kind."""
    names = ("when", "who", "what", "about", "more", "kind")
    done = Event.objects.filter(
        subject__in=_subjects(firm), subject__icontains=wanted.what
    ).order_by()
    # else letter by letter the filter would tell the address of an officer whom the page does not
    # name
    if wanted.who:
        done = done.filter(actor__icontains=wanted.who, actor__in=own_actors(firm))
    done = done.exclude(action=Action.SITE_NOTED)  # regulators' notes are theirs
    done_rows = done.annotate(
        when=F("at"),
        who=F("actor"),
        what=F("action"),
        about=F("subject"),
        more=F("detail"),
        kind=_word("done"),
    ).values_list(*names)
    viewings = Viewing.objects.filter(
        organisation=firm, user__email__icontains=wanted.who, subject__icontains=wanted.what
    )
    seen_rows = viewings.annotate(
        when=F("at"),
        who=F("user__email"),
        what=F("page"),
        about=F("subject"),
        more=_word(""),
        kind=_word("seen"),
    ).values_list(*names)
    if wanted.seen_only:
        return seen_rows
    both: QuerySet[Any, Any] = done_rows.union(seen_rows, all=True)
    return done_rows if wanted.done_only else both


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())


def _subjects(firm: Organisation) -> list[str]:
    """How the audit record names what is the firm's."""
    sites = [
        f"site {slug}"
        for slug in Site.objects.filter(organisation=firm).values_list("slug", flat=True)
    ]
    digests = Submission.objects.filter(site__organisation=firm).values_list("digest", flat=True)
    own_people = Membership.objects.filter(organisation=firm, role=Role.ENTERPRISE, delegate=False)
    elsewhere = Membership.objects.exclude(organisation=firm).values("user")
    people = own_people.exclude(user__in=elsewhere).values_list("user__email", flat=True)
    named = [
        f"firm {firm.name}"[:254],
        *(f"submission {digest}" for digest in digests),
        *(f"{_PERSON}{email}" for email in people),
    ]
    return [*sites, *named]


def own_actors(firm: Organisation) -> frozenset[str]:
    """Whose names the firm may read: people who act or have acted for it, and its agents. Officers
    of agencies are not named to it.
    """
    here = Membership.objects.filter(organisation=firm, role=Role.ENTERPRISE).values_list(
        "user__email", flat=True
    )
    joined = Event.objects.filter(
        action=Action.PERSON_JOINED, subject=f"firm {firm.name}"[:254]
    ).values_list("actor", flat=True)
    let_in = Event.objects.filter(
        action=Action.REGISTER_CHANGED, subject__startswith=_PERSON, detail=f"acts for {firm.name}"
    )
    by_register = (
        subject.removeprefix(_PERSON) for subject in let_in.values_list("subject", flat=True)
    )
    devices = Device.objects.filter(site__organisation=firm).values_list("pk", flat=True)
    return frozenset((*here, *joined, *by_register, *(f"device {pk}" for pk in devices), "worker"))
