"""Draft, publish, withdraw. Two people for every publication; nothing is overwritten; what was published stays readable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext, override

from benchmarks import packs
from benchmarks.composition import IndustryLabel, Roster, by_step, compose_with_roster, seed_of
from benchmarks.disclosure import GateResult, Published, gate
from benchmarks.explanation import Approval, Change, Participation, explain
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Route
from benchmarks.wire import published
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.catalogue.selectors import overlapping
from portal.names import in_chinese
from portal.problems import RefusedError
from portal.publication import announcing, asking
from portal.publication.audited import excluded, told_of_change, verification
from portal.publication.counted_before import beside_what_was_shown
from portal.publication.document import Scope, document_of
from portal.publication.entries import log_published, log_withdrawn
from portal.publication.history import is_outdated
from portal.publication.models import UNSEEN, Publication, Status
from portal.publication.review import obstacle
from portal.publication.shapes import summary_json
from portal.standings.bands import bands
from portal.standings.cohort import Cohort, cohort

JSON = dict[str, Any]
LET_OUT = ("gate", "explanation", "document", "summary", "digest", "status", "approved_by", "published_at", "approval_note")


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
    require_regulator_of_scope(by, group.scope)
    present = cohort(period, _local(now))
    if not present.participants:
        raise RefusedError(
            409,
            "no-participants",
            "There is no accepted submission to compose.",
            "Wait for submissions, or look at the participation page.",
        )
    pack = packs.load(group.pack, group.pack_version)
    route = next(declared for declared in pack.routes if declared.id == group.route)
    composed = _compose(period, present, pack, route, now)
    with transaction.atomic():
        # the periods of all groups that share an address are the lock for its versions
        list(_at_one_address(period).select_for_update(of=("self",)).order_by("pk"))
        last = Publication.objects.filter(period=period).order_by("-version").first()
        if last is not None and _says_the_same(last, present, composed, by, what_changed):
            return last
        version = _next_version(period)
        participation = _participation(period, present, by, now, version, what_changed)
        explanation = explain(composed.gate, pack, route, participation, version=str(version), on=_last_day(period))
        row = Publication.objects.create(
            period=period,
            version=version,
            label=composed.label.to_json(),
            roster=composed.roster.to_json(),
            gate=composed.gate.to_json(),
            summary=summary_json(composed.gate),
            explanation=explanation.to_json(),
            participants=list(present.digests),
            seed=f"{seed_of('composition', present.digests):064x}",
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
        announcing.waits(row, now)
    return row


def _at_one_address(period: ReportingPeriod) -> QuerySet[ReportingPeriod]:
    """The periods that an address cannot tell apart, which names pack, jurisdiction, route and period: of groups by other pack versions."""
    group = period.peer_group
    return ReportingPeriod.objects.filter(
        name=period.name, peer_group__pack=group.pack, peer_group__route=group.route, peer_group__scope=group.scope_id
    )


def _next_version(period: ReportingPeriod) -> int:
    last: int | None = Publication.objects.filter(period__in=_at_one_address(period)).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


def _says_the_same(last: Publication, present: Cohort, composed: _Composed, by: User, what_changed: str) -> bool:
    """Whether a form was sent twice: the same person's draft of the same reports, let through alike, in the same words."""
    return (
        last.status == Status.DRAFT
        and last.drafted_by_id == by.pk
        and last.what_changed == what_changed
        and last.participants == list(present.digests)
        and last.gate == composed.gate.to_json()
        and last.roster == composed.roster.to_json()
    )


