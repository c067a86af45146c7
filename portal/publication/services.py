"""Draft, publish, withdraw. Two people for every publication; nothing is overwritten; what was published stays readable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import transaction

from benchmarks import packs
from benchmarks.composition import IndustryLabel, Roster, by_step, compose_route, roster_of
from benchmarks.disclosure import GateResult, Published, gate
from benchmarks.explanation import Approval, Change, Participation, explain
from benchmarks.routes import Pack, Route, Words
from benchmarks.wire import published
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.problems import RefusedError
from portal.publication.document import document_of
from portal.publication.models import Publication, Status
from portal.publication.selectors import obstacle
from portal.standings.cohort import Cohort, cohort


@dataclass(frozen=True, slots=True)
class _Composed:
    label: IndustryLabel
    roster: Roster
    gate: GateResult


def draft(period: ReportingPeriod, by: User, now: datetime, what_changed: str = "") -> Publication:
    """Compose, gate and explain what is accepted now, as the next version. The same asked twice gives the same draft.

    Raises:
        RefusedError: `not-regulator` (403), `no-participants` (409).
        PolicyRefusal, InputError: as the core says.
    """
    group = period.peer_group
    if not may_decide_for(by, group.scope):
        raise RefusedError(403, "not-regulator", "You are no regulator of this peer group.", "Ask a regulator of its whole jurisdiction.")
    present = cohort(period)
    if not present.participants:
        raise RefusedError(
            409,
            "no-participants",
            "No accepted submission is there to compose.",
            "Wait for submissions, or look at the participation page.",
        )
    pack = packs.load(group.pack, group.pack_version)
    route = next(declared for declared in pack.routes if declared.id == group.route)
    composed = _compose(period, present, pack, route, now)
    with transaction.atomic():
        # the peer group's period is the lock for its versions
        ReportingPeriod.objects.select_for_update().get(pk=period.pk)
        last = Publication.objects.filter(period=period).order_by("-version").first()
        if last is not None and _says_the_same(last, present, composed.gate, by, what_changed):
            return last
        version = last.version + 1 if last else 1
        participation = _participation(period, present, by, now, version, what_changed)
        explanation = explain(composed.gate, pack, route, participation, version=str(version), on=_last_day(period))
        row = Publication.objects.create(
            period=period,
            version=version,
            label=composed.label.to_json(),
            roster=composed.roster.to_json(),
            gate=composed.gate.to_json(),
            explanation=explanation.to_json(),
            participants=list(present.digests),
            seed=f"{present.seed('composition'):064x}",
            what_changed=what_changed,
            drafted_by=by,
            drafted_at=now,
        )
        record(
            now,
            by.email,
            Action.PUBLICATION_DRAFTED,
            subject_of(row),
            f"{len(present.digests)} submissions, {composed.gate.shown} cells shown",
        )
    return row


def _says_the_same(last: Publication, present: Cohort, gated: GateResult, by: User, what_changed: str) -> bool:
    """Whether a form was sent twice: the same person's draft of the same reports, let through alike, in the same words."""
    return (
        last.status == Status.DRAFT
        and last.drafted_by_id == by.pk
        and last.what_changed == what_changed
        and last.participants == list(present.digests)
        and last.gate == gated.to_json()
    )


