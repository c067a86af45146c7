"""A firm's people and whom it has invited, for who acts for the firm; a delegate does not see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.accounts.models import Membership, Organisation, Role, User
from portal.notifications.selectors import unreached
from portal.register.inviting import led_firms, waiting_invitations
from portal.register.models import SiteApplication


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
    unreached: bool  # the mail with its link was given up


@dataclass(frozen=True, slots=True)
class FirmView:
    id: int
    name: str
    name_zh: str
    led: bool  # whether the reader may invite and part with people
    members: tuple[MemberView, ...]
    invitations: tuple[InvitationView, ...]


def firms_of(user: User, now: datetime) -> tuple[FirmView, ...]:
    """The enterprises the person belongs to, with their people."""
    own = Organisation.objects.filter(
        kind=Role.ENTERPRISE, memberships__user=user, memberships__role=Role.ENTERPRISE, memberships__delegate=False
    )
    firms = list(own.distinct().order_by("name"))
    led = set(led_firms(user).values_list("pk", flat=True))
    members: dict[int, list[MemberView]] = {firm.pk: [] for firm in firms}
    rows = Membership.objects.filter(organisation__in=firms, role=Role.ENTERPRISE).select_related("user").order_by("user__email")
    for row in rows:
        view = MemberView(row.pk, row.user.name, row.user.email, row.may_manage, row.delegate, row.user_id == user.pk)
        members[row.organisation_id].append(view)
    waiting: dict[int, list[InvitationView]] = {firm.pk: [] for firm in firms}
    invited = list(waiting_invitations().filter(organisation__in=led).order_by("email"))
    failed = unreached({one.email for one in invited})
    for one in invited:
        waiting[one.organisation_id].append(
            InvitationView(one.pk, one.email, one.may_manage, one.delegate, one.expires_at, one.expires_at <= now, one.email in failed)
        )
    return tuple(
        FirmView(firm.pk, firm.name, firm.name_zh, firm.pk in led, tuple(members[firm.pk]), tuple(waiting[firm.pk])) for firm in firms
    )


def member_of_led_firm(user: User, membership: int) -> tuple[MemberView, str] | None:
    """A person of a firm that the reader leads, and the firm's name."""
    row = (
        Membership.objects.filter(pk=membership, role=Role.ENTERPRISE, organisation__in=led_firms(user))
        .select_related("user", "organisation")
        .first()
    )
    if row is None:
        return None
    return MemberView(row.pk, row.user.name, row.user.email, row.may_manage, row.delegate, row.user_id == user.pk), row.organisation.name


@dataclass(frozen=True, slots=True)
class SiteWishView:
    """A site that waits for approval or was refused, for its firm."""

    slug: str
    name: str
    name_zh: str
    resize: bool  # another size class for a site that exists
    size_class: str
    applied_at: datetime
    refused: bool
    reason: str


def site_wishes_of(user: User) -> tuple[SiteWishView, ...]:
    """What the person's firms have asked for and not been granted, newest first."""
    own = Organisation.objects.filter(kind=Role.ENTERPRISE, memberships__user=user, memberships__role=Role.ENTERPRISE)
    rows = SiteApplication.objects.filter(organisation__in=own).exclude(approved=True).order_by("-applied_at", "-pk")
    return tuple(
        SiteWishView(
            row.slug, row.name, row.name_zh, row.site_id is not None, row.size_class, row.applied_at, row.approved is False, row.reason
        )
        for row in rows
    )
