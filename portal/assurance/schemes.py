"""Schemes with performance levels, as data (`schemes.toml`), and the level that an improvement
reaches.

The improvement is the exact one that the auditor saw in the plant's own records, as a share of the
baseline's energy.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from benchmarks.declared import Words
from benchmarks.phrases import Phrase
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


@cache
def schemes() -> Mapping[str, Scheme]:
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["scheme"]
    return {
        scheme["id"]: Scheme(
            scheme["id"],
            Words(**scheme["name"]),
            scheme["source"],
            scheme["years"],
            tuple(
                sorted(
                    ((level["id"], Fraction(level["at_least"])) for level in scheme["levels"]),
                    key=lambda pair: pair[1],
                )
            ),
        )
        for scheme in read
    }


def reached(scheme: str, baseline: str, improvement: Fraction, year: int) -> Performance:
    """The highest level that the improvement reaches in a report whose period ends in `year`.

    Raises:
        RefusedError: `level-not-reached`, `baseline-out-of-range` (409).
    """
    first = year - schemes()[scheme].years
    if not first <= int(baseline) < year:
        raise RefusedError(
            409,
            "baseline-out-of-range",
            Phrase(
                "The scheme asks for a baseline from %(first)s to %(last)s for this report.",
                first=str(first),
                last=str(year - 1),
            ),
            "Compare with one of these years, or leave the scheme out.",
        )
    levels = schemes()[scheme].levels
    names = [level for level, least in levels if improvement >= least]
    if not names:
        raise RefusedError(
            409,
            "level-not-reached",
            Phrase(
                "The lowest level of this scheme requires %(least)s.",
                least=f"{float(levels[0][1]):.0%}",
            ),
            "Leave the scheme out, or check the improvement again.",
        )
    return Performance(scheme, names[-1], baseline, improvement)
