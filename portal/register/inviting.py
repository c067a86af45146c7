"""Inviting people to an organisation, sending again, revoking and accepting invitations; letting
them act or only read; parting.

The link of an invitation is good once and for seven days, and only for the address it was sent to.
Sending it again makes a new one of it. The last person who manages an organisation stays: else
nobody could let anybody in.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from benchmarks.phrases import Phrase
from portal.accounts import api_keys
from portal.accounts.models import Membership, Organisation, Role, User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.problems import RefusedError
from portal.register.models import Invitation

LIFETIME = timedelta(days=7)


INVITING = (Role.ENTERPRISE, Role.CERTIFICATION_BODY, Role.PROVIDER, Role.SUPPLIER, Role.ACADEMIC)
"""Who invites people of their own. Officers of agencies are declared by the operator, for two of
them together publish.
"""


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """An invitation and the secret of its link, which only the mail will know."""

    invitation: Invitation
    secret: str


def led_houses(user: User) -> QuerySet[Organisation]:
    """The organisations whose people the person may invite and part with."""
    as_leader = {
        "memberships__user": user,
        "memberships__role": F("kind"),
        "memberships__may_manage": True,
        "memberships__delegate": False,
    }
    return Organisation.objects.filter(kind__in=INVITING, **as_leader).distinct()


def led_firms(user: User) -> QuerySet[Organisation]:
    """The enterprises among them."""
    return led_houses(user).filter(kind=Role.ENTERPRISE)


def invite(
    user: User, house: int, email: str, *, may_manage: bool, delegate: bool, now: datetime
) -> SentInvitation:
    """Invite an address to act for the organisation; an earlier invitation of the same address that
    waits is replaced.

    Raises:
        Organisation.DoesNotExist: not one that the person leads.
        RefusedError: `already-member` (409), `delegate-of-no-firm` (400).
    """
    return invite_to(
        led_houses(user).get(pk=house),
        email,
        by=user.email,
        may_manage=may_manage,
        delegate=delegate,
        now=now,
    )


def invite_to(
    firm: Organisation, email: str, *, by: str, may_manage: bool, delegate: bool, now: datetime
) -> SentInvitation:
    """As `invite`, by whoever was allowed to: a firm that was just approved has nobody yet who
    could.
    """
    address = email.strip().lower()
    if delegate and firm.kind != Role.ENTERPRISE:
        raise RefusedError(
            400,
            "delegate-of-no-firm",
            Phrase("%(firm)s has no sites that a delegate could act for.", firm=firm.name),
            "Invite them as a colleague from your own organisation.",
        )
    with transaction.atomic():
        if Membership.objects.filter(
            organisation=firm, user__email=address, role=firm.kind
        ).exists():
            raise RefusedError(
                409,
                "already-member",
                Phrase("%(person)s already acts for %(firm)s.", person=address, firm=firm.name),
                "Change what they may do in the list of people instead.",
            )
        waiting_invitations().filter(organisation=firm, email=address).update(revoked_at=now)
        secret = secrets.token_urlsafe(32)
        row = Invitation.objects.create(
            organisation=firm,
            email=address,
            may_manage=may_manage,
            delegate=delegate,
            secret_sha256=digest_of(secret),
            invited_by=by,
            sent_at=now,
            expires_at=now + LIFETIME,
        )
        record(
            now,
            by,
            Action.PERSON_INVITED,
            _house(firm),
            f"{address}, {capacity(may_manage, delegate)}",
        )
    return SentInvitation(row, secret)


def send_again(user: User, invitation: int, now: datetime) -> SentInvitation:
    """A new link in place of the old one, good for another seven days; `Invitation.DoesNotExist`
    for one that is not there to be sent.
    """
    with transaction.atomic():
        row = _own_waiting(user, invitation)
        secret = secrets.token_urlsafe(32)
        row.secret_sha256, row.sent_at, row.expires_at = digest_of(secret), now, now + LIFETIME
        row.save(update_fields=["secret_sha256", "sent_at", "expires_at"])
        record(
            now,
            user.email,
            Action.PERSON_INVITED,
            _house(row.organisation),
            f"{row.email}, once more",
        )
    return SentInvitation(row, secret)


def revoke_invitation(user: User, invitation: int, now: datetime) -> None:
    """The link in the mail no longer works; `Invitation.DoesNotExist` for one that is not there to
    be revoked.
    """
    with transaction.atomic():
        row = _own_waiting(user, invitation)
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        record(now, user.email, Action.INVITATION_REVOKED, _house(row.organisation), row.email)


def offered(secret: str, now: datetime) -> Invitation | None:
    """The invitation of that link, if it can still be accepted."""
    rows = waiting_invitations().filter(secret_sha256=digest_of(secret), expires_at__gt=now)
    return rows.select_related("organisation").first()


def accept(secret: str, user: User, now: datetime) -> Organisation:
    """Act for the firm from now on.

    Raises:
        RefusedError: `invitation-outdated`, `invitation-of-another`.
    """
    with transaction.atomic():
        row = (
            waiting_invitations()
            .select_for_update()
            .filter(secret_sha256=digest_of(secret), expires_at__gt=now)
            .first()
        )
        if row is None:
            raise RefusedError(
                409,
                "invitation-outdated",
                "The invitation was used, revoked or is older than a week.",
                "Ask the person who sent it to send it again.",
            )
        if row.email != user.email:
            raise RefusedError(
                403,
                "invitation-of-another",
                Phrase("The invitation is for %(person)s.", person=row.email),
                "Sign out, and sign in with the address to which it was sent.",
            )
        membership, _made = Membership.objects.get_or_create(
            user=user,
            organisation=row.organisation,
            role=row.organisation.kind,
            defaults={"may_manage": row.may_manage, "delegate": row.delegate},
            # whom the register let in meanwhile keeps what they may: they may be the last who
            # manages
        )
        row.accepted_at = now
        row.save(update_fields=["accepted_at"])
        record(
            now,
            user.email,
            Action.PERSON_JOINED,
            _house(row.organisation),
            capacity(membership.may_manage, membership.delegate),
        )
    return row.organisation


def accept_as_new(secret: str, name: str, password: str, now: datetime) -> User:
    """As `accept`, for somebody who has no account yet: the link shows that the address is theirs.

    Raises:
        RefusedError: as `accept`; `account-made-meanwhile` (409).
    """
    with transaction.atomic():
        row = offered(secret, now)
        try:
            with transaction.atomic():
                user = User.objects.create_user(row.email, password, name=name) if row else User()
        # the form was sent twice, or another invitation of the address accepted, at the same moment
        except IntegrityError as error:
            raise RefusedError(
                409,
                "account-made-meanwhile",
                "An account with this address was made at the same moment.",
                "Sign in with it. If the invitation still waits, open its link again.",
            ) from error
        accept(secret, user, now)
    return user


def set_capacity(user: User, membership: int, *, may_manage: bool, now: datetime) -> None:
    """Let a person of the firm act or only read; `Membership.DoesNotExist` for any other,
    `RefusedError`: `last-manager`.
    """
    with transaction.atomic():
        row = _own_member(user, membership)
        if row.may_manage and not may_manage:
            _require_another_manager(row)
        if row.may_manage != may_manage:
            row.may_manage = may_manage
            row.save(update_fields=["may_manage"])
            if not may_manage:
                api_keys.end_personal(row, user.email, now)
            record(
                now,
                user.email,
                Action.CAPACITY_CHANGED,
                _house(row.organisation),
                f"{row.user.email}, {capacity(may_manage, row.delegate)}",
            )


def part_with(user: User, membership: int, now: datetime) -> None:
    """The person no longer acts for the firm; `Membership.DoesNotExist` for any other,
    `RefusedError`: `last-manager`.
    """
    with transaction.atomic():
        row = _own_member(user, membership)
        if row.may_manage:
            _require_another_manager(row)
        record(now, user.email, Action.PERSON_REMOVED, _house(row.organisation), row.user.email)
        row.delete()
        api_keys.end_personal(
            row, user.email, now
        )  # afterwards: a key that is made at this moment holds the membership until it is there


def waiting_invitations() -> QuerySet[Invitation]:
    """Neither accepted nor revoked; they may have expired."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)


