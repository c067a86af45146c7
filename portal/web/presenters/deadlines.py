"""When reports of a period are due, who has more time and why, who was reminded when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.models import Site
from portal.catalogue.deadlines import last_day
from portal.catalogue.models import ExtensionRequest
from portal.intake.participation import ParticipationView, ReportingState
from portal.intake.reminders import (
    ExtensionView,
    RemindedReport,
    ReminderView,
    owing,
    remindable,
)
from portal.intake.turnout import REMINDER_PAUSE
from portal.names import in_chinese
from portal.notifications.kinds import MailFrequency, NoticeKind
from portal.web.forms.choosing import ChoiceBox, choosing, chosen_by
from portal.web.presenters.notices import notice_row_of
from portal.web.viewmodels.notices import NoticeRow
from portal.web.viewmodels.shared import SelectOption
from portal.web.words.terms import (
    TAKING_PART,
    enumerated,
    headed,
    moment_in_words,
    period_name,
    shown_name,
)


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
    due: date
    open: bool
    may_decide: bool
    owing: tuple[str, ...]  # sites whose report is past due, by name
    to_choose: tuple[SiteToRemind, ...]  # every site without a usable report
    choosing: tuple[SelectOption, ...]  # links that tick the late ones of a jurisdiction
    letters: tuple[
        NoticeRow, ...
    ]  # what goes to those that are late, and to those that are not yet
    may_extend: bool  # some site has not reported
    requests: tuple[RequestRow, ...]  # for more time, that wait
    extensions: tuple[ExtensionRow, ...]
    reminders: tuple[ReminderRow, ...]
    due_url: str
    extend_url: str
    remind_url: str


def deadlines_page(
    view: ParticipationView,
    requests: Sequence[ExtensionRequest],
    extensions: Sequence[ExtensionView],
    reminders: Sequence[ReminderView],
    now: datetime,
    query: QueryDict,
    picked: Collection[str] | None = None,
) -> DeadlinesPage:
    """`picked`: the sites that a form which was wrong had chosen. Else those that the address
    ticks, but for who owes nothing.
    """
    late, parts = set(owing(view, now)), [view.peer_group, view.period]
    boxes = [
        ChoiceBox(participant.site, participant.jurisdiction, shown_name(participant.jurisdiction))
        for participant in view.participants
        if participant.site in late
    ]
    picked = chosen_by(boxes, query) if picked is None else picked
    recent = {
        reminder.site: bool(reminder.reminded)
        for reminder in reminders
        if reminder.sent_at > now - REMINDER_PAUSE
    }
    return DeadlinesPage(
        due=last_day(view.due),
        open=view.closed_at is None,
        may_decide=view.may_decide,
        owing=tuple(
            shown_name(participant.site_name)
            for participant in view.participants
            if participant.site in late
        ),
        to_choose=_to_choose(view, late, recent, picked),
        choosing=choosing(boxes, query),
        letters=_letters(view, late),
        may_extend=bool(may_be_extended(view)),
        requests=tuple(
            RequestRow(
                *(
                    request.pk,
                    headed((_firm(request.site), shown_name(request.site.name))),
                    request.until,
                    request.reason,
                ),
                *(
                    str(request.asked_by),
                    request.asked_at,
                    reverse("web:decide-time", args=[*parts, request.pk]),
                ),
            )
            for request in requests
            if [request.period.peer_group_id, request.period.name] == parts
        ),
        extensions=tuple(
            ExtensionRow(
                shown_name(extension.site_name),
                last_day(extension.due),
                extension.reason,
                extension.granted_by,
                extension.granted_at,
            )
            for extension in extensions
        ),
        reminders=tuple(
            ReminderRow(
                shown_name(reminder.site_name),
                reminder.sent_at,
                reminder.sent_by,
                reached_in_words(reminder.reminded) or unreached_in_words(reminder.telephone),
            )
            for reminder in reminders
        ),
        due_url=reverse("web:set-due", args=parts),
        extend_url=reverse("web:extend", args=parts),
        remind_url=reverse("web:remind", args=parts),
    )


MAILS = {
    MailFrequency.AT_ONCE: gettext_lazy("%(name)s (notice and mail)"),
    MailFrequency.DAILY: gettext_lazy("%(name)s (notice, and the mail of the day)"),
    MailFrequency.NEVER: gettext_lazy("%(name)s (notice only)"),
}
"""Who is reached, by how mails go to them; a notice in the portal always does."""


def reached_in_words(people: Iterable[tuple[str, MailFrequency]], most: int | None = None) -> str:
    """Each of them once; of more than `most` how many more there are."""
    named = [str(MAILS[how]) % {"name": name} for name, how in dict.fromkeys(people)]
    more = len(named) - (len(named) if most is None else most)
    if more > 0:
        named[most:] = [ngettext("%(n)d more", "%(n)d more", more) % {"n": more}]
    return enumerated(named)


def unreached_in_words(telephone: str) -> str:
    if telephone:
        return _("No contact registered. Telephone the firm: %(number)s.") % {"number": telephone}
    return _("No contact and no telephone number registered. Enter one on the page of the firm.")


def _firm(site: Site) -> str:
    return shown_name(site.organisation.name)


def _to_choose(
    view: ParticipationView,
    late: set[str],
    recent: Mapping[str, bool],
    picked: Collection[str] | None,
) -> tuple[SiteToRemind, ...]:
    """The late ones are chosen beforehand, but for who was reminded within a day. `recent`: whether
    that reached anybody.
    """
    sites = []
    chosen = late - recent.keys() if picked is None else picked
    for participant in view.participants:
        if participant.taking is ReportingState.REPORTED:
            continue
        notes = [_("late") if participant.site in late else str(TAKING_PART[participant.taking][0])]
        if participant.site in recent:
            notes.append(
                _("reminded within the last day")
                if recent[participant.site]
                else _("no contact registered, telephone %(number)s")
                % {"number": participant.telephone}
                if participant.telephone
                else _("no contact and no telephone number registered")
            )
        name = headed((shown_name(participant.firm), shown_name(participant.site_name)))
        sites.append(
            SiteToRemind(participant.site, name, enumerated(notes), participant.site in chosen)
        )
    return tuple(sites)


def _letters(view: ParticipationView, late: set[str]) -> tuple[NoticeRow, ...]:
    """What those who act for a site are written, with its name for the first of each kind."""
    rows = []
    open_ones = set(remindable(view))
    for kind, sites in (
        (NoticeKind.REPORT_REMINDED, late & open_ones),
        (NoticeKind.REPORT_COMES, open_ones - late),
    ):
        first = next(
            (participant for participant in view.participants if participant.site in sites), None
        )
        if first is not None:
            facts = {
                "site_name": first.site_name,
                "site_name_zh": in_chinese(first.site_name),
                "period": view.period,
                "due": last_day(first.due).isoformat(),
            }
            rows.append(notice_row_of(kind, facts, first.due))
    return tuple(rows)


def may_be_extended(view: ParticipationView) -> list[tuple[str, str]]:
    """The sites that have not reported, for the form: id and name."""
    participants = [
        participant
        for participant in view.participants
        if participant.taking is not ReportingState.REPORTED
    ]
    return [
        (
            participant.site,
            headed((shown_name(participant.firm), shown_name(participant.site_name))),
        )
        for participant in participants
    ]


def owed_sentences(views: Sequence[RemindedReport]) -> tuple[str, ...]:
    """What an enterprise was reminded of, a sentence a report."""
    return tuple(
        _("%(site)s, %(period)s: due by the end of %(day)s; reminded on %(moment)s.")
        % {
            "site": shown_name(duty.site_name),
            "period": period_name(duty.period),
            "day": date_format(last_day(duty.due), _("j F Y")),
            "moment": moment_in_words(duty.sent_at),
        }
        for duty in views
    )
