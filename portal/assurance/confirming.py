"""What sites report that practices saved: handed in, confirmed or refused by auditors, taken back;
whose confirmation counts.

Who confirms acts for a body assigned to the site today, of another group than its firm, and
declared no interest there. What confirms is a signature over the agent's own file, made on the
auditor's machine from the plant's records (`steplabel-agent practices confirm`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from benchmarks.wire import outcomes
from benchmarks.wire.signing import ReceiptKey, VerifyingKey
from portal.accounts.audience import named, people_of_body, people_of_site
from portal.accounts.models import Role, Site, User
from portal.accounts.selectors import organisations_as
from portal.assurance.auditors import acting_for, require_auditor
from portal.assurance.models import Assignment, AuditorKey, InterestDeclaration
from portal.assurance.models.assigned import OF_THE_FIRM_NOW, interests_by_enterprise, of_one_group
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell
from portal.practices import outcomes as reporting
from portal.practices.models import SiteReport
from portal.practices.reviewing import new_edition
from portal.problems import RefusedError
from portal.translog import log
from portal.whole_text import whole_sentence


def auditors_of(site: Site) -> Mapping[str, VerifyingKey]:
    """The registered keys, by id, of whoever declared in an assignment of the site that stands,
    never an interest in its firm, and acts for that body today."""
    free = _free_at({site.pk}).get(site.pk, set())
    rows = AuditorKey.objects.filter(revoked_at=None, owner__in=[person for _body, person in free])
    return {
        key.key_id: key
        for key in (
            VerifyingKey.from_hex(row.public_key)
            for row in rows
            if (row.body_id, row.owner_id) in free
        )
    }


def waiting_for(user: User) -> QuerySet[SiteReport]:
    """What firms asked to have confirmed, at sites where the person may; the file is read by nobody
    else.
    """
    return _asked_of(user).filter(unconfirmed_at=None).order_by("pk")


def refused_for(user: User) -> QuerySet[SiteReport]:
    """What an auditor refused to confirm at these sites, the newest first; one that its firm
    withdrew is no longer among them.
    """
    return _asked_of(user).exclude(unconfirmed_at=None).order_by("-unconfirmed_at", "-pk")


def confirmed_by(user: User) -> tuple[tuple[SiteReport, AuditorKey], ...]:
    """What auditors of the person's bodies confirmed, the newest first, each with the key; also
    where it was withdrawn.
    """
    keys = {
        _key_id(key): key
        for key in AuditorKey.objects.filter(body__in=_bodies(user)).select_related("body", "owner")
    }
    rows = (
        SiteReport.objects.filter(confirmed_key__in=keys)
        .select_related("site")
        .order_by("-confirmed_on", "-pk")
    )
    return tuple((row, keys[row.confirmed_key]) for row in rows)


def hand_in(
    raw: bytes, practice: str, by: User, key: ReceiptKey, now: datetime, *, ask: bool = False
) -> SiteReport:
    """As `portal.practices.outcomes` takes it; where the firm asks for a confirmation, the bodies
    assigned to the site are told.
    """
    with transaction.atomic():
        row = reporting.hand_in(raw, practice, by, key, now, auditors_of, ask=ask)
        if row.asked:
            for body in set(
                Assignment.objects.filter(site=row.site, taken_back_at=None).values_list(
                    "body", flat=True
                )
            ):
                tell(
                    NoticeKind.OUTCOME_WAITS,
                    people_of_body(body),
                    "web:confirmations",
                    {},
                    named(row.site),
                    now,
                )
    return row


def confirm(report: int, raw: bytes, by: User, key: ReceiptKey, now: datetime) -> SiteReport:
    """Take the file back with the person's own signature in it: the report is counted with the next
    batch.

    Raises:
        SiteReport.DoesNotExist: nothing waits there for this person.
        VerificationError: `outcome-unreadable`, `confirmation-invalid`.
        RefusedError: `not-the-file-asked` (409).
    """
    with transaction.atomic():
        log.lock(numbering=False)  # as who hands one in
        row = waiting_for(by).get(pk=report)
        outcomes.read(raw)
        if {**json.loads(raw), "confirmation": None} != {
            **json.loads(row.asked),
            "confirmation": None,
        }:
            raise RefusedError(
                409,
                "not-the-file-asked",
                "This is not the file that the firm submitted, or it was changed.",
                "Save the file from this page, confirm that file on your machine, and choose the "
                "result.",
            )
        own = {
            id_: auditor_key
            for id_, auditor_key in auditors_of(row.site).items()
            if AuditorKey.objects.filter(public_key=auditor_key.hex, owner=by).exists()
        }
        confirmation = outcomes.confirmation(raw, own)
        if confirmation is None:
            raise RefusedError(
                409,
                "not-confirmed-yet",
                "There is no confirmation in this file.",
                "Run `steplabel-agent practices confirm` on it first. It adds your signature.",
            )
        row.asked, row.confirmed_key, row.confirmed_on = "", confirmation.key_id, confirmation.on
        row.save(update_fields=["asked", "confirmed_key", "confirmed_on"])
        _record_and_tell(row, Action.OUTCOME_CONFIRMED, by, now, event="confirmed")
        reporting.count_waiting(row.practice, key, now)
    return row


def withdraw(report: int, reason: str, by: User, key: ReceiptKey, now: datetime) -> SiteReport:
    """Refuse what waits, or take a confirmation back: what is counted stays, and the library says
    one confirmation fewer at once; what is not counted yet stays uncounted, and its firm may
    withdraw it and hand in another.

    Withdrawn twice is withdrawn once.

    Raises:
        SiteReport.DoesNotExist: neither waits for the person nor was confirmed by the person's
            body.
        RefusedError: `not-auditor` (403); `reason-missing`, `text-too-long` (409).
    """
    sentence = whole_sentence(reason)
    if not sentence:
        raise RefusedError(
            409,
            "reason-missing",
            "A confirmation is never withdrawn without a reason.",
            "Say in a sentence why.",
        )
    with transaction.atomic():
        log.lock(numbering=False)
        confirming_bodies = {row.pk: key.body for row, key in confirmed_by(by)}
        row = (
            SiteReport.objects.select_related("site").get(pk=report)
            if report in confirming_bodies
            else waiting_for(by).get(pk=report)
        )
        if report in confirming_bodies:
            require_auditor(by, confirming_bodies[report])
        if row.unconfirmed_at is not None:
            return row
        row.unconfirmed_at, row.unconfirmed_reason, row.unconfirmed_by = now, sentence, by
        row.save(update_fields=["unconfirmed_at", "unconfirmed_reason", "unconfirmed_by"])
        _record_and_tell(
            row,
            Action.OUTCOME_UNCONFIRMED,
            by,
            now,
            event="withdrawn" if report in confirming_bodies else "refused",
        )
        if row.counted_at is not None:
            new_edition(key, now)
    return row


def _record_and_tell(
    row: SiteReport, action: Action, by: User, now: datetime, *, event: str
) -> None:
    """On the record without practice, class and reason, as its handing in is; the firm reads these
    on its own page.
    """
    record(now, by.email, action, f"firm {row.site.organisation.name}"[:254])
    facts = {**named(row.site), "event": event}
    tell(
        NoticeKind.OUTCOME_DECIDED,
        people_of_site(row.site),
        "web:practice-outcome",
        {"practice": row.practice},
        facts,
        now,
    )


def _free_at(sites: set[int]) -> dict[int, set[tuple[int, int]]]:
    """By site, the (body, person) who declared about its firm of today in an assignment that stands
    there, of persons who declared no interest in that firm in any engagement and act for that body
    today, which is not of the firm's group."""
    standing = InterestDeclaration.objects.filter(
        OF_THE_FIRM_NOW, assignment__site__in=sites, assignment__taken_back_at=None
    )
    related = standing.select_related("assignment__site__organisation", "assignment__body")
    declared = tuple(
        row for row in related if not of_one_group(row.assignment.body, row.assignment.site)
    )
    interests = interests_by_enterprise({row.assignment.site.organisation for row in declared})
    interested = {
        (enterprise, row.person_id) for enterprise, rows in interests.items() for row in rows
    }
    acting = acting_for({row.assignment.body_id for row in declared})
    free: dict[int, set[tuple[int, int]]] = {}
    for row in declared:
        about, person = row.assignment, row.person_id
        if (about.site.organisation_id, person) not in interested and (
            about.body_id,
            person,
        ) in acting:
            free.setdefault(about.site_id, set()).add((about.body_id, person))
    return free


def _asked_of(user: User) -> QuerySet[SiteReport]:
    assigned = Assignment.objects.filter(body__in=_bodies(user), taken_back_at=None).values_list(
        "site", flat=True
    )
    free = [
        site
        for site, who in _free_at(set(assigned)).items()
        if any(person == user.pk for _body, person in who)
    ]
    return (
        SiteReport.objects.filter(site__in=free, site__retired_at=None)
        .exclude(asked="")
        .select_related("site", "unconfirmed_by")
    )


def _bodies(user: User) -> list[int]:
    return list(organisations_as(user, Role.CERTIFICATION_BODY).values_list("pk", flat=True))


def _key_id(key: AuditorKey) -> str:
    return VerifyingKey.from_hex(key.public_key).key_id
