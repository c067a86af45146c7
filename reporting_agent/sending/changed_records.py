"""Which account a record stands on whose start or id was changed, or whose id is written otherwise:
leading noughts, blanks, case.

What was spent on a record stays spent under whatever name it comes again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchmarks.measurements import Batch
from benchmarks.privacy.accounting import Debit
from reporting_agent.pipeline.batch_names import Key, split, with_year


def settle(
    debits: Sequence[Debit], batches: Iterable[Batch], debited: Iterable[tuple[str, str, int]]
) -> list[Debit]:
    """Give every debit the account on which its record stands already, whatever name it comes under
    now.

    A name with a year in it opens an account of its own, except where the ledger holds the plant's
    same id
    - for the same year, named with or without it: the plant changed `batch_ids` in between; or
    - for another year of which the data at hand hold batches, and this one no more: its start was
    changed. Of a year whose records are not at hand nothing can be told: there the plant's word
    counts that ids start again. An id that differs from a debited one by noughts in front, blanks
    or the case of letters alone is that one, as a spreadsheet writes 12 for 000012, except where
    the data at hand hold both.

    Args:
        batches: every record at hand, those outside the period as well.
        debited: step, batch id and year of what the ledger holds, in its order.
    """
    debited_years_by_id: dict[Key, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for step, batch_id, year in debited:
        debited_years_by_id[step, split(batch_id)[0]][batch_id].add(year)
    alike: dict[Key, list[str]] = defaultdict(list)
    for step, own in debited_years_by_id:
        alike[step, _plain(own)].append(own)
    present, years, at_hand = set[Key](), set[tuple[str, int]](), set[Key]()
    for batch in batches:
        at_hand.add((batch.step, split(batch.batch_id)[0]))
        present.add((batch.step, with_year(split(batch.batch_id)[0], batch.start.year)))
        years.add((batch.step, batch.start.year))

    def account(debit: Debit) -> str:
        own, named_year = split(debit.batch_id)
        accounts = debited_years_by_id.get((debit.step, own)) or next(
            (
                debited_years_by_id[debit.step, other]
                for other in alike[debit.step, _plain(own)]
                if (debit.step, other) not in at_hand
            ),
            {},
        )
        if debit.batch_id in accounts:
            return debit.batch_id
        for name, debited_years in accounts.items():
            gone = all(
                (debit.step, year) in years and (debit.step, with_year(own, year)) not in present
                for year in debited_years
            )
            if debit.year in debited_years or (named_year is not None and gone):
                return name
        return debit.batch_id

    return [replace(debit, batch_id=account(debit)) for debit in debits]


def _plain(batch_id: str) -> str:
    """As a spreadsheet may leave it."""
    return batch_id.strip().lstrip("0").casefold()
