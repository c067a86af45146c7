"""A site's and a firm's whole record in words: what is due, how it stands, each table, and what
happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from benchmarks.wire.attestations import Opinion
from portal.accounts.models import Device, Organisation, Site
from portal.assurance.engagements import EngagementView, FindingView
from portal.assurance.obliged_sites import ObligedView
from portal.catalogue.deadlines import last_day
from portal.catalogue.models import Extension, ExtensionRequest, PeerGroupMember
from portal.days import scheme_day
from portal.intake.owed import OwedView
from portal.intake.selectors import SubmissionView
from portal.register.site_history import KINDS, HistoryEntry
from portal.web.lists.tables import with_query
from portal.web.presenters import home
from portal.web.presenters.assurance import finding_state
from portal.web.presenters.listed import listed
from portal.web.presenters.regulator import period_url
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.methods import Link
from portal.web.viewmodels.shared import Crumb, Item, Mood, SelectOption, StateWord
from portal.web.viewmodels.site_record import (
    EventLine,
    FirmRecordPage,
    SiteRecordPage,
    Tile,
)
from portal.web.words.audits import GRADES, OPINIONS, ended_because
from portal.web.words.events import act_in_words, detail_in_words, name_in_words
from portal.web.words.tables import words
from portal.web.words.terms import (
    COHORTS,
    SIZE_CLASSES,
    SUBMISSION_STATES,
    Names,
    enumerated,
    moment_in_words,
    period_name,
    shown_name,
    state,
)

KIND_WORDS = words("site_events")
_REQUESTS: dict[str, tuple[Promise, Mood]] = {
    "None": (gettext_lazy("Waits for the regulator"), "wait"),
    "True": (pgettext_lazy("more time", "Granted"), "ok"),
    "False": (pgettext_lazy("more time", "Refused"), "no"),
}
FIRST_EVENTS = 20
FILE_COLUMNS = ("at", "kind", "action", "actor", "subject", "detail")


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the selectors say of one site."""

    site: Site
    regulator: bool  # whether the reader regulates it; else it is their own
    members: Sequence[PeerGroupMember]
    owed: Sequence[OwedView]
    duties: Sequence[ObligedView]
    submissions: Sequence[SubmissionView]
    devices: Sequence[Device]
    audits: Sequence[EngagementView]
    extensions: Sequence[Extension]
    requests: Sequence[ExtensionRequest]  # for more time, newest first
    events: Sequence[HistoryEntry]
    added: Sequence[ListTable]  # of extras, and the next
    added_acts: Sequence[Link]


class FirmDue(NamedTuple):
    """What is due of a firm's sites that the reader may see."""

    owed: Sequence[OwedView]
    audits: Sequence[EngagementView]
    duties: Sequence[ObligedView]


def site_record_page(facts: SiteFacts, query: QueryDict, today: date) -> SiteRecordPage:
    site = facts.site
    firm = shown_name(site.organisation.name)
    address = reverse("web:site-record", args=[site.slug])
    asked = query.get("kind", "")
    fitting = [event for event in facts.events if asked not in KINDS or event.kind == asked]
    everything = query.get("all") == "1"
    present = [kind for kind in KINDS if any(event.kind == kind for event in facts.events)]
    return SiteRecordPage(
        name=shown_name(site.name),
        caption=" · ".join(
            (firm, Names.newest(site.pack).sector, shown_name(site.jurisdiction.name))
        ),
        due=home.in_order(
            home.of_enterprise(
                facts.owed,
                facts.audits,
                facts.duties,
                today,
                _waiting(facts),
                regulator=facts.regulator,
            )
        ),
        tiles=_tiles(facts),
        tables=tuple(table for table in _tables(facts, query) if table.rows),
        kinds=(
            SelectOption(address, _("All %(n)d") % {"n": len(facts.events)}, asked not in KINDS),
            *(
                SelectOption(
                    f"{address}?kind={kind}#events",
                    f"{KIND_WORDS[kind]} {sum(event.kind == kind for event in facts.events)}",
                    kind == asked,
                )
                for kind in present
            ),
        ),
        events=tuple(
            _line(event, site.slug) for event in (fitting if everything else fitting[:FIRST_EVENTS])
        ),
        matches=len(fitting),
        more_url=""
        if everything or len(fitting) <= FIRST_EVENTS
        else with_query(query, all="1") + "#events",
        export_url=reverse("web:site-events-csv", args=[site.slug]),
        identity=_identity(facts),
        firm_url=reverse("web:firm-record", args=[site.organisation_id]),
        acts=_acts(facts),
        may_note=facts.regulator,
        crumbs=(Crumb(firm, reverse("web:firm-record", args=[site.organisation_id])),),
    )


