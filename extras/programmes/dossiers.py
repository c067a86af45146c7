"""A site's dossier for a programme: criteria shown, declared, missing or met; a firm's declaration,
an officer's reading of its paper; and the same as JSON.

Each criterion is *shown* by what is on record here and anybody with rights to it can check,
*declared* by the firm with the digest of a paper, or *missing*. An officer of where the site lies
who read that paper *confirms* or *refutes* it. Nothing of it is a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from django.db import transaction

from benchmarks.phrases import Name, Phrase
from benchmarks.wire.attestations import Opinion
from benchmarks.wire.records import HEX_DIGEST
from extras.programmes.models import Action, Declaration, IncentiveOffer, PaperReading
from extras.programmes.offers import offered_to
from extras.programmes.programmes import (
    ATTESTATION,
    REPORT,
    SYSTEM,
    Criterion,
    Programme,
    programmes,
)
from portal.accounts.deciding import require_regulator_of_site
from portal.accounts.models import Site, User
from portal.accounts.selectors import managed_sites
from portal.assurance.attestation_standing import code_of, concluding
from portal.assurance.models import SystemCertificate
from portal.auditlog.recording import record
from portal.intake.selectors import last_day_of, newest_accepted
from portal.names import in_chinese, name_of
from portal.problems import RefusedError
from portal.whole_text import whole_sentence


class CriterionState(StrEnum):
    """How a criterion stands in a dossier."""

    SHOWN = "shown"
    CONFIRMED = "confirmed"  # declared, and an officer who read the paper found it there
    DECLARED = "declared"
    # an officer read the paper and did not find it there; or the auditor's opinion is adverse
    REFUTED = "refuted"
    MISSING = "missing"


class CriterionVerdict(StrEnum):
    """Whether what a dossier holds meets a criterion, for who gives something on it."""

    MET = "met"
    NOT_MET = "not-met"
    NOT_SHOWN = "not-shown"


MET: Mapping[CriterionState, CriterionVerdict] = {
    CriterionState.SHOWN: CriterionVerdict.MET,
    CriterionState.CONFIRMED: CriterionVerdict.MET,
    CriterionState.DECLARED: CriterionVerdict.NOT_SHOWN,
    CriterionState.REFUTED: CriterionVerdict.NOT_MET,
    CriterionState.MISSING: CriterionVerdict.NOT_SHOWN,
}


NOBODY = Name("")
GRADE = "grade"
"""The criterion that groups of sites count."""


@dataclass(frozen=True, slots=True)
class CriterionEvidence:
    """What a criterion rests on: `digest` names it, the rest is what is needed to find and check
    it.
    """

    kind: Literal["report", "attestation", "system", "paper"]
    digest: str
    title: str = ""  # of a paper or certificate; of a report its period
    value: str = ""
    log_index: int | None = None
    code: str = ""
    by: Name = NOBODY  # certifier or body
    until: date | None = None
    at: datetime | None = None
    opinion: str = ""  # of an attestation
    declaration: int | None = None  # the row that names the paper
    finding: str = ""  # of the officer who read a paper
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DossierEntry:
    criterion: Criterion
    state: CriterionState
    evidence: tuple[CriterionEvidence, ...] = ()
    offers: tuple[IncentiveOffer, ...] = ()

    @property
    def met(self) -> CriterionVerdict:
        return MET[self.state]


@dataclass(frozen=True, slots=True)
class Dossier:
    """One site's, for one programme, on one day."""

    site: Site
    programme: Programme
    day: date
    entries: tuple[DossierEntry, ...]
    counted: dict[CriterionState, int] = field(default_factory=dict)


