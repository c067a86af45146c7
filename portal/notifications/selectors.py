"""What a person was told, how they wish to be told, and which addresses mails do not reach."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from portal.notifications.kinds import SECURITY, MailFrequency, NoticeKind, at_first
from portal.notifications.models import Mail, Notice, Reader, Wish

ATTEMPTS_OF_A_DAY = 10
"""That are made to send a mail in its first day, by the pauses of `mailing`."""


@dataclass(frozen=True, slots=True)
class NoticeView:
    id: int
    kind: str
    told: Mapping[str, Any]
    address: str
    parts: Mapping[str, Any]
    at: datetime
    read: bool

    @property
    def url(self) -> str:
        """The page that it is about; empty where no page has that name: an extra was taken out."""
        try:
            return reverse(self.address, kwargs=dict(self.parts))
        except NoReverseMatch:
            return ""


@dataclass(frozen=True, slots=True)
class WishView:
    kind: NoticeKind
    how: MailFrequency
    fixed: bool  # for security: at once, whatever is wished


def unread(user: int) -> int:
    return Notice.objects.filter(recipient=user, read_at=None).count()


def count(user: int, kinds: Collection[str] = (), *, only_unread: bool = False) -> int:
    return _fitting(user, kinds, only_unread).count()


def notices(
    user: int, first: int, most: int, kinds: Collection[str] = (), *, only_unread: bool = False
) -> tuple[NoticeView, ...]:
    """The person's notices that fit, newest first, from the `first` (0 is the newest) on."""
    return tuple(
        _view(row)
        for row in _fitting(user, kinds, only_unread).order_by("-pk")[first : first + most]
    )


def every_notice(user: int, kind: str = "", *, only_unread: bool = False) -> tuple[NoticeView, ...]:
    """All of the person's notices that fit, oldest first."""
    return tuple(
        _view(row) for row in _fitting(user, (kind,) if kind else (), only_unread).order_by("pk")
    )


def notice(user: int, number: int) -> NoticeView | None:
    """One of the person's own."""
    return next((_view(row) for row in Notice.objects.filter(recipient=user, pk=number)), None)


def wishes(user: int, kinds: Collection[NoticeKind]) -> tuple[WishView, ...]:
    """How each of these kinds reaches the person."""
    wished = dict(Wish.objects.filter(user=user).values_list("kind", "how"))
    return tuple(
        WishView(
            kind,
            MailFrequency.AT_ONCE
            if kind in SECURITY
            else MailFrequency(wished.get(kind, at_first(kind))),
            kind in SECURITY,
        )
        for kind in kinds
    )


def mail_frequencies(kind: NoticeKind, users: Collection[int]) -> Mapping[int, MailFrequency]:
    """How mails of this kind go to each of these people."""
    wished = dict(Wish.objects.filter(user__in=users, kind=kind).values_list("user_id", "how"))
    return {user: MailFrequency(wished.get(user, at_first(kind))) for user in users}


def language_of(user: int) -> str:
    return (
        Reader.objects.filter(user=user).values_list("language", flat=True).first()
        or settings.LANGUAGE_CODE
    )


def unreached(addresses: Collection[str]) -> frozenset[str]:
    """Of these addresses without an account those whose newest letter was given up, or that no
    server has taken for a day.
    """
    rows = (
        Mail.objects.filter(address__in=addresses)
        .order_by("due_at")
        .values_list("address", "state", "attempts")
    )
    newest = {address: (state, attempts) for address, state, attempts in rows}
    unsettled = (Mail.State.WAITING, Mail.State.SENDING)
    return frozenset(
        address
        for address, (state, attempts) in newest.items()
        if state == Mail.State.FAILED or (state in unsettled and attempts > ATTEMPTS_OF_A_DAY)
    )


def fault_of(user: int) -> datetime | None:
    """Since when mails do not reach the person: the time of the newest that was given up, where
    none went through later.
    """
    settled = Mail.objects.filter(
        recipient=user, state__in=(Mail.State.SENT, Mail.State.FAILED)
    ).order_by("-settled_at")
    newest = settled.values_list("state", "settled_at").first()
    return newest[1] if newest and newest[0] == Mail.State.FAILED else None


def _fitting(user: int, kinds: Collection[str], only_unread: bool) -> QuerySet[Notice]:
    rows = Notice.objects.filter(recipient=user)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return rows.filter(read_at=None) if only_unread else rows


def _view(row: Notice) -> NoticeView:
    return NoticeView(
        row.pk, row.kind, row.told, row.place, row.place_parts, row.at, row.read_at is not None
    )
