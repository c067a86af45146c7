"""The words of mails, in their reader's language: letters with a link, put into the outbox, and
what somebody was told in the portal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from portal.celery import nudge
from portal.notifications.mailing import Letter
from portal.notifications.models import Mail, Notice
from portal.notifications.telling import post
from portal.own_address import absolute
from portal.web.middleware.zones import zone_of
from portal.web.presenters.notices import notice_row_of

ADDRESSES = {"firm_left": "web:left"}
"""Letters that a worker writes, who knows no request: their link is made here of its secret
alone.
"""

SENDING = "portal.web.tasks.send_mail"


def post_link(
    letter: str,
    to: str,
    language: str,
    facts: Mapping[str, str],
    link: str = "",
    *,
    good_for: timedelta,
) -> None:
    """Put a letter into the outbox, and ask for it to be sent soon: somebody waits for the link,
    which is `good_for` so long.
    """
    post(letter, to, language, facts, link, timezone.now(), good_for=good_for)
    transaction.on_commit(lambda: nudge(SENDING))


def write(mail: Mail, notices: Sequence[Notice], link: str, language: str, zone: str) -> Letter:
    """A letter by its templates; notices one by one, each with the address of what it is about."""
    with translation.override(language), timezone.override(zone_of(zone)):
        if mail.letter:
            address = ADDRESSES.get(mail.letter)
            return _letter(
                mail.letter,
                {**mail.told, "link": absolute(reverse(address, args=[link])) if address else link},
            )
        rows = [notice_row_of(notice.kind, notice.told, notice.at) for notice in notices]
        links = [absolute(reverse("web:notification", args=[notice.pk])) for notice in notices]
        context = {
            "notices": list(zip(rows, links, strict=True)),
            "first": rows[0],
            "more": len(rows) - 1,
            "daily": mail.daily,
            "wishes": absolute(reverse("web:notifications") + "#mail"),
        }
        return _letter("notices", context)


def _letter(kind: str, facts: Mapping[str, object]) -> Letter:
    subject = " ".join(render_to_string(f"web/mail/{kind}_subject.txt", dict(facts)).split())
    return Letter(
        subject, render_to_string(f"web/mail/{kind}_message.txt", dict(facts)).strip() + "\n"
    )
