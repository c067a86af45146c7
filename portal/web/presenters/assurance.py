"""Engagements, findings and attestations in the reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.assurance.attestation_standing import AttestationStanding, AttestationView
from portal.assurance.engagements import EngagementView, FindingView
from portal.assurance.reminding import needs
from portal.days import scheme_day
from portal.web.presenters.submissions import submission_row
from portal.web.viewmodels.assurance import (
    AssignedPage,
    AttestationPage,
    AttestationRow,
    AuditBlock,
    EngagementPage,
    EngagementRow,
    FindingPage,
    FindingRow,
    InterestRow,
    SaidStep,
)
from portal.web.viewmodels.shared import Crumb, HeadlineFigure, Item, StateWord
from portal.web.words.audits import (
    ACTS,
    ASSURANCES,
    FINDING_STATES,
    GRADES,
    NEED_MOODS,
    OPINION_SENTENCES,
    OPINIONS,
    STANDINGS,
    ended_because,
    need_in_words,
)
from portal.web.words.checks import outcome_in_words
from portal.web.words.terms import Names, enumerated, period_name, shown_name, state

LIST = "web:assigned"


def assigned_page(views: Sequence[EngagementView], today: date) -> AssignedPage:
    rows = tuple(
        EngagementRow(
            url=reverse("web:engagement", args=[view.id]),
            site=shown_name(view.site_name),
            sector=Names.newest(view.pack).sector,
            period=period_name(view.period),
            due=view.due,
            needs=_needs(view, today),
            taken_back=scheme_day(view.taken_back_at) if view.taken_back_at else None,
        )
        for view in views
    )
    ordered = sorted(rows, key=lambda row: (row.taken_back is not None, not row.needs))
    return AssignedPage(tuple(ordered), sum(bool(row.needs) for row in rows))


def engagement_page(view: EngagementView, today: date) -> EngagementPage:
    mine = view.mine
    stands = view.taken_back_at is None
    free = stands and mine is not None and not mine.interested
    return EngagementPage(
        title=engagement_title(view),
        caption=_("%(sector)s · assigned to %(body)s on %(day)s")
        % {
            "sector": Names.newest(view.pack).sector,
            "body": shown_name(view.body),
            "day": date_format(scheme_day(view.assigned_at), _("j F Y")),
        },
        taken_back=_taken_back(view),
        needs=_needs(view, today),
        figures=_figures(view),
        submissions=tuple(
            submission_row(submission, "web:assigned-submission") for submission in view.submissions
        ),
        interests=tuple(
            InterestRow(
                declaration.person,
                StateWord(_("Has an interest"), "no")
                if declaration.interested
                else StateWord(_("Declared no interest"), "ok"),
                declaration.text,
                declaration.declared_at,
            )
            for declaration in view.declarations
        ),
        declared=mine is not None,
        findings=tuple(
            _finding_row(finding, today, "web:engagement-finding") for finding in view.every_finding
        ),
        attestations=tuple(
            attestation_row(attestation, reverse("web:attestation", args=[attestation.digest]))
            for attestation in view.attestations
        ),
        may_conclude=free and view.accepted is not None,
        interest_url=reverse("web:engagement-interest", args=[view.id]) if stands else "",
        finding_url=reverse("web:engagement-new-finding", args=[view.id]) if free else "",
        opinion_url=reverse("web:engagement-opinion", args=[view.id]),
        sample_url=reverse("web:engagement-sample", args=[view.id])
        if free and view.accepted is not None
        else "",
        crumbs=(Crumb(_("Assigned sites"), reverse(LIST)),),
    )


def engagement_title(view: EngagementView) -> str:
    return _("%(title)s, %(period)s") % {
        "title": shown_name(view.site_name),
        "period": period_name(view.period),
    }


def audit_block(view: EngagementView, today: date) -> AuditBlock:
    return AuditBlock(
        title=engagement_title(view),
        caption=_("Audited by %(body)s") % {"body": shown_name(view.body)},
        findings=tuple(
            _finding_row(finding, today, "web:audit-finding") for finding in view.findings
        ),
        attestations=tuple(
            attestation_row(attestation, reverse("web:verify", args=[attestation.code]))
            for attestation in view.attestations
        ),
        waiting=sum(finding.waits_for_plant for finding in view.findings) if view.goes_on else 0,
        draws=tuple(reverse("web:draw-file", args=[draw]) for draw in view.draws),
        taken_back=_taken_back(view),
        goes_on=view.goes_on,
    )


def _taken_back(view: EngagementView) -> Item | None:
    if view.taken_back_at is None:
        return None
    return Item(
        date_format(scheme_day(view.taken_back_at), _("j F Y")),
        ended_because(view.taken_back_reason),
    )


def finding_page(
    view: EngagementView,
    finding: FindingView,
    today: date,
    crumbs: tuple[Crumb, ...],
    *,
    regulator: bool = False,
) -> FindingPage:
    waits_for_regulator = finding.appealed and not view.ended_with_firm
    return FindingPage(
        title=_("Finding %(n)s, %(of)s") % {"n": finding.number, "of": engagement_title(view)},
        grade=state(GRADES, finding.grade),
        state=finding_state(finding, today),
        waits_for_regulator=waits_for_regulator,
        may_act=waits_for_regulator
        if regulator
        else view.goes_on and not finding.closed and not finding.appealed,
        may_be_appealed=not finding.was_appealed,
        answered=not finding.waits_for_plant,
        text=finding.text,
        evidence=finding.evidence,
        evidence_digest=finding.evidence_digest,
        due=finding.due,
        raised_by=finding.raised_by,
        raised_at=finding.raised_at,
        steps=tuple(
            SaidStep(str(ACTS[step.act]), step.text, step.evidence_digest, step.by, step.at)
            for step in finding.steps
        ),
        crumbs=crumbs,
    )


def attestation_row(view: AttestationView, url: str) -> AttestationRow:
    statement = view.statement
    return AttestationRow(
        url=url,
        code=view.code,
        opinion=opinion_in_words(view),
        state=state(STANDINGS, view.standing),
        valid_until=statement.valid_until,
        surveillance_on=statement.surveillance_on,
    )


def opinion_in_words(view: AttestationView) -> str:
    statement = view.statement
    return _("%(opinion)s, %(assurance)s") % {
        "opinion": OPINIONS[statement.opinion],
        "assurance": ASSURANCES[statement.assurance],
    }


def attestation_page(view: AttestationView, crumbs: tuple[Crumb, ...] = ()) -> AttestationPage:
    public = view.standing is not AttestationStanding.DRAWN_UP
    waits = not public or view.withdrawal_waits
    return AttestationPage(
        title=_subject(view),
        state=state(STANDINGS, view.standing),
        code=view.code,
        opinion=opinion_in_words(view),
        facts=_facts(view),
        proof=_proof(view),
        withdrawal=Item(
            date_format(scheme_day(view.withdrawn_at), _("j F Y")), view.withdrawal_reason
        )
        if view.withdrawn_at
        else None,
        warning=_warning(view),
        lead=str(OPINION_SENTENCES[view.statement.opinion, view.statement.assurance])
        % {"body": shown_name(view.body)},
        file_name=file_to_sign(view.digest, withdrawal=public),
        to_sign=reverse("web:attestation-to-sign", args=[view.digest])
        if waits and view.standing is not AttestationStanding.WITHDRAWN
        else "",
        withdraw_url=reverse("web:attestation-withdraw", args=[view.digest])
        if view.standing
        in (AttestationStanding.VALID, AttestationStanding.EARLIER, AttestationStanding.EXPIRED)
        else "",
        verify_url=reverse("web:verify", args=[view.code]) if public else "",
        statement_url=reverse("web:verify-statement", args=[view.code]) if public else "",
        certificate_url=reverse("web:verify-certificate", args=[view.code]) if public else "",
        crumbs=crumbs,
    )


def file_to_sign(digest: str, *, withdrawal: bool) -> str:
    """What the file that waits for the auditor's signature is called."""
    return f"{'withdrawal' if withdrawal else 'attestation'}-{digest[:16]}.cbor"


