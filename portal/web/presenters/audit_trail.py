"""The audit trail with its filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.catalogue.trail import TrailEvent
from portal.web.lists.tables import filter_choices, with_query
from portal.web.viewmodels.shared import SelectOption
from portal.web.viewmodels.tables import PageRange
from portal.web.words.events import ACTS, act_in_words, detail_in_words, name_in_words


@dataclass(frozen=True, slots=True)
class EventRow:
    at: datetime
    actor: str
    words: str  # what was done
    action: str  # its code, which stands in files and addresses
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class TrailPage:
    rows: tuple[EventRow, ...]
    matches: int
    pages: PageRange | None
    actions: tuple[SelectOption, ...]
    actor: str
    subject: str
    after: str
    before: str
    export_url: str


TRAIL_COLUMNS = ("at", "actor", "action", "subject", "detail")


def trail_page(
    rows: Iterable[TrailEvent], matches: int, pages: PageRange | None, query: QueryDict
) -> TrailPage:
    asked = query.get("action", "")
    return TrailPage(
        rows=tuple(
            EventRow(
                event.at,
                name_in_words(event.actor),
                act_in_words(event.action),
                event.action,
                name_in_words(event.subject),
                detail_in_words(event.detail),
            )
            for event in rows
        ),
        matches=matches,
        pages=pages,
        actions=filter_choices(asked, _("Everything"), {code: act_in_words(code) for code in ACTS}),
        actor=query.get("actor", "")[:100],
        subject=query.get("subject", "")[:100],
        after=query.get("after", "")[:10],
        before=query.get("before", "")[:10],
        export_url=reverse("web:trail-csv") + with_query(query, page=None),
    )


def trail_table(rows: Iterable[TrailEvent]) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    return TRAIL_COLUMNS, (
        (event.at.isoformat(), event.actor, event.action, event.subject, event.detail)
        for event in rows
    )
