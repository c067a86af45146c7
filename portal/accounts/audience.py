"""Who is told something: people of a firm, a site, a certification body, or of the agencies above a
jurisdiction, by their numbers.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, Q, QuerySet

from portal.accounts.models import Jurisdiction, Membership, Role, Site
from portal.names import in_chinese


def people_of_firms(organisations: Collection[int]) -> tuple[int, ...]:
    """Everybody who acts for these enterprises, delegates too."""
    rows = _acting().filter(organisation__in=organisations, role=Role.ENTERPRISE)
    return tuple(rows.values_list("user_id", flat=True).distinct())


def managers_of_firms(organisations: Collection[int]) -> tuple[int, ...]:
    """Of these the people who manage them: for what who only reads cannot do."""
    rows = _acting().filter(organisation__in=organisations, role=Role.ENTERPRISE, may_manage=True)
    return tuple(rows.values_list("user_id", flat=True).distinct())


def people_of_site(site: Site) -> tuple[int, ...]:
    return people_of_firms((site.organisation_id,))


def people_of_body(organisation: int) -> tuple[int, ...]:
    """Everybody who acts for this certification body."""
    rows = _acting().filter(organisation=organisation, role=Role.CERTIFICATION_BODY)
    return tuple(rows.values_list("user_id", flat=True).distinct())


def named(site: Site) -> dict[str, str]:
    """How a notice names a site: by its names as they are now, in both languages."""
    return {"site": site.slug, "site_name": site.name, "site_name_zh": in_chinese(site.name)}


def regulators_of(scope: Jurisdiction) -> tuple[int, ...]:
    """Who may decide about the whole of `scope`: of it, or of a jurisdiction that it lies in."""
    parts = scope.path.split("/")
    above = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
    rows = _acting().filter(role=Role.REGULATOR, organisation__jurisdiction__path__in=above)
    return tuple(rows.values_list("user_id", flat=True).distinct())


def regulators_of_nations() -> tuple[int, ...]:
    """Who may decide about what holds for a whole nation."""
    rows = _acting().filter(role=Role.REGULATOR, organisation__jurisdiction__parent=None)
    return tuple(rows.values_list("user_id", flat=True).distinct())


def people_concerned_with(pack: str) -> tuple[int, ...]:
    """Every regulator and certification body, and the enterprises with a site of that pack that is
    not retired.
    """
    firms = Q(
        role=Role.ENTERPRISE,
        organisation__in=Site.objects.filter(pack=pack, retired_at=None).values("organisation"),
    )
    rows = _acting().filter(Q(role__in=(Role.REGULATOR, Role.CERTIFICATION_BODY)) | firms)
    return tuple(rows.values_list("user_id", flat=True).distinct())


def _acting() -> QuerySet[Membership]:
    """Nobody whose account was closed, and nobody by a role of before their organisation's kind was
    corrected, as the selectors have it.
    """
    return Membership.objects.filter(role=F("organisation__kind"), user__is_active=True)
