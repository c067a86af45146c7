"""Numbers missing between batches that are numbered one after another: records that never came, or were taken out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, Finding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.metering.tally import PLACES_KEPT

FEWEST = 50  # batches of one series; fewer prove no numbering
DENSE = 0.5  # share of the numbers between the first and the last that must be there: else they number something else as well
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")


def missing_before(batches: Sequence[Batch]) -> dict[int, int]:
    """By place of a batch, how many numbers are missing between it and the one before it in its series.

    A series is what stands before the number, at one step and equipment. A number that other equipment of the step holds is not missing.
    """
    series: dict[tuple[str, str, str], dict[int, int]] = defaultdict(dict)
    of_step: dict[tuple[str, str], set[int]] = defaultdict(set)
    for place, batch in enumerate(batches):
        if matched := _NUMBERED.fullmatch(batch.batch_id):
            number = int(matched[2])
            series[batch.step, batch.equipment, matched[1]].setdefault(number, place)
            of_step[batch.step, matched[1]].add(number)
    missing: dict[int, int] = {}
    for (step, _, prefix), numbered in series.items():
        numbers = sorted(numbered)
        if len(numbers) < FEWEST or len(numbers) < DENSE * (numbers[-1] - numbers[0] + 1):
            continue
        held = of_step[step, prefix]
        for earlier, later in pairwise(numbers):
            if lacking := sum(number not in held for number in range(earlier + 1, later)):
                missing[numbered[later]] = lacking
    return missing


def missing_numbers(batches: Sequence[Batch]) -> list[Finding]:
    """One finding over all series, of what is missing before batches of the period."""
    before = missing_before(batches)
    missing = {place: count for place, count in before.items() if batches[place].excluded != ExclusionReason.OUTSIDE_PERIOD}
    if not missing:
        return []
    after = [batches[place] for place in missing]
    places = tuple(batch.place for batch in after[:PLACES_KEPT] if batch.place is not None)
    text = Phrase(
        "%(count)s batch numbers are missing between those that are there, at %(places)s places: records that never came.",
        count=f"{sum(missing.values()):,}",
        places=f"{len(after):,}",
    )
    return [Finding("number-missing", Severity.NOTICE, text, sum(missing.values()), places)]