def _subject(view: AttestationView) -> str:
    if (report := view.report) is not None:
        title = {"title": shown_name(view.site_name), "period": period_name(report.period)}
        return _("Attestation: %(title)s, %(period)s") % title
    version = view.publication
    if version is None:
        raise TypeError("an attestation is of a report or of a publication")
    names = Names.newest(version.pack)
    values = {
        "title": names.title(version.route),
        "period": period_name(version.period),
        "n": version.version,
    }
    return _("Attestation: industry label of %(title)s, %(period)s, version %(n)s") % values


def _facts(view: AttestationView) -> tuple[Item, ...]:
    statement, names = view.statement, Names.newest(view.pack)
    items = [
        Item(_("Opinion"), opinion_in_words(view)),
        Item(_("Certification body"), shown_name(view.body)),
    ]
    items.append(Item(_("Auditor"), statement.auditor))
    if (report := view.report) is not None:
        items.append(
            Item(
                _("Report"),
                _("%(period)s, revision %(n)s")
                % {"period": period_name(report.period), "n": report.revision},
            )
        )
        items.append(Item(_("Steps"), enumerated(names.step_name(step) for step in report.steps)))
    items.append(Item(_("Boundary"), statement.boundary))
    items.append(Item(_("Materiality"), f"{float(statement.materiality * 100):g} %"))
    items.append(Item(_("What was checked"), statement.checked))
    items.append(Item(_("What was not checked"), statement.not_checked))
    if view.report is not None:
        items.append(
            Item(
                _("Sample and opening"),
                outcome_in_words(statement.sample)
                if statement.sample
                else _("none on record when this was stated"),
            )
        )
    if statement.reason is not None:
        items.append(
            Item(_("Why the opinion differs from the checks of the opening"), statement.reason)
        )
    if statement.performance is not None:
        items.append(
            Item(
                _("Performance level"),
                f"{statement.performance.scheme.upper()} {statement.performance.level}",
            )
        )
    items.append(Item(_("Issued on"), date_format(statement.issued_on, _("j F Y"))))
    items.append(Item(_("Valid until"), date_format(statement.valid_until, _("j F Y"))))
    if statement.surveillance_on is not None:
        items.append(
            Item(_("Next surveillance visit"), date_format(statement.surveillance_on, _("j F Y")))
        )
    return tuple(items)


