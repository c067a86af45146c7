"""Numbers missing between batches that are numbered one after another: records that never came, or were taken out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.measurements import Batch, Finding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.metering.tally import PLACES_KEPT

FEWEST = 50  # batches of one series; fewer prove no numbering
DENSE = 0.5  # share of the numbers between the first and the last that must be there: else they number something else as well
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")


def missing_numbers(batches: Sequence[Batch]) -> list[Finding]:
    """One finding over all series. A series is what stands before the number, at one step and equipment."""
    series: dict[tuple[str, str, str], dict[int, Batch]] = defaultdict(dict)
    for batch in batches:
        if matched := _NUMBERED.fullmatch(batch.batch_id):
            series[batch.step, batch.equipment, matched[1]].setdefault(int(matched[2]), batch)
    count, after = 0, []
    for numbered in series.values():
        numbers = sorted(numbered)
        span = numbers[-1] - numbers[0] + 1
        if len(numbers) < FEWEST or len(numbers) < DENSE * span:
            continue
        count += span - len(numbers)
        after += [numbered[later] for earlier, later in pairwise(numbers) if later > earlier + 1]
    if not count:
        return []
    places = tuple(batch.place for batch in after[:PLACES_KEPT] if batch.place is not None)
    text = Phrase(
        "%(count)s batch numbers are missing between those that are there, at %(places)s places: records that never came.",
        count=f"{count:,}",
        places=f"{len(after):,}",
    )
    return [Finding("number-missing", Severity.NOTICE, text, count, places)]
