"""Errata of a published version: what one is computed from, and which firms may be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks import packs
from benchmarks.composition import Roster, by_step, roster_of, seed_of
from benchmarks.composition.result import staying
from benchmarks.declared import Words
from benchmarks.disclosure import GateResult, errata
from benchmarks.disclosure.corrected_values import CorrectedVersion, Correction
from benchmarks.disclosure.errata import Erratum
from benchmarks.phrases import Name, in_number
from portal.accounts.models import ControllingFirm
from portal.publication.models import UNSEEN, Publication
from portal.publication.rows import public
from portal.standings.cohort import Cohort

Corrections = Mapping[str, Correction]
"""By firm."""


@dataclass(frozen=True, slots=True)
class CorrectableFirm:
    """A firm behind a version. `reports` is whether its report is the same, another or none now."""

    id: str
    name: Name
    reports: str  # same | another | none


def is_corrected_itself(row: Publication) -> bool:
    """Whether errata are made of this version: of the newest that the public has seen of the period
    and that is no erratum.
    """
    newest = public().filter(period=row.period_id, corrects=None).order_by("-version").first()
    return newest is not None and newest.pk == row.pk


def already_corrected(base: Publication) -> dict[str, Correction]:
    """The firms that public errata of the version have corrected: further ones correct them too."""
    merged: dict[str, Correction] = {}
    for row in base.errata.exclude(status__in=UNSEEN).order_by("version"):
        merged |= row.corrected_firms
    return merged


def correctable(base: Publication, present: Cohort) -> tuple[CorrectableFirm, ...]:
    """The firms behind the version, those first whose report is another now; without those that
    have left the scheme.
    """
    then, now = Roster.from_json(base.roster), _today(base, present)
    changed = errata.changed_firms(then, now)
    reporting = {member.firm for cell in now.cells for member in cell.members}
    behind = staying({member.firm for cell in then.cells for member in cell.members})
    firms = [
        CorrectableFirm(
            str(firm.pk),
            firm.name,
            "same"
            if str(firm.pk) not in changed
            else "another"
            if str(firm.pk) in reporting
            else "none",
        )
        for firm in ControllingFirm.objects.filter(pk__in=behind).order_by("name")
    ]
    return tuple(sorted(firms, key=lambda firm: firm.reports == "same"))


def composed(base: Publication, corrections: Corrections, present: Cohort) -> Erratum:
    """The erratum of the version, of what is accepted now.

    Raises:
        PolicyRefusal: `too-many-corrected`.
    """
    group = base.period.peer_group
    then, now = Roster.from_json(base.roster), _today(base, present)
    version = CorrectedVersion(str(base.version), GateResult.from_json(base.gate), then, now)
    return errata.erratum(
        version,
        corrections,
        packs.load(group.pack, group.pack_version),
        seed(base, corrections, present),
        present.size_weights,
    )


def seed(base: Publication, corrections: Corrections, present: Cohort) -> int:
    """Of the simulation: by the version and the reports that are taken out or put in."""
    then, now = Roster.from_json(base.roster), _today(base, present)
    reports = {*_reports(then, corrections), *_reports(now, corrections)}
    return seed_of("erratum", [base.digest, *reports])


def participants(base: Publication, corrections: Corrections, present: Cohort) -> list[str]:
    """Digests of the reports behind the erratum: of the version without those corrected, and with
    what firms at fault report now.
    """
    then, now = Roster.from_json(base.roster), _today(base, present)
    at_fault = {firm: kind for firm, kind in corrections.items() if kind is Correction.AT_FAULT}
    kept = set(base.participants) - _reports(then, corrections)
    return sorted(kept | _reports(now, at_fault))


def erratum_in_words(row: Publication) -> Words | None:
    """What an erratum says of itself, for everybody: it names no firm. None of another version."""
    if row.corrects is None:
        return None
    corrections = row.corrected_firms
    return in_words(row.corrects.version, len(corrections), faults(corrections))


def in_words(version: int, firms: int, at_fault: int) -> Words:
    """That so many firms' reports of a version were corrected, so many of them at fault."""
    text = in_number(
        firms,
        "Erratum of version %(version)s: the report of %(count)s firm was corrected or taken out; "
        "at fault: %(fault)s. The figures were calculated from version %(version)s and the "
        "corrected reports alone, so the change says nothing about any other firm.",
        "Erratum of version %(version)s: the reports of %(count)s firms were corrected or taken "
        "out; at fault: %(fault)s. The figures were calculated from version %(version)s and the "
        "corrected reports alone, so the change says nothing about any other firm.",
        count=firms,
        version=version,
        fault=at_fault,
    )
    return Words.of(text)


def faults(corrections: Corrections) -> int:
    return sum(kind is not Correction.NOT_AT_FAULT for kind in corrections.values())


def _today(base: Publication, present: Cohort) -> Roster:
    """Who would stand behind each value now."""
    group = base.period.peer_group
    pack = packs.load(group.pack, group.pack_version)
    return roster_of(pack, pack.route(group.route), by_step(present.labels))


def _reports(roster: Roster, corrections: Corrections) -> set[str]:
    """The reports of these firms, by digest."""
    return {
        member.report
        for cell in roster.cells
        for member in cell.members
        if member.firm in corrections
    }