def dossier(site: Site, programme: Programme, today: date) -> Dossier:
    """For a caller who let the reader in: seven questions to the database, however much is on
    record.
    """
    reports = newest_accepted([site.pk]).values()
    attested = list(
        concluding()
        .filter(site=site, valid_until__gte=today)
        .select_related("body", "submission")
        .defer("submission__envelope", "submission__receipt")
        .order_by("-issued_at")
    )
    running = list(
        SystemCertificate.objects.filter(
            site=site, taken_back_at=None, valid_from__lte=today, valid_until__gte=today
        )
    )
    declared: dict[str, Declaration] = {}
    for row in Declaration.objects.filter(site=site, programme=programme.id).order_by("pk"):
        declared[row.criterion] = row
    readings = {
        reading.declaration_id: reading
        for reading in PaperReading.objects.filter(declaration__in=declared.values()).order_by("pk")
    }
    on_record: dict[str, list[CriterionEvidence]] = {REPORT: [], ATTESTATION: []}
    on_record[REPORT] = [
        CriterionEvidence(
            "report",
            report.digest,
            title=report.period,
            log_index=report.log_index,
            at=report.received_at,
        )
        for report in reports
    ]
    on_record[ATTESTATION] = [
        CriterionEvidence(
            "attestation",
            attestation.digest,
            title=attestation.submission.period if attestation.submission else "",
            log_index=attestation.log_index,
            code=code_of(attestation.digest),
            by=attestation.body.name,
            until=attestation.valid_until,
            at=attestation.issued_at,
            opinion=attestation.opinion,
        )
        for attestation in attested
    ]
    for row in running:
        on_record.setdefault(SYSTEM + row.standard, []).append(
            CriterionEvidence(
                "system",
                row.evidence,
                title=row.number,
                by=name_of(row.certifier, row.certifier),
                until=row.valid_until,
            )
        )
    offered = offered_to(site, programme.id, today)
    entries = tuple(
        replace(
            _entry(criterion, on_record, declared.get(criterion.id), readings),
            offers=offered.get(criterion.id, ()),
        )
        for criterion in programme.criteria
    )
    return Dossier(
        site,
        programme,
        today,
        entries,
        {state: sum(entry.state is state for entry in entries) for state in CriterionState},
    )


def _entry(
    criterion: Criterion,
    on_record: Mapping[str, list[CriterionEvidence]],
    declared: Declaration | None,
    readings: Mapping[int, PaperReading],
) -> DossierEntry:
    if records := on_record.get(criterion.shown_by):
        return DossierEntry(
            criterion,
            CriterionState.REFUTED if _adverse(records) else CriterionState.SHOWN,
            tuple(records),
        )
    if declared is not None and declared.value:
        read = readings.get(declared.pk)
        paper = CriterionEvidence(
            "paper",
            declared.evidence,
            title=declared.paper,
            value=declared.value,
            at=declared.declared_at,
            declaration=declared.pk,
            finding=read.note if read else "",
            read_at=read.read_at if read else None,
        )
        state = (
            CriterionState.DECLARED
            if read is None
            else CriterionState.CONFIRMED
            if read.met
            else CriterionState.REFUTED
        )
        return DossierEntry(criterion, state, (paper,))
    return DossierEntry(criterion, CriterionState.MISSING)


def _adverse(records: Sequence[CriterionEvidence]) -> bool:
    """Whether an opinion on the newest period is adverse: it outweighs a positive one of another
    body, and all on earlier periods.
    """
    attested = [
        (last_day_of(evidence.title), evidence.opinion)
        for evidence in records
        if evidence.kind == "attestation"
    ]
    newest = max((last for last, _opinion in attested), default=None)
    return (newest, Opinion.ADVERSE) in attested


