"""Incentives recorded against evidence: what a site was given, under which scheme, by whom; and
their correction by a second officer.

What was entered in error stays readable: a second officer adds a correction, and the amount of the
newest one counts. A wrong correction is corrected by an officer who recorded neither it nor the
incentive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from benchmarks.phrases import Name
from extras.programmes.models import Action, Declaration, Incentive, IncentiveCorrection
from portal import wall
from portal.accounts.deciding import require_regulator_of_site
from portal.accounts.models import Site, User
from portal.accounts.selectors import regulated_sites
from portal.assurance.models import Attestation, SystemCertificate
from portal.auditlog.recording import record
from portal.intake.models import Submission
from portal.problems import RefusedError
from portal.whole_text import whole_sentence


@dataclass(frozen=True, slots=True)
class AmountCorrection:
    amount: Decimal | None  # yuan; None where nothing was given
    reason: str
    by: str
    corrector: int
    at: datetime


@dataclass(frozen=True, slots=True)
class IncentiveView:
    pk: int
    site: str
    site_name: Name
    scheme: str
    amount: Decimal  # yuan, as it was recorded
    evidence: str
    period: (
        str  # of the site's own report that the evidence is; empty for a document kept elsewhere
    )
    recorder: int
    on_record: bool  # whether anything on record about the site has this digest
    recorded_by: str
    recorded_at: datetime
    corrected: AmountCorrection | None

    @property
    def barred(self) -> frozenset[int]:
        """Who may not correct it: who recorded it, and who recorded its newest correction."""
        return frozenset(
            {self.recorder} if self.corrected is None else {self.recorder, self.corrected.corrector}
        )

    @property
    def counted(self) -> Decimal:
        """Yuan that count in a sum: as recorded, or as corrected."""
        return self.amount if self.corrected is None else self.corrected.amount or Decimal(0)


def give(
    site: Site, scheme: str, amount: Decimal, evidence: str, by: User, now: datetime
) -> Incentive:
    """Put an incentive on record. The same site, scheme, amount and evidence again, as of a form
    sent twice, is the same one.

    Raises:
        RefusedError: `not-regulator` (403), `evidence-of-another-site`, `evidence-used` (409).
    """
    require_regulator_of_site(by, site)
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)
        recorded: Incentive | None = Incentive.objects.filter(
            site=site, scheme=scheme, evidence=evidence
        ).first()
        if recorded is not None and recorded.amount == amount and not recorded.corrections.exists():
            return recorded
        if recorded is not None:
            raise RefusedError(
                409,
                "evidence-used",
                "This evidence is already used for an incentive of this scheme.",
                "Name other evidence. Where the amount on record is wrong, a second officer "
                "corrects it in the list.",
            )
        with wall.opened():
            others = any(
                rows.objects.filter(digest=evidence).exclude(site=site).exists()
                for rows in (Submission, Attestation)
            )
        if others:
            raise RefusedError(
                409,
                "evidence-of-another-site",
                "This digest is of another site's report, or of an auditor's statement that is "
                "not on this site.",
                "Give the digest of this site's own evidence.",
            )
        incentive = Incentive.objects.create(
            site=site,
            scheme=scheme,
            amount=amount,
            evidence=evidence,
            recorded_by=by,
            recorded_at=now,
        )
        record(
            now,
            by.email,
            Action.INCENTIVE_RECORDED,
            f"site {site.slug}",
            f"{scheme}: {amount} yuan on {evidence}",
        )
    return incentive


def correct(
    incentive: int, amount: Decimal | None, reason: str, by: User, now: datetime
) -> IncentiveCorrection:
    """Say that an incentive was entered in error: the right amount, or None where nothing was
    given. The same twice is the same one.

    Raises:
        Incentive.DoesNotExist: there is none.
        RefusedError: `not-regulator`, `own-incentive`, `own-correction` (403); `reason-missing`,
            `text-too-long`, `incentive-as-recorded` (409).
    """
    sentence = whole_sentence(reason, 500)
    if not sentence:
        raise RefusedError(
            409,
            "reason-missing",
            "A record is never marked without a reason.",
            "Say in a sentence what is wrong.",
        )
    with transaction.atomic():
        row = (
            Incentive.objects.select_for_update(of=("self",))
            .select_related("site")
            .get(pk=incentive)
        )
        require_regulator_of_site(by, row.site)
        newest: IncentiveCorrection | None = row.corrections.last()
        if newest is not None and (newest.amount, newest.reason, newest.corrected_by_id) == (
            amount,
            sentence,
            by.pk,
        ):
            return newest
        if by.pk == row.recorded_by_id:
            raise RefusedError(
                403,
                "own-incentive",
                "You entered this record yourself.",
                "A second officer has to correct it.",
            )
        if newest is not None and by.pk == newest.corrected_by_id:
            raise RefusedError(
                403,
                "own-correction",
                "You recorded the newest correction yourself.",
                "An officer who recorded neither has to correct it.",
            )
        if amount == (row.amount if newest is None else newest.amount):
            raise RefusedError(
                409,
                "incentive-as-recorded",
                "This is what the record says already.",
                "Give another amount, or none.",
            )
        correction = IncentiveCorrection.objects.create(
            incentive=row, amount=amount, reason=sentence, corrected_by=by, corrected_at=now
        )
        counts = "does not count" if amount is None else f"{amount} yuan"
        record(
            now,
            by.email,
            Action.INCENTIVE_CORRECTED,
            f"site {row.site.slug}",
            f"{row.scheme}, {row.amount} yuan: {counts}; {sentence}",
        )
    return correction


def incentives_of(user: User) -> tuple[IncentiveView, ...]:
    """What the sites in the person's jurisdiction were given, newest first."""
    return _views(Incentive.objects.filter(site__in=regulated_sites(user)))


def incentives_at(site: Site) -> tuple[IncentiveView, ...]:
    """What one site was given, newest first; for a caller who let the reader in."""
    return _views(Incentive.objects.filter(site=site))


def _views(incentives: QuerySet[Incentive]) -> tuple[IncentiveView, ...]:
    rows = list(
        incentives.select_related("site", "recorded_by").prefetch_related(
            "corrections__corrected_by"
        )
    )
    periods = dict(
        Submission.objects.filter(digest__in={row.evidence for row in rows}).values_list(
            "digest", "period"
        )
    )
    on_record = _on_record({row.evidence for row in rows})
    return tuple(
        IncentiveView(
            row.pk,
            row.site.slug,
            row.site.name,
            row.scheme,
            row.amount,
            row.evidence,
            periods.get(row.evidence, ""),
            row.recorded_by_id,
            row.evidence in periods or (row.site_id, row.evidence) in on_record,
            str(row.recorded_by),
            row.recorded_at,
            _newest(row),
        )
        for row in rows
    )


def _newest(row: Incentive) -> AmountCorrection | None:
    corrections = tuple(row.corrections.all())
    if not corrections:
        return None
    newest = corrections[-1]
    return AmountCorrection(
        newest.amount,
        newest.reason,
        str(newest.corrected_by),
        newest.corrected_by_id,
        newest.corrected_at,
    )


def _on_record(digests: set[str]) -> set[tuple[int, str]]:
    """Statements, certificates and declared papers of these digests, by site."""
    statements = Attestation.objects.filter(digest__in=digests).values_list("site", "digest")
    certificates = SystemCertificate.objects.filter(evidence__in=digests).values_list(
        "site", "evidence"
    )
    papers = Declaration.objects.filter(evidence__in=digests).values_list("site", "evidence")
    return {*statements, *certificates, *papers}
