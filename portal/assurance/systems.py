"""Putting a certified management system on record, by the firm or a regulator of the site, and
taking it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from benchmarks.phrases import Phrase, enumerated
from benchmarks.wire.records import HEX_DIGEST
from portal.accounts.models import Site, User
from portal.accounts.selectors import managed_sites, regulated_sites
from portal.assurance.models import SystemCertificate
from portal.assurance.next_audit import obligatory_audit
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.problems import RefusedError
from portal.whole_text import whole_sentence

LONGEST = 5 * 366
"""Days that a certificate is valid at most; three years are usual (ISO/IEC 17021-1, 9.1.3)."""


@dataclass(frozen=True, slots=True)
class CertificatePaper:
    """What stands on a certificate, and the SHA-256 of the paper."""

    standard: str
    number: str
    certifier: str
    valid_from: date
    valid_until: date
    evidence: str


def put_on_record(
    site: Site, paper: CertificatePaper, by: User, now: datetime
) -> SystemCertificate:
    """The same again is the same one.

    Raises:
        RefusedError: `not-your-site` (403), `standard-unknown`, `certificate-days-wrong`,
            `evidence-not-a-digest`, `evidence-used` (409).
    """
    _require_theirs(site, by)
    counting = obligatory_audit(site.jurisdiction.path).systems
    if paper.standard not in counting:
        raise RefusedError(
            409,
            "standard-unknown",
            Phrase("A certificate by %(standard)s does not count here.", standard=paper.standard),
            Phrase("Name one of %(offered)s.", offered=enumerated(counting)),
        )
    if not 0 <= (paper.valid_until - paper.valid_from).days <= LONGEST:
        raise RefusedError(
            409,
            "certificate-days-wrong",
            "The certificate ends before it begins, or is valid for more than five years.",
            "Copy first and last day from the certificate.",
        )
    if not HEX_DIGEST.fullmatch(paper.evidence):
        raise RefusedError(
            409,
            "evidence-not-a-digest",
            "The evidence is not a SHA-256.",
            "Give 64 digits of 0-9 and a-f.",
        )
    fields = {name: getattr(paper, name) for name in CertificatePaper.__dataclass_fields__}
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)  # one record of a site at a time
        recorded = SystemCertificate.objects.filter(
            site=site, evidence=paper.evidence, taken_back_at=None
        ).first()
        if recorded is not None:
            if all(getattr(recorded, name) == value for name, value in fields.items()):
                return recorded
            raise RefusedError(
                409,
                "evidence-used",
                "This certificate is already on record, with other text or other days.",
                "If that record is wrong, withdraw it first.",
            )
        certificate = SystemCertificate.objects.create(
            site=site, recorded_by=by, recorded_at=now, **fields
        )
        detail = (
            f"{paper.standard} {paper.number}, {paper.valid_from} to {paper.valid_until}, "
            f"evidence {paper.evidence}"
        )
        record(now, by.email, Action.SYSTEM_RECORDED, f"site {site.slug}", detail)
    return certificate


def take_back(
    certificate: SystemCertificate, reason: str, by: User, now: datetime
) -> SystemCertificate:
    """It no longer counts; what it said stays on record. Taken back twice is taken back once.

    Raises:
        RefusedError: `not-your-site` (403), `reason-missing`, `text-too-long` (409).
    """
    _require_theirs(certificate.site, by)
    sentence = whole_sentence(reason)
    if not sentence:
        raise RefusedError(
            409,
            "reason-missing",
            "A certificate is never withdrawn without a reason.",
            "Say in a sentence why.",
        )
    with transaction.atomic():
        row = (
            SystemCertificate.objects.select_for_update(of=("self",))
            .select_related("site")
            .get(pk=certificate.pk)
        )
        if row.taken_back_at is None:
            row.taken_back_at, row.taken_back_by, row.taken_back_reason = now, by, sentence
            row.save(update_fields=["taken_back_at", "taken_back_by", "taken_back_reason"])
            detail = f"{row.standard} {row.number}: {row.taken_back_reason}"
            record(now, by.email, Action.SYSTEM_TAKEN_BACK, f"site {row.site.slug}", detail)
    return row


def certificates_of(slug: str) -> QuerySet[SystemCertificate]:
    """Every certificate on record for the site, withdrawn or not, newest first; who calls has asked
    whether the person may see them.
    """
    return (
        SystemCertificate.objects.filter(site__slug=slug)
        .select_related("site__jurisdiction", "recorded_by")
        .order_by("-pk")
    )


def recordable(user: User, slug: str, certificate: int) -> SystemCertificate | None:
    """A certificate of that site that the person may withdraw, with its site."""
    rows = SystemCertificate.objects.filter(
        site__in=may_record(user), site__slug=slug
    ).select_related("site")
    return rows.filter(pk=certificate).first()


def may_record(user: User) -> QuerySet[Site]:
    """The sites that the person regulates or acts for."""
    ids = {
        *managed_sites(user).values_list("pk", flat=True),
        *regulated_sites(user).values_list("pk", flat=True),
    }
    return Site.objects.filter(pk__in=ids)


def _require_theirs(site: Site, by: User) -> None:
    if not may_record(by).filter(pk=site.pk).exists():
        raise RefusedError(
            403,
            "not-your-site",
            "You neither act for this site nor regulate it.",
            "Somebody from that plant or its regulator must do it.",
        )
