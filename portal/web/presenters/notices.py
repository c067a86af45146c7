"""The sentences of what people are told, made at reading from the names and days that were kept."""

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
from portal.notifications.kinds import How, Kind
from portal.notifications.selectors import NoticeView, WishView
from portal.web.contact import with_contact
from portal.web.viewmodels.notices import NoticePage, NoticeRow, WishRow
from portal.web.viewmodels.shared import Choice
from portal.web.viewmodels.tables import Pages
from portal.web.words import Names, in_language, period_name


@dataclass(frozen=True, slots=True)
class Wording:
    """The kind's name, and the title and sentence of one notice with `%(site)s`, `%(period)s`, ... to be filled in."""

    name: Promise
    title: Promise
    sentence: Promise


_THEN = gettext_lazy("Then contact %(contact)s.")

WORDINGS: dict[str, Wording] = {
    Kind.REPORT_REMINDED: Wording(
        gettext_lazy("Reminders of late reports"),
        gettext_lazy("%(site)s: the report for %(period)s is late"),
        gettext_lazy("It was due on %(due)s. Submit it, or ask your regulator for more time."),
    ),
    Kind.REPORT_COMES: Wording(
        gettext_lazy("Reports that are due soon"),
        gettext_lazy("%(site)s: the report for %(period)s is due by %(due)s"),
        gettext_lazy("Submit it in time, or ask your regulator for more time."),
    ),
    Kind.EXTENSION_GRANTED: Wording(
        gettext_lazy("More time for a report"),
        gettext_lazy("%(site)s has more time for %(period)s"),
        gettext_lazy("The report is now due on %(due)s."),
    ),
    Kind.SUBMISSION_ACCEPTED: Wording(
        gettext_lazy("Reports accepted"),
        gettext_lazy("%(site)s: the report for %(period)s is accepted"),
        gettext_lazy("Its protected values and its signed receipt stand on its page."),
    ),
    Kind.SUBMISSION_REFUSED: Wording(
        gettext_lazy("Reports refused"),
        gettext_lazy("%(site)s: the report for %(period)s is refused"),
        gettext_lazy("Its page says why, and what to do."),
    ),
    Kind.BENCHMARK_PUBLISHED: Wording(
        gettext_lazy("Benchmarks published"),
        gettext_lazy("%(sector)s, %(period)s: version %(version)s is published"),
        gettext_lazy("Your report entered it. See where your sites stand."),
    ),
    Kind.BENCHMARK_WITHDRAWN: Wording(
        gettext_lazy("Benchmarks withdrawn"),
        gettext_lazy("%(sector)s, %(period)s: version %(version)s is withdrawn"),
        gettext_lazy("It stays at its address with the reason. Do not use its figures any more."),
    ),
    Kind.SITE_APPROVED: Wording(
        gettext_lazy("Sites approved"),
        gettext_lazy("%(site)s is approved"),
        gettext_lazy("What you asked for holds. Enrol its agent next, where it has none."),
    ),
    Kind.SITE_REFUSED: Wording(
        gettext_lazy("Sites refused"),
        gettext_lazy("%(site)s is not approved"),
        gettext_lazy("The page of your sites says why. Ask again once it is mended."),
    ),
    Kind.DEVICE_ENROLLED: Wording(
        gettext_lazy("Agents enrolled"),
        gettext_lazy("%(site)s: a token was used, and an agent is enrolled"),
        gettext_lazy("If nobody of yours did this, revoke the agent at once."),
    ),
    Kind.DEVICE_REVOKED: Wording(
        gettext_lazy("Agents revoked"),
        gettext_lazy("%(site)s: an agent is revoked"),
        gettext_lazy("What it sent before stands. To report again, enrol a new one."),
    ),
    Kind.FIRM_LEAVES: Wording(
        gettext_lazy("Leaving the scheme"),
        gettext_lazy("%(firm)s leaves the scheme on %(due)s"),
        gettext_lazy("Until then whoever manages the firm may undo it. Afterwards its data are deleted."),
    ),
    Kind.FIRM_STAYS: Wording(
        gettext_lazy("Staying in the scheme"),
        gettext_lazy("%(firm)s stays in the scheme"),
        gettext_lazy("Leaving was undone; nothing was deleted."),
    ),
    Kind.SAMPLE_DRAWN: Wording(
        gettext_lazy("Samples drawn at your sites"),
        gettext_lazy("%(site)s, %(period)s: a sample is drawn for you to open"),
        gettext_lazy("Download it from your audits and run at the plant: steplabel-agent open DRAW --site site.toml --out opening"),
    ),
    Kind.OPENING_COMES: Wording(
        gettext_lazy("Openings to verify"),
        gettext_lazy("%(site)s, %(period)s: the plant opens your sample"),
        gettext_lazy("The opening comes to you, not here. Verify it with the evidence file: steplabel-agent verify opening EVIDENCE"),
    ),
    Kind.ASSIGNMENT_MADE: Wording(
        gettext_lazy("Sites assigned to your body"),
        gettext_lazy("%(site)s, %(period)s is assigned to your body"),
        gettext_lazy("Its page says until when the conclusion is wanted. Declare first whether you have an interest in the firm."),
    ),
    Kind.ASSIGNMENT_TAKEN_BACK: Wording(
        gettext_lazy("Assignments taken back"),
        gettext_lazy("%(site)s, %(period)s: the assignment is taken back"),
        gettext_lazy("Its page says why. What you found and signed stays readable there."),
    ),
    Kind.FINDING_MADE: Wording(
        gettext_lazy("Findings of certification bodies"),
        gettext_lazy("%(site)s, %(period)s: a certification body has made a finding"),
        gettext_lazy("Read it, and answer it before the conclusion."),
    ),
    Kind.FINDING_ANSWERED: Wording(
        gettext_lazy("Findings answered"),
        gettext_lazy("%(site)s, %(period)s: a finding was answered"),
        gettext_lazy("Read the answer, then close the finding or send it back."),
    ),
    Kind.FINDING_RETURNED: Wording(
        gettext_lazy("Answers sent back"),
        gettext_lazy("%(site)s, %(period)s: your answer does not settle a finding"),
        gettext_lazy("Its page says why. Correct what is missing, and answer again."),
    ),
    Kind.FINDING_CLOSED: Wording(
        gettext_lazy("Findings closed"),
        gettext_lazy("%(site)s, %(period)s: a finding is closed"),
        gettext_lazy("Its page says how it was settled."),
    ),
    Kind.FINDING_OVERDUE: Wording(
        gettext_lazy("Findings without an answer"),
        gettext_lazy("%(site)s, %(period)s: the answer to a finding is late"),
        gettext_lazy("It was wanted by %(due)s. While a major finding is open, no positive opinion can be given."),
    ),
    Kind.CONCLUSION_COMES: Wording(
        gettext_lazy("Conclusions that are wanted soon"),
        gettext_lazy("%(site)s, %(period)s: the conclusion is wanted by %(due)s"),
        gettext_lazy("Its page says what still stands in the way."),
    ),
    Kind.CONCLUSION_LATE: Wording(
        gettext_lazy("Conclusions that are late"),
        gettext_lazy("%(site)s, %(period)s: the conclusion of the audit is late"),
        gettext_lazy("It was wanted by %(due)s. Its page says what still waits: for the plant’s answers, or for the auditor."),
    ),
    Kind.CONCLUSION_GIVEN: Wording(
        gettext_lazy("Conclusions of certification bodies"),
        gettext_lazy("%(site)s, %(period)s: a certification body has concluded"),
        gettext_lazy("Its page says what was attested, and until when it holds."),
    ),
    Kind.CONCLUSION_WITHDRAWN: Wording(
        gettext_lazy("Conclusions withdrawn"),
        gettext_lazy("%(site)s, %(period)s: a certification body has withdrawn its conclusion"),
        gettext_lazy("Its page says why. Do not show the certificate any more."),
    ),
    Kind.SURVEILLANCE_COMES: Wording(
        gettext_lazy("Surveillance visits"),
        gettext_lazy("%(site)s, %(period)s: a surveillance visit is planned for %(due)s"),
        gettext_lazy("Agree on the day, and keep the records at hand."),
    ),
    Kind.VALIDITY_ENDS: Wording(
        gettext_lazy("Attestations that expire"),
        gettext_lazy("%(site)s, %(period)s: what was attested expires on %(due)s"),
        gettext_lazy("Arrange for the next check in time."),
    ),
    Kind.AUDIT_COMES: Wording(
        gettext_lazy("Obligatory audits that come"),
        gettext_lazy("%(site)s: the next obligatory audit is due by %(due)s"),
        gettext_lazy("Arrange it in time, or have the certificate of your management system put on record."),
    ),
    Kind.AUDIT_OVERDUE: Wording(
        gettext_lazy("Obligatory audits that are late"),
        gettext_lazy("%(site)s: the obligatory audit was due by %(due)s"),
        gettext_lazy(
            "Ask your regulator which certification body is to come. A certificate that holds goes on record on the page of your audits."
        ),
    ),
    Kind.DRAFT_WAITS: Wording(
        gettext_lazy("Drafts that wait for a second person"),
        gettext_lazy("%(sector)s, %(period)s: version %(version)s waits for a second person"),
        gettext_lazy("Read what the gate found, then publish it or say what is wrong."),
    ),
    Kind.RELEASE_STOPPED: Wording(
        gettext_lazy("Releases that were stopped"),
        gettext_lazy("%(sector)s, %(period)s: version %(version)s was not released at its set time"),
        gettext_lazy("Something had changed since it was approved; its page says what."),
    ),
    Kind.APPLICATION_WAITS: Wording(
        gettext_lazy("Applications that wait"),
        gettext_lazy("A firm or a site asks to take part"),
        gettext_lazy("It waits for your decision under “Applications”."),
    ),
    Kind.PACK_WAITS: Wording(
        gettext_lazy("Proposed packs that wait for approval"),
        gettext_lazy("The pack %(proposal)s is proposed and waits for two approvals"),
        gettext_lazy("Read what differs and what it would move, then approve it, comment on it, or refuse it with a reason."),
    ),
    Kind.PACK_PROPOSED: Wording(
        gettext_lazy("Packs proposed"),
        gettext_lazy("The pack %(proposal)s is proposed"),
        gettext_lazy("Read what differs, and comment on it while it is open."),
    ),
    Kind.PACK_COMMENTED: Wording(
        gettext_lazy("Comments on proposed packs"),
        gettext_lazy("The pack %(proposal)s: a comment for you to read"),
        gettext_lazy("It stands on the page of the proposal."),
    ),
    Kind.PACK_DECIDED: Wording(
        gettext_lazy("Proposed packs decided"),
        gettext_lazy("The proposal of the pack %(proposal)s is decided"),
        gettext_lazy("Its page says whether it was approved, and if not, why."),
    ),
    Kind.PASSWORD_CHANGED: Wording(
        gettext_lazy("Changes of your password"),
        gettext_lazy("Your password was changed"),
        with_contact(gettext_lazy("If it was not you, ask for a new password on the page of signing in."), _THEN),
    ),
    Kind.SECOND_FACTOR_ADDED: Wording(
        gettext_lazy("A second factor set up"),
        gettext_lazy("A second factor was set up for your account"),
        with_contact(gettext_lazy("If it was not you, change your password at once."), _THEN),
    ),
    Kind.SECOND_FACTOR_REMOVED: Wording(
        gettext_lazy("A second factor removed"),
        gettext_lazy("A second factor was removed from your account"),
        with_contact(gettext_lazy("If it was not you, change your password at once."), _THEN),
    ),
}