def publish(publication: Publication, by: User, key: ReceiptKey, now: datetime) -> Publication:
    """A second person lets a draft out. The gate is asked again: what was published since may have changed its answer.

    Raises:
        RefusedError: 403 or 409 with the code of `selectors.obstacle`, or `draft-outdated`.
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        # the period in every peer group of the sector, in one order: what two groups publish at once must know of each other
        alike = ReportingPeriod.objects.filter(name=row.period.name, peer_group__pack=row.period.peer_group.pack).order_by("pk")
        periods = {one.pk: one for one in alike.select_for_update().select_related("peer_group__scope")}
        period = periods[row.period_id]
        present = cohort(period)
        if row.status == Status.DRAFT and list(present.digests) != row.participants:
            raise _refused("draft-outdated")
        pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
        label, roster = IndustryLabel.from_json(row.label), Roster.from_json(row.roster)
        asked_again = _gate(period, label, roster, present, pack, now)
        if code := obstacle(row, by, asked_again):
            raise _refused(code)
        route = next(declared for declared in pack.routes if declared.id == label.route)
        participation = _participation(period, present, row.drafted_by, row.drafted_at, row.version, row.what_changed, (by, now))
        row.gate = asked_again.to_json()
        row.explanation = explain(asked_again, pack, route, participation, version=str(row.version), on=_last_day(period)).to_json()
        row.document = published.sign(document_of(asked_again, row.explanation, row.version, _local(now)), key)
        row.status, row.approved_by, row.published_at = Status.PUBLISHED, by, now
        row.save(update_fields=["gate", "explanation", "document", "status", "approved_by", "published_at"])
        record(now, by.email, Action.PUBLICATION_PUBLISHED, subject_of(row))
    return row


def withdraw(publication: Publication, by: User, reason: str, now: datetime) -> Publication:
    """Take a published version back. It stays readable at its address, marked, with the reason.

    Raises:
        RefusedError: `not-regulator` (403), `not-published`, `reason-missing` (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        if not may_decide_for(by, row.period.peer_group.scope):
            raise _refused("not-regulator")
        if row.status != Status.PUBLISHED:
            raise _refused("not-published")
        if not reason.strip():
            raise _refused("reason-missing")
        row.status, row.withdrawn_by, row.withdrawn_at, row.withdrawal_reason = Status.WITHDRAWN, by, now, reason.strip()[:1000]
        row.save(update_fields=["status", "withdrawn_by", "withdrawn_at", "withdrawal_reason"])
        record(now, by.email, Action.PUBLICATION_WITHDRAWN, subject_of(row), row.withdrawal_reason)
    return row


def subject_of(row: Publication) -> str:
    """How the audit record names a version."""
    group = row.period.peer_group
    return f"benchmark {group.pack}/{group.route}/{row.period.name}/v{row.version}"


def _compose(period: ReportingPeriod, present: Cohort, pack: Pack, route: Route, now: datetime) -> _Composed:
    grouped = by_step(present.participants)
    rng = np.random.default_rng(present.seed("composition"))
    label = compose_route(pack, route, grouped, rng, period=period.name)
    roster = roster_of(pack, route, grouped)
    return _Composed(label, roster, _gate(period, label, roster, present, pack, now))


def _gate(period: ReportingPeriod, label: IndustryLabel, roster: Roster, present: Cohort, pack: Pack, now: datetime) -> GateResult:
    public = Publication.objects.exclude(status=Status.DRAFT).order_by("published_at", "pk")
    other_groups = public.filter(period__name=period.name, period__peer_group__pack=pack.id).exclude(period=period)
    return gate(
        label,
        roster,
        pack.disclosure,
        [_published(row, str(row.version)) for row in public.filter(period=period)],
        elsewhere=[_published(row, subject_of(row)) for row in other_groups.select_related("period__peer_group")],
        period_end=_local(period.end),
        today=_local(now),
        size_weights=present.size_weights,
    )


def _published(row: Publication, name: str) -> Published:
    """A version that the public has seen, as the gate compares it."""
    return Published(name, GateResult.from_json(row.gate).published, Roster.from_json(row.roster))


def _local(moment: datetime) -> date:
    """The day in the portal's time zone: a period ends at its midnight."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _last_day(period: ReportingPeriod) -> date:
    """The limits of standards in force on it stand beside the label: those that the sites' own grades are tested against."""
    return _local(period.end - timedelta(microseconds=1))


def _participation(
    period: ReportingPeriod,
    present: Cohort,
    drafter: User,
    drafted_at: datetime,
    version: int,
    what_changed: str,
    approval: tuple[User, datetime] | None = None,
) -> Participation:
    obliged = PeerGroupMember.objects.filter(peer_group=period.peer_group, obliged=True)
    before = Publication.objects.filter(period=period, version__lt=version).exclude(status=Status.DRAFT).order_by("-version").first()
    approvals = [_approval(drafter, drafted_at, "drafted")]
    if approval is not None:
        approvals.append(_approval(*approval, "published"))
    return Participation(
        firms_reporting=len({participant.firm for participant in present.participants}),
        sites_reporting=len(present.submissions),
        firms_obliged=obliged.values("site__organisation__controlling_firm").distinct().count(),
        approvals=tuple(approvals),
        change=None if before is None else Change(str(before.version), _said(what_changed)),
    )


def _said(what_changed: str) -> Words:
    """The drafter's words, in the one language they were written in."""
    if what_changed:
        return Words(en=what_changed, zh=what_changed)
    return Words(en="the drafter gave no description of the change.", zh="起草人未说明变更内容。")


def _approval(user: User, at: datetime, act: str) -> Approval:
    """By the organisation the person decides for: what is public holds no private name."""
    membership = user.memberships.filter(role="regulator").select_related("organisation").order_by("pk").first()
    name, name_zh = (membership.organisation.name, membership.organisation.name_zh) if membership else ("regulator", "监管部门")
    return Approval(name, _local(at), act, name_zh)


_SENTENCES = {
    "not-regulator": (403, "You are no regulator of this peer group.", "Ask a regulator of its whole jurisdiction."),
    "own-draft": (403, "You drafted this version yourself.", "A second person has to publish it."),
    "not-a-draft": (409, "This version is no draft any more.", "Draft a new version to change anything."),
    "gate-holds": (
        409,
        "The gate holds a value of this version back for now.",
        "Wait until more participants have changed, or the lag has passed.",
    ),
    "nothing-shown": (409, "The gate lets no value of this version out.", "Look at the gate's reasons cell by cell."),
    "draft-outdated": (409, "Submissions were accepted or superseded since this was drafted.", "Draft the version again."),
    "not-published": (409, "Only a published version can be withdrawn.", "A draft that is not wanted is simply not published."),
    "reason-missing": (409, "A withdrawal needs a reason; it is shown to everybody.", "Say in a sentence what was wrong."),
}


def _refused(code: str) -> RefusedError:
    status, sentence, remedy = _SENTENCES[code]
    return RefusedError(status, code, sentence, remedy)