def _proof(view: AttestationView) -> tuple[Item, ...]:
    items = [
        Item(_("Digest of the statement (SHA-256)"), view.digest),
        Item(_("Key id of the auditor"), view.key_id),
    ]
    items.append(Item(_("Public key of the auditor"), view.statement.public_key.hex()))
    if (report := view.report) is not None:
        items.append(Item(_("Digest of the sealed file (SHA-256)"), report.envelope_digest))
        if view.statement.sample is not None:
            items.append(Item(_("Digest of the draw (SHA-256)"), view.statement.sample.draw))
    elif (version := view.publication) is not None:
        items.append(Item(_("Digest of the published document (SHA-256)"), version.document_digest))
    if view.log_index is not None:
        items.append(Item(_("Log index"), f"{view.log_index:,}"))
    if view.withdrawal_log_index is not None:
        items.append(Item(_("Log index of the withdrawal"), f"{view.withdrawal_log_index:,}"))
    return tuple(items)


def _warning(view: AttestationView) -> str:
    if view.standing is AttestationStanding.EARLIER and view.report is not None:
        values = {"n": view.report.revision}
        return (
            _(
                "This statement is about revision %(n)s of the report. A later revision has "
                "replaced it, and this page says nothing "
                "about the later one."
            )
            % values
        )
    if view.key_revoked_at is not None:
        day = date_format(scheme_day(view.key_revoked_at), _("j F Y"))
        return _(
            "The auditor’s key was revoked on %(day)s. What it signed before remains valid until "
            "it is withdrawn."
        ) % {"day": day}
    return ""


def _needs(view: EngagementView, today: date) -> tuple[StateWord, ...]:
    return tuple(
        StateWord(need_in_words(need), NEED_MOODS[need.need]) for need in needs(view, today)
    )


def _figures(view: EngagementView) -> tuple[HeadlineFigure, ...]:
    closed = sum(finding.closed for finding in view.every_finding)
    accepted = view.accepted
    return (
        HeadlineFigure(
            _("Report"),
            _("revision %(n)s") % {"n": accepted.revision} if accepted else "–",
            "",
            _("accepted; log index %(n)s") % {"n": f"{accepted.log_index:,}"}
            if accepted
            else _("no accepted report yet"),
        ),
        HeadlineFigure(
            _("Findings closed"),
            str(closed),
            _("of %(n)s") % {"n": len(view.every_finding)},
            _("major open: %(n)s") % {"n": view.open_majors},
        ),
        HeadlineFigure(
            _("Conclusion due"),
            date_format(view.due, _("j F Y")) if view.due else "–",
            "",
            _("set by the regulator") if view.due else _("no day was set"),
        ),
    )


def _finding_row(finding: FindingView, today: date, page: str) -> FindingRow:
    return FindingRow(
        url=reverse(page, args=[finding.assignment, finding.number]),
        number=finding.number,
        grade=state(GRADES, finding.grade),
        text=finding.text,
        due=finding.due,
        state=finding_state(finding, today),
    )


def finding_state(finding: FindingView, today: date) -> StateWord:
    if finding.last is not None and not finding.waits_for_plant:
        return state(FINDING_STATES, finding.last)
    return state(FINDING_STATES, "overdue" if finding.overdue(today) else "open")