_OF_FIRMS = (
    Kind.REPORT_COMES,
    *(Kind.REPORT_REMINDED, Kind.EXTENSION_GRANTED, Kind.SUBMISSION_ACCEPTED, Kind.SUBMISSION_REFUSED, Kind.BENCHMARK_PUBLISHED),
    *(Kind.BENCHMARK_WITHDRAWN, Kind.SAMPLE_DRAWN, Kind.FINDING_MADE, Kind.FINDING_RETURNED, Kind.FINDING_CLOSED, Kind.FINDING_OVERDUE),
    *(Kind.CONCLUSION_GIVEN, Kind.CONCLUSION_WITHDRAWN, Kind.SURVEILLANCE_COMES, Kind.VALIDITY_ENDS, Kind.SITE_APPROVED, Kind.SITE_REFUSED),
    *(Kind.CONCLUSION_LATE, Kind.AUDIT_COMES, Kind.AUDIT_OVERDUE),
    *(Kind.FIRM_STAYS, Kind.FIRM_LEAVES, Kind.DEVICE_ENROLLED, Kind.DEVICE_REVOKED),
)
_OF_PROPOSALS = (Kind.PACK_PROPOSED, Kind.PACK_COMMENTED, Kind.PACK_DECIDED)
_OF_EVERYBODY = (Kind.PASSWORD_CHANGED, Kind.SECOND_FACTOR_ADDED, Kind.SECOND_FACTOR_REMOVED)
KINDS_OF: dict[str, tuple[Kind, ...]] = {
    Role.ENTERPRISE: (*_OF_FIRMS, *_OF_PROPOSALS),
    Role.REGULATOR: (Kind.DRAFT_WAITS, Kind.RELEASE_STOPPED, Kind.APPLICATION_WAITS, Kind.PACK_WAITS, *_OF_PROPOSALS),
    Role.CERTIFICATION_BODY: (
        *(Kind.ASSIGNMENT_MADE, Kind.ASSIGNMENT_TAKEN_BACK, Kind.OPENING_COMES, Kind.FINDING_ANSWERED, Kind.FINDING_OVERDUE),
        *(Kind.CONCLUSION_COMES, Kind.CONCLUSION_LATE, Kind.SURVEILLANCE_COMES, Kind.VALIDITY_ENDS),
        *_OF_PROPOSALS,
    ),
}
"""What each role is told of, in the order of the page where it is chosen."""

