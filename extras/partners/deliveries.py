"""Energy that a supplier declares as delivered to a site: declared, taken back, not yet declared,
read by the certification body.

The figure is the supplier's own: nothing that was metered at the site is shown to it, and nothing
is compared here. Who checks the site's report holds it against the site's records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet

from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Name, Phrase, enumerated, listed
from benchmarks.wire.schema import canonical_period
from extras.partners.grants import granted_to
from extras.partners.models import Action, Delivery, Grant
from portal.accounts.models import Organisation, Role, Site, User
from portal.accounts.selectors import declaring_as, organisations_as
from portal.assurance.models import Assignment
from portal.auditlog.recording import record
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.problems import RefusedError

UNITS: dict[str, tuple[str, ...]] = {
    "electricity": ("kWh", "MWh"),
    "natural-gas": ("m3", "GJ"),
    "coal": ("t", "GJ"),
    "steam": ("t", "GJ"),
    "heat": ("GJ", "MWh"),
    "oil": ("t", "GJ"),
    "hydrogen": ("kg", "m3"),
}
"""Carriers that are bought, and the units in which they are billed."""

MOST = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class DeliveryView:
    id: int
    supplier: Name
    site: str
    site_name: Name
    period: str
    carrier: str
    quantity: Decimal
    unit: str
    note: str
    declared_by: str
    declared_at: datetime
    taken_back_at: datetime | None
    may_be_taken_back: bool  # by the reader


def declare(
    user: User,
    site: str,
    period: str,
    carrier: str,
    quantity: Decimal,
    unit: str,
    note: str,
    now: datetime,
    by: str = "",
) -> Delivery:
    """Declare what was delivered; another figure for the same site, period and carrier takes the
    place of the one before. The same again, as of a form sent twice, is the same one.

    Args:
        by: who stands on the record; the person where it is empty.

    Raises:
        Grant.DoesNotExist: a site that did not let a supplier in that the person declares for, or
            none.
        RefusedError: `delivery-malformed` (400).
    """
    grant = grants_to_declare_by(user).select_related("partner").filter(site__slug=site).first()
    if grant is None:
        raise Grant.DoesNotExist
    try:
        period = canonical_period(period)  # by which the certification body is assigned
    except InputError as error:
        raise RefusedError(
            400,
            "delivery-malformed",
            Phrase("“%(period)s” is not a period.", period=period),
            "Write the period as 2027, 2027-Q1 or 2027-03.",
        ) from error
    if unit not in UNITS.get(carrier, ()) or not 0 < quantity < MOST:
        wanted = listed(
            Phrase("%(carrier)s (%(units)s)", carrier=name, units=enumerated(units))
            for name, units in UNITS.items()
        )
        raise RefusedError(
            400,
            "delivery-malformed",
            Phrase(
                "%(quantity)s %(unit)s of %(carrier)s cannot be declared.",
                quantity=str(quantity),
                unit=unit,
                carrier=carrier,
            ),
            Phrase("Declare %(wanted)s.", wanted=wanted),
        )
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=grant.partner_id)  # one figure at a time
        before = Delivery.objects.filter(
            supplier=grant.partner,
            site=grant.site,
            period=period,
            carrier=carrier,
            taken_back_at=None,
        )
        if (standing := before.filter(quantity=quantity, unit=unit, note=note).first()) is not None:
            return standing
        before.update(taken_back_at=now)
        delivery = Delivery.objects.create(
            supplier=grant.partner,
            site=grant.site,
            period=period,
            carrier=carrier,
            quantity=quantity,
            unit=unit,
            note=note,
            declared_by=by or user.email,
            declared_at=now,
        )
        # without the figure: the record is read by more people than the certification body
        record(
            now,
            by or user.email,
            Action.DELIVERY_DECLARED,
            f"site {grant.site.slug}",
            f"{grant.partner}, {period}, {carrier}",
        )
    return delivery


def may_declare(user: User) -> bool:
    """Whether there is a supplier in whose name the person declares."""
    return declaring_as(user, Role.SUPPLIER).exists()


def grants_to_declare_by(user: User) -> QuerySet[Grant]:
    """The sites that let such a supplier in today."""
    return granted_to(user, Role.SUPPLIER).filter(partner__in=declaring_as(user, Role.SUPPLIER))


def take_back(user: User, delivery: int, now: datetime) -> None:
    """The figure no longer stands; once more changes nothing. `Delivery.DoesNotExist` for one of a
    supplier that the person does not declare for."""
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(of=("self",)).select_related("site", "supplier")
        row = rows.get(pk=delivery, supplier__in=declaring_as(user, Role.SUPPLIER))
        if row.taken_back_at is None:
            row.taken_back_at = now
            row.save(update_fields=["taken_back_at"])
            record(
                now,
                user.email,
                Action.DELIVERY_TAKEN_BACK,
                f"site {row.site.slug}",
                f"{row.supplier}, {row.period}, {row.carrier}",
            )


def deliveries_of(user: User) -> tuple[DeliveryView, ...]:
    """What the person's supplier declared, newest first, also what it took back."""
    own = set(declaring_as(user, Role.SUPPLIER).values_list("pk", flat=True))
    return _views(Delivery.objects.filter(supplier__in=organisations_as(user, Role.SUPPLIER)), own)


