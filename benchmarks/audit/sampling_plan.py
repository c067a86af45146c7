"""What an auditor draws: how many, from which strata, which positions by which seed, and how surely
a misstated record is among them.

Plant and auditor compute the same, from public values.

How many: a stratum of N records of which K are misstated is drawn without replacement, so n draws
miss all of them with probability C(N-K, n) / C(N, n) (hypergeometric; JCGM 106 and ISO 2859-2 call
it the risk of accepting). `needed` gives the least n for which this is at most 1 - confidence, in
whole numbers: no approximation, and the finite population counts.

Which: the strata follow the risk (ISA 530, ISO 19011 A.6), not the records' number. A label is an
order statistic, so whoever wants it lower must put records at or below its rank, or declare others
excluded: these are drawn more densely than the rest, and the record at each rank always. No more
is drawn than the stated certainty needs. The positions come from a seed that neither side could
choose: see `seed`.

Knows counts and positions only. No label and no record is imported here, so that the portal may
compute a draw, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import ceil, perm

from benchmarks.phrases import Phrase

_SEED = b"steplabel/1 audit seed\x00"
_STRATUM = b"steplabel/1 audit stratum\x00"
_WORD = 1 << 64


class StratumKind(StrEnum):
    """Why a record is drawn. The order is that of the opening."""

    EDGE = "edge"  # at the rank that is the label: always
    BELOW = "below"  # at or below the label: what makes it low
    USED = "used"  # any that the label counts
    EXCLUDED = "excluded"  # left out of it
    DAYS = "days"  # a meter's day: is all that was counted on it in the records?
    PADDING = "padding"  # what fills the tree up to a power of two: is it empty?


@dataclass(frozen=True, slots=True)
class StratumSize:
    """How sure the auditor wants to be, and of what: with `confidence` at least one is drawn where
    `share` of the stratum is misstated.
    """

    confidence: Fraction
    share: Fraction

    def __post_init__(self) -> None:
        if not (0 < self.confidence < 1 and 0 < self.share <= 1):
            raise ValueError(
                Phrase("confidence lies between 0 and 1, and the share above 0 and at most at 1")
            )

    def reaches(self, other: StratumSize) -> bool:
        """Whether of a stratum of any number this draws at least as many: as sure of as small a
        share.
        """
        return self.confidence >= other.confidence and self.share <= other.share


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """A sampling plan: the size of each kind of stratum. The record at a label's rank is always
    drawn.
    """

    sizes: Mapping[StratumKind, StratumSize]


STANDARD = SamplingPlan(
    {
        StratumKind.BELOW: StratumSize(Fraction(19, 20), Fraction(1, 20)),
        StratumKind.USED: StratumSize(Fraction(19, 20), Fraction(1, 100)),
        StratumKind.EXCLUDED: StratumSize(Fraction(19, 20), Fraction(1, 20)),
        StratumKind.DAYS: StratumSize(Fraction(19, 20), Fraction(1, 20)),
        StratumKind.PADDING: StratumSize(Fraction(19, 20), Fraction(1, 5)),
    }
)
"""95 % sure to meet one of 1 % misstated among the used, one of 5 % among those at or below the
label, the excluded and the days.
"""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Leaves `first` to `first + count - 1` of the tree, under a name of their own; `ranks` are
    those of labels, counted from 1.
    """

    name: str
    kind: StratumKind
    first: int
    count: int
    ranks: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.first < 0 or self.count < 0:
            raise ValueError(f"the stratum {self.name} has neither a first leaf nor a size below 0")


@dataclass(frozen=True, slots=True)
class DrawnPosition:
    """One position of the tree that is to be opened, and for which stratum it was drawn; `order`
    counts from 1 within it.
    """

    position: int
    stratum: str
    kind: StratumKind
    order: int


def misstated(population: int, share: Fraction) -> int:
    """How many records a share of the population is, rounded up: any smaller number is less than
    the share.
    """
    return min(population, max(1, ceil(population * share)))


def needed(population: int, size: StratumSize) -> int:
    """The fewest to draw so that at least one misstated is among them with the confidence wanted;
    all, where nothing less does.
    """
    if population == 0:
        return 0
    wrong, most = misstated(population, size.share), 1
    while not _promised(population, wrong, most, size.confidence):
        most *= 2
    fewest = most // 2 + 1
    while fewest < most:
        middle = (fewest + most) // 2
        if _promised(population, wrong, middle, size.confidence):
            most = middle
        else:
            fewest = middle + 1
    return fewest


def detection(population: int, wrong: int, drawn: int) -> Fraction:
    """With what probability at least one of `wrong` misstated records is among those drawn."""
    return 1 - Fraction(*_missed(population, wrong, drawn))


def _promised(population: int, wrong: int, drawn: int, confidence: Fraction) -> bool:
    ways, all_ways = _missed(population, wrong, drawn)
    return ways * confidence.denominator <= all_ways * (
        confidence.denominator - confidence.numerator
    )


