"""What is said of bills and stock surveys beside their meters: one by one, and bills that follow
one another as one sum.

A bill that differs by less than a day's use at its ends can be neither confirmed nor refuted alone.
Bills that follow one another share these moments, so their sum moves by one day at most: where it
agrees, each of them does, and where it differs by more, none can explain it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from benchmarks.audit.evidence import CheckOutcome, check_held, failed, not_checkable
from benchmarks.phrases import Phrase
from extras.reconciliation.bills_against_meters import (
    BILL,
    STOCK,
    Comparison,
    PaperAgainstMeters,
    summed,
)
from extras.reconciliation.sentences import FIND_OUT
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import PlantData


def of_bills(
    site: SiteSettings, data: PlantData, row: Sequence[Comparison]
) -> Iterator[CheckOutcome]:
    """Each document of a row, and those together that differ alike; one that cannot be compared
    parts them.
    """
    for sign, group in groupby(
        row, key=lambda result: None if isinstance(result, CheckOutcome) else result.sign
    ):
        together = list[PaperAgainstMeters]()
        for result in group:
            if isinstance(result, CheckOutcome):
                yield result
            else:
                together.append(result)
        sums = summed(site, data, together)
        proven = sums is not None and sums.agrees
        yield from (_outcome(comparison, BILL, by_sum=proven) for comparison in together)
        if sums is not None:
            yield _in_a_row(sums, sign or 0)


def of_survey(result: Comparison) -> CheckOutcome:
    return result if isinstance(result, CheckOutcome) else _outcome(result, STOCK)


def _outcome(comparison: PaperAgainstMeters, code: str, *, by_sum: bool = False) -> CheckOutcome:
    """What is said of one document; `by_sum`: of those before and after it, all together agree."""
    if comparison.agrees:
        return check_held(code, comparison.sentence)
    if comparison.sign:
        return failed(code, comparison.sentence, FIND_OUT)
    reason = Phrase(
        "%(said)s The difference is at most a day's use, so the hour of reading can explain it.",
        said=comparison.sentence,
    )
    if by_sum:
        return check_held(code, Phrase("%(said)s The sum with its neighbours agrees.", said=reason))
    return not_checkable(
        code,
        reason,
        Phrase("Give the bills before and after it, or the hour at which the meters were read."),
    )


def _in_a_row(comparison: PaperAgainstMeters, sign: int) -> CheckOutcome:
    """The sum of documents that follow one another, each of which differs by `sign`."""
    day = comparison.paper.stated.from_day.isoformat()
    if comparison.sign and sign > 0:
        return failed(
            BILL,
            Phrase(
                "%(said)s From %(day)s on, each document states less than the meters counted.",
                said=comparison.sentence,
                day=day,
            ),
            FIND_OUT,
        )
    if comparison.sign and sign < 0:
        return failed(
            BILL,
            Phrase(
                "%(said)s From %(day)s on, each document states more than the meters counted.",
                said=comparison.sentence,
                day=day,
            ),
            FIND_OUT,
        )
    return _outcome(comparison, BILL)
