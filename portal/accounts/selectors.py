"""Who a person is here, and which sites they may see. Every other selector asks these; a view never filters by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from portal.accounts.models import Device, EnrolmentToken, Jurisdiction, Membership, Role, Site, User


@dataclass(frozen=True, slots=True)
class DeviceView:
    id: UUID
    key_fingerprint: str  # the first 16 hex digits of the public key
    software: str
    enrolled_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SiteView:
    slug: str
    name: str
    name_zh: str
    organisation: str
    pack: str
    jurisdiction: str
    jurisdiction_zh: str
    size_class: str
    devices: tuple[DeviceView, ...]
    waiting_tokens: int  # issued, not used, not expired


def roles_of(user: User) -> frozenset[str]:
    """The roles a person has in any organisation; none for somebody who is not signed in."""
    if not user.is_authenticated:
        return frozenset()
    return frozenset(Membership.objects.filter(user=user).values_list("role", flat=True))


def jurisdictions_of(user: User) -> tuple[Jurisdiction, ...]:
    """Where the person acts as regulator."""
    if not user.is_authenticated:
        return ()
    held = Q(organisations__memberships__user=user, organisations__memberships__role=Role.REGULATOR, organisations__kind=Role.REGULATOR)
    return tuple(Jurisdiction.objects.filter(held).distinct())


def within(jurisdictions: tuple[Jurisdiction, ...], path: str = "jurisdiction__path") -> Q:
    """The condition that a row's jurisdiction is one of these or lies in one of them; never true for none."""
    condition = Q(pk__in=[])
    for jurisdiction in jurisdictions:
        condition |= Q(**{path: jurisdiction.path}) | Q(**{f"{path}__startswith": jurisdiction.path + "/"})
    return condition


def may_decide_for(user: User, scope: Jurisdiction) -> bool:
    """Whether the person is a regulator of the whole of `scope`."""
    return any(held.covers(scope) for held in jurisdictions_of(user))


def own_sites(user: User) -> QuerySet[Site]:
    """The sites of the enterprises the person acts for: the only sites whose values are their own."""
    if not user.is_authenticated:
        return Site.objects.none()
    return Site.objects.filter(organisation__memberships__user=user, organisation__memberships__role=Role.ENTERPRISE).distinct()


def regulated_sites(user: User) -> QuerySet[Site]:
    """The sites that lie where the person is regulator."""
    return Site.objects.filter(within(jurisdictions_of(user)))


def visible_sites(user: User) -> QuerySet[Site]:
    """The sites whose protected values the person may see: own, or in the jurisdiction they regulate."""
    ids = set(own_sites(user).values_list("pk", flat=True)) | set(regulated_sites(user).values_list("pk", flat=True))
    return Site.objects.filter(pk__in=ids)


def sites_of(user: User, now: datetime) -> tuple[SiteView, ...]:
    """The sites of the person's own enterprises, with their devices."""
    waiting = EnrolmentToken.objects.filter(used_at=None, expires_at__gt=now)
    sites = (
        own_sites(user)
        .select_related("organisation", "jurisdiction")
        .prefetch_related(
            Prefetch("devices", Device.objects.order_by("enrolled_at")), Prefetch("enrolment_tokens", waiting, to_attr="waiting")
        )
        .order_by("slug")
    )
    return tuple(
        SiteView(
            site.slug,
            site.name,
            site.name_zh,
            site.organisation.name,
            site.pack,
            site.jurisdiction.name,
            site.jurisdiction.name_zh,
            site.size_class,
            tuple(DeviceView(d.pk, d.public_key[:16], d.software, d.enrolled_at, d.revoked_at) for d in site.devices.all()),
            len(site.waiting),
        )
        for site in sites
    )
