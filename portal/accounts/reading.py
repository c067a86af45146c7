"""How a person wants pages: the zone that they are shown times in."""

from __future__ import annotations

from portal.accounts.models import User


def read_in(user: User, zone: str) -> None:
    """Show the person times in this zone (IANA name) from now on."""
    user.zone = zone
    user.save(update_fields=["zone"])
