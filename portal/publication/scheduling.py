"""A release at a set time: approved and signed by a person now, let out by the worker then, unless
cancelled or something has changed.

The worker has no key to sign with, so what goes out is signed when it is approved. The row is the
clock: a worker that was away lets out what is overdue when it comes back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from benchmarks import packs
from benchmarks.disclosure import GateResult
from benchmarks.errors import SteplabelError
from benchmarks.label_keys import LabelKey
from benchmarks.routes import Pack
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.audience import regulators_of
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.names import in_chinese
from portal.publication import announcing
from portal.publication.counted_before import still_beside_what_was_shown
from portal.publication.explaining import explained
from portal.publication.gating import asked_again
from portal.publication.history import is_outdated
from portal.publication.models import Publication, ScheduledRelease, VersionStatus
from portal.publication.publishing import ApprovedVersion, approved, let_out, made_known
from portal.publication.refusals import refusal
from portal.publication.who_may_publish import is_overtaken
from portal.standings.bands import bands
from portal.standings.cohort import Cohort
from portal.whole_text import whole_text

log = logging.getLogger(__name__)

WAITING = ScheduledRelease.State.WAITING


def schedule(
    publication: Publication, by: User, at: datetime, key: ReceiptKey, now: datetime, note: str = ""
) -> ScheduledRelease:
    """A second person approves a draft for a time to come. The gate is asked as of that time.

    Raises:
        RefusedError: as `publishing.publish`; `time-past`, `is-scheduled`.
    """
    if at <= now:
        raise refusal("time-past")
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        what = approved(row, by, key, at)
        release = ScheduledRelease.objects.create(
            publication=row,
            at=at,
            approved_by=by,
            approved_at=now,
            note=whole_text(note),
            gate=what.gate,
            explanation=what.explanation,
            document=what.document,
        )
        record(
            now,
            by.email,
            Action.PUBLICATION_SCHEDULED,
            row.audit_subject,
            f"for {at.isoformat(timespec='minutes')}. {release.note}".strip(),
        )
    return release


def cancel(publication: Publication, by: User, now: datetime) -> None:
    """Take a release back that has not happened: whoever may decide about the version may, its
    drafter too.

    Raises:
        RefusedError: `not-regulator` (403), `not-scheduled` (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        require_regulator_of_scope(by, row.period.peer_group.scope)
        waiting = ScheduledRelease.objects.filter(publication=row, state=WAITING).first()
        if waiting is None:
            raise refusal("not-scheduled")
        _end(waiting, ScheduledRelease.State.CANCELLED, now, by)
        record(
            now,
            by.email,
            Action.RELEASE_CANCELLED,
            row.audit_subject,
            f"was set for {waiting.at.isoformat(timespec='minutes')}",
        )


def release_due(clock: Callable[[], datetime]) -> int:
    """Let out every version whose time has come; how many went out. What has changed stops a
    release, and is on record.

    A release that fails keeps no other back: the next sweep tries it again.
    """
    out = 0
    for pk in (
        ScheduledRelease.objects.filter(state=WAITING, at__lte=clock())
        .order_by("at", "pk")
        .values_list("publication", flat=True)
    ):
        try:
            out += _release(pk, clock())
        except Exception:
            log.exception(
                "The release of publication %s failed; the next sweep tries it again.", pk
            )
    return out


def _release(publication: int, now: datetime) -> bool:
    with transaction.atomic():
        row = Publication.objects.select_for_update(skip_locked=True).filter(pk=publication).first()
        waiting = ScheduledRelease.objects.filter(publication=publication, state=WAITING).first()
        if (
            row is None or waiting is None
        ):  # another worker has it, or somebody cancelled it just now
            return False
        if code := _what_stops_it(row, waiting, now):
            _end(waiting, ScheduledRelease.State.STOPPED, now, reason=code)
            record(now, "worker", Action.RELEASE_STOPPED, row.audit_subject, code)
            announcing.stopped(row, now)
            return False
        what = ApprovedVersion(waiting.gate, waiting.explanation, waiting.document)
        let_out(row, what, waiting.approved_by_id, now, waiting.note)
        _end(waiting, ScheduledRelease.State.RELEASED, now)
        record(
            now,
            "worker",
            Action.PUBLICATION_PUBLISHED,
            row.audit_subject,
            f"as approved on {scheme_day(waiting.approved_at)}",
        )
        made_known(row, now)
    return True


def _what_stops_it(row: Publication, waiting: ScheduledRelease, now: datetime) -> str:
    """What has changed, or why that cannot be asked any more: where the installation has no such
    version of the pack, say.
    """
    try:
        return _what_changed(row, waiting, now)
    except SteplabelError as refused:
        return refused.code


def _what_changed(row: Publication, waiting: ScheduledRelease, now: datetime) -> str:
    """Why the version may not go out as it was approved, as a code; empty when nothing stands in
    the way.
    """
    if row.status != VersionStatus.DRAFT:
        return "not-a-draft"
    if waiting.approved_by_id not in regulators_of(row.period.peer_group.scope):
        return "not-regulator"
    present, again = asked_again(row, now)
    if is_overtaken(row):
        return "newer-published"
    if is_outdated(row, present):
        return "draft-outdated"
    pack = packs.load(row.period.peer_group.pack, row.period.peer_group.pack_version)
    least = pack.disclosure.least_changed_participants
    if again.to_json() != waiting.gate or not still_beside_what_was_shown(
        row, waiting.document, least
    ):
        return "gate-changed"
    if changed := _explained_otherwise(row, waiting, present, again, pack):
        return (
            "attestations-changed" if "verification_of_data" in changed else "explanation-changed"
        )
    return "naming-changed" if _named_no_more(row, waiting, present, pack) else ""


def _explained_otherwise(
    row: Publication, waiting: ScheduledRelease, present: Cohort, again: GateResult, pack: Pack
) -> set[str]:
    """Which texts of the signed explanation would be others if it were made now. Who drafted and
    approved it is of then.
    """
    drafted = (
        User(pk=row.drafted_by_id),
        row.drafted_at,
    )  # by number only: the worker may not read people
    now = explained(
        again,
        pack,
        row.period,
        present,
        row.version,
        row.what_changed,
        drafted,
        erratum=row,
    ).to_json()
    signed = waiting.explanation
    return {text for text in now.keys() | signed.keys() if now.get(text) != signed.get(text)} - {
        "approval"
    }


def _named_no_more(
    row: Publication, waiting: ScheduledRelease, present: Cohort, pack: Pack
) -> bool:
    """Whether a firm that was signed by name would not stand in that quarter by both its names now:
    not its choice alone decides.
    """
    signed = {
        (
            LabelKey(*(step[part] for part in LabelKey._fields)),
            entry["quarter"],
            entry["firm"],
            entry["firm_zh"],
        )
        for step in waiting.document["steps"]
        for entry in (step["bands"] or {}).get("named", ())
    }
    if not signed:
        return False
    counted = bands(row.period, present, pack, pack.disclosure.fewest_firms)
    return not signed <= {
        (cell, named.quarter, str(named.firm), in_chinese(named.firm))
        for cell, sites in counted.items()
        for named in sites.named
    }


def _end(
    waiting: ScheduledRelease, state: str, now: datetime, by: User | None = None, reason: str = ""
) -> None:
    waiting.state, waiting.ended_at, waiting.ended_by, waiting.reason_code = state, now, by, reason
    waiting.save(update_fields=["state", "ended_at", "ended_by", "reason_code"])
