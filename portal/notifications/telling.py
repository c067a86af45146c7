"""Telling somebody something, by a notice and a mail as they wish, or a letter with a link; marking
read; their wishes and language.

Called in the transaction of its cause.

Nothing is sent here. Figures and names go in, never sentences; no figure of another firm, no
person's name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from benchmarks.phrases import Name, of_language
from portal import encrypted_texts
from portal.notifications.kinds import ASKED_BY_LEAVE, SECURITY, MailFrequency, NoticeKind, at_first
from portal.notifications.models import Mail, Notice, Reader, Wish

NoticeFacts = Mapping[str, str | int]

GIVE_UP_AFTER = timedelta(days=1)
"""From when a mail is due: a server that was away for a night is waited for. A letter waits as long
as its link lasts.
"""

DAILY_AT = time(8)
"""In the portal's time zone."""

PURPOSE = b"steplabel links in mails v1"


def tell(
    kind: NoticeKind,
    people: Iterable[int],
    address: str,
    parts: NoticeFacts,
    facts: NoticeFacts,
    now: datetime,
) -> int:
    """Tell each of these people, by their numbers, once; how many.

    Args:
        address: the name of the address of the page it is about (`web:submission`), `parts` what
            stands in it.
        facts: names and days that the sentence needs (`portal.web.presenters.notices` has the
            sentences).
    """
    wanted = sorted(set(people))
    wishes = dict(Wish.objects.filter(user__in=wanted, kind=kind).values_list("user_id", "how"))
    if kind in ASKED_BY_LEAVE:
        wanted = [person for person in wanted if wishes.get(person) != MailFrequency.NEVER]
    with transaction.atomic():
        mails = {
            person: mail
            for person in wanted
            if (mail := _mail_for(person, kind, wishes.get(person), now))
        }
        Mail.objects.bulk_create([mail for mail in mails.values() if mail._state.adding])
        Notice.objects.bulk_create(
            [
                Notice(
                    recipient_id=person,
                    kind=kind,
                    told=dict(facts),
                    place=address,
                    place_parts=dict(parts),
                    at=now,
                    mail=mails.get(person),
                )
                for person in wanted
            ]
        )
    return len(wanted)


def post(
    letter: str,
    address: str,
    language: str,
    facts: NoticeFacts,
    secret: str,
    now: datetime,
    *,
    good_for: timedelta = GIVE_UP_AFTER,
) -> Mail:
    """A letter to an address that may have no account, with what only that letter may hold: the
    link.

    Args:
        facts: a `Name` among them is written as whoever reads this language knows it.
        good_for: how long the link lasts, and so how long a server that takes no mail is waited
            for.
    """
    return Mail.objects.create(
        address=address,
        language=language,
        letter=letter,
        told={key: _in_language(fact, language) for key, fact in facts.items()},
        sealed=encrypted_texts.seal(secret, PURPOSE) if secret else "",
        due_at=now,
        give_up_at=now + good_for,
    )


def mark_read(user: int, now: datetime, only: int | None = None) -> int:
    """All of the person's unread notices, or the one of that number; how many there were."""
    unread: QuerySet[Notice] = Notice.objects.filter(recipient=user, read_at=None)
    return unread.filter(**({} if only is None else {"pk": only})).update(read_at=now)


def mark_these_read(user: int, numbers: Collection[int], now: datetime) -> int:
    """These notices of the person, all or none; how many were unread. Notice.DoesNotExist where one
    is not theirs.
    """
    with transaction.atomic():
        mine = Notice.objects.select_for_update().filter(recipient=user, pk__in=numbers)
        if set(mine.values_list("pk", flat=True)) != set(numbers):
            raise Notice.DoesNotExist
        return Notice.objects.filter(recipient=user, pk__in=numbers, read_at=None).update(
            read_at=now
        )


def wish(user: int, wishes: Mapping[str, MailFrequency], language: str) -> None:
    """How each kind shall reach the person by mail, and in which language; what concerns security
    is not theirs to switch off.
    """
    rows = [
        Wish(user_id=user, kind=kind, how=how)
        for kind, how in wishes.items()
        if kind not in SECURITY
    ]
    with transaction.atomic():
        Wish.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["how"]
        )
        speak(user, language)


def speak(user: int, language: str) -> None:
    """Write to the person in this language from now on."""
    Reader.objects.update_or_create(user_id=user, defaults={"language": language})


def speak_at_first(user: int, language: str) -> None:
    """As `speak`, for who has never said."""
    Reader.objects.get_or_create(user_id=user, defaults={"language": language})


def next_daily(now: datetime) -> datetime:
    """The next time at which mails of the day go out."""
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    today = datetime.combine(local.date(), DAILY_AT, local.tzinfo)
    return today if today > now else today + timedelta(days=1)


def _in_language(fact: str | int, language: str) -> str | int:
    return of_language(fact.by_language, language) or str(fact) if isinstance(fact, Name) else fact


def _mail_for(person: int, kind: NoticeKind, how: str | None, now: datetime) -> Mail | None:
    chosen = MailFrequency.AT_ONCE if kind in SECURITY else MailFrequency(how or at_first(kind))
    if chosen == MailFrequency.NEVER:
        return None
    if chosen == MailFrequency.AT_ONCE:
        return Mail(recipient_id=person, due_at=now, give_up_at=now + GIVE_UP_AFTER)
    return _mail_of_the_day(person, next_daily(now))


def _mail_of_the_day(person: int, due: datetime) -> Mail:
    """The one of that hour; the next day's where it is on its way or gone, for whoever took `now`
    before it and writes after.
    """
    mail, _made = Mail.objects.get_or_create(
        recipient_id=person, due_at=due, daily=True, defaults={"give_up_at": due + GIVE_UP_AFTER}
    )
    return mail if mail.state == Mail.State.WAITING else _mail_of_the_day(person, next_daily(due))
