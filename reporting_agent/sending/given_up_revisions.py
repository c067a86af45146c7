"""Revisions given up after their challenge, which are debited with the batches they had then, as if
they had been drawn.

Another copy of the state directory may have drawn them: a draw needs nothing more than the
challenge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reporting_agent.sending.kept_reports import Parcel, ParcelState
from reporting_agent.sending.planning import ReportPlan


def as_if_drawn(
    planned: ReportPlan, parcel: Parcel, parcels: Iterable[Parcel]
) -> Iterator[tuple[ReportPlan, Parcel]]:
    """Earlier revisions of the parcel's period that have a challenge and were never debited, each
    with the plan to debit it by.

    Args:
        planned: the parcel's own plan.
    """
    for earlier in parcels:
        if (
            earlier.period == parcel.period
            and earlier.revision < parcel.revision
            and earlier.state is ParcelState.CHALLENGED
        ):
            yield planned.under(earlier.revision, correction=earlier.correction), earlier
