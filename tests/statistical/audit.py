"""An outsider's audit: what is released on neighbouring data bounds epsilon from below, whatever
the mechanism claims.

A fifth as many draws beforehand choose the outputs that tell the pair apart best; then they are
counted. With 95 % confidence the loss is at least log(p_low / p_high), by Clopper-Pearson bounds.
An audit passes while that is at most what was stated. Every way of releasing with less protection
(`cheats`) must fail it: a check that cannot fail proves nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction

from scipy import stats

from benchmarks.privacy.randomness import KeyedStream
from tests.statistical import cheats
from tests.statistical.cheats import STATED, Release
from tests.statistical.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Pair:
    """Neighbouring data sets, the one whose telling outputs are likelier first."""

    words: str
    quantile: Fraction
    one: tuple[int, ...]
    other: tuple[int, ...]


# the pairs on which 20,000 draws prove most, found by trying every pair of up to three records on
# ten grid points
REPLACED = Pair("a record replaced", Fraction(1, 20), (0, 1, 8), (1, 8, 9))
REMOVED = Pair("a record removed", Fraction(1, 20), (0, 1, 8), (1, 8))
ADDED = Pair("a record added", Fraction(1, 2), (0, 1), (0, 1, 9))
LEAST_LOST = Pair(
    "the least record replaced", Fraction(1, 20), (0, 8, 8), (8, 8, 9)
)  # the exact value itself is another one
TELLING_AT_LEAST = 0.85  # of the stated epsilon: an audit that bounds less has no force
_SEEN_AT_LEAST = (
    20  # of an output in the choosing half, on the likelier side: rarer ones prove nothing
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One way of releasing on one pair, and whether it keeps what it states."""

    words: str
    release: Release
    pair: Pair
    keeps: bool
    stated: Fraction = STATED
    many: bool = False
    """Whether its figure needs as many draws as the check can afford; a gross shortcut shows in a
    few.
    """


TRIALS = (
    Trial("as specified", cheats.honest, REPLACED, keeps=True, many=True),
    Trial("as specified", cheats.honest, REMOVED, keeps=True, many=True),
    Trial("as specified", cheats.honest, ADDED, keeps=True, many=True),
    Trial("half the noise", cheats.half_the_noise, REPLACED, keeps=False),
    Trial("grid from the data", cheats.grid_of_the_data, REPLACED, keeps=False),
    Trial("looks and draws again", cheats.looks_and_draws_again, LEAST_LOST, keeps=False),
    Trial(
        "looks and draws again, by the key",
        cheats.looks_and_draws_again_by_key,
        LEAST_LOST,
        keeps=True,
    ),
    Trial(
        "correction not debited", cheats.corrects_without_debit, REPLACED, keeps=False, many=True
    ),
    Trial(
        "correction debited",
        cheats.corrects_without_debit,
        REPLACED,
        keeps=True,
        stated=2 * STATED,
        many=True,
    ),
)


def run(long: bool) -> Outcome:
    sound, rows = True, []
    for trial in TRIALS:
        draws = (100_000 if long else 16_000) if trial.many else 4_000
        bound = lower_bound(trial.release, trial.pair, draws)
        passes = bound <= trial.stated
        sound &= passes is trial.keeps
        if trial.release is cheats.honest:
            sound &= bound >= TELLING_AT_LEAST * trial.stated
        rows.append(
            (
                trial.words,
                trial.pair.words,
                f"{draws:,}",
                str(trial.stated),
                f"{bound:.3f}",
                "passes" if passes else "fails",
            )
        )
    return Outcome(
        "audit",
        sound,
        "lower bound on epsilon from draws on either side of the worst pair; every shortcut is "
        "found out",
        ("release", "neighbour", "draws", "stated epsilon", "epsilon at least", "audit"),
        tuple(rows),
    )


def lower_bound(release: Release, pair: Pair, draws: int) -> float:
    """What the draws prove about epsilon with 95 % confidence; 0 where they tell nothing."""
    few = draws // 5
    chosen_one, chosen_other = (
        _outputs(release, pair, side, few, "choose") for side in ("one", "other")
    )
    telling = _telling(chosen_one, chosen_other, few)
    counts, other = (_outputs(release, pair, side, draws, "count") for side in ("one", "other"))
    return _bound(
        sum(counts[output] for output in telling), sum(other[output] for output in telling), draws
    )


def _telling(counts: Counter[Hashable], other: Counter[Hashable], draws: int) -> list[Hashable]:
    """The outputs likeliest under one rather than the other, as many of them as prove most."""
    outputs = sorted(
        (output for output, times in counts.items() if times >= _SEEN_AT_LEAST),
        key=lambda output: -counts[output] / (other[output] + 1),
    )

    def proven(number: int) -> float:
        first = outputs[:number]
        return _bound(
            sum(counts[output] for output in first), sum(other[output] for output in first), draws
        )

    return outputs[: max(range(1, len(outputs) + 1), key=proven)]


def _bound(often: int, seldom: int, draws: int) -> float:
    low = stats.binomtest(often, draws).proportion_ci(0.95, "exact").low
    high = stats.binomtest(seldom, draws).proportion_ci(0.95, "exact").high
    return max(0.0, math.log(low / high)) if low else 0.0


def _outputs(
    release: Release, pair: Pair, side: str, draws: int, what_for: str
) -> Counter[Hashable]:
    chance = KeyedStream(
        bytes(32),
        challenge=b"audit",
        data_root=b"",
        name=f"{release.__name__} {pair.words} {side} {what_for}",
    )
    records = pair.one if side == "one" else pair.other
    return Counter(release(records, pair.quantile, chance) for _ in range(draws))
