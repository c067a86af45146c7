"""A log whose time was reported before in other runs is refused: by day and no longer by shift, or
in another time zone.

A ledger goes by the names of batches, and those of a log's runs follow from how it is cut: reported
once, a time is cut that way.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from reporting_agent.sending.kept_reports import Parcel
from reporting_agent.sending.planning import ReportPlan
from reporting_agent.sending.set_back import may_overlap


def refuse_another_cut(planned: ReportPlan, parcels: Iterable[Parcel]) -> None:
    """A log whose time was reported in other runs: their accounts are others, and the same rows
    would be paid for anew.

    Raises:
        PolicyRefusal: `runs-cut-otherwise`, where a report that is bound may overlap the period.
    """
    cut = planned.behind.provenance.cut
    for parcel in parcels:
        if (
            parcel.is_bound
            and cut
            and parcel.cut
            and parcel.cut != cut
            and may_overlap(planned, parcel.period)
        ):
            raise PolicyRefusal(
                "runs-cut-otherwise",
                Phrase(
                    "The log of %(period)s was reported with other runs (%(before)s; now "
                    "%(now)s). The privacy budget of a run is "
                    "recorded under its own name, so the budget of the same rows would be spent "
                    "twice.",
                    period=parcel.period,
                    before=parcel.cut,
                    now=cut,
                ),
                "Restore [runs] and timezone in site.toml to their values for that time. Another "
                "way of cutting runs can begin only "
                "with the first period that does not overlap that time. Nothing was drawn.",
            )
