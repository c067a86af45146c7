"""The sentences of what people are told, made at reading from the names and days that were kept;
and their wishes for each kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import Role
from portal.notifications.kinds import MailFrequency, NoticeKind
from portal.notifications.selectors import NoticeView, WishView
from portal.web.viewmodels.notices import NoticePage, NoticeRow, WishRow
from portal.web.viewmodels.shared import SelectOption
from portal.web.viewmodels.tables import PageRange
from portal.web.words import tables as word_tables
from portal.web.words.contact import with_contact
from portal.web.words.terms import Names, in_language, period_name, proposed_pack, within


@dataclass(frozen=True, slots=True)
class Wording:
    """The kind's name, and the title and sentence of one notice with `%(site)s`, `%(period)s`, ...
    to be filled in.
    """

    name: Promise
    title: Promise
    sentence: Promise


_OF_FIRMS = (
    NoticeKind.REPORT_COMES,
    *(
        NoticeKind.REPORT_REMINDED,
        NoticeKind.EXTENSION_GRANTED,
        NoticeKind.SUBMISSION_ACCEPTED,
        NoticeKind.SUBMISSION_REFUSED,
        NoticeKind.BENCHMARK_PUBLISHED,
    ),
    *(
        NoticeKind.BENCHMARK_WITHDRAWN,
        NoticeKind.SAMPLE_DRAWN,
        NoticeKind.FINDING_MADE,
        NoticeKind.FINDING_RETURNED,
        NoticeKind.FINDING_CLOSED,
        NoticeKind.FINDING_OVERDUE,
    ),
    *(
        NoticeKind.CONCLUSION_GIVEN,
        NoticeKind.CONCLUSION_WITHDRAWN,
        NoticeKind.SURVEILLANCE_COMES,
        NoticeKind.VALIDITY_ENDS,
        NoticeKind.SITE_APPROVED,
        NoticeKind.SITE_REFUSED,
    ),
    *(NoticeKind.CONCLUSION_LATE, NoticeKind.AUDIT_COMES, NoticeKind.AUDIT_OVERDUE),
    *(NoticeKind.EXTENSION_REFUSED, NoticeKind.APPEAL_DECIDED),
    *(
        NoticeKind.FIRM_STAYS,
        NoticeKind.FIRM_LEAVES,
        NoticeKind.DEVICE_ENROLLED,
        NoticeKind.DEVICE_REVOKED,
        NoticeKind.PRACTICE_DECIDED,
    ),
    *(NoticeKind.PRACTICE_ASKED, NoticeKind.OUTCOME_DECIDED, NoticeKind.GROUP_INVITED),
)
_OF_PROPOSALS = (NoticeKind.PACK_PROPOSED, NoticeKind.PACK_COMMENTED, NoticeKind.PACK_DECIDED)
_OF_EVERYBODY = (
    NoticeKind.PASSWORD_CHANGED,
    NoticeKind.SECOND_FACTOR_ADDED,
    NoticeKind.SECOND_FACTOR_REMOVED,
)
_THEN = gettext_lazy("Then contact %(contact)s.")
WORDINGS = {
    kind: Wording(
        row["name"],
        row["title"],
        with_contact(row["sentence"], _THEN) if kind in _OF_EVERYBODY else row["sentence"],
    )
    for kind, row in word_tables.rows("notices").items()
}
TITLES_OF_EVENTS = word_tables.words("notice_titles")
"""By kind and event. A notice that was written before events were told has the title of its kind,
which names all of them.
"""

KINDS_OF: dict[str, tuple[NoticeKind, ...]] = {
    Role.ENTERPRISE: (*_OF_FIRMS, *_OF_PROPOSALS),
    Role.REGULATOR: (
        *(
            NoticeKind.DRAFT_WAITS,
            NoticeKind.RELEASE_STOPPED,
            NoticeKind.APPLICATION_WAITS,
            NoticeKind.PACK_WAITS,
            *_OF_PROPOSALS,
        ),
        *(
            NoticeKind.EXTENSION_ASKED,
            NoticeKind.APPEAL_WAITS,
            NoticeKind.PRACTICE_WAITS,
            NoticeKind.PRACTICE_DECIDED,
        ),
    ),
    Role.CERTIFICATION_BODY: (
        *(
            NoticeKind.ASSIGNMENT_MADE,
            NoticeKind.ASSIGNMENT_TAKEN_BACK,
            NoticeKind.OPENING_COMES,
            NoticeKind.FINDING_ANSWERED,
            NoticeKind.FINDING_OVERDUE,
        ),
        *(NoticeKind.FINDING_APPEALED, NoticeKind.APPEAL_DECIDED),
        *(
            NoticeKind.CONCLUSION_COMES,
            NoticeKind.CONCLUSION_LATE,
            NoticeKind.SURVEILLANCE_COMES,
            NoticeKind.VALIDITY_ENDS,
            NoticeKind.OUTCOME_WAITS,
        ),
        *_OF_PROPOSALS,
    ),
}
"""What each role is told of, in the order of the page where it is chosen."""

HOWS: dict[MailFrequency, Promise] = {
    MailFrequency.AT_ONCE: gettext_lazy("At once"),
    MailFrequency.DAILY: gettext_lazy("Once a day"),
    MailFrequency.NEVER: gettext_lazy("Never by mail"),
}


def kinds_of(roles: Iterable[str]) -> tuple[NoticeKind, ...]:
    """What somebody with these roles may be told of, each once."""
    kinds = [kind for role in KINDS_OF if role in set(roles) for kind in KINDS_OF[role]]
    return tuple(dict.fromkeys((*kinds, *_OF_EVERYBODY)))


def notice_row_of(
    kind: str, facts: Mapping[str, Any], at: datetime, url: str = "", read: bool = False
) -> NoticeRow:
    """A notice in words; a kind of an extra that was taken out stands by its name."""
    wording = WORDINGS.get(kind)
    if wording is None:
        return NoticeRow(kind, kind, "", at, url, read)
    words = _words(facts)
    title = TITLES_OF_EVENTS.get(f"{kind} {facts.get('event', '')}", wording.title)
    return NoticeRow(
        str(wording.name), str(title) % words, str(wording.sentence) % words, at, url, read
    )


def notice_page(
    views: Sequence[NoticeView],
    matches: int,
    unread: int,
    pages: PageRange | None,
    kinds: Sequence[NoticeKind],
    query: QueryDict,
) -> NoticePage:
    asked = query.get("kind", "")
    offered = [
        SelectOption(kind.value, str(WORDINGS[kind].name), kind.value == asked) for kind in kinds
    ]
    return NoticePage(
        unread=unread,
        matches=matches,
        rows=tuple(
            notice_row_of(
                notice.kind,
                notice.told,
                notice.at,
                reverse("web:notification", args=[notice.id]),
                notice.read,
            )
            for notice in views
        ),
        kinds=(SelectOption("", _("Everything"), not asked), *offered),
        only_unread=query.get("unread") == "1",
        pages=pages,
    )


def wish_rows(views: Iterable[WishView]) -> tuple[WishRow, ...]:
    return tuple(
        WishRow(
            str(WORDINGS[view.kind].name),
            view.kind.value,
            view.fixed,
            tuple(
                SelectOption(how.value, str(word), how == view.how) for how, word in HOWS.items()
            ),
        )
        for view in views
    )


def _words(facts: Mapping[str, Any]) -> dict[str, str]:
    """What the sentences may name; what was not told stays empty rather than stop a page."""
    due = facts.get("due", "")
    names = Names.of(facts["pack"], facts["pack_version"]) if facts.get("pack") else None
    return {
        "site": in_language(facts.get("site_name", ""), facts.get("site_name_zh", ""))
        or str(facts.get("site", "")),
        "firm": in_language(facts.get("firm_name", ""), facts.get("firm_name_zh", "")),
        "period": period_name(facts["period"]) if facts.get("period") else "",
        "due": date_format(date.fromisoformat(due), _("j F Y")) if due else "",
        "sector": names.title(facts["route"]) if names else "",
        "step": within(names.step_name(facts["step"])) if names and facts.get("step") else "",
        "version": str(facts.get("version", "")),
        "practice": in_language(facts.get("practice", ""), facts.get("practice_zh", "")),
        "group": in_language(facts.get("group", ""), facts.get("group_zh", "")),
        "proposal": _proposal(str(facts.get("proposal", ""))),
    }


def _proposal(proposal: str) -> str:
    """`cement 5` as notices hold it, by the name of the sector."""
    pack, _blank, version = proposal.partition(" ")
    return proposed_pack(pack, version) if version else proposal