def declare(
    site: Site,
    programme_id: str,
    criterion_id: str,
    texts: tuple[str, str, str],
    by: User,
    now: datetime,
) -> Declaration:
    """Put a declaration on record: value, what the paper is called, its SHA-256; three empty texts
    take the one before back.

    Raises:
        RefusedError: `not-your-site` (403), `criterion-unknown`, `criterion-shown`,
            `evidence-not-a-digest` (409).
    """
    if not managed_sites(by).filter(pk=site.pk).exists():
        raise RefusedError(
            403,
            "not-your-site",
            "You do not act for this site.",
            "Ask somebody from that plant to do it.",
        )
    programme = programmes().get(programme_id)
    criterion = None if programme is None else programme.criterion(criterion_id)
    if criterion is None:
        raise RefusedError(
            409,
            "criterion-unknown",
            "The programme has no such criterion.",
            "Choose one of its criteria.",
        )
    if criterion.shown_by in {REPORT, ATTESTATION}:
        raise RefusedError(
            409,
            "criterion-shown",
            "The records of this portal show this, so it cannot be declared.",
            "Report, or have the report attested.",
        )
    value, paper, evidence = (" ".join(text.split()) for text in texts)
    if value and not HEX_DIGEST.fullmatch(evidence):
        raise RefusedError(
            409,
            "evidence-not-a-digest",
            "The evidence is not a SHA-256.",
            "Give 64 digits of 0-9 and a-f.",
        )
    if not value:
        paper = evidence = ""
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)
        newest: Declaration | None = (
            Declaration.objects.filter(site=site, programme=programme_id, criterion=criterion_id)
            .order_by("-pk")
            .first()
        )
        if newest is not None and (newest.value, newest.paper, newest.evidence) == (
            value,
            paper,
            evidence,
        ):
            return newest  # the form sent twice
        fields = {
            "programme": programme_id,
            "criterion": criterion_id,
            "value": value[:200],
            "paper": paper[:200],
            "evidence": evidence,
        }
        declaration = Declaration.objects.create(
            site=site, declared_by=by, declared_at=now, **fields
        )
        detail = (
            f"{programme_id}, {criterion_id}: "
            f"{value or 'taken back'}{f', evidence {evidence}' if evidence else ''}"
        )
        record(now, by.email, Action.DOSSIER_DECLARED, f"site {site.slug}", detail)
    return declaration


def take_back_all(sites: Collection[Site], because: str, by: str, now: datetime) -> set[str]:
    """Nothing stands that was declared for these sites; the ids of those for which something did.
    In the transaction of the cause.
    """
    rows = Declaration.objects.filter(site__in=sites).select_related("site").order_by("pk")
    newest = {(row.site_id, row.programme, row.criterion): row for row in rows}
    standing = [row for row in newest.values() if row.value]
    Declaration.objects.bulk_create(
        Declaration(
            site=row.site, programme=row.programme, criterion=row.criterion, declared_at=now
        )
        for row in standing
    )
    for row in standing:
        record(
            now,
            by,
            Action.DOSSIER_DECLARED,
            f"site {row.site.slug}",
            f"{row.programme}, {row.criterion}: taken back, {because}",
        )
    return {row.site.slug for row in standing}


def declaration_by_id(declaration: int) -> Declaration:
    """With its site, for who has asked already whether the person may; `Declaration.DoesNotExist`
    where there is none.
    """
    row: Declaration = Declaration.objects.select_related("site").get(pk=declaration)
    return row


