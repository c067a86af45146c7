"""A file that is to become a pack: everything that is wrong with it, each with its place, before
anybody is asked to read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.foreign_files import UPLOAD, parsed_by
from benchmarks.packs.faults import FaultyPack, PackFault
from benchmarks.packs.proposed import read_proposed
from benchmarks.phrases import Phrase, enumerated
from benchmarks.routes import NEWEST, Pack
from portal.governance.approved import copied
from portal.governance.models import PACK_ID, VERSION, Proposal, ProposalState


@dataclass(frozen=True, slots=True)
class PackCheck:
    """A pack without a fault, or its faults. `factors` is the version of its own table, empty where
    it brings none.
    """

    pack: Pack | None
    digest: str = ""
    factors: str = ""
    faults: tuple[PackFault, ...] = field(default=())


def check(file: str, factors: str, corrects: str, on: date) -> PackCheck:
    """The pack of a file, with its own table of factors if it brings one, and the version that it
    corrects if it is an erratum.

    `on` is the day of the check: no source was read later.
    """
    try:
        proposed = parsed_by(read_proposed, UPLOAD, file, factors, on, copied())
    except FaultyPack as refused:
        return PackCheck(None, faults=refused.faults)
    except InputError as refused:
        place = refused.place
        where = (
            "" if place is None else " ".join(part for part in (place.file, place.column) if part)
        )
        fault = PackFault(where, refused.found or refused.sentence, _phrase(refused.wanted))
        return PackCheck(None, faults=(fault,))
    faults = (*proposed.faults, *_own(proposed.pack, proposed.factors, corrects))
    if faults:
        return PackCheck(None, faults=faults)
    return PackCheck(proposed.pack, proposed.digest, proposed.factors)


def _own(pack: Pack, factors: str, corrects: str) -> list[PackFault]:
    """What holds of a pack that many are to report by, beside what holds of every pack."""
    faults = []
    for place, value, rule in (("id", pack.id, PACK_ID), ("version", pack.version, VERSION)):
        try:
            rule(value)
        except ValidationError as wrong:
            faults.append(PackFault(place, value, _phrase(str(wrong.message))))
    there_are = {earlier.version: earlier for earlier in packs.versions(pack.id)}
    if pack.version in there_are:
        faults.append(
            PackFault(
                "version",
                pack.version,
                Phrase(
                    "a version number that does not exist yet: a version with which labels were "
                    "made is never replaced"
                ),
            )
        )
    elif Proposal.objects.filter(
        pack=pack.id, version=pack.version, state=ProposalState.OPEN
    ).exists():
        faults.append(
            PackFault("version", pack.version, Phrase("a version number that no open proposal has"))
        )
    if corrects and corrects not in there_are:
        faults.append(
            PackFault(
                "corrects",
                corrects,
                Phrase(
                    "a version of %(id)s: %(names)s",
                    id=pack.id,
                    names=enumerated(there_are) if there_are else Phrase("there is none yet"),
                ),
            )
        )
    if pack.conversion == NEWEST or pack.conversion.endswith(".toml"):
        faults.append(
            PackFault(
                "conversion",
                pack.conversion,
                Phrase("the version of a table of factors, by name: it is part of the digest"),
            )
        )
    if factors and factors != pack.conversion:
        faults.append(
            PackFault(
                "conversion",
                pack.conversion,
                Phrase(
                    "the version of the table that comes with it (%(version)s)",
                    version=factors,
                ),
            )
        )
    if factors and is_taken(factors):
        faults.append(
            PackFault("factors.version", factors, Phrase("a version number that no table has yet"))
        )
    elif (
        factors
        and Proposal.objects.filter(factors_version=factors, state=ProposalState.OPEN).exists()
    ):
        faults.append(
            PackFault(
                "factors.version",
                factors,
                Phrase("a version number that no open proposal has"),
            )
        )
    return faults


def _phrase(text: str) -> Phrase:
    return text if isinstance(text, Phrase) else Phrase("%(sentence)s", sentence=text)


def is_taken(version: str) -> bool:
    """Whether a table of factors of this version comes with the installation or was approved."""
    try:
        FactorTable.of(version)
    except InputError:
        return False
    return True
