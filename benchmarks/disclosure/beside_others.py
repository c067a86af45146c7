"""A value beside all that is public: every rule in turn, against what the public could subtract it
from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.disclosure import differencing, several_publications
from benchmarks.disclosure.frequency_and_dominance import Refusal
from benchmarks.disclosure.influence import Exhibit
from benchmarks.disclosure.reasons import GateReason
from benchmarks.policies import DisclosurePolicy


@dataclass(frozen=True, slots=True)
class PublicHistory:
    """What the public was ever shown of the same value, or of one that moves with it; withdrawn
    versions too.
    """

    earlier: Sequence[Exhibit]  # by this peer group for this period, latest first
    elsewhere: Sequence[Exhibit]  # by other peer groups, or for a period that overlaps this one
    other_years: Sequence[Exhibit]
    other_metrics: Sequence[Exhibit] = ()  # of the same step, of this draft too

    @property
    def of_these_days(self) -> list[Exhibit]:
        """What shows the same value for a time that this period holds."""
        return [*self.earlier, *self.elsewhere]


def refused(ours: Exhibit, public: PublicHistory, policy: DisclosurePolicy) -> Refusal | None:
    """The first rule by which the value would tell of too few firms; None where it may stand beside
    all of these.
    """
    return (
        differencing.differencing(ours, public.earlier, policy)
        or differencing.differencing(ours, public.elsewhere, policy, GateReason.OVERLAP)
        or several_publications.left_over(ours, public.of_these_days, policy)
        or differencing.metrics(ours, public.other_metrics, policy)
        or differencing.years(ours, public.other_years, policy)
    )
