"""Batches of one machine at one time, each of which comes out by itself: copies of a good batch
under further ids would stand so.

Where a meter counts for the machine, a reading is of one batch, and a copy does not come out when
it is computed again. Where the plant's own rows give the energy, or a declared power does, it comes
out as often as its rows are written. Honest logs hold such pairs as well, but by rows of its own no
plant can report a best value that is more than `WORTH_TELLING` better than with each pair as one
batch. So a pair alone proves nothing, and is told as open. The check fails where the label is
better by more than that, by all that the draw shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import sqrt

from benchmarks.audit.contents import UsedLeaves
from benchmarks.audit.counts import values_of_used
from benchmarks.audit.evidence import (
    MOST_NAMED,
    CheckOutcome,
    Evidence,
    check_held,
    failed,
    named,
    not_checkable,
)
from benchmarks.audit.records import of_batch
from benchmarks.declared import Words, worded
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.one_machine_at_once import at_once
from benchmarks.phrases import Phrase, in_number
from benchmarks.released import rank
from benchmarks.routes import Step

Pair = tuple[int, int]
"""The leaves of two batches of one machine at one time, in order of start."""


def one_batch_at_a_time(evidence: Evidence) -> CheckOutcome:
    """No two opened batches that a label counts are of one machine at one time."""
    code, compared = "one-batch-at-a-time", 0
    all_pairs: list[Pair] = []
    better: list[Pair] = []
    for step, cell, values in values_of_used(evidence):
        pairs = _pairs(evidence, values)
        compared += sum(bool(evidence.batches[index].equipment) for index in values)
        all_pairs += pairs
        if _is_of_own_rows(evidence, step, pairs) and betters(pairs, values, cell, step):
            better += pairs
    if better:
        return failed(
            code,
            in_number(
                len(better),
                "%(pairs)s opened batch has the time of another one of the same machine. Counted "
                "once, the best "
                "value would be higher by more than %(percent)s %%.",
                "%(pairs)s opened batches have the time of another one of the same machine. "
                "Counted once, the best value would be "
                "higher by more than %(percent)s %%.",
                pairs=f"{len(better):,}",
                percent=f"{100 * WORTH_TELLING:g}",
            ),
            Phrase(
                "Look for each of them in the production system on site. A batch under several "
                "ids lowers the label each time."
            ),
            _places(evidence, better),
        )
    if all_pairs:
        open_to_question = not_checkable(
            code,
            in_number(
                len(all_pairs),
                "%(pairs)s opened batch has the time of another one of the same machine. A sample "
                "cannot show whether both were made.",
                "%(pairs)s opened batches have the time of another one of the same machine. A "
                "sample cannot show whether both were made.",
                pairs=f"{len(all_pairs):,}",
            ),
            Phrase(
                "Look for both in the production system on site. If several lines share a name, "
                "have each named as equipment; if one "
                "batch has several rows, have them made one."
            ),
        )
        return replace(
            open_to_question,
            places=tuple(_places(evidence, all_pairs)[:MOST_NAMED]),
            count=len(all_pairs),
        )
    return check_held(
        code,
        in_number(
            compared,
            "Only one opened batch names its equipment, so no two of them are of one machine at "
            "one time.",
            "No two of the %(compared)s opened batches that name their equipment are of one "
            "machine at one time.",
            compared=f"{compared:,}",
        ),
        compared,
    )


def betters(
    pairs: Sequence[Pair],
    values: Mapping[int, float],
    cell: UsedLeaves,
    step: Step,
) -> bool:
    """Whether the cell's best value would be higher by more than `WORTH_TELLING`, were each pair
    one batch: at least by so much, if what was not opened holds pairs above the best value, which
    would lower it, and as many as such a draw may just have missed.

    Args:
        values: of opened used batches by leaf, rising.
    """
    ranked = rank(step.label_rule.quantile, cell.used)
    label = cell.first + ranked - 1
    if label not in values:
        return False
    below = sum(max(values[leaf] for leaf in pair) <= values[label] for pair in pairs)
    above = len(pairs) - below
    by_chance = sum(index > label for index in values) - 1  # the record at the typical value's rank
    share = max(by_chance, 0) / max(cell.used - ranked, 1)
    missed = min(cell.used - ranked - above, _at_most(above) / share**2 if share else cell.used)
    position = (
        rank(step.label_rule.quantile, max(int(cell.used - below - above - missed), 1)) + below
    )
    highest = max(
        [
            values[label],
            *(value for index, value in values.items() if index < cell.first + position),
        ]
    )
    return highest - values[label] > WORTH_TELLING * abs(highest)


def _at_most(number: int) -> float:
    """The mean of a Poisson number that is no greater than this with a chance of 1 in a million, or
    more.
    """
    return number + 5 * sqrt(number) + 14


def _pairs(evidence: Evidence, leaves: Mapping[int, float]) -> list[Pair]:
    """Of records that come out: what does not is another check's, as are leaves that repeat a
    record.
    """
    own: dict[bytes, int] = {}
    for index in leaves:
        batch = evidence.batches[index]
        record = of_batch(batch, batch.excluded)
        if evidence.recomputed(batch)[record]:
            own.setdefault(record, index)
    indices = list(own.values())
    return [
        (indices[first], indices[other])
        for first, other in at_once(
            [evidence.batches[index] for index in indices], range(len(indices))
        )
    ]


def _is_of_own_rows(evidence: Evidence, step: Step, pairs: Sequence[Pair]) -> bool:
    """Whether the agent refuses a label that they better: not where a meter or a declared power
    tells their energy, nor of pooled years.
    """
    energies = (
        energy for pair in pairs for index in pair for energy in evidence.batches[index].energy
    )
    return step.id not in evidence.unbounded | evidence.contents.windows.keys() and not any(
        energy.allocated for energy in energies
    )


def _places(evidence: Evidence, pairs: Sequence[Pair]) -> list[Words]:
    return [
        worded(
            "%(record)s, at the time of %(other)s",
            record=named(other, evidence.batches[other]),
            other=evidence.batches[first].batch_id,
        )
        for first, other in pairs
    ]
