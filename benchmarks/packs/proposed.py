"""A file that is to become a pack, read and checked by everything that holds of every pack: done in
a process of its own (`foreign_files.parsed_by`), because whoever uploads it is a stranger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks import packs, shelf
from benchmarks.carriers import brought
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.packs.checks import clashes, faults, read_in_the_future
from benchmarks.packs.faults import PackFault
from benchmarks.packs.reading import parse
from benchmarks.phrases import as_phrase
from benchmarks.routes import Pack
from benchmarks.shelf import CopiedShelf

PACK_FILE, FACTORS_FILE = Path("pack.toml"), "factors.toml"


@dataclass(frozen=True, slots=True)
class ProposedPack:
    """`digest` is empty where there are faults, `factors` where it brings no table of its own."""

    pack: Pack
    digest: str
    factors: str
    faults: tuple[PackFault, ...]


def read_proposed(file: str, factors: str, on: date, approved: CopiedShelf) -> ProposedPack:
    """The pack of a file, with its own table of factors if it brings one.

    Args:
        on: no source was read later.
        approved: what was approved before.

    Raises:
        FaultyPack: the file is no pack. InputError: it, or the table, cannot be read.
    """
    table = FactorTable.read(factors, FACTORS_FILE) if factors else None
    version = table.version if table else ""
    pack = parse(file, PACK_FILE)
    found: list[PackFault]
    with (
        brought(pack.own_carriers) as clashing,
        shelf.used(approved.with_factors(version, factors)),
    ):
        try:
            found = [*clashes(clashing), *faults(pack), *read_in_the_future(pack, on)]
            digest = "" if found else packs.digest(pack).hex()
        except InputError as refused:
            wanted = as_phrase(refused.wanted)
            found, digest = [PackFault("conversion", refused.found, wanted)], ""
    return ProposedPack(pack, digest, version, tuple(found))
