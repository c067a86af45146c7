"""Batch ids that start again each year, with the year of their start: one name for one record over
all years.

A plant whose heat numbers start again every January says so (`batch_ids = "restart-yearly"`); its
batches then carry the year of their start, as `0001~2016`. A record that is reported again under a
changed start is still that record: see `reporting_agent.sending.privacy_ledger`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.errors import InputError
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase

Key = tuple[str, str]
"""(step, batch id)."""

_WITH_YEAR = re.compile(r"(.+)~(\d{4})")


def with_year(batch_id: str, year: int) -> str:
    return f"{batch_id}~{year}"


def split(batch_id: str) -> tuple[str, int | None]:
    """The plant's own id, and the year where the name carries one."""
    match = _WITH_YEAR.fullmatch(batch_id)
    return (match[1], int(match[2])) if match else (batch_id, None)


def in_their_years(batches: Sequence[Batch]) -> list[Batch]:
    """The batches under names with the year of their start, in the site's time."""
    return [
        replace(batch, batch_id=with_year(batch.batch_id, batch.start.year)) for batch in batches
    ]


def of_rows(rows: Sequence[int], batches: Sequence[Batch], *, yearly: bool) -> list[Key | None]:
    """Step and name of the batch that each of these rows of a file holds; None where it holds
    none.
    """
    renamed = in_their_years(batches) if yearly else batches
    key_of = {
        batch.place.row: (batch.step, batch.batch_id)
        for batch in renamed
        if batch.place is not None
    }
    return [key_of.get(row) for row in rows]


def by_own_id(batches: Sequence[Batch]) -> dict[Key, str]:
    """The name with its year by (step, the plant's own id), which is all that an energy file knows.

    Raises:
        InputError: `batch-id-in-two-years`: of two batches with one id nothing tells which one a
            row of energy belongs to.
    """
    names: dict[Key, str] = {}
    for batch in batches:
        own, _ = split(batch.batch_id)
        name = names.setdefault((batch.step, own), batch.batch_id)
        if name != batch.batch_id:
            raise InputError(
                "batch-id-in-two-years",
                Phrase(
                    "Batch %(own)s of step %(step)s appears in two years, and energy is given by "
                    "batch id. Nothing shows which of "
                    "the two it belongs to.",
                    own=f"{own!r}",
                    step=batch.step,
                ),
                "Give the agent the files of one year at a time under [inputs].",
                place=batch.place,
                found=Phrase("%(first)s and %(second)s", first=name, second=batch.batch_id),
                wanted=Phrase("each id in one year only"),
            )
    return names
