"""Who a person is here (roles, organisations, jurisdictions), for what they may decide, and which
sites and devices they may see.

Every other selector asks these; a view never filters by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from benchmarks.phrases import Name
from portal.accounts.models import (
    ControllingFirm,
    Device,
    EnrolmentToken,
    Jurisdiction,
    Membership,
    Organisation,
    PersonRoles,
    Role,
    Site,
    User,
)


@dataclass(frozen=True, slots=True)
class DeviceView:
    id: UUID
    key_fingerprint: str  # the first 16 hex digits of the public key
    software: str
    enrolled_at: datetime
    revoked_at: datetime | None
    replaced: bool  # revoked by its own rotation: another key goes on


@dataclass(frozen=True, slots=True)
class SiteView:
    slug: str
    name: Name
    organisation: str
    pack: str
    jurisdiction: Name
    size_class: str
    devices: tuple[DeviceView, ...]
    waiting_tokens: int  # issued, not used, not expired
    managed: bool  # whether the reader may enrol and revoke
    led: bool  # whether the reader may rename and retire it
    retired_at: datetime | None


def device_views(devices: Collection[Device]) -> tuple[DeviceView, ...]:
    replaced = {device.replaces_id for device in devices}
    return tuple(
        DeviceView(
            device.pk,
            device.public_key[:16],
            device.software,
            device.enrolled_at,
            device.revoked_at,
            device.pk in replaced,
        )
        for device in devices
    )


def active_person(email: str) -> User | None:
    """Who signs in with this address; None where nobody does, or may no longer."""
    return User.objects.filter(email=email, is_active=True).first()


def has_account(email: str) -> bool:
    """Whether this address has an account, one that is closed too."""
    return User.objects.filter(email=email).exists()


def roles_of(user: User) -> frozenset[str]:
    """The roles a person has in any organisation; none for somebody who is not signed in."""
    if not user.is_authenticated:
        return frozenset()
    if user.acting_as is not None:
        return frozenset({user.acting_as.role})
    if user.roles_so_far is not None and user.roles_so_far.roles is not None:
        return user.roles_so_far.roles
    roles = frozenset(Membership.objects.filter(user=user).values_list("role", flat=True))
    if user.roles_so_far is not None:
        user.roles_so_far.roles = roles
    return roles


def read_once(user: User) -> None:
    """From now on this row is asked for its roles and its jurisdictions once: for a request that
    changes nothing.
    """
    user.roles_so_far = PersonRoles()  # type: ignore[misc]  # of this row alone; every other row has none


def organisations_as(user: User, role: Role, *, managing: bool = False) -> QuerySet[Organisation]:
    """The organisations that the person acts for in that role. Whoever asks with a key acts for the
    key's alone, and manages nothing.
    """
    rows = Organisation.objects.filter(kind=role)
    if not user.is_authenticated:
        return rows.none()
    if user.acting_as is not None:
        mine = user.acting_as.role == role and not managing
        return rows.filter(pk=user.acting_as.organisation) if mine else rows.none()
    may_manage = {"memberships__may_manage": True} if managing else {}
    return rows.filter(memberships__user=user, memberships__role=role, **may_manage)


def declaring_as(user: User, role: Role) -> QuerySet[Organisation]:
    """The organisations of that role in whose name the person declares something: those they
    manage. A key that who manages made for it (`scope_to_write`) declares for its own."""
    return organisations_as(user, role, managing=user.acting_as is None)


def colleagues_of(user: User) -> QuerySet[Membership]:
    """Who acts for an organisation that the person acts for, themselves too; a delegate, who is of
    another house, sees nobody.
    """
    houses = Membership.objects.filter(user=user, delegate=False).values("organisation")
    return Membership.objects.filter(organisation__in=houses)


def packs_of(organisations: QuerySet[Organisation]) -> frozenset[str]:
    """The packs of all their sites."""
    return frozenset(
        Site.objects.filter(organisation__in=organisations.order_by()).values_list(
            "pack", flat=True
        )
    )


def jurisdictions_of(user: User) -> tuple[Jurisdiction, ...]:
    """Where the person acts as regulator."""
    if not user.is_authenticated:
        return ()
    if user.acting_as is not None:
        return tuple(
            Jurisdiction.objects.filter(
                organisations__in=organisations_as(user, Role.REGULATOR)
            ).distinct()
        )
    if user.roles_so_far is not None and user.roles_so_far.jurisdictions is not None:
        return user.roles_so_far.jurisdictions
    of = {
        "organisations__memberships__user": user.pk,
        "organisations__memberships__role": Role.REGULATOR,
    }
    jurisdictions = tuple(
        Jurisdiction.objects.filter(organisations__kind=Role.REGULATOR, **of).distinct()
    )
    if user.roles_so_far is not None:
        user.roles_so_far.jurisdictions = jurisdictions
    return jurisdictions


def every_jurisdiction() -> QuerySet[Jurisdiction]:
    """All there are, each behind the one that it lies in."""
    return Jurisdiction.objects.order_by("path")


def jurisdiction_at(path: str) -> Jurisdiction:
    """The one of that path; `Jurisdiction.DoesNotExist` where there is none."""
    return Jurisdiction.objects.get(path=path)


def controlling_firms() -> QuerySet[ControllingFirm]:
    """All that are known, by name."""
    return ControllingFirm.objects.order_by("name")


def country_of(path: str) -> Jurisdiction | None:
    """The country that the jurisdiction of that path lies in, or is."""
    return Jurisdiction.objects.filter(path=path.partition("/")[0]).first()


def within(jurisdictions: tuple[Jurisdiction, ...], path: str = "jurisdiction__path") -> Q:
    """The condition that a row's jurisdiction is one of these or lies in one of them; never true
    for none.
    """
    condition = Q(pk__in=[])
    for jurisdiction in jurisdictions:
        condition |= Q(**{path: jurisdiction.path}) | Q(
            **{f"{path}__startswith": jurisdiction.path + "/"}
        )
    return condition


def may_decide_for(user: User, scope: Jurisdiction) -> bool:
    """Whether the person is a regulator of the whole of `scope`."""
    return may_decide_in(user, scope.path)


def may_decide_in(user: User, path: str) -> bool:
    """The same by the path of the jurisdiction."""
    return any(jurisdiction.covers_path(path) for jurisdiction in jurisdictions_of(user))


def sites_by_slug(slugs: Iterable[str]) -> QuerySet[Site]:
    """The sites of these ids, in their order, for who has asked already whether the person may."""
    return Site.objects.filter(slug__in=slugs).order_by("slug")


def site_by_slug(slug: str) -> Site:
    """The site of that id, for who has asked already whether the person may; `Site.DoesNotExist`
    where there is none.
    """
    return Site.objects.get(slug=slug)


def own_sites(user: User) -> QuerySet[Site]:
    """The sites of the enterprises the person acts for: the only sites whose values are their
    own.
    """
    return Site.objects.filter(organisation__in=organisations_as(user, Role.ENTERPRISE))


def managed_sites(user: User) -> QuerySet[Site]:
    """Of the own sites those that the person may act for: enrol and revoke agents, hand in
    files.
    """
    return Site.objects.filter(
        organisation__in=organisations_as(user, Role.ENTERPRISE, managing=True)
    )


def led_sites(user: User) -> QuerySet[Site]:
    """Of those the ones of their own house: a delegate reports for a site, and neither renames nor
    retires it; a key leads none.
    """
    if not user.is_authenticated or user.acting_as is not None:
        return Site.objects.none()
    led = Organisation.objects.filter(
        memberships__user=user,
        memberships__role=Role.ENTERPRISE,
        memberships__may_manage=True,
        memberships__delegate=False,
    )
    return managed_sites(user).filter(organisation__in=led)


def regulated_sites(user: User) -> QuerySet[Site]:
    """The sites that lie where the person is regulator."""
    return Site.objects.filter(within(jurisdictions_of(user)))


def visible_sites(user: User) -> QuerySet[Site]:
    """The sites whose protected values the person may see: own, or in the jurisdiction they
    regulate.
    """
    return Site.objects.filter(seen_by(user))


def seen_by(user: User, site: str = "") -> Q:
    """The same as a condition; `site` is the way to it from the rows that are asked for, as
    `site__`.
    """
    own = Q(**{f"{site}organisation__in": organisations_as(user, Role.ENTERPRISE)})
    return own | within(jurisdictions_of(user), f"{site}jurisdiction__path")


def sites_of(user: User, now: datetime) -> tuple[SiteView, ...]:
    """The sites of the person's own enterprises, with their devices."""
    managed, led = (
        set(sites.values_list("pk", flat=True)) for sites in (managed_sites(user), led_sites(user))
    )
    return _site_views(own_sites(user), now, managed, led)


