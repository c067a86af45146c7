"""Which energies an amount of a step's energy may lie in, as far as its boundary and what was
released tell.

A released total says how much energy a step takes, not of which carrier. So an amount lies in
electricity alone, in the heat that was told apart and the electricity beside it, or anywhere
between electricity and fuel. Where energy leaves the step again, only its sum is known.
"""

from __future__ import annotations

from typing import Literal

from benchmarks.carriers import CARRIERS
from benchmarks.routes import Boundary

Bounds = tuple[float, float]
"""The least and the most of an amount for one of the route's output."""

Energies = Literal["electricity", "apart", "either", "unknown"]


def energies_of(boundary: Boundary | None, heat: Bounds | None) -> Energies:
    """`heat`: between which ends the heat of the amount lies, where both sides tell heat apart."""
    if boundary is None or boundary.credited:
        return "unknown"
    if boundary.carriers == ("electricity",):
        return "electricity"
    return "either" if heat is None else "apart"


def must_report(boundary: Boundary) -> tuple[str, ...]:
    """The carriers that every plant reports there; electricity, too, where media count that were
    made elsewhere.
    """
    indirect = ("electricity",) if boundary.media else ()
    return tuple(dict.fromkeys((*boundary.carriers, *indirect)))


def may_take(boundary: Boundary) -> tuple[str, ...]:
    """All that may be taken there and has a price: of a step that must report electricity alone,
    electricity alone.
    """
    if boundary.carriers == ("electricity",):
        return boundary.carriers
    return tuple(
        carrier
        for carrier in dict.fromkeys((*must_report(boundary), *boundary.counted))
        if CARRIERS[carrier].form != "medium"
    )


def fuel_within(energies: Energies, most: float, heat: Bounds | None) -> Bounds | None:
    """Between which ends the fuel of an amount of at most `most` lies; None where it cannot be
    told.
    """
    return {"electricity": (0.0, 0.0), "apart": heat, "either": (0.0, most), "unknown": None}[
        energies
    ]
