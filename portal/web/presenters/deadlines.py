"""When reports of a period are due, who has more time and why, who was reminded when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import Site
from portal.catalogue.deadlines import last_day
from portal.catalogue.models import ExtensionRequest
from portal.intake.participation import ParticipationView, Taking
from portal.intake.reminders import PAUSE, ExtensionView, OwedView, ReminderView, owing, remindable
from portal.names import in_chinese
from portal.notifications.kinds import Kind
from portal.web.choosing import Choosable, choosing, chosen_by
from portal.web.presenters.notices import notice_row_of
from portal.web.presenters.regulator import page_title
from portal.web.viewmodels.notices import NoticeRow
from portal.web.viewmodels.shared import Choice, Crumb
from portal.web.words import TAKING_PART, Names, enumerated, headed, moment_in_words, period_name, shown_name


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    site: str
    due: date
    reason: str
    granted_by: str
    granted: datetime


@dataclass(frozen=True, slots=True)
class RequestRow:
    id: int
    site: str
    until: date
    reason: str
    asked_by: str
    asked: datetime
    url: str


@dataclass(frozen=True, slots=True)
class ReminderRow:
    site: str
    sent: datetime
    sent_by: str
    reminded: str  # names, or that nobody acts for the site


@dataclass(frozen=True, slots=True)
class SiteToRemind:
    slug: str
    name: str
    note: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class DeadlinesPage:
    title: str
    scope: str
    due: date
    open: bool
    may_decide: bool
    owing: tuple[str, ...]  # sites whose report is past due, by name
    to_choose: tuple[SiteToRemind, ...]  # every site without a usable report
    choosing: tuple[Choice, ...]  # links that tick the late ones of a place
    letters: tuple[NoticeRow, ...]  # what goes to those that are late, and to those that are not yet
    may_extend: bool  # some site has not reported
    requests: tuple[RequestRow, ...]  # for more time, that wait
    extensions: tuple[ExtensionRow, ...]
    reminders: tuple[ReminderRow, ...]
    due_url: str
    extend_url: str
    remind_url: str
    crumbs: tuple[Crumb, ...]


def deadlines_page(
    view: ParticipationView,
    requests: Sequence[ExtensionRequest],
    extensions: Sequence[ExtensionView],
    reminders: Sequence[ReminderView],
    now: datetime,
    query: QueryDict,
    picked: Collection[str] | None = None,
) -> DeadlinesPage:
    """`picked`: the sites that a form which was wrong had chosen. Else those that the address ticks, but for who owes nothing."""
    title = page_title(Names.of(view.pack, view.pack_version), view.route, view.period)
    late, place = set(owing(view, now)), [view.peer_group, view.period]
    boxes = [Choosable(one.site, one.jurisdiction, shown_name(one.jurisdiction)) for one in view.participants if one.site in late]
    picked = chosen_by(boxes, query) if picked is None else picked
    recent = {one.site for one in reminders if one.sent_at > now - PAUSE}
    return DeadlinesPage(
        title=title,
        scope=shown_name(view.scope),
        due=last_day(view.due),
        open=view.closed_at is None,
        may_decide=view.may_decide,
        owing=tuple(shown_name(one.site_name) for one in view.participants if one.site in late),
        to_choose=_to_choose(view, late, recent, picked),
        choosing=choosing(boxes, query),
        letters=_letters(view, late),
        may_extend=bool(may_be_extended(view)),
        requests=tuple(
            RequestRow(
                *(one.pk, headed((_firm(one.site), shown_name(one.site.name))), one.until, one.reason),
                *(str(one.asked_by), one.asked_at, reverse("web:decide-time", args=[*place, one.pk])),
            )
            for one in requests
            if [one.period.peer_group_id, one.period.name] == place
        ),
        extensions=tuple(
            ExtensionRow(shown_name(one.site_name), last_day(one.due), one.reason, one.granted_by, one.granted_at) for one in extensions
        ),
        reminders=tuple(
            ReminderRow(
                shown_name(one.site_name),
                one.sent_at,
                one.sent_by,
                enumerated(one.reminded) or _("nobody acts for its enterprise: call the enterprise"),
            )
            for one in reminders
        ),
        due_url=reverse("web:set-due", args=place),
        extend_url=reverse("web:extend", args=place),
        remind_url=reverse("web:remind", args=place),
        crumbs=(Crumb(_("Publications"), reverse("web:publications")), Crumb(title, reverse("web:participation", args=place))),
    )


def _firm(site: Site) -> str:
    return shown_name(site.organisation.name)


def _to_choose(view: ParticipationView, late: set[str], recent: set[str], picked: Collection[str] | None) -> tuple[SiteToRemind, ...]:
    """The late ones are chosen beforehand, but for who was reminded within a day."""
    found = []
    chosen = late - recent if picked is None else picked
    for one in view.participants:
        if one.taking is Taking.REPORTED:
            continue
        notes = [_("late") if one.site in late else str(TAKING_PART[one.taking][0])]
        notes += [_("reminded within the last day")] if one.site in recent else []
        name = headed((shown_name(one.firm), shown_name(one.site_name)))
        found.append(SiteToRemind(one.site, name, enumerated(notes), one.site in chosen))
    return tuple(found)


def _letters(view: ParticipationView, late: set[str]) -> tuple[NoticeRow, ...]:
    """What those who act for a site are written, with its name for the first of each kind."""
    found = []
    open_ones = set(remindable(view))
    for kind, sites in ((Kind.REPORT_REMINDED, late & open_ones), (Kind.REPORT_COMES, open_ones - late)):
        first = next((one for one in view.participants if one.site in sites), None)
        if first is not None:
            told = {
                "site_name": first.site_name,
                "site_name_zh": in_chinese(first.site_name),
                "period": view.period,
                "due": last_day(first.due).isoformat(),
            }
            found.append(notice_row_of(kind, told, first.due))
    return tuple(found)


def may_be_extended(view: ParticipationView) -> list[tuple[str, str]]:
    """The sites that have not reported, for the form: id and name."""
    found = [one for one in view.participants if one.taking is not Taking.REPORTED]
    return [(one.site, headed((shown_name(one.firm), shown_name(one.site_name)))) for one in found]


def owed_sentences(views: Sequence[OwedView]) -> tuple[str, ...]:
    """What an enterprise was reminded of, a sentence a report."""
    return tuple(
        _("%(site)s, %(period)s: due by the end of %(day)s; reminded on %(moment)s.")
        % {
            "site": shown_name(one.site_name),
            "period": period_name(one.period),
            "day": date_format(last_day(one.due), _("j F Y")),
            "moment": moment_in_words(one.sent_at),
        }
        for one in views
    )
