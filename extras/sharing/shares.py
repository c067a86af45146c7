"""Showing chosen labels of a report to a named buyer by a link, and taking it back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from benchmarks.label_keys import LabelKey
from extras.sharing.labels import Labels, labels_of
from extras.sharing.models import Action, Share
from portal import wall
from portal.accounts.models import User
from portal.accounts.selectors import managed_sites, own_sites
from portal.auditlog.recording import record
from portal.intake.models import Submission, SubmissionState
from portal.problems import RefusedError

DAYS = (7, 30, 90)
"""How long a link may be good."""


def share(
    user: User, digest: str, buyer: str, cells: Sequence[LabelKey], days: int, now: datetime
) -> str:
    """A link's secret, which is kept nowhere.

    Raises:
        Submission.DoesNotExist: not of a site that the person acts for.
        RefusedError: `report-not-accepted` (409), `nothing-to-share` (409).
    """
    with transaction.atomic():
        row = (
            Submission.objects.filter(site__in=managed_sites(user))
            .select_related("site")
            .defer("envelope")
            .get(digest=digest)
        )
        if row.state != SubmissionState.ACCEPTED:
            raise RefusedError(
                409,
                "report-not-accepted",
                "Only the labels of an accepted report can be shown to others.",
                "Use its newest revision.",
            )
        present = {LabelKey.of(value) for value in row.protected_values.all()}
        chosen = sorted(present.intersection(cells))
        if not chosen:
            raise RefusedError(
                409,
                "nothing-to-share",
                "No label of this report was chosen.",
                "Choose at least one.",
            )
        secret = secrets.token_urlsafe(32)
        Share.objects.create(
            submission=row,
            buyer=buyer,
            cells=[list(cell) for cell in chosen],
            secret_sha256=_digest(secret),
            made_by=user.email,
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
        record(
            now,
            user.email,
            Action.LABEL_SHARED,
            f"site {row.site.slug}",
            f"{row.period}, {len(chosen)} labels, for {buyer}",
        )
    return secret


def take_back(user: User, number: int, now: datetime) -> Share:
    """The link shows nothing from now on; once more changes nothing. `Share.DoesNotExist` for one
    that is not theirs.
    """
    with transaction.atomic():
        rows = Share.objects.select_for_update(of=("self",)).select_related("submission__site")
        row: Share = rows.get(pk=number, submission__site__in=managed_sites(user))
        if row.revoked_at is None:
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            record(
                now,
                user.email,
                Action.SHARE_REVOKED,
                f"site {row.submission.site.slug}",
                f"{row.submission.period}, for {row.buyer}",
            )
    return row


def shares_of(user: User, digest: str) -> QuerySet[Share]:
    """Who was shown something of an own report, newest first."""
    return Share.objects.filter(
        submission__digest=digest, submission__site__in=own_sites(user)
    ).order_by("-pk")


@wall.opened()
def opened(secret: str, now: datetime) -> tuple[Share, Labels] | None:
    """The link and what it shows, counted as an opening; None where it is unknown, over or taken
    back: the answer does not tell which.
    """
    rows = Share.objects.filter(secret_sha256=_digest(secret), revoked_at=None, expires_at__gt=now)
    row = (
        rows.select_related("submission__site__organisation").defer("submission__envelope").first()
    )
    if row is None:
        return None
    Share.objects.filter(pk=row.pk).update(openings=F("openings") + 1, last_opened_at=now)
    if row.openings == 0:
        record(
            now,
            "whoever has the link",
            Action.SHARE_OPENED,
            f"site {row.submission.site.slug}",
            f"first opening, for {row.buyer}",
        )
    cells = {LabelKey(*cell) for cell in row.cells}
    return row, labels_of(row.submission, cells)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