def _missed(population: int, wrong: int, drawn: int) -> tuple[int, int]:
    """Numerator and denominator of C(N-K, n) / C(N, n) = (N-n)_K / (N)_K = (N-K)_n / (N)_n: the
    falling factorial of fewer factors.
    """
    fewer, more = sorted((min(wrong, population), min(drawn, population)))
    return perm(population - more, fewer), perm(population, fewer)


def seed(nonce: bytes, head_root: bytes, head_size: int, data_root: bytes) -> bytes:
    """What the positions follow from: SHA-256 of the auditor's nonce, a tree head of the log and
    the root of the data.

    The auditor committed to the nonce before the head was there, and the plant to the root before
    it knew the nonce: neither can look for a draw that it likes.
    """
    parts = (nonce, head_root, head_size.to_bytes(8), data_root)
    return hashlib.sha256(_SEED + b"".join(len(part).to_bytes(4) + part for part in parts)).digest()


def positions(draw_seed: bytes, name: str, population: int, count: int) -> list[int]:
    """`count` different numbers below `population` in the order drawn, each set equally likely.

    Numbers come from SHA-256 in counter mode, and one that would make some remainder likelier is
    passed over; the shuffle is that of Fisher and Yates, of which only the positions touched are
    kept.
    """
    if not 0 <= count <= population:
        raise ValueError(f"{count} of {population} cannot be drawn")
    words = _words(hashlib.sha256(_STRATUM + draw_seed + name.encode()).digest())
    moved: dict[int, int] = {}
    drawn = []
    for last in range(population - 1, population - 1 - count, -1):
        position = _below(last + 1, words)
        drawn.append(moved.get(position, position))
        moved[position] = moved.pop(last, last)
    return drawn


def draw(strata: Sequence[Stratum], plan: SamplingPlan, draw_seed: bytes) -> list[DrawnPosition]:
    """Every position to be opened, once, stratum by stratum; one that two strata share stands under
    the first of them.
    """
    drawn: dict[int, DrawnPosition] = {}
    for stratum in strata:
        for order, offset in enumerate(_of_stratum(stratum, plan, draw_seed), 1):
            position = stratum.first + offset
            drawn.setdefault(position, DrawnPosition(position, stratum.name, stratum.kind, order))
    return list(drawn.values())


def opened(plan: SamplingPlan, used: int, quantile: Fraction) -> int:
    """How many of a step's used batches of one product a plan opens, before what drawn days add.

    As one draw finds it, from a seed that is always the same: of a few hundred batches another draw
    differs by one or two in a hundred.
    """
    rank = max(1, ceil(quantile * used))
    strata = (
        Stratum("edge", StratumKind.EDGE, 0, used, (rank, max(1, ceil(used / 2)))),
        Stratum("below", StratumKind.BELOW, 0, rank),
        Stratum("used", StratumKind.USED, 0, used),
    )
    return len(draw(strata, plan, hashlib.sha256(_SEED).digest()))


def weaker(plan: SamplingPlan) -> tuple[StratumKind, ...]:
    """The kinds of strata of which a plan is less sure than the standard one."""
    sizes = {kind: plan.sizes.get(kind) for kind in STANDARD.sizes}
    return tuple(
        kind
        for kind, size in sizes.items()
        if size is None or not size.reaches(STANDARD.sizes[kind])
    )


SURE_OF_NOTHING = (Fraction(0), Fraction(1))
"""Confidence and share of what draws no record."""


def promised_of_used(plan: SamplingPlan) -> tuple[Fraction, Fraction]:
    """Confidence and share of the used records, as a plan says them of any number; one that draws
    none is sure of nothing.
    """
    size = plan.sizes.get(StratumKind.USED)
    return SURE_OF_NOTHING if size is None else (size.confidence, size.share)


def certainty(population: int, plan: SamplingPlan, share: Fraction) -> Fraction:
    """With what probability a plan draws at least one misstated of the used records of a step,
    where so large a share of them is.
    """
    size = plan.sizes.get(StratumKind.USED)
    drawn = 0 if size is None else needed(population, size)
    return detection(population, misstated(population, share), drawn)


def _of_stratum(stratum: Stratum, plan: SamplingPlan, draw_seed: bytes) -> list[int]:
    if stratum.kind is StratumKind.EDGE:
        return sorted({rank - 1 for rank in stratum.ranks if 0 < rank <= stratum.count})
    size = plan.sizes.get(stratum.kind)
    return (
        []
        if size is None
        else positions(draw_seed, stratum.name, stratum.count, needed(stratum.count, size))
    )


def _words(key: bytes) -> Iterator[int]:
    """64-bit numbers: four of each block SHA-256(key, counter)."""
    counter = 0
    while True:
        block = hashlib.sha256(key + counter.to_bytes(8)).digest()
        for at in range(0, len(block), 8):
            yield int.from_bytes(block[at : at + 8])
        counter += 1


def _below(bound: int, words: Iterator[int]) -> int:
    unbiased = _WORD - _WORD % bound
    return next(word for word in words if word < unbiased) % bound
