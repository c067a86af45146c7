"""Programmes for leaders and grades, as data (`programmes.toml`), and a site's dossier for one of them.

Each criterion is *shown* by what is on record here and anybody with rights to it can check, *declared* by the firm with the digest of a
paper, or *missing*. Nothing of it is a value: whether a paper says what it should is for who decides to read.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from django.db import transaction

from benchmarks.declared import Words
from benchmarks.wire.fields import HEX_DIGEST
from portal.accounts.models import Site, User
from portal.accounts.selectors import managed_sites
from portal.assurance.attestation_standing import code_of
from portal.assurance.models import Attestation, Declaration, SystemCertificate
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.intake.models import State, Submission
from portal.problems import RefusedError

SOURCE = Path(__file__).with_name("programmes.toml")
REPORT, ATTESTATION, SYSTEM = "report", "attestation", "system:"


class Shown(StrEnum):
    """How a criterion stands in a dossier."""

    SHOWN = "shown"
    DECLARED = "declared"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Criterion:
    """`shown_by` says what on record shows it; `own` that the programme does not ask for it and this portal adds it."""

    id: str
    asks: Words
    shown_by: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Programme:
    id: str
    name: Words
    source: Words
    status: Literal["read", "unverified"]
    criteria: tuple[Criterion, ...]

    def criterion(self, criterion_id: str) -> Criterion | None:
        return next((one for one in self.criteria if one.id == criterion_id), None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a criterion rests on: `digest` names it, the rest is what is needed to find and check it."""

    kind: Literal["report", "attestation", "system", "paper"]
    digest: str
    title: str = ""  # of a paper or certificate; of a report its period
    value: str = ""
    log_index: int | None = None
    code: str = ""
    by: str = ""  # certifier or body
    by_zh: str = ""
    until: date | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    criterion: Criterion
    state: Shown
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """One site's, for one programme, on one day."""

    site: Site
    programme: Programme
    day: date
    entries: tuple[Entry, ...]
    counted: dict[Shown, int] = field(default_factory=dict)


@cache
def programmes() -> dict[str, Programme]:
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["programme"]
    return {one["id"]: _programme(one) for one in read}


def _programme(one: dict[str, object]) -> Programme:
    told = dict(one)
    criteria = tuple(Criterion(**{**row, "asks": Words(**row["asks"])}) for row in told.pop("criteria"))  # type: ignore[attr-defined]
    return Programme(
        id=str(told["id"]),
        name=Words(**told["name"]),  # type: ignore[arg-type]
        source=Words(**told["source"]),  # type: ignore[arg-type]
        status=told["status"],  # type: ignore[arg-type]
        criteria=criteria,
    )


def dossier(site: Site, programme: Programme, today: date) -> Dossier:
    """For a caller who let the reader in: five questions to the database, however much is on record."""
    reports = list(Submission.objects.filter(site=site, state=State.ACCEPTED).order_by("-log_index").defer("envelope", "receipt")[:1])
    attested = list(
        Attestation.objects.filter(site=site, state=Attestation.State.ISSUED, valid_until__gte=today, submission__state=State.ACCEPTED)
        .select_related("body", "submission")
        .defer("submission__envelope", "submission__receipt")
        .order_by("-issued_at")
    )
    running = list(SystemCertificate.objects.filter(site=site, taken_back_at=None, valid_from__lte=today, valid_until__gte=today))
    declared: dict[str, Declaration] = {}
    for row in Declaration.objects.filter(site=site, programme=programme.id).order_by("pk"):
        declared[row.criterion] = row
    on_record: dict[str, list[Evidence]] = {REPORT: [], ATTESTATION: []}
    on_record[REPORT] = [Evidence("report", one.digest, title=one.period, log_index=one.log_index, at=one.received_at) for one in reports]
    on_record[ATTESTATION] = [
        Evidence(
            "attestation", one.digest, title=one.submission.period if one.submission else "", log_index=one.log_index,
            code=code_of(one.digest), by=one.body.name, by_zh=one.body.name_zh, until=one.valid_until, at=one.issued_at,
        )
        for one in attested
    ]  # fmt: skip
    for row in running:
        on_record.setdefault(SYSTEM + row.standard, []).append(
            Evidence("system", row.evidence, title=row.number, by=row.certifier, by_zh=row.certifier, until=row.valid_until)
        )
    entries = tuple(_entry(one, on_record, declared.get(one.id)) for one in programme.criteria)
    return Dossier(site, programme, today, entries, {state: sum(one.state is state for one in entries) for state in Shown})


def _entry(criterion: Criterion, on_record: dict[str, list[Evidence]], declared: Declaration | None) -> Entry:
    if found := on_record.get(criterion.shown_by):
        return Entry(criterion, Shown.SHOWN, tuple(found))
    if declared is not None and declared.value:
        paper = Evidence("paper", declared.evidence, title=declared.paper, value=declared.value, at=declared.declared_at)
        return Entry(criterion, Shown.DECLARED, (paper,))
    return Entry(criterion, Shown.MISSING)


def declare(site: Site, programme_id: str, criterion_id: str, said: tuple[str, str, str], by: User, now: datetime) -> Declaration:
    """Put a declaration on record: value, what the paper is called, its SHA-256; three empty texts take the one before back.

    Raises:
        RefusedError: `not-your-site` (403), `criterion-unknown`, `criterion-shown`, `evidence-not-a-digest` (409).
    """
    if not managed_sites(by).filter(pk=site.pk).exists():
        raise RefusedError(403, "not-your-site", "You do not act for this site.", "Ask somebody from that plant to do it.")
    programme = programmes().get(programme_id)
    criterion = None if programme is None else programme.criterion(criterion_id)
    if criterion is None:
        raise RefusedError(409, "criterion-unknown", "The programme has no such criterion.", "Choose one of its criteria.")
    if criterion.shown_by in {REPORT, ATTESTATION}:
        raise RefusedError(
            409,
            "criterion-shown",
            "The records of this portal show this, so it cannot be declared.",
            "Report, or have the report attested.",
        )
    value, paper, evidence = (" ".join(text.split()) for text in said)
    if value and not HEX_DIGEST.fullmatch(evidence):
        raise RefusedError(409, "evidence-not-a-digest", "The evidence is not a SHA-256.", "Give 64 digits of 0-9 and a-f.")
    if not value:
        paper = evidence = ""
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)
        newest: Declaration | None = (
            Declaration.objects.filter(site=site, programme=programme_id, criterion=criterion_id).order_by("-pk").first()
        )
        if newest is not None and (newest.value, newest.paper, newest.evidence) == (value, paper, evidence):
            return newest  # the form sent twice
        told = {"programme": programme_id, "criterion": criterion_id, "value": value[:200], "paper": paper[:200], "evidence": evidence}
        made = Declaration.objects.create(site=site, declared_by=by, declared_at=now, **told)
        detail = f"{programme_id}, {criterion_id}: {value or 'taken back'}{f', evidence {evidence}' if evidence else ''}"
        record(now, by.email, Action.DOSSIER_DECLARED, f"site {site.slug}", detail)
    return made
