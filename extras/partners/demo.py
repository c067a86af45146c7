"""Partners in the demo: a technology provider and an energy supplier that the manager's plant lets
in, what the supplier declared, and an academic.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from extras.partners import deliveries, grants
from portal.accounts.models import Organisation, Role, Site, User
from portal.demo import cast as casting


def fill(year: int, now: datetime) -> None:
    """Of this year the supplier has declared its power."""
    manager = User.objects.get(email=casting.MANAGER)
    supplier = User.objects.get(email=casting.SUPPLIER)
    slug = Site.objects.filter(organisation__memberships__user=manager).earliest("slug").slug
    for partner in Organisation.objects.filter(kind__in=(Role.PROVIDER, Role.SUPPLIER)):
        grants.grant(
            manager,
            slug,
            partner.pk,
            receipts=partner.kind == Role.PROVIDER,
            values=False,
            now=now - timedelta(days=9),
        )
    figures = ("electricity", Decimal(112_400), "MWh", "Bills of the year")
    deliveries.declare(supplier, slug, str(year), *figures, now)


def act(_site: Site, _now: datetime) -> dict[str, str]:
    """Nothing more."""
    return {}