HOWS: dict[How, Promise] = {
    How.AT_ONCE: gettext_lazy("At once"),
    How.DAILY: gettext_lazy("Once a day"),
    How.NEVER: gettext_lazy("Never by mail"),
}


def kinds_of(roles: Iterable[str]) -> tuple[Kind, ...]:
    """What somebody with these roles may be told of, each once."""
    found = [kind for role in KINDS_OF if role in set(roles) for kind in KINDS_OF[role]]
    return tuple(dict.fromkeys((*found, *_OF_EVERYBODY)))


def notice_row_of(kind: str, told: Mapping[str, Any], at: datetime, url: str = "", read: bool = False) -> NoticeRow:
    """A notice in words; a kind that this release no longer knows stands by its name."""
    wording = WORDINGS.get(kind)
    if wording is None:
        return NoticeRow(kind, kind, "", at, url, read)
    words = _words(told)
    return NoticeRow(str(wording.name), str(wording.title) % words, str(wording.sentence) % words, at, url, read)


def notice_page(
    views: Sequence[NoticeView], found: int, unread: int, pages: Pages | None, kinds: Sequence[Kind], query: QueryDict
) -> NoticePage:
    asked = query.get("kind", "")
    offered = [Choice(kind.value, str(WORDINGS[kind].name), kind.value == asked) for kind in kinds]
    return NoticePage(
        unread=unread,
        found=found,
        rows=tuple(notice_row_of(one.kind, one.told, one.at, reverse("web:notification", args=[one.id]), one.read) for one in views),
        kinds=(Choice("", _("Everything"), not asked), *offered),
        only_unread=query.get("unread") == "1",
        pages=pages,
    )


def wish_rows(views: Iterable[WishView]) -> tuple[WishRow, ...]:
    return tuple(
        WishRow(
            str(WORDINGS[view.kind].name),
            view.kind.value,
            view.fixed,
            tuple(Choice(how.value, str(word), how == view.how) for how, word in HOWS.items()),
        )
        for view in views
    )


def _words(told: Mapping[str, Any]) -> dict[str, str]:
    """What the sentences may name; what was not told stays empty rather than stop a page."""
    due = told.get("due", "")
    return {
        "site": in_language(told.get("site_name", ""), told.get("site_name_zh", "")) or str(told.get("site", "")),
        "firm": in_language(told.get("firm_name", ""), told.get("firm_name_zh", "")),
        "period": period_name(told["period"]) if told.get("period") else "",
        "due": date_format(date.fromisoformat(due), _("j F Y")) if due else "",
        "sector": Names.of(told["pack"], told["pack_version"]).title(told["route"]) if told.get("pack") else "",
        "version": str(told.get("version", "")),
        "proposal": str(told.get("proposal", "")),
    }
