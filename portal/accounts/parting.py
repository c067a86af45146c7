"""Deleting people who act for nobody any more: every row about them, and them; of whom a row must
name, the account is emptied.

By the table, never row by row: the worker that does it may delete and empty accounts, and reads
nothing of them but number and address.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import QuerySet

from benchmarks.composition.result import DEPARTED
from portal.accounts.models import EnrolmentToken, Membership, User

NOWHERE = "departed.invalid"
"""No mail is ever delivered there (RFC 2606, 2)."""


def delete_people(people: Collection[int]) -> int:
    """Delete those of these people who act for nobody any more; how many. To be called in a
    transaction.

    Of whom a row names that stays, as a declaration in a dossier does, only the number is left:
    nobody can sign in as them.
    """
    gone = set(people) - set(
        Membership.objects.filter(user__in=people).values_list("user_id", flat=True)
    )
    keys = list(UserSession.objects.filter(user__in=gone).values_list("session_key", flat=True))
    _delete(Session.objects.filter(session_key__in=keys))
    EnrolmentToken.objects.filter(issued_by__in=gone).update(issued_by=None)
    for field in _fields_about_people():
        _delete(_rows(field, gone))
    named = {
        person
        for field in _fields_that_name_people()
        for person in _rows(field, gone).values_list(field.attname, flat=True)
    }
    for person in named:
        _empty(person)
    _delete(User.objects.filter(pk__in=gone - named))
    return len(gone)


def _empty(person: int) -> None:
    """The account under a random address, to which no mail goes, and of nobody who could sign
    in.
    """
    address = f"{DEPARTED}{secrets.token_hex(8)}@{NOWHERE}"
    User.objects.filter(pk=person).update(
        email=address,
        name="",
        zone="",
        password=make_password(None),
        is_active=False,
        last_login=None,
    )


def _fields_about_people() -> Iterator[Any]:
    """Columns of rows that go with the person they are about."""
    yield from (relation.field for relation in _relations() if relation.on_delete is models.CASCADE)


def _fields_that_name_people() -> Iterator[Any]:
    """Columns of rows that outlive the person they name, and may not lose the name."""
    fields = (
        relation.field for relation in _relations() if relation.on_delete is not models.CASCADE
    )
    yield from (field for field in fields if field.model is not EnrolmentToken)


def _relations() -> Iterator[Any]:
    """Everything that points at people, hidden or not: tables of links between people and groups
    too.
    """
    fields = User._meta.get_fields(include_hidden=True)
    yield from (
        field
        for field in fields
        if field.auto_created and not field.concrete and (field.one_to_many or field.one_to_one)
    )


def _rows(field: Any, people: Collection[int]) -> QuerySet[Any]:
    return QuerySet(field.model).filter(**{f"{field.name}__in": people}).order_by()


def _delete(rows: QuerySet[Any]) -> None:
    """Without reading what is deleted; nothing that goes here has rows of its own but those that go
    here, too.
    """
    rows._raw_delete(rows.db)