def undeclared(user: User) -> tuple[tuple[Site, ReportingPeriod], ...]:
    """Sites for which the person declares, each with the open periods of which nothing is declared,
    not even for a part. A period of several of the site's peer groups is asked for once, at the
    first day that it is due."""
    sites = {row.site_id: row.site for row in grants_to_declare_by(user)}
    own = Delivery.objects.filter(
        supplier__in=declaring_as(user, Role.SUPPLIER), site__in=sites, taken_back_at=None
    )
    declared = _by_site(own.values_list("site__slug", "period"))
    periods: dict[int, list[ReportingPeriod]] = {}
    for period in ReportingPeriod.objects.filter(
        peer_group__members__site__in=sites, closed_at=None
    ).distinct():
        periods.setdefault(period.peer_group_id, []).append(period)
    members = (
        PeerGroupMember.objects.filter(site__in=sites)
        .order_by("site__slug")
        .values_list("site_id", "peer_group_id")
    )
    first: dict[tuple[int, str], ReportingPeriod] = {}
    for site, group in members:
        for period in periods.get(group, ()):
            if not any(_lies_in(part, period.name) for part in declared.get(sites[site].slug, ())):
                first[site, period.name] = min(
                    first.get((site, period.name), period), period, key=lambda row: row.due
                )
    return tuple((sites[site], period) for (site, _name), period in first.items())


def deliveries_assigned(user: User) -> tuple[DeliveryView, ...]:
    """What suppliers declared for the sites and periods that the person's certification body
    checks, or for a part of such a period, newest first."""
    assigned = Assignment.objects.filter(
        body__in=organisations_as(user, Role.CERTIFICATION_BODY), taken_back_at=None
    )
    checked = _by_site(assigned.values_list("site__slug", "period"))
    views = _views(Delivery.objects.filter(site__slug__in=checked, taken_back_at=None))
    return tuple(
        view
        for view in views
        if any(_lies_in(view.period, period) for period in checked[view.site])
    )


def _by_site(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The periods of each site, by its slug."""
    periods: dict[str, set[str]] = {}
    for site, period in pairs:
        periods.setdefault(site, set()).add(period)
    return periods


@lru_cache(maxsize=1024)
def _lies_in(part: str, period: str) -> bool:
    """Whether every day of the first is one of the second; what is no period (declared before this
    was checked) lies in none.
    """
    try:
        inner, outer = Period.parse(part, UTC), Period.parse(period, UTC)
    except InputError:
        return False
    return outer.start <= inner.start and inner.end <= outer.end


def _views(rows: QuerySet[Delivery], own: Collection[int] = ()) -> tuple[DeliveryView, ...]:
    return tuple(
        DeliveryView(
            row.pk,
            row.supplier.name,
            row.site.slug,
            row.site.name,
            row.period,
            row.carrier,
            row.quantity,
            row.unit,
            row.note,
            row.declared_by,
            row.declared_at,
            row.taken_back_at,
            row.taken_back_at is None and row.supplier_id in own,
        )
        for row in rows.select_related("supplier", "site").order_by("-declared_at", "-pk")
    )
