"""Auditors: registering and revoking their public signing keys, declaring an interest in a firm,
and who may act in an engagement.

Who of a certification body may audit: a person of it who declared that there is no interest in the
firm that has the site now, unless the firm's group controls the body.

ISO/IEC 17029, 5.3 and 7.3.3 ask for impartiality person by person. A declared interest stays with
the person who declared it, in every engagement of the firm: another one of the body, without, has
to take each over.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from benchmarks.wire.signing import VerifyingKey
from portal.accounts.models import Device, Membership, Organisation, Role, User
from portal.accounts.selectors import organisations_as
from portal.assurance.models import Assignment, AuditorKey, InterestDeclaration
from portal.assurance.models.assigned import OF_THE_FIRM_NOW, interests_in, of_one_group
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.problems import RefusedError
from portal.whole_text import whole_sentence


def require_auditor(user: User, body: Organisation) -> None:
    """Raises: RefusedError: `not-auditor` (403), where the person does not act for the body, or may
    only read there.
    """
    if (
        not organisations_as(user, Role.CERTIFICATION_BODY, managing=True)
        .filter(pk=body.pk)
        .exists()
    ):
        raise RefusedError(
            403,
            "not-auditor",
            "You do not act for this certification body.",
            "Ask somebody who acts for it.",
        )


def declare(
    assignment: Assignment, by: User, interested: bool, text: str, now: datetime
) -> InterestDeclaration:
    """Put on record whether the person has an interest in the firm. The same said twice is one
    declaration.

    Raises:
        RefusedError: `not-auditor` (403), `interest-unsaid`, `text-too-long`, `interest-stays`, and
            what `lock_standing` refuses (409).
    """
    require_auditor(by, assignment.body)
    sentence = whole_sentence(text)
    if interested and not sentence:
        raise RefusedError(
            409,
            "interest-unsaid",
            "An interest was declared without an explanation.",
            "Say in a sentence what the interest is.",
        )
    with transaction.atomic():
        lock_standing(assignment)
        of_this_firm = InterestDeclaration.objects.filter(
            OF_THE_FIRM_NOW, assignment=assignment, person=by
        )
        earlier_declaration: InterestDeclaration | None = of_this_firm.last()
        if not interested and _is_interested(by, assignment):
            raise RefusedError(
                409,
                "interest-stays",
                "You declared an interest in this firm; it cannot be withdrawn.",
                "Somebody from your body without an interest must take over.",
            )
        if earlier_declaration is not None and (
            earlier_declaration.interested,
            earlier_declaration.text,
        ) == (interested, sentence):
            return earlier_declaration
        declaration: InterestDeclaration = InterestDeclaration.objects.create(
            assignment=assignment,
            person=by,
            firm=assignment.site.organisation.controlling_firm,
            organisation=assignment.site.organisation,
            interested=interested,
            text=sentence,
            declared_at=now,
        )
        what = f"an interest: {sentence}" if interested else "none"
        record(
            now,
            by.email,
            Action.INTEREST_DECLARED,
            f"site {assignment.site.slug}",
            f"{assignment.body}, {assignment.period}: {what}",
        )
    return declaration


def lock_standing(assignment: Assignment, *, or_taken_back: bool = False) -> Assignment:
    """The assignment's row, for this transaction alone: whoever takes it back waits, and what was
    taken back takes nothing new. With `or_taken_back` only what ended with the firm takes nothing.

    Raises:
        RefusedError: `assignment-taken-back` (409).
    """
    row = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if row.taken_back_at is not None and (row.ended_with_firm or not or_taken_back):
        raise RefusedError(
            409,
            "assignment-taken-back",
            "This assignment was withdrawn by the regulator, or ended because the firm has left "
            "or the site has another owner.",
            "You can still read what is there. If something is missing, ask the regulator to "
            "assign the site and period again.",
        )
    return row


def require_free(assignment: Assignment, by: User) -> None:
    """That the person may act in this engagement.

    Raises:
        RefusedError: `not-auditor` (403), `body-of-the-same-group`, `interest-undeclared`,
            `interest-declared` (409).
    """
    require_auditor(by, assignment.body)
    if of_one_group(assignment.body, assignment.site):
        raise RefusedError(
            409,
            "body-of-the-same-group",
            "Your body has come under the firm that controls this site.",
            "Ask the regulator to assign a body that belongs to another group.",
        )
    if _is_interested(by, assignment):
        raise RefusedError(
            409,
            "interest-declared",
            "You declared an interest in this firm.",
            "Somebody from your body without an interest must take over.",
        )
    if not InterestDeclaration.objects.filter(
        OF_THE_FIRM_NOW, assignment=assignment, person=by
    ).exists():
        raise RefusedError(
            409,
            "interest-undeclared",
            "You have not declared whether you have an interest in this firm.",
            "Declare it on the page of the engagement first.",
        )


def _is_interested(person: User, assignment: Assignment) -> bool:
    return interests_in([assignment.site.organisation]).filter(person=person).exists()


def acting_for(bodies: Collection[int]) -> set[tuple[int, int]]:
    """The (body, person) of whoever `require_auditor` lets act for one of these, where the person
    may still sign in.
    """
    rows = Membership.objects.filter(
        organisation__in=bodies, role=Role.CERTIFICATION_BODY, may_manage=True, user__is_active=True
    )
    return set(rows.values_list("organisation", "user"))


def register(body: Organisation, public_key: str, by: User, now: datetime) -> AuditorKey:
    """Register the person's own key. The same again is the same key.

    Raises:
        RefusedError: `not-auditor` (403), `auditor-key-taken` (409).
        VerificationError: `public-key-malformed`, `public-key-weak`.
    """
    require_auditor(by, body)
    public = VerifyingKey.from_hex(public_key)
    registered_key = AuditorKey.objects.filter(public_key=public.hex).first()
    if (
        registered_key is not None
        and registered_key.revoked_at is None
        and (registered_key.body_id, registered_key.owner_id) == (body.pk, by.pk)
    ):
        return registered_key
    key_taken = RefusedError(
        409,
        "auditor-key-taken",
        "This key is in use already, or was used before.",
        "Make a new key and register the new one.",
    )
    if registered_key is not None or Device.objects.filter(public_key=public.hex).exists():
        raise key_taken
    try:
        with transaction.atomic():
            key = AuditorKey.objects.create(
                body=body, owner=by, public_key=public.hex, registered_at=now
            )
            record(
                now,
                by.email,
                Action.AUDITOR_KEY_REGISTERED,
                f"auditor key {public.key_id[:16]}",
                str(body),
            )
    except IntegrityError as error:
        raise key_taken from error
    return key


def keys_of(bodies: Collection[Organisation]) -> QuerySet[AuditorKey]:
    """Every key of these bodies, revoked ones too, newest first, with whose it is."""
    return (
        AuditorKey.objects.filter(body__in=bodies).select_related("owner", "body").order_by("-pk")
    )


def own_key(user: User, key: int) -> AuditorKey | None:
    """The key if it is of a body that the person acts for, with the body."""
    bodies = organisations_as(user, Role.CERTIFICATION_BODY)
    return AuditorKey.objects.filter(body__in=bodies, pk=key).select_related("body").first()


def revoke(key: AuditorKey, by: User, now: datetime) -> AuditorKey:
    """From now on it signs nothing new. What it signed before stands until it is withdrawn.

    Raises:
        RefusedError: `not-auditor` (403).
    """
    require_auditor(by, key.body)
    with transaction.atomic():
        row = AuditorKey.objects.select_for_update().get(pk=key.pk)
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by = now, by
            row.save(update_fields=["revoked_at", "revoked_by"])
            fingerprint = VerifyingKey.from_hex(row.public_key).key_id
            record(
                now,
                by.email,
                Action.AUDITOR_KEY_REVOKED,
                f"auditor key {fingerprint[:16]}",
                str(row.body),
            )
    return row
