"""An organisation's people and whom it has invited, for who acts for it but no delegate; and sites
that its firms asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from benchmarks.phrases import Name
from portal.accounts.models import Membership, Organisation, Role, User
from portal.notifications.selectors import unreached
from portal.register.inviting import INVITING, led_houses, waiting_invitations
from portal.register.models import Invitation, SiteApplication


@dataclass(frozen=True, slots=True)
class MemberView:
    id: int
    name: str
    email: str
    may_manage: bool
    delegate: bool
    you: bool


@dataclass(frozen=True, slots=True)
class InvitationView:
    id: int
    email: str
    may_manage: bool
    delegate: bool
    expires_at: datetime
    expired: bool
    unreached: (
        bool  # the mail with its link was given up, or waits for a server for more than a day
    )


@dataclass(frozen=True, slots=True)
class HouseView:
    id: int
    kind: str  # Role value
    name: Name
    led: bool  # whether the reader may invite and part with people
    members: tuple[MemberView, ...]
    invitations: tuple[InvitationView, ...]


def houses_of(user: User, now: datetime) -> tuple[HouseView, ...]:
    """The organisations the person belongs to that invite people of their own, with these."""
    own = Organisation.objects.filter(
        kind__in=INVITING,
        memberships__user=user,
        memberships__role=F("kind"),
        memberships__delegate=False,
    )
    houses = list(own.distinct().order_by("name"))
    led = set(led_houses(user).values_list("pk", flat=True))
    members: dict[int, list[MemberView]] = {house.pk: [] for house in houses}
    rows = (
        Membership.objects.filter(organisation__in=houses, role=F("organisation__kind"))
        .select_related("user")
        .order_by("user__email")
    )
    for row in rows:
        view = MemberView(
            row.pk,
            row.user.name,
            row.user.email,
            row.may_manage,
            row.delegate,
            row.user_id == user.pk,
        )
        members[row.organisation_id].append(view)
    waiting: dict[int, list[InvitationView]] = {house.pk: [] for house in houses}
    invited = list(waiting_invitations().filter(organisation__in=led).order_by("email"))
    failed = unreached({invitee.email for invitee in invited})
    for invitation in invited:
        waiting[invitation.organisation_id].append(
            InvitationView(
                invitation.pk,
                invitation.email,
                invitation.may_manage,
                invitation.delegate,
                invitation.expires_at,
                invitation.expires_at <= now,
                invitation.email in failed,
            )
        )
    return tuple(
        HouseView(
            house.pk,
            house.kind,
            house.name,
            house.pk in led,
            tuple(members[house.pk]),
            tuple(waiting[house.pk]),
        )
        for house in houses
    )


def invitation_of_led_house(user: User, invitation: int) -> Invitation | None:
    """An invitation of an organisation that the reader leads, also one that was accepted or
    revoked.
    """
    return Invitation.objects.filter(pk=invitation, organisation__in=led_houses(user)).first()


def has_gone(membership: int) -> bool:
    """Whether nobody acts for anything by it any more."""
    return not Membership.objects.filter(pk=membership).exists()


def member_of_led_house(user: User, membership: int) -> tuple[MemberView, Name] | None:
    """A person of an organisation that the reader leads, and its name."""
    row = (
        Membership.objects.filter(
            pk=membership, role=F("organisation__kind"), organisation__in=led_houses(user)
        )
        .select_related("user", "organisation")
        .first()
    )
    if row is None:
        return None
    return MemberView(
        row.pk, row.user.name, row.user.email, row.may_manage, row.delegate, row.user_id == user.pk
    ), row.organisation.name


@dataclass(frozen=True, slots=True)
class SiteWishView:
    """A site that waits for approval or was refused, for its firm."""

    slug: str
    name: Name
    resize: bool  # another size class for a site that exists
    size_class: str
    applied_at: datetime
    refused: bool
    reason: str


def site_wishes_of(user: User) -> tuple[SiteWishView, ...]:
    """What the person's firms have asked for and not been granted, newest first."""
    own = Organisation.objects.filter(
        kind=Role.ENTERPRISE, memberships__user=user, memberships__role=Role.ENTERPRISE
    )
    rows = (
        SiteApplication.objects.filter(organisation__in=own)
        .exclude(approved=True)
        .order_by("-applied_at", "-pk")
    )
    return tuple(
        SiteWishView(
            row.slug,
            row.name,
            row.site_id is not None,
            row.size_class,
            row.applied_at,
            row.approved is False,
            row.reason,
        )
        for row in rows
    )
