"""Reading submissions of own and regulated sites, since when the oldest waits to be opened, and
commitments of managed sites.

Another firm's submission is not found, exactly as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Count, Min, QuerySet

from benchmarks.measurements import Period
from benchmarks.phrases import Name, restored
from portal import wall
from portal.accounts.models import Site, User
from portal.accounts.selectors import managed_sites, own_sites, visible_sites
from portal.intake.models import WAITING, Commitment, Submission, SubmissionState


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """One submission for its owner, its regulator or its certification body: what is on the
    outside, and its fate.
    """

    site: str
    site_name: Name
    pack: str
    digest: str
    period: str
    revision: int
    key_id: str
    ledger_sequence: int
    size_bytes: int
    log_index: int
    received_at: datetime
    state: str  # State value
    reason_code: str
    decided_at: datetime | None
    device: str
    reason: str  # a phrase, which pages say in their reader's language
    receipt: bytes  # signed canonical CBOR, to be handed out as it is


@wall.opened()
def waiting_since() -> datetime | None:
    """When the submission that has waited longest to be opened came in; None where none waits."""
    waiting = Submission.objects.filter(state__in=WAITING)
    oldest: datetime | None = waiting.aggregate(oldest=Min("received_at"))["oldest"]
    return oldest


@wall.opened()
def waits_for_another_key(key_ids: Collection[str]) -> bool:
    """Whether a submission that waits is sealed to none of these keys."""
    return Submission.objects.filter(state__in=WAITING).exclude(key_id__in=key_ids).exists()


def counted_by_state() -> Mapping[str, int]:
    """How many submissions are in each state; a state that none is in is left out."""
    return {
        row["state"]: row["n"] for row in Submission.objects.values("state").annotate(n=Count("pk"))
    }


def refusals_by_reason() -> Mapping[str, int]:
    """How many submissions were refused, by the code of the reason."""
    refused = (
        Submission.objects.filter(state=SubmissionState.REFUSED)
        .values("reason_code")
        .annotate(n=Count("pk"))
    )
    return {row["reason_code"]: row["n"] for row in refused}


def submissions_of(user: User) -> tuple[SubmissionView, ...]:
    """All submissions of the person's own sites, newest first."""
    rows = Submission.objects.filter(site__in=own_sites(user)).order_by("-log_index")
    return views_of(rows)


def submission(user: User, digest: str) -> SubmissionView | None:
    """One submission of an own or regulated site."""
    return next(
        iter(views_of(Submission.objects.filter(digest=digest, site__in=visible_sites(user)))), None
    )


def submissions_at(sites: Collection[Site]) -> tuple[SubmissionView, ...]:
    """All submissions of these sites, newest first, for who has asked already whether the person
    may see them.
    """
    return views_of(Submission.objects.filter(site__in=sites).order_by("-log_index"))


def newest_accepted(sites: Collection[int]) -> dict[int, Submission]:
    """The accepted report of each site's newest period: a correction of an earlier one that came
    later does not hide it.
    """
    rows = Submission.objects.filter(site__in=sites, state=SubmissionState.ACCEPTED).select_related(
        "site__organisation"
    )
    return {
        row.site_id: row
        for row in sorted(
            rows.defer("envelope", "receipt"),
            key=lambda row: (last_day_of(row.period), row.log_index),
        )
    }


def last_day_of(period: str) -> date:
    """By which one period is newer than another."""
    return Period.parse(period, UTC).first_and_last[1]


def commitment_of(report: Submission) -> Commitment:
    """What the report's site committed to before it: no report is accepted without."""
    committed: Commitment = Commitment.objects.get(
        site=report.site_id, period=report.period, revision=report.revision
    )
    return committed


def own_commitment(user: User, digest: str) -> Commitment | None:
    """What was committed to for a site that the person manages."""
    return (
        Commitment.objects.select_related("site")
        .filter(digest=digest, site__in=managed_sites(user))
        .first()
    )


def views_of(rows: QuerySet[Submission]) -> tuple[SubmissionView, ...]:
    """For selectors of the apps above, which bring their own permission."""
    return tuple(
        SubmissionView(
            site=row.site.slug,
            site_name=row.site.name,
            pack=row.site.pack,
            digest=row.digest,
            period=row.period,
            revision=row.revision,
            key_id=row.key_id,
            ledger_sequence=row.ledger_sequence,
            size_bytes=row.size_bytes,
            log_index=row.log_index,
            received_at=row.received_at,
            state=row.state,
            reason_code=row.reason_code,
            decided_at=row.decided_at,
            device=str(row.device_id),
            reason=restored(row.reason_phrase) if row.reason_phrase else row.reason,
            receipt=bytes(row.receipt),
        )
        for row in rows.select_related("site").defer("envelope")
    )
