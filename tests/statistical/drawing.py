"""Does an auditor's sample find what the sampling plan promises? Cheats of many sizes and places,
each with a draw of its own.

A cheat is a set of misstated records, as few as the plan still promises to find, anywhere in the
stratum where they pay. A draw finds it where it holds one of them. What is promised is the exact
probability of that; what is measured must agree with it, by the Clopper-Pearson interval at 99.9 %.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.audit.sampling_plan import (
    STANDARD,
    Stratum,
    StratumKind,
    detection,
    draw,
    misstated,
    needed,
    seed,
)
from benchmarks.released import rank
from tests.statistical.outcome import Outcome

CHEATS, CHEATS_LONG = 500, 10_000
_SURE = 0.999


@dataclass(frozen=True, slots=True)
class Cheat:
    """What somebody does to the records of one stratum."""

    name: str
    kind: StratumKind
    size: int  # records of the stratum


SCENES = (
    Cheat("energy of used batches lowered, 335 of them", StratumKind.USED, 335),
    Cheat("energy of used batches lowered, 10,000 of them", StratumKind.USED, 10_000),
    Cheat("energy of used batches lowered, 100,000 of them", StratumKind.USED, 100_000),
    Cheat(
        "batches invented below a p5 of 10,000", StratumKind.BELOW, rank(Fraction(1, 20), 10_000)
    ),
    Cheat("exclusions invented, 800 excluded", StratumKind.EXCLUDED, 800),
    Cheat("days with a batch left out, 6 meters over a year", StratumKind.DAYS, 6 * 365),
)


def run(long: bool) -> Outcome:
    cheats = CHEATS_LONG if long else CHEATS
    rows, sound = [], True
    for index, scene in enumerate(SCENES):
        wrong = misstated(scene.size, STANDARD.sizes[scene.kind].share)
        drawn = needed(scene.size, STANDARD.sizes[scene.kind])
        promised = float(detection(scene.size, wrong, drawn))
        detected = sum(
            is_found(scene, wrong, index * CHEATS_LONG + number) for number in range(cheats)
        )
        low, high = clopper_pearson(detected, cheats)
        sound &= low <= promised <= high and promised >= float(
            STANDARD.sizes[scene.kind].confidence
        )
        measured = f"{100 * detected / cheats:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
        rows.append(
            (
                scene.name,
                f"{scene.size:,}",
                f"{wrong:,}",
                f"{drawn:,}",
                f"{100 * promised:.1f}",
                measured,
            )
        )
    return Outcome(
        "drawing",
        sound,
        f"how often a draw by the standard plan finds a cheat, % of {cheats:,} cheats each with "
        "its 99.9 % interval, beside what the plan "
        "promises",
        ("cheat", "records", "misstated", "drawn", "promised", "measured"),
        tuple(rows),
        page="audit.md",
    )


def is_found(scene: Cheat, wrong: int, number: int) -> bool:
    """One cheat against one draw: the records' places are the plant's chance, the draw follows from
    nonce, tree head and root.
    """
    cheated = set(np.random.default_rng(number).choice(scene.size, wrong, replace=False).tolist())
    stratum = Stratum(scene.name, scene.kind, 0, scene.size)
    nonce, head, root = (
        hashlib.sha256(f"{number} {what}".encode()).digest() for what in ("nonce", "head", "root")
    )
    return hits(
        cheated,
        [leaf.position for leaf in draw([stratum], STANDARD, seed(nonce, head, number + 1, root))],
    )


def hits(cheated: set[int], drawn: Sequence[int]) -> bool:
    return not cheated.isdisjoint(drawn)


def clopper_pearson(detected: int, tried: int) -> tuple[float, float]:
    """The interval of a probability of which `detected` of `tried` were seen."""
    tail = (1 - _SURE) / 2
    low = 0.0 if detected == 0 else float(stats.beta.ppf(tail, detected, tried - detected + 1))
    high = (
        1.0
        if detected == tried
        else float(stats.beta.ppf(1 - tail, detected + 1, tried - detected))
    )
    return low, high