def capacity(may_manage: bool, delegate: bool) -> str:
    """For the record, in words that stay."""
    return f"{'manages' if may_manage else 'reads'}{', as a delegate' if delegate else ''}"


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _own_waiting(user: User, invitation: int) -> Invitation:
    return (
        waiting_invitations()
        .select_related("organisation")
        .get(pk=invitation, organisation__in=led_houses(user))
    )


def _own_member(user: User, membership: int) -> Membership:
    rows = Membership.objects.select_related("organisation", "user")
    return rows.get(pk=membership, role=F("organisation__kind"), organisation__in=led_houses(user))


def _require_another_manager(row: Membership) -> None:
    """Holding every membership of the firm, or two managers could part with each other at once. Who
    may not sign in manages nothing.
    """
    managers = Membership.objects.select_for_update(of=("self",)).filter(
        organisation=row.organisation,
        role=row.role,
        may_manage=True,
        delegate=False,
        user__is_active=True,
    )
    if row.delegate or any(manager.pk != row.pk for manager in managers):
        return
    raise RefusedError(
        409,
        "last-manager",
        Phrase(
            "%(person)s is the only person left who manages %(firm)s.",
            person=row.user.email,
            firm=row.organisation.name,
        ),
        "Make somebody else the manager first.",
    )


def _house(house: Organisation) -> str:
    return f"{'firm' if house.kind == Role.ENTERPRISE else 'organisation'} {house.name}"[:254]
