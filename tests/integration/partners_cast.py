"""Providers, suppliers and an academic beside the cast; what extras do with them is theirs."""

from __future__ import annotations

from portal.accounts.models import Organisation, Role, User
from tests.integration.portal_cast import Cast, person

ROLES = {
    "provider": Role.PROVIDER,
    "other-provider": Role.PROVIDER,
    "supplier": Role.SUPPLIER,
    "other-supplier": Role.SUPPLIER,
    "academic": Role.ACADEMIC,
}


def partners_of(cast: Cast) -> dict[str, User]:
    """One of each house, made where they are not there."""
    return {name: _one_of(f"House of the {name}", name, role, cast) for name, role in ROLES.items()}


def _one_of(house: str, name: str, role: Role, cast: Cast) -> User:
    address = f"{name}@example.org"
    if there := User.objects.filter(email=address).first():
        return there
    house_of = Organisation.objects.create(name=house, kind=role, jurisdiction=cast.province)
    return person(address, house_of, role)
