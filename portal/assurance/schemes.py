"""Schemes with performance levels, as data (`schemes.toml`), the level that an improvement reaches, and the audit that is obligatory.

The improvement is the exact one that the auditor saw in the plant's own records, as a share of the baseline's energy.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

from benchmarks.phrases import Phrase
from benchmarks.routes import Words
from benchmarks.wire.attestations import Performance
from portal.problems import RefusedError

SOURCE = Path(__file__).with_name("schemes.toml")


@dataclass(frozen=True, slots=True)
class Scheme:
    """`levels` are (id, least improvement), the lowest first; `years` how old a baseline may be."""

    id: str
    name: Words
    source: str
    years: int
    levels: tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True)
class ObligatoryAudit:
    """Due again `years` after the last one, unless one of `systems` (id: name of the standard) is certified; told of `ahead` of the day."""

    name: Words
    source: Words
    years: int
    ahead: timedelta
    systems: Mapping[str, str]


@cache
def obligatory_audit() -> ObligatoryAudit:
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["obligatory_audit"]
    systems = {one["id"]: one["name"] for one in read["systems"]}
    return ObligatoryAudit(Words(**read["name"]), Words(**read["source"]), read["years"], timedelta(days=read["ahead_days"]), systems)


@cache
def schemes() -> Mapping[str, Scheme]:
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["scheme"]
    return {
        one["id"]: Scheme(
            one["id"],
            Words(**one["name"]),
            one["source"],
            one["years"],
            tuple(sorted(((level["id"], Fraction(level["at_least"])) for level in one["levels"]), key=lambda pair: pair[1])),
        )
        for one in read
    }


def reached(scheme: str, baseline: str, improvement: Fraction) -> Performance:
    """The highest level that the improvement reaches.

    Raises:
        RefusedError: `level-not-reached` (409).
    """
    levels = schemes()[scheme].levels
    found = [level for level, least in levels if improvement >= least]
    if not found:
        raise RefusedError(
            409,
            "level-not-reached",
            Phrase("The lowest level of this scheme asks for %(least)s.", least=f"{float(levels[0][1]):.0%}"),
            "Leave the scheme out, or look at the improvement again.",
        )
    return Performance(scheme, found[-1], baseline, improvement)
