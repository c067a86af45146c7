"""Certificates of a report's protected labels: issued, revoked, found by their code; none holds
once a later revision was accepted.

The labels are kept as they stood when the certificate was issued, so that the paper and the answer
to its code never differ. Of one that was issued before the standings of its period were first
computed the intervals are added once, when the firm asks for them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from extras.sharing.labels import Labels, labels_of
from extras.sharing.models import Action, Certificate
from portal import wall
from portal.accounts.models import User
from portal.accounts.selectors import managed_sites, own_sites
from portal.assurance import attestation_standing
from portal.auditlog.recording import record
from portal.intake.models import Submission, SubmissionState
from portal.problems import RefusedError

KIND = "L"
"""How the code of a label certificate begins (`portal.assurance.attestation_standing`)."""


class Holding(StrEnum):
    VALID = "valid"
    REVOKED = "revoked"  # by the firm
    SUPERSEDED = "superseded"  # a later revision of the report was accepted


@dataclass(frozen=True, slots=True)
class CertificateView:
    code: str
    holding: Holding
    issued_at: datetime
    ended_at: datetime | None
    labels: Labels


def issue(user: User, digest: str, now: datetime) -> CertificateView:
    """Certify the report's labels; asked again, the one that holds, with intervals where they have
    been computed since.

    Raises:
        Submission.DoesNotExist: not of a site that the person acts for.
        RefusedError: `report-not-accepted` (409).
    """
    with transaction.atomic():
        rows = (
            Submission.objects.select_for_update(of=("self",))
            .filter(site__in=managed_sites(user))
            .defer("envelope")
        )
        row = rows.select_related("site__organisation").get(digest=digest)
        if row.state != SubmissionState.ACCEPTED:
            raise RefusedError(
                409,
                "report-not-accepted",
                "Only the labels of an accepted report can be shown to others.",
                "Use its newest revision.",
            )
        certificate: Certificate | None = Certificate.objects.filter(
            submission=row, revoked_at=None
        ).first()
        labels = labels_of(row)
        if certificate is None:
            content = labels.to_json()
            certificate = Certificate.objects.create(
                submission=row, code=_code(), content=content, issued_by=user.email, issued_at=now
            )
            record(
                now,
                user.email,
                Action.CERTIFICATE_ISSUED,
                f"site {row.site.slug}",
                f"{certificate.code}, {row.period}",
            )
        elif (
            labels.has_intervals
            and not (before := Labels.from_json(certificate.content)).has_intervals
        ):
            certificate.content = before.with_intervals_of(labels).to_json()
            certificate.save(update_fields=["content"])
            detail = f"{certificate.code}, {row.period}: intervals added"
            record(now, user.email, Action.CERTIFICATE_ISSUED, f"site {row.site.slug}", detail)
    return _view(certificate)


def revoke(user: User, digest: str, now: datetime) -> None:
    """The newest certificate of that report no longer holds; once more changes nothing.
    `Certificate.DoesNotExist` where there was none, or it is not theirs."""
    with transaction.atomic():
        rows = Certificate.objects.select_for_update(of=("self",)).select_related(
            "submission__site"
        )
        certificate = rows.filter(
            submission__digest=digest, submission__site__in=managed_sites(user)
        ).latest("pk")
        if certificate.revoked_at is None:
            certificate.revoked_at = now
            certificate.save(update_fields=["revoked_at"])
            record(
                now,
                user.email,
                Action.CERTIFICATE_REVOKED,
                f"site {certificate.submission.site.slug}",
                certificate.code,
            )


def certificate_of(user: User, digest: str) -> CertificateView | None:
    """The certificate of an own report that was not revoked."""
    rows = Certificate.objects.filter(
        submission__digest=digest, submission__site__in=own_sites(user), revoked_at=None
    )
    return next((_view(row) for row in rows.select_related("submission")), None)


@wall.opened()
def resolve(code: str) -> CertificateView | None:
    """What the code of a certificate says, for whoever holds the paper; spaces, hyphens and small
    letters do not matter.
    """
    printed = attestation_standing.canonical(code)
    if printed is None or not printed.startswith(KIND):
        return None
    rows = (
        Certificate.objects.filter(code=printed)
        .select_related("submission")
        .defer("submission__envelope")
    )
    return next((_view(row) for row in rows), None)


def _view(row: Certificate) -> CertificateView:
    holding, ended = Holding.VALID, None
    if row.revoked_at is not None:
        holding, ended = Holding.REVOKED, row.revoked_at
    elif row.submission.state != SubmissionState.ACCEPTED:
        holding = Holding.SUPERSEDED
    return CertificateView(row.code, holding, row.issued_at, ended, Labels.from_json(row.content))


def _code() -> str:
    """Of random bits, as many as a code has: a digest of the labels would let somebody guess
    them.
    """
    return attestation_standing.code_of(secrets.token_hex(attestation_standing.HEX // 2), KIND)
