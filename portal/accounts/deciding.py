"""Decisions that only a regulator may take, refused in the same words wherever they are asked
for.
"""

from __future__ import annotations

from portal.accounts.models import Jurisdiction, Site, User
from portal.accounts.selectors import may_decide_for, regulated_sites
from portal.problems import RefusedError


def require_regulator_of_scope(user: User, scope: Jurisdiction) -> None:
    """Raises: RefusedError: `not-regulator` (403), where the person does not regulate the whole of
    a peer group's `scope`.
    """
    if not may_decide_for(user, scope):
        raise RefusedError(
            403,
            "not-regulator",
            "You are not a regulator of this peer group.",
            "Ask a regulator of its whole jurisdiction.",
        )


def require_regulator_of_site(user: User, site: Site) -> None:
    """Raises: RefusedError: `not-regulator` (403), where the site lies outside what the person
    regulates.
    """
    if not regulated_sites(user).filter(pk=site.pk).exists():
        raise RefusedError(
            403,
            "not-regulator",
            "You are not a regulator of this site.",
            "Ask a regulator of its jurisdiction.",
        )