def regulated_site_views(user: User, now: datetime) -> tuple[SiteView, ...]:
    """Every site that lies where the person is regulator, with its devices."""
    return _site_views(regulated_sites(user), now)


def devices_at(site: Site) -> tuple[Device, ...]:
    """Every device that signs or signed for the site, in the order in which they were enrolled."""
    return tuple(Device.objects.filter(site=site).order_by("enrolled_at"))


def revocable_device(user: User, device: UUID) -> Device | None:
    """A device of a site the person acts for, or of one in the jurisdiction they regulate."""
    sites = Q(site__in=managed_sites(user)) | Q(site__in=regulated_sites(user))
    return Device.objects.filter(sites, pk=device).select_related("site").first()


def _site_views(
    rows: QuerySet[Site], now: datetime, managed: Collection[int] = (), led: Collection[int] = ()
) -> tuple[SiteView, ...]:
    waiting = EnrolmentToken.objects.filter(used_at=None, expires_at__gt=now)
    sites = (
        rows.select_related("organisation", "jurisdiction")
        .prefetch_related(
            Prefetch("devices", Device.objects.order_by("enrolled_at")),
            Prefetch("enrolment_tokens", waiting, to_attr="waiting"),
        )
        .order_by("slug")
    )
    return tuple(
        SiteView(
            site.slug,
            site.name,
            site.organisation.name,
            site.pack,
            site.jurisdiction.name,
            site.size_class,
            device_views(site.devices.all()),
            len(site.waiting),
            site.pk in managed,
            site.pk in led,
            site.retired_at,
        )
        for site in sites
    )