def publish(publication: Publication, by: User, key: ReceiptKey, now: datetime, note: str = "") -> Publication:
    """A second person lets a draft out. The gate is asked again: what was published since may have changed its answer.

    Raises:
        RefusedError: 403 or 409 with the code of `selectors.obstacle`, or `draft-outdated`.
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        let_out(row, *approved(row, by, key, now), by.pk, now, note.strip()[:1000])
        record(now, by.email, Action.PUBLICATION_PUBLISHED, subject_of(row), row.approval_note)
        log_published(row, now)
        announcing.published(row, now)
        asking.ask(row, now)
    return row


def let_out(row: Publication, gate: JSON, explanation: JSON, document: JSON, by: int, now: datetime, note: str) -> None:
    """From here on the version is public: what was decided and signed, and what lists and addresses tell of it."""
    row.gate, row.explanation, row.document = gate, explanation, document
    row.summary, row.digest = summary_json(GateResult.from_json(gate)), published.digest(document).hex()
    row.status, row.approved_by_id, row.published_at, row.approval_note = Status.PUBLISHED, by, now, note
    row.save(update_fields=LET_OUT)


def approved(row: Publication, by: User, key: ReceiptKey, out_at: datetime) -> tuple[JSON, JSON, JSON]:
    """Gate, explanation and signed document of a draft that this person lets out at that moment. Holds the locks of `asked_again`.

    Raises:
        RefusedError: as `publish`.
    """
    period = row.period
    present, again = asked_again(row, out_at)
    if row.status == Status.DRAFT and is_outdated(row, present):
        raise refusal("draft-outdated")
    if code := obstacle(row, by, again):
        raise refusal(code)
    pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
    route = next(declared for declared in pack.routes if declared.id == period.peer_group.route)
    participation = _participation(period, present, row.drafted_by, row.drafted_at, row.version, row.what_changed, (by, out_at))
    explanation = explain(again, pack, route, participation, version=str(row.version), on=_last_day(period)).to_json()
    scope = Scope.of(period.peer_group.scope)
    counted = bands(period, present, pack, pack.disclosure.fewest_firms)
    shown_bands = beside_what_was_shown(counted, row, pack.disclosure.least_changed_participants)
    document = document_of(again, explanation, row.version, _local(out_at), scope, shown_bands)
    return again.to_json(), explanation, published.sign(document, key)


def asked_again(row: Publication, now: datetime) -> tuple[Cohort, GateResult]:
    """Who takes part now, and what the gate says of the draft as it would stand among all that is public at that moment.

    Locks every period of the sector, in one order: what is published at once, of two groups or two years, must know of each other.
    """
    alike = ReportingPeriod.objects.filter(peer_group__pack=row.period.peer_group.pack).order_by("pk")
    periods = {other.pk: other for other in alike.select_for_update(of=("self",)).select_related("peer_group__scope")}
    period = periods[row.period_id]
    present = cohort(period, _local(now))
    pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
    return present, _gate(period, IndustryLabel.from_json(row.label), Roster.from_json(row.roster), present, pack, now)


def withdraw(publication: Publication, by: User, reason: str, now: datetime) -> Publication:
    """Take a published version back. It stays readable at its address, marked, with the reason.

    Raises:
        RefusedError: `not-regulator` (403), `not-published`, `reason-missing` (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        if not may_decide_for(by, row.period.peer_group.scope):
            raise refusal("not-regulator")
        if row.status != Status.PUBLISHED:
            raise refusal("not-published")
        if not reason.strip():
            raise refusal("reason-missing")
        row.status, row.withdrawn_by, row.withdrawn_at, row.withdrawal_reason = Status.WITHDRAWN, by, now, reason.strip()[:1000]
        row.save(update_fields=["status", "withdrawn_by", "withdrawn_at", "withdrawal_reason"])
        record(now, by.email, Action.PUBLICATION_WITHDRAWN, subject_of(row), row.withdrawal_reason)
        log_withdrawn(row, now)
        announcing.withdrawn(row, now)
    return row


def subject_of(row: Publication) -> str:
    """How the audit record names a version."""
    group = row.period.peer_group
    return f"benchmark {group.pack}/{group.scope.path}/{group.route}/{row.period.name}/v{row.version}"


def _compose(period: ReportingPeriod, present: Cohort, pack: Pack, route: Route, now: datetime) -> _Composed:
    rng = np.random.default_rng(seed_of("composition", present.digests))
    label, roster = compose_with_roster(pack, route, by_step(present.participants), rng, period=period.name)
    return _Composed(label, roster, _gate(period, label, roster, present, pack, now))


def _gate(period: ReportingPeriod, label: IndustryLabel, roster: Roster, present: Cohort, pack: Pack, now: datetime) -> GateResult:
    """Against all that the public ever saw of any time that this period holds, in every peer group of the sector; withdrawn or not."""
    public = Publication.objects.exclude(status__in=UNSEEN).order_by("published_at", "pk")
    at_that_time = ReportingPeriod.objects.filter(overlapping(period.start, period.end), peer_group__pack=pack.id).exclude(pk=period.pk)
    other_groups = public.filter(period__in=at_that_time)
    of_sector = public.filter(period__peer_group__pack=pack.id).exclude(period=period)
    other_years = of_sector.exclude(period__in=at_that_time)
    return gate(
        label,
        roster,
        pack.disclosure,
        [_published(row, str(row.version)) for row in public.filter(period=period)],
        elsewhere=[_published(row, subject_of(row)) for row in other_groups.select_related("period__peer_group__scope")],
        other_years=[_published(row, subject_of(row)) for row in other_years.select_related("period__peer_group__scope")],
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
    before = Publication.objects.filter(period=period, version__lt=version).exclude(status__in=UNSEEN).order_by("-version").first()
    approvals = [_approval(drafter, drafted_at, "drafted")]
    if approval is not None:
        approvals.append(_approval(*approval, "published"))
    return Participation(
        firms_reporting=len({participant.firm for participant in present.participants}),
        sites_reporting=len(present.submissions),
        firms_obliged=obliged.values("site__organisation__controlling_firm").distinct().count(),
        approvals=tuple(approvals),
        excluded=excluded(present),
        verification=verification(present),
        change=None if before is None else Change(str(before.version), told_of_change(what_changed, present, before.participants)),
    )


NAMELESS = Phrase("regulator")
"""Whoever approved and is regulator no more, as published documents name them."""


def _approval(user: User, at: datetime, act: str) -> Approval:
    """By the organisation the person decides for: what is public holds no private name."""
    membership = user.memberships.filter(role="regulator").select_related("organisation").order_by("pk").first()
    if membership is None:
        with override("zh-hans"):
            return Approval(str(NAMELESS), _local(at), act, gettext(NAMELESS))
    return Approval(str(membership.organisation.name), _local(at), act, in_chinese(membership.organisation.name))


_SENTENCES = {
    "not-regulator": (403, Phrase("You are not a regulator of this peer group."), Phrase("Ask a regulator of its whole jurisdiction.")),
    "own-draft": (403, Phrase("You drafted this version yourself."), Phrase("A second person has to publish it.")),
    "not-a-draft": (409, Phrase("This version is no longer a draft."), Phrase("Draft a new version to change anything.")),
    "gate-holds": (
        409,
        Phrase("The disclosure gate withholds a value of this version for now."),
        Phrase("Wait until more participants have changed, or the lag has passed."),
    ),
    "is-scheduled": (
        409,
        Phrase("This version is approved and waits for its release time."),
        Phrase("Cancel its release first, or wait until it is published."),
    ),
    "nothing-shown": (
        409,
        Phrase("The disclosure gate releases no value of this version."),
        Phrase("Look at the disclosure gate's reasons cell by cell."),
    ),
    "draft-outdated": (
        409,
        Phrase("The reports, or steps of them, that would enter now differ from those when this was drafted."),
        Phrase("Draft the version again."),
    ),
    "time-past": (409, Phrase("The time that was set is in the past."), Phrase("Set a future time, or publish now.")),
    "not-scheduled": (
        409,
        Phrase("This version has no release that waits for its time."),
        Phrase("Look at its page: it may have been published, cancelled or stopped."),
    ),
    "comment-empty": (409, Phrase("The comment is empty."), Phrase("Write what the others should know about this draft.")),
    "not-published": (
        409,
        Phrase("Only a published version can be withdrawn."),
        Phrase("Discard a draft that is not needed."),
    ),
    "discard-unexplained": (409, Phrase("A draft can be discarded only with a reason."), Phrase("Say in a sentence why it is not needed.")),
    "reason-missing": (409, Phrase("A withdrawal needs a reason; it is shown to everybody."), Phrase("Say in a sentence what was wrong.")),
}


def refusal(code: str) -> RefusedError:
    """What stands in the way of a decision, in words, with its HTTP status."""
    status, sentence, remedy = _SENTENCES[code]
    return RefusedError(status, code, sentence, remedy)
