"""What an API key may be good for (its scopes), which of it a role allows, and letting in only keys
that have a view's scope.

A key never does more than the role of its organisation.
"""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from benchmarks.phrases import Phrase
from portal.accounts.models import Role
from portal.openness import ANY_KEY, OPEN
from portal.problems import RefusedError


class Scope(TextChoices):
    """Stable names: keys hold on to them. Nothing that a person decides, approves, publishes or
    signs can be done by a key.
    """

    PUBLISHED = "read:published"
    SITES = "read:sites"
    SUBMISSIONS = "read:submissions"
    STANDINGS = "read:standings"
    PARTICIPATION = "read:participation"
    DRAFTS = "read:drafts"
    ASSIGNMENTS = "read:assignments"
    AUDITS = "read:audits"
    NOTIFICATIONS = "read:notifications"
    WRITE_NOTIFICATIONS = "write:notifications"


OF_A_PERSON = (Scope.NOTIFICATIONS, Scope.WRITE_NOTIFICATIONS)
"""What concerns a person and no organisation: for keys of their own, in every role."""

SCOPES_OF: dict[str, tuple[TextChoices, ...]] = {
    Role.ENTERPRISE: (
        Scope.PUBLISHED,
        Scope.SITES,
        Scope.SUBMISSIONS,
        Scope.STANDINGS,
        Scope.AUDITS,
    ),
    Role.REGULATOR: (
        *(Scope.PUBLISHED, Scope.SITES, Scope.STANDINGS, Scope.PARTICIPATION, Scope.DRAFTS),
        *(Scope.ASSIGNMENTS, Scope.AUDITS),
    ),
    Role.CERTIFICATION_BODY: (Scope.PUBLISHED, Scope.ASSIGNMENTS, Scope.AUDITS),
    Role.PROVIDER: (Scope.PUBLISHED,),
    Role.SUPPLIER: (Scope.PUBLISHED,),
    Role.ACADEMIC: (Scope.PUBLISHED,),
}


def add(scope: TextChoices, *roles: Role) -> None:
    """One of an extra, with its words in the table `scopes` of `words.toml`."""
    for role in roles:
        SCOPES_OF[role] = (*SCOPES_OF[role], scope)


def every_scope() -> tuple[TextChoices, ...]:
    """Those of the book in their order, then those of extras."""
    added = (scope for scopes in SCOPES_OF.values() for scope in scopes)
    return tuple(dict.fromkeys((*Scope, *added)))


def allowed_to(role: str, scopes: str, *, personal: bool) -> frozenset[str]:
    """Of a key's scopes (parted by blanks) those that its role has, today: a role that loses one
    takes it from every key.
    """
    return frozenset(scopes.split()) & frozenset(
        (*SCOPES_OF.get(role, ()), *(OF_A_PERSON if personal else ()))
    )


class HoldsScope(BasePermission):
    """Lets in what is open to all, and keys that have the view's scope. A view that declares none
    lets nobody in.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = getattr(view, "scope", "")
        if scope == OPEN:
            return True
        if request.method not in SAFE_METHODS:
            scope = view.scope_to_write
        holder: Any = request.auth
        if holder is None:
            raise RefusedError(
                401,
                "key-missing",
                "This address asks for an API key.",
                "Send the header Authorization: Bearer, a blank and your key.",
            )
        if scope != ANY_KEY and scope not in holder.scopes:
            raise RefusedError(
                403,
                "scope-missing",
                Phrase("The key has no scope %(scope)s.", scope=scope)
                if scope
                else "No scope opens this address.",
                "Make a key with that scope on the page API keys, where the role of your "
                "organisation allows it.",
            )
        return True
