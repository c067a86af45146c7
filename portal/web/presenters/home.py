"""A person's tasks, each with its day and the one action that it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from benchmarks.phrases import Name
from portal.assurance.engagements import EngagementView
from portal.assurance.models import Finding
from portal.assurance.next_audit import Duty
from portal.assurance.obliged_sites import ObligedView
from portal.assurance.reminding import needs
from portal.catalogue.deadlines import last_day
from portal.catalogue.models import ExtensionRequest, PeerGroup
from portal.days import scheme_day
from portal.governance.selectors import ProposalView
from portal.intake.owed import OwedView
from portal.intake.participation import ReportingState
from portal.intake.turnout import TurnoutView
from portal.publication.sectors import DraftWaiting
from portal.register.models import FirmApplication, SiteApplication
from portal.web.presenters.regulator import draft_url, page_title, period_url
from portal.web.words.audits import NEED_MOODS, need_in_words
from portal.web.words.terms import Names, period_name, shown_name


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """One thing that waits, with the one action that it asks for. `day` is when it is due; None
    where nothing sets a day.
    """

    day: date | None
    when: str  # 3 days late; today; in 5 days
    late: bool
    what: str
    note: str
    action: str
    url: str


AHEAD_DAYS = 30
"""From so many days before it is due a report that has not come waits for its regulator."""

SOON_DAYS = 7
FAR = date.max


def in_order(rows: Iterable[WaitingTask]) -> tuple[WaitingTask, ...]:
    """By the day that they are due; what has none comes last."""
    return tuple(sorted(rows, key=lambda row: row.day or FAR))


def of_regulator(
    turnouts: Sequence[TurnoutView],
    applications: Sequence[FirmApplication | SiteApplication],
    drafts: Sequence[DraftWaiting],
    duties: Sequence[ObligedView],
    proposals: Sequence[ProposalView],
    requests: Sequence[ExtensionRequest],
    appeals: Sequence[Finding],
    today: date,
) -> Iterator[WaitingTask]:
    for view in turnouts:
        if view.closed_at is None:
            yield from _reports(view, today)
    if applications:
        oldest = scheme_day(min(row.applied_at for row in applications))
        n = len(applications)
        yield task(
            None,
            today,
            ngettext("%(n)d application to take part", "%(n)d applications to take part", n)
            % {"n": n},
            ngettext(
                "The oldest has waited for %(n)d day.",
                "The oldest has waited for %(n)d days.",
                (today - oldest).days,
            )
            % {"n": (today - oldest).days},
            _("Review %(n)d") % {"n": n},
            reverse("web:applications"),
        )
    for draft in drafts:
        title = page_title(Names.of(draft.pack, draft.pack_version), draft.route, draft.period)
        what = _("Draft of %(title)s, version %(version)d: your decision") % {
            "title": title,
            "version": draft.version,
        }
        note = _("Drafted by %(person)s; a second person decides.") % {"person": draft.drafted_by}
        yield task(
            None,
            today,
            what,
            note,
            _("Read and decide"),
            draft_url(draft.peer_group, draft.period, draft.version),
        )
    for duty, what in (
        (Duty.OVERDUE, _("Late obligatory audits")),
        (Duty.SOON, _("Upcoming obligatory audits")),
    ):
        days = [view.due.day for view in duties if view.due.duty is duty and view.due.day]
        if days:
            note = ngettext("%(n)d site", "%(n)d sites", len(days)) % {"n": len(days)}
            address = f"{reverse('web:obliged-audits')}?show={duty.value}"
            yield task(min(days), today, what, note, _("See %(n)d") % {"n": len(days)}, address)
    for proposal in proposals:
        what = _("Proposal: %(pack)s, version %(version)s") % {
            "pack": Names.newest(proposal.pack).sector,
            "version": proposal.version,
        }
        yield task(
            None, today, what, "", _("Read and decide"), reverse("web:proposal", args=[proposal.id])
        )
    for (group, period), asked in _of_each_period(requests).items():
        n = len(asked)
        what = ngettext("%(n)d site asks for more time", "%(n)d sites ask for more time", n) % {
            "n": n
        }
        title = page_title(Names.of(group.pack, group.pack_version), group.route, period)
        address = period_url(group.pk, period, "deadlines")
        due = last_day(min(request.site_due for request in asked))
        yield task(due, today, what, title, _("Decide %(n)d") % {"n": n}, address, late=False)
    for finding in appeals:
        site, body = finding.assignment.site, finding.assignment.body
        what = _("%(site)s: appeal against finding %(n)d") % {
            "site": shown_name(site.name),
            "n": finding.number,
        }
        address = reverse("web:appealed-finding", args=[finding.assignment_id, finding.number])
        yield task(None, today, what, shown_name(body.name), _("Read and decide"), address)


def of_reviewers(offered: int, reviewed: int, today: date) -> Iterator[WaitingTask]:
    """Practices that wait for a reviewer or a second person."""
    entries = reverse("web:practice-entries")
    for n, what, address in (
        (
            offered,
            ngettext(
                "%(n)d practice waits for a reviewer",
                "%(n)d practices wait for a reviewer",
                offered,
            ),
            f"{entries}?show=offered",
        ),
        (
            reviewed,
            ngettext("%(n)d practice to publish", "%(n)d practices to publish", reviewed),
            f"{entries}?show=reviewed",
        ),
    ):
        if n:
            note = "" if address.endswith("offered") else _("A second person decides.")
            yield task(None, today, what % {"n": n}, note, _("Review %(n)d") % {"n": n}, address)


def _of_each_period(
    requests: Sequence[ExtensionRequest],
) -> dict[tuple[PeerGroup, str], list[ExtensionRequest]]:
    by_period: dict[tuple[PeerGroup, str], list[ExtensionRequest]] = {}
    for request in requests:
        by_period.setdefault((request.period.peer_group, request.period.name), []).append(request)
    return by_period


def of_enterprise(
    owed: Sequence[OwedView],
    audits: Sequence[EngagementView],
    duties: Sequence[ObligedView],
    today: date,
    requests: Sequence[ExtensionRequest] = (),
    *,
    regulator: bool = False,
) -> Iterator[WaitingTask]:
    """`regulator`: told to a regulator of the site, for whom each leads to what they can do about
    it.
    """
    asked = {
        (request.site.slug, request.period.peer_group_id, request.period.name): request.until
        for request in requests
    }
    for report in owed:
        names = {
            "site": shown_name(report.site_name),
            "what": page_title(
                Names.of(report.pack, report.pack_version), report.route, report.period
            ),
        }
        refused = report.taking is ReportingState.UNUSABLE
        what = (
            _("%(site)s: the report was refused") if refused else _("%(site)s: submit the report")
        )
        if regulator:
            action, address = (
                _("Remind"),
                period_url(report.group, report.period, "deadlines"),
            )
        elif refused:
            action, address = _("Read why"), reverse("web:submission", args=[report.digest])
        else:
            action, address = _("Submit"), reverse("web:upload")
        note, until = names["what"], asked.get((report.site, report.group, report.period))
        if until is not None:
            facts = {"what": note, "day": date_format(until, _("j F Y"))}
            note = (
                _(
                    "%(what)s. More time was requested, until %(day)s; the regulator has not "
                    "decided."
                )
                % facts
            )
        yield task(last_day(report.due), today, what % names, note, action, address)
    for audit in audits:
        for finding in audit.findings:
            if finding.waits_for_plant and audit.goes_on:
                yield _to_answer(
                    *(audit.id, finding.number, finding.due),
                    *(audit.site_name, audit.body, today),
                    regulator=regulator,
                )
    for view in duties:
        if view.due.duty in (Duty.OVERDUE, Duty.SOON, Duty.UNKNOWN):
            what = _("%(site)s: obligatory audit") % {"site": shown_name(view.site_name)}
            note = (
                _("No audit and no certificate is on record.")
                if view.due.duty is Duty.UNKNOWN
                else ""
            )
            yield task(
                view.due.day,
                today,
                what,
                note,
                _("Arrange"),
                reverse("web:obliged-audit", args=[view.site]),
            )


def of_findings(findings: Iterable[Finding], today: date) -> Iterator[WaitingTask]:
    """Those that a firm has to answer."""
    for finding in findings:
        audit = finding.assignment
        site, body = audit.site.name, audit.body.name
        yield _to_answer(audit.pk, finding.number, finding.due, site, body, today)


def _to_answer(
    audit: int,
    number: int,
    due: date,
    site: Name,
    body: Name,
    today: date,
    *,
    regulator: bool = False,
) -> WaitingTask:
    what = _("%(site)s: answer finding %(n)d") % {"site": shown_name(site), "n": number}
    action, address = _("Answer"), reverse("web:audit-finding", args=[audit, number])
    if regulator:
        action, address = _("See it"), reverse("web:assignments")
    return task(due, today, what, shown_name(body), action, address)


def of_auditors(reports: int, today: date) -> Iterator[WaitingTask]:
    """Savings that firms ask the auditor to confirm."""
    if reports:
        what = ngettext("%(n)d saving to confirm", "%(n)d savings to confirm", reports) % {
            "n": reports
        }
        yield task(
            None, today, what, "", _("Review %(n)d") % {"n": reports}, reverse("web:confirmations")
        )


def of_body(engagements: Sequence[EngagementView], today: date) -> Iterator[WaitingTask]:
    for view in engagements:
        for asked in needs(view, today):
            day = asked.day or (
                None if view.concluded else view.due
            )  # a conclusion that was given is due no more
            title = _("%(site)s, %(period)s") % {
                "site": shown_name(view.site_name),
                "period": period_name(view.period),
            }
            late, action = NEED_MOODS[asked.need] == "no", pgettext("to open a page", "Open")
            yield task(
                day,
                today,
                title,
                need_in_words(asked),
                action,
                reverse("web:engagement", args=[view.id]),
                late=late,
            )


def _reports(view: TurnoutView, today: date) -> Iterator[WaitingTask]:
    names, due = Names.of(view.pack, view.pack_version), last_day(view.due)
    title = page_title(names, view.route, view.period)
    late, missing = view.states.get(ReportingState.LATE, 0), view.obliged - view.obliged_reported
    address = period_url(view.peer_group, view.period, "deadlines")
    if late:
        what = ngettext(
            "%(n)d of %(of)d obliged sites is late with its report",
            "%(n)d of %(of)d obliged sites are late with their reports",
            late,
        )
        yield task(
            due,
            today,
            what % {"n": late, "of": view.obliged},
            title,
            _("Remind %(n)d") % {"n": view.to_remind} if view.to_remind else _("See who"),
            address,
            late=True,
        )
        if view.without_contact:
            what = ngettext(
                "%(n)d late site has no contact: telephone the firm",
                "%(n)d late sites have no contact: telephone the firms",
                view.without_contact,
            )
            yield task(
                due,
                today,
                what % {"n": view.without_contact},
                title,
                _("See who"),
                address,
                late=True,
            )
    elif missing and (due - today).days <= AHEAD_DAYS and today <= due:
        what = ngettext(
            "%(n)d of %(of)d obliged sites has not reported yet",
            "%(n)d of %(of)d obliged sites have not reported yet",
            missing,
        )
        yield task(
            due,
            today,
            what % {"n": missing, "of": view.obliged},
            title,
            _("Remind %(n)d") % {"n": missing},
            address,
        )


def task(
    day: date | None,
    today: date,
    what: str,
    note: str,
    action: str,
    url: str,
    *,
    late: bool = False,
) -> WaitingTask:
    return WaitingTask(
        day, _when(day, today), late or (day is not None and day < today), what, note, action, url
    )


def _when(day: date | None, today: date) -> str:
    if day is None:
        return _("No deadline")
    days = (day - today).days
    if days == 0:
        return _("today")
    if days < 0:
        return ngettext("%(n)d day late", "%(n)d days late", -days) % {"n": -days}
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}
