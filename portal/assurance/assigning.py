"""Giving a certification body a site to check, and taking it back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from benchmarks.phrases import Phrase
from portal.accounts.deciding import require_regulator_of_site
from portal.accounts.models import Organisation, Role, Site, User
from portal.assurance import reminding
from portal.assurance.auditors import acting_for
from portal.assurance.models import Assignment
from portal.assurance.models.assigned import interests_in, of_one_group
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.problems import RefusedError
from portal.whole_text import whole_sentence


def assign(
    body: Organisation,
    site: Site,
    period: str,
    by: User,
    now: datetime,
    due: date | None = None,
    *,
    sees_values: bool = False,
) -> Assignment:
    """Let a body see one site's submissions of a period, with their protected values or without,
    until a day.

    The same again changes nothing; other terms take the place of those that were. What was taken
    back is assigned anew.

    Raises:
        RefusedError: `not-regulator` (403), `not-a-certification-body`, `body-of-the-same-group`,
            `body-interested` (409).
    """
    require_regulator_of_site(by, site)
    if body.kind != Role.CERTIFICATION_BODY:
        raise RefusedError(
            409,
            "not-a-certification-body",
            Phrase("%(body)s is not a certification body.", body=body.name),
            "Choose a certification body.",
        )
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)  # one decision about a site at a time
        standing = Assignment.objects.filter(
            body=body, site=site, period=period, taken_back_at=None
        )
        assignment = (
            standing.select_for_update().first()
        )  # who takes it back at this moment locks the row alone
        if assignment is None:
            if refusal := _not_impartial(body, site):
                raise refusal
            assignment = Assignment.objects.create(
                body=body,
                site=site,
                period=period,
                assigned_by=by,
                assigned_at=now,
                due=due,
                sees_values=sees_values,
            )
        elif (assignment.due, assignment.sees_values) == (due, sees_values):
            return assignment
        else:
            assignment.due, assignment.sees_values = due, sees_values
            assignment.save(update_fields=["due", "sees_values"])
        terms = f"due {due or 'open'}, {'with' if sees_values else 'without'} protected values"
        record(
            now, by.email, Action.ASSIGNMENT_MADE, f"site {site.slug}", f"{body}, {period}: {terms}"
        )
        reminding.assigned(assignment, now)
    return assignment


def take_back(assignment: Assignment, reason: str, by: User, now: datetime) -> Assignment:
    """From now on the body sees no report of it and puts nothing new on record; findings and
    statements stay as they are.

    A statement that was drawn up and not signed can be signed no more. Taken back twice is taken
    back once.

    Raises:
        RefusedError: `not-regulator` (403), `reason-missing`, `text-too-long` (409).
    """
    require_regulator_of_site(by, assignment.site)
    sentence = whole_sentence(reason)
    if not sentence:
        raise RefusedError(
            409,
            "reason-missing",
            "An assignment is never withdrawn without a reason.",
            "Say in a sentence why.",
        )
    with transaction.atomic():
        row = (
            Assignment.objects.select_for_update(of=("self",))
            .select_related("body", "site")
            .get(pk=assignment.pk)
        )
        if row.taken_back_at is None:
            row.taken_back_by = by
            _end(row, sentence, by.email, now)
    return row


def end_partial(sites: Collection[Site], because: str, by: str, now: datetime) -> set[str]:
    """Take back each assignment whose body may not check the firm to which the site belongs; the
    ids of these sites.

    In the transaction of the cause.
    """
    standing = Assignment.objects.filter(site__in=sites, taken_back_at=None).select_related(
        "body", "site__organisation"
    )
    partial = [
        row
        for row in standing.select_for_update(of=("self",)).order_by("pk")
        if _not_impartial(row.body, row.site)
    ]
    for row in partial:
        _end(row, because, by, now)
    return {row.site.slug for row in partial}


def _end(row: Assignment, reason: str, by: str, now: datetime) -> None:
    row.taken_back_at, row.taken_back_reason = now, reason
    row.save(update_fields=["taken_back_at", "taken_back_by", "taken_back_reason"])
    record(
        now,
        by,
        Action.ASSIGNMENT_TAKEN_BACK,
        f"site {row.site.slug}",
        f"{row.body}, {row.period}: {reason}",
    )
    reminding.taken_back(row, now)


def _not_impartial(body: Organisation, site: Site) -> RefusedError | None:
    """Why the body may not check the site's firm, if so.

    ISO/IEC 17029, 5.3: nobody checks a firm of their own group, or one that all who could check it
    have an interest in.
    """
    if of_one_group(body, site):
        return RefusedError(
            409,
            "body-of-the-same-group",
            Phrase("%(body)s is controlled by the same firm as the site.", body=body.name),
            "Choose a body that belongs to another group.",
        )
    interested = set(interests_in([site.organisation]).values_list("person", flat=True))
    auditors = {person for _body, person in acting_for([body.pk])}
    if auditors and auditors <= interested:
        return RefusedError(
            409,
            "body-interested",
            Phrase(
                "Everybody who audits for %(body)s has declared an interest in the firm of this "
                "site.",
                body=body.name,
            ),
            "Choose another body, or wait until somebody without an interest acts for it.",
        )
    return None