def events_table(
    events: Sequence[HistoryEntry],
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    return FILE_COLUMNS, (
        (event.at.isoformat(), event.kind, event.action, event.actor, event.subject, event.detail)
        for event in events
    )


def firm_record_page(
    firm: Organisation,
    sites: Sequence[Site],
    newest: dict[int, SubmissionView],
    due: FirmDue,
    query: QueryDict,
    today: date,
    *,
    regulator: bool,
    may_identify: bool,
) -> FirmRecordPage:
    def cells(site: Site) -> tuple[TableCell, ...]:
        report = newest.get(site.pk)
        return (
            TableCell(
                shown_name(site.name),
                note=site.slug,
                url=reverse("web:site-record", args=[site.slug]),
            ),
            TableCell(Names.newest(site.pack).sector),
            TableCell(shown_name(site.jurisdiction.name)),
            TableCell(
                "", state=state(SUBMISSION_STATES, report.state), note=period_name(report.period)
            )
            if report
            else TableCell("–"),
            TableCell("", state=StateWord(_("Retired"), "wait"))
            if site.retired_at
            else TableCell("", state=StateWord(_("Takes part"), "ok")),
        )

    name = shown_name(firm.name)
    controlling = firm.controlling_firm
    control = shown_name(controlling.name) if controlling else ""
    return FirmRecordPage(
        name=name,
        caption=_("Controlled by %(firm)s") % {"firm": control}
        if control and control != name
        else "",
        code=firm.credit_code,
        telephone=firm.telephone,
        may_identify=may_identify,
        sites=listed(
            sites,
            query,
            caption=ngettext("%(n)d site", "%(n)d sites", len(sites)) % {"n": len(sites)},
            titles={
                "site": _("Site"),
                "sector": _("Sector"),
                "region": _("Jurisdiction"),
                "report": _("Newest report"),
                "state": _("State"),
            },
            keys={"site": lambda site: site.slug, "sector": lambda site: (site.pack, site.slug)},
            default="site",
            cells=cells,
            empty=_("Your organisation has no site yet."),
        ),
        due=home.in_order(
            home.of_enterprise(due.owed, due.audits, due.duties, today, regulator=regulator)
        ),
    )


def _tiles(facts: SiteFacts) -> tuple[Tile, ...]:
    report = facts.submissions[0] if facts.submissions else None
    running = [device for device in facts.devices if device.revoked_at is None]
    standing = [audit for audit in facts.audits if audit.taken_back_at is None]
    opinions = [
        (audit, view.statement.opinion)
        for audit in facts.audits
        for view in audit.attestations
        if view.standing == "valid"
    ]
    newest = [
        (audit, opinion) for audit, opinion in opinions if audit.period == opinions[0][0].period
    ]
    attested = next((audit for audit, _opinion in newest), None)
    adverse = next(
        (audit for audit, opinion in newest if opinion == Opinion.ADVERSE), None
    )  # it outweighs another body's
    audit_shown = adverse or attested or (standing[0] if standing else None)
    findings = [finding for audit in facts.audits for finding in audit.findings]
    waiting = [finding for finding in findings if not finding.closed]
    return (
        Tile(
            _("Newest report"),
            state(SUBMISSION_STATES, report.state) if report else StateWord(_("None yet"), "wait"),
            _("%(period)s, revision %(n)d, %(day)s")
            % {
                "period": period_name(report.period),
                "n": report.revision,
                "day": date_format(scheme_day(report.received_at), _("j F Y")),
            }
            if report
            else "",
        ),
        Tile(
            _("Agent"),
            StateWord(_("May report"), "ok") if running else StateWord(_("None enrolled"), "no"),
            enumerated(dict.fromkeys(device.software for device in running if device.software)),
        ),
        Tile(
            _("Audit"),
            StateWord(str(OPINIONS[Opinion.ADVERSE]), "no")
            if adverse
            else StateWord(_("Attested"), "ok")
            if attested
            else StateWord(_("In progress"), "wait")
            if audit_shown
            else StateWord(_("None assigned"), "wait"),
            _("%(title)s, %(period)s")
            % {"title": shown_name(audit_shown.body), "period": period_name(audit_shown.period)}
            if audit_shown
            else "",
        ),
        Tile(
            _("Findings"),
            StateWord(_("%(n)d open") % {"n": len(waiting)}, "no")
            if waiting
            else StateWord(_("None open"), "ok"),
            _("%(n)d closed") % {"n": len(findings) - len(waiting)} if findings else "",
        ),
    )


def _tables(facts: SiteFacts, query: QueryDict) -> Iterator[ListTable]:
    yield listed(
        facts.submissions,
        query,
        caption=_("Reports"),
        titles={
            "period": _("Period"),
            "revision": _("Revision"),
            "state": _("State"),
            "at": _("Received"),
        },
        keys={"at": lambda submission: submission.log_index},
        default="-at",
        cells=lambda submission: (
            TableCell(
                period_name(submission.period),
                url="" if facts.regulator else reverse("web:submission", args=[submission.digest]),
            ),
            TableCell(str(submission.revision)),
            TableCell("", state=state(SUBMISSION_STATES, submission.state)),
            TableCell(moment_in_words(submission.received_at)),
        ),
        empty="",
        prefix="r-",
    )
    yield listed(
        [(audit, finding) for audit in facts.audits for finding in audit.findings],
        query,
        caption=_("Findings"),
        titles={
            "finding": _("Finding"),
            "grade": _("Grade"),
            "state": _("State"),
            "due": _("Answer due"),
            "body": _("Certification body"),
        },
        keys={"due": lambda pair: (pair[1].due, pair[1].number)},
        default="-due",
        cells=lambda pair: (
            TableCell(
                _("%(period)s, finding %(n)d")
                % {"period": period_name(pair[0].period), "n": pair[1].number},
                url=_finding_url(facts, *pair),
            ),
            TableCell("", state=state(GRADES, pair[1].grade)),
            TableCell("", state=finding_state(pair[1], scheme_day())),
            TableCell(date_format(pair[1].due, _("j F Y"))),
            TableCell(shown_name(pair[0].body)),
        ),
        empty="",
        prefix="f-",
    )
    yield listed(
        facts.audits,
        query,
        caption=_("Assignments"),
        titles={
            "period": _("Period"),
            "body": _("Certification body"),
            "due": _("Conclusion due"),
            "state": _("State"),
        },
        keys={"period": lambda audit: (audit.period, audit.id)},
        default="-period",
        cells=lambda audit: (
            TableCell(period_name(audit.period)),
            TableCell(shown_name(audit.body)),
            TableCell(date_format(audit.due, _("j F Y")) if audit.due else "–"),
            TableCell(
                "",
                state=StateWord(pgettext("assignment", "Withdrawn"), "no")
                if audit.taken_back_at
                else StateWord(_("Remains valid"), "ok"),
                note=ended_because(audit.taken_back_reason),
            ),
        ),
        empty="",
        prefix="a-",
    )
    yield from facts.added
    yield listed(
        facts.extensions,
        query,
        caption=_("Extensions"),
        titles={
            "period": _("Period"),
            "due": _("New last day"),
            "reason": _("Reason for the extension"),
        },
        keys={"due": lambda extension: extension.pk},
        default="-due",
        cells=lambda extension: (
            TableCell(period_name(extension.period.name)),
            TableCell(date_format(last_day(extension.due), _("j F Y"))),
            TableCell(extension.reason),
        ),
        empty="",
        prefix="e-",
    )
    yield listed(
        facts.requests,
        query,
        caption=_("Requests for more time"),
        titles={
            "period": _("Period"),
            "until": _("Asked for until"),
            "reason": _("Reason of the firm"),
            "state": _("State"),
        },
        keys={"until": lambda request: request.pk},
        default="-until",
        cells=lambda request: (
            TableCell(period_name(request.period.name)),
            TableCell(date_format(request.until, _("j F Y"))),
            TableCell(request.reason),
            TableCell("", state=state(_REQUESTS, str(request.granted)), note=request.answer),
        ),
        empty="",
        prefix="q-",
    )


def _waiting(facts: SiteFacts) -> list[ExtensionRequest]:
    return [request for request in facts.requests if request.granted is None]


def _finding_url(facts: SiteFacts, audit: EngagementView, finding: FindingView) -> str:
    """For a regulator: of what was brought before it alone."""
    if facts.regulator and not finding.was_appealed:
        return ""
    return reverse(
        "web:appealed-finding" if facts.regulator else "web:audit-finding",
        args=[audit.id, finding.number],
    )


def _identity(facts: SiteFacts) -> tuple[Item, ...]:
    site, control = facts.site, facts.site.organisation.controlling_firm
    lists = [
        enumerated(
            part
            for part in (
                _("obliged") if member.obliged else _("takes part voluntarily"),
                str(COHORTS.get(member.cohort, "")),
            )
            if part
        )
        for member in facts.members
    ]
    items = [
        Item(_("Identifier"), site.slug),
        Item(
            _("Unified social credit code"),
            site.credit_code or site.organisation.credit_code or "–",
        ),
        Item(_("Firm in control"), shown_name(control.name) if control else "–"),
        Item(_("On the lists"), enumerated(dict.fromkeys(lists)) or _("in no peer group")),
        Item(_("Declared size"), str(SIZE_CLASSES[site.size_class])),
    ]
    if site.retired_at:
        items.append(Item(_("Retired on"), date_format(scheme_day(site.retired_at), _("j F Y"))))
        if any(member.obliged for member in facts.members):
            until = _(
                "until a regulator takes the site off the list; before that the firm cannot leave "
                "the programme"
            )
            items.append(Item(_("Still obliged"), until))
    return tuple(items)


def _acts(facts: SiteFacts) -> tuple[Link, ...]:
    slug = facts.site.slug
    if facts.regulator:
        acts = [
            Link(_("Assign a certification body"), reverse("web:assign-site", args=[slug])),
        ]
        acts += [
            Link(
                _("More time or a reminder, %(period)s") % {"period": period_name(duty.period)},
                period_url(duty.group, duty.period, "deadlines"),
            )
            for duty in facts.owed
        ]
    else:
        acts = [
            Link(_("Submit sealed files"), reverse("web:upload")),
            Link(_("Sites and agents"), reverse("web:sites")),
            *more_time(facts.owed, _waiting(facts)),
        ]
    if facts.duties:
        acts.append(Link(_("Obligatory audit"), reverse("web:obliged-audit", args=[slug])))
    return (*acts, *facts.added_acts)


def more_time(owed: Sequence[OwedView], asked: Sequence[ExtensionRequest]) -> tuple[Link, ...]:
    """What a firm may ask more time for, and has not yet."""
    waits = {
        (request.site.slug, request.period.peer_group_id, request.period.name) for request in asked
    }
    return tuple(
        Link(
            _("Ask for more time: %(site)s, %(period)s")
            % {"site": shown_name(duty.site_name), "period": period_name(duty.period)},
            reverse("web:ask-for-time", args=[duty.site, duty.group, duty.period]),
        )
        for duty in owed
        if (duty.site, duty.group, duty.period) not in waits
    )


def _line(event: HistoryEntry, site: str) -> EventLine:
    """Without what the page says already, and without digests and ids: the file has them."""
    here = event.subject.startswith(("site ", "submission "))
    text = re.sub(
        rf"^{re.escape(site)} | \((received|accepted|refused)\)$| on [0-9a-f]{{64}}$",
        "",
        event.detail,
    )
    detail = " · ".join(
        part
        for part in ("" if here else name_in_words(event.subject), detail_in_words(text))
        if part
    )
    who = (
        _("the agent")
        if event.actor.startswith("device ")
        else event.name or name_in_words(event.actor)
    )
    return EventLine(
        event.at, str(KIND_WORDS[event.kind]), capfirst(act_in_words(event.action)), who, detail
    )
