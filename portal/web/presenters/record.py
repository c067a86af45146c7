"""Who in a firm saw and did what, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.register.record import KEPT, OpenedPage, RecordEntry
from portal.web.lists.tables import with_query
from portal.web.viewmodels.shared import Crumb, SelectOption
from portal.web.viewmodels.tables import PageRange
from portal.web.words.events import act_in_words, detail_in_words, name_in_words


@dataclass(frozen=True, slots=True)
class RecordRow:
    at: datetime
    who: str
    what: str
    seen: bool
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Who in a firm saw and did what."""

    firm: str
    matches: int
    rows: tuple[RecordRow, ...]
    pages: PageRange | None
    kinds: tuple[SelectOption, ...]
    who: str
    what: str
    kept_days: int
    export_url: str
    crumbs: tuple[Crumb, ...]


COLUMNS = ("at", "who", "kind", "what", "subject", "detail")

PAGES: dict[str, Promise] = {
    OpenedPage.PLANT: gettext_lazy("opened “Our plant”"),
    OpenedPage.SUBMISSION: gettext_lazy("opened a report"),
    OpenedPage.RECEIPT: gettext_lazy("downloaded a receipt"),
    OpenedPage.SHOWN: gettext_lazy("opened “Show it to others”"),
    OpenedPage.CERTIFICATE: gettext_lazy("downloaded a certificate"),
    OpenedPage.RECORD: gettext_lazy("read this record"),
}


def record_page(
    firm: int,
    name: str,
    rows: Iterable[RecordEntry],
    matches: int,
    pages: PageRange | None,
    query: QueryDict,
) -> RecordPage:
    asked = query.get("kind", "")
    kinds = (("", _("Seen and done")), ("seen", _("What was seen")), ("done", _("What was done")))
    return RecordPage(
        firm=name,
        matches=matches,
        rows=tuple(
            RecordRow(
                entry.at,
                name_in_words(entry.who) if entry.who else _("somebody outside the firm"),
                str(PAGES.get(entry.what, entry.what)) if entry.seen else act_in_words(entry.what),
                entry.seen,
                name_in_words(entry.subject),
                detail_in_words(entry.detail),
            )
            for entry in rows
        ),
        pages=pages,
        kinds=tuple(SelectOption(value, text, value == asked) for value, text in kinds),
        who=query.get("who", "")[:100],
        what=query.get("what", "")[:100],
        kept_days=KEPT.days,
        export_url=reverse("web:record-csv", args=[firm]) + with_query(query, page=None),
        crumbs=(Crumb(_("People"), reverse("web:people")),),
    )


def record_table(rows: Iterable[RecordEntry]) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    return COLUMNS, (
        (
            entry.at.isoformat(),
            entry.who or "outside",
            "seen" if entry.seen else "done",
            entry.what,
            entry.subject,
            entry.detail,
        )
        for entry in rows
    )