def read_paper(
    declaration: Declaration, finding: tuple[bool, str], by: User, now: datetime
) -> PaperReading:
    """An officer of where the site lies read the paper behind a declaration: whether it shows the
    criterion, and what was found.

    Raises:
        RefusedError: `not-regulator` (403), `declaration-changed`, `nothing-declared`,
            `reason-missing`, `text-too-long` (409).
    """
    site, of = (
        declaration.site,
        {"programme": declaration.programme, "criterion": declaration.criterion},
    )
    require_regulator_of_site(by, site)
    met, note = finding[0], whole_sentence(finding[1], 500)
    if not note:
        raise RefusedError(
            409,
            "reason-missing",
            "The finding says nothing.",
            "Say in a sentence what the paper shows, and on which page.",
        )
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)
        row = Declaration.objects.filter(site=site, **of).order_by("-pk").first()
        if row is None or not row.value:
            raise RefusedError(
                409,
                "nothing-declared",
                "The firm declares nothing for this criterion now.",
                "Ask the firm to declare it with its paper.",
            )
        if row.pk != declaration.pk:
            raise RefusedError(
                409,
                "declaration-changed",
                "What the firm declares has changed since you opened the page: your finding is "
                "not recorded.",
                "Read what it declares now, and the paper that it names.",
            )
        newest: PaperReading | None = (
            PaperReading.objects.filter(declaration=row).order_by("-pk").first()
        )
        if newest is not None and (newest.met, newest.note) == (met, note):
            return newest  # the form sent twice
        reading = PaperReading.objects.create(
            declaration=row, met=met, note=note, read_by=by, read_at=now
        )
        detail = (
            f"{row.programme}, {row.criterion}: {'met' if met else 'not met'}, evidence "
            f"{row.evidence}; {note}"
        )
        record(now, by.email, Action.DOSSIER_READ, f"site {site.slug}", detail[:1000])
    return reading


SCHEMA = "steplabel/dossier/1"


def dossier_json(dossier: Dossier) -> dict[str, Any]:
    programme = dossier.programme
    return {
        "schema": SCHEMA,
        "site": dossier.site.slug,
        "day": dossier.day.isoformat(),
        "programme": {
            "id": programme.id,
            "name": programme.name.by_language,
            "source": programme.source.by_language,
            "status": programme.status,
        },
        "criteria": [
            {
                "id": entry.criterion.id,
                "asks": entry.criterion.asks.by_language,
                "added_by_this_portal": entry.criterion.own,
                "state": str(entry.state),
                "met": str(entry.met),
                "evidence": [dict(_evidence(evidence)) for evidence in entry.evidence],
                "incentives": [offer_json(offer) for offer in entry.offers],
            }
            for entry in dossier.entries
        ],
    }


def offer_json(offer: IncentiveOffer) -> dict[str, Any]:
    """One offer. The amount is a text, for JSON has no decimals of its own."""
    return {
        "id": offer.pk,
        "what": {"en": offer.what_en, "zh": offer.what_zh},
        "amount": f"{offer.amount.normalize():f}",
        "unit": offer.unit,
        "authority": {"en": offer.authority_en, "zh": offer.authority_zh},
        "source": {"en": offer.source_en, "zh": offer.source_zh},
        "valid_from": offer.valid_from.isoformat(),
        "valid_until": offer.valid_until.isoformat() if offer.valid_until else None,
    }


def _evidence(evidence: CriterionEvidence) -> Iterator[tuple[str, Any]]:
    for name, value in asdict(evidence).items():
        if name != "declaration" and value not in ("", None):  # a row's number says nothing outside
            yield name, value.isoformat() if hasattr(value, "isoformat") else value
    if chinese := in_chinese(evidence.by):
        yield "by_zh", chinese


def end_with_hands(
    sites: Collection[Site], because: Phrase, by: str, now: datetime, **_more: Any
) -> tuple[set[str], Phrase]:
    """Receives `site_changes_hands`: nothing stands that the earlier firm declared there."""
    return take_back_all(sites, because, by, now), Phrase(
        "declares nothing in dossiers any more, where its earlier organisation had declared "
        "something"
    )


def confirmed_grades(sites: Collection[int]) -> Iterator[tuple[int, str]]:
    """Of these sites, the grades that their firms declare and an officer found in the paper."""
    declared: dict[tuple[int, str], Declaration] = {}
    for declaration in Declaration.objects.filter(site__in=sites, criterion=GRADE).order_by("pk"):
        declared[declaration.site_id, declaration.programme] = declaration
    readings = PaperReading.objects.filter(declaration__in=declared.values()).order_by("pk")
    met = {reading.declaration_id: reading.met for reading in readings}
    yield from (
        (paper.site_id, paper.value)
        for paper in declared.values()
        if paper.value and met.get(paper.pk)
    )
