"""Drafting the next version of a benchmark, of what is accepted now, gated and explained; and
discarding a draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction
from django.db.models import Max

from benchmarks import packs
from benchmarks.composition import IndustryLabel, Roster, by_step, compose_with_roster, seed_of
from benchmarks.disclosure import GateResult
from benchmarks.phrases import in_number
from benchmarks.routes import Pack, Route
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import ReportingPeriod
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.publication import announcing
from portal.publication.explaining import explained
from portal.publication.gating import gate_of
from portal.publication.models import Publication, ScheduledRelease, VersionStatus
from portal.publication.refusals import refusal
from portal.publication.rows import at_one_address
from portal.publication.shapes import summary_json
from portal.standings.cohort import Cohort, cohort
from portal.whole_text import whole_text

MOST_CHARACTERS = 1_000
"""Of what is told of a change."""


@dataclass(frozen=True, slots=True)
class _Composed:
    label: IndustryLabel
    roster: Roster
    gate: GateResult


def draft(period: ReportingPeriod, by: User, now: datetime, what_changed: str = "") -> Publication:
    """Compose, gate and explain what is accepted now, as the next version. The same asked twice,
    by whom ever, gives the same draft.

    Raises:
        RefusedError: `not-regulator` (403); `no-participants`, `all-left-out` (409).
        PolicyRefusal, InputError: as the core says.
    """
    group = period.peer_group
    require_regulator_of_scope(by, group.scope)
    present = cohort(period, scheme_day(now))
    if not present.labels and (reports := len(present.left_out)):
        raise RefusedError(
            409,
            "all-left-out",
            in_number(
                reports,
                "%(reports)s report was accepted, and the policy of this peer group on "
                "attestations leaves it out.",
                "%(reports)s reports were accepted, and the policy of this peer group on "
                "attestations leaves out all of them.",
                reports=reports,
            ),
            "Wait for attestations, or change the policy of the peer group.",
        )
    if not present.labels:
        raise RefusedError(
            409,
            "no-participants",
            "There is no accepted submission to compose.",
            "Wait for submissions, or look at the participation page.",
        )
    pack = packs.load(group.pack, group.pack_version)
    route = pack.route(group.route)
    composed = _compose(period, present, pack, route, now)
    with transaction.atomic():
        # the periods of all groups that share an address are the lock for its versions
        list(at_one_address(period).select_for_update(of=("self",)).order_by("pk"))
        drafts = Publication.objects.filter(period=period, status=VersionStatus.DRAFT)
        for open_draft in drafts.order_by("-version"):
            if _says_the_same(open_draft, present, composed, what_changed):
                return open_draft
        version = next_version(period)
        explanation = explained(
            composed.gate, pack, period, present, version, what_changed, (by, now)
        )
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
            row.audit_subject,
            f"{len(present.digests)} submissions, {composed.gate.shown} cells shown",
        )
        announcing.waits(row, now)
    return row


def discard(publication: Publication, by: User, reason: str, now: datetime) -> Publication:
    """Whoever may decide about a draft may discard it, who drafted it too: nothing becomes public
    by it.

    Raises:
        RefusedError: `not-regulator` (403), `not-a-draft`, `is-scheduled`, `discard-unexplained`,
            `text-too-long` (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        require_regulator_of_scope(by, row.period.peer_group.scope)
        if row.status != VersionStatus.DRAFT:
            raise refusal("not-a-draft")
        if row.releases.filter(state=ScheduledRelease.State.WAITING).exists():
            raise refusal("is-scheduled")
        if not reason.strip():
            raise refusal("discard-unexplained")
        row.status, row.discarded_by, row.discarded_at, row.discard_reason = (
            VersionStatus.DISCARDED,
            by,
            now,
            whole_text(reason),
        )
        row.save(update_fields=["status", "discarded_by", "discarded_at", "discard_reason"])
        record(now, by.email, Action.PUBLICATION_DISCARDED, row.audit_subject, row.discard_reason)
    return row


def _compose(
    period: ReportingPeriod, present: Cohort, pack: Pack, route: Route, now: datetime
) -> _Composed:
    rng = np.random.default_rng(seed_of("composition", present.digests))
    label, roster = compose_with_roster(
        pack, route, by_step(present.labels), rng, period=period.name
    )
    return _Composed(label, roster, gate_of(period, label, roster, present, pack, now))


def next_version(period: ReportingPeriod) -> int:
    """At its address; the caller holds the lock of `at_one_address`."""
    last: int | None = Publication.objects.filter(period__in=at_one_address(period)).aggregate(
        last=Max("version")
    )["last"]
    return (last or 0) + 1


def _says_the_same(
    open_draft: Publication, present: Cohort, composed: _Composed, what_changed: str
) -> bool:
    """Whether it is a draft of the same reports, let through alike, in the same words."""
    return (
        open_draft.what_changed == what_changed
        and open_draft.participants == list(present.digests)
        and open_draft.gate == composed.gate.to_json()
        and open_draft.roster == composed.roster.to_json()
    )
