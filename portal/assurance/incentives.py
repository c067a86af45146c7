"""Incentives recorded against evidence: what a site was given, under which scheme, on what digest, by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from benchmarks.phrases import Name
from portal import wall
from portal.accounts.deciding import require_regulator_of_site
from portal.accounts.models import Site, User
from portal.accounts.selectors import regulated_sites
from portal.assurance.models import Attestation, Declaration, Incentive, SystemCertificate
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.intake.models import Submission
from portal.problems import RefusedError


@dataclass(frozen=True, slots=True)
class IncentiveView:
    site: str
    site_name: Name
    scheme: str
    amount: Decimal  # yuan
    evidence: str
    period: str  # of the site's own report that the evidence is; empty for a document kept elsewhere
    known: bool  # whether anything on record about the site has this digest
    recorded_by: str
    recorded_at: datetime


def give(site: Site, scheme: str, amount: Decimal, evidence: str, by: User, now: datetime) -> Incentive:
    """Put an incentive on record. The same site, scheme, amount and evidence again, as of a form sent twice, is the same one.

    Raises:
        RefusedError: `not-regulator` (403), `evidence-of-another-site`, `evidence-used` (409).
    """
    require_regulator_of_site(by, site)
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)
        held: Incentive | None = Incentive.objects.filter(site=site, scheme=scheme, evidence=evidence).first()
        if held is not None and held.amount == amount:
            return held
        if held is not None:
            raise RefusedError(
                409,
                "evidence-used",
                "This evidence is already used for an incentive of this scheme, with another amount.",
                "Name other evidence. What is on record cannot be changed.",
            )
        with wall.opened():
            used = Submission.objects.filter(digest=evidence).exclude(site=site).exists()
        if used:
            raise RefusedError(
                409, "evidence-of-another-site", "This digest is of another site's report.", "Give the digest of this site's own evidence."
            )
        incentive = Incentive.objects.create(site=site, scheme=scheme, amount=amount, evidence=evidence, recorded_by=by, recorded_at=now)
        record(now, by.email, Action.INCENTIVE_RECORDED, f"site {site.slug}", f"{scheme}: {amount} yuan on {evidence}")
    return incentive


def incentives_of(user: User) -> tuple[IncentiveView, ...]:
    """What the sites in the person's jurisdiction were given, newest first."""
    rows = list(Incentive.objects.filter(site__in=regulated_sites(user)).select_related("site", "recorded_by"))
    periods = dict(Submission.objects.filter(digest__in={row.evidence for row in rows}).values_list("digest", "period"))
    known = _known({row.evidence for row in rows})
    return tuple(
        IncentiveView(
            row.site.slug,
            row.site.name,
            row.scheme,
            row.amount,
            row.evidence,
            periods.get(row.evidence, ""),
            row.evidence in periods or (row.site_id, row.evidence) in known,
            str(row.recorded_by),
            row.recorded_at,
        )
        for row in rows
    )


def _known(digests: set[str]) -> set[tuple[int, str]]:
    """Statements, certificates and declared papers of these digests, by site."""
    statements = Attestation.objects.filter(digest__in=digests).values_list("site", "digest")
    certificates = SystemCertificate.objects.filter(evidence__in=digests).values_list("site", "evidence")
    papers = Declaration.objects.filter(evidence__in=digests).values_list("site", "evidence")
    return {*statements, *certificates, *papers}
