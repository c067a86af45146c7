"""Filters of lists that people keep under a name; whoever else asks for one is told that there is
none.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal.accounts.models import SavedFilter, User

MOST = 100
"""Of one person: more than anybody looks through."""


def saved_by(user: User) -> QuerySet[SavedFilter]:
    return SavedFilter.objects.filter(user=user.pk).order_by("name", "pk")


def full(user: User) -> bool:
    return saved_by(user).count() >= MOST


def keep(row: SavedFilter, name: str) -> bool:
    """Save it under this name; False where the person has another of that name at the same list."""
    row.name = name
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return False
    return True
