"""Deleting people who act for nobody any more: every row about them, and them.

By the table, never row by row: the worker that does it may delete people, and reads nothing of them but number and address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import QuerySet

from portal.accounts.models import EnrolmentToken, Membership, User


def delete_people(people: Collection[int]) -> int:
    """Delete those of these people who act for nobody any more; how many. To be called in a transaction.

    Whoever is named by what they decided, as a regulator is, stays.
    """
    gone = set(people) - set(Membership.objects.filter(user__in=people).values_list("user_id", flat=True))
    for field in _fields_that_name_people():
        gone -= set(_rows(field, gone).values_list(field.attname, flat=True))
    keys = list(UserSession.objects.filter(user__in=gone).values_list("session_key", flat=True))
    _delete(Session.objects.filter(session_key__in=keys))
    EnrolmentToken.objects.filter(issued_by__in=gone).update(issued_by=None)
    for field in _fields_about_people():
        _delete(_rows(field, gone))
    _delete(User.objects.filter(pk__in=gone))
    return len(gone)


def _fields_about_people() -> Iterator[Any]:
    """Columns of rows that go with the person they are about."""
    yield from (relation.field for relation in _relations() if relation.on_delete is models.CASCADE)


def _fields_that_name_people() -> Iterator[Any]:
    """Columns of rows that outlive the person they name, and may not lose the name."""
    fields = (relation.field for relation in _relations() if relation.on_delete is not models.CASCADE)
    yield from (field for field in fields if field.model is not EnrolmentToken)


def _relations() -> Iterator[Any]:
    """Everything that points at people, hidden or not: tables of links between people and groups too."""
    fields = User._meta.get_fields(include_hidden=True)
    yield from (field for field in fields if field.auto_created and not field.concrete and (field.one_to_many or field.one_to_one))


def _rows(field: Any, people: Collection[int]) -> QuerySet[Any]:
    return QuerySet(field.model).filter(**{f"{field.name}__in": people}).order_by()


def _delete(rows: QuerySet[Any]) -> None:
    """Without reading what is deleted; nothing that goes here has rows of its own but those that go here, too."""
    rows._raw_delete(rows.db)
