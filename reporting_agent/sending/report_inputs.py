"""What stands behind a report's labels: the batches, the meters' days, and the settings by which
they were read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.audit.arrangement import LeafOrder, arrange
from benchmarks.audit.records import MeterDay, Window, microseconds
from benchmarks.labels import SiteLabel
from benchmarks.measurements import Batch, Period
from benchmarks.routes import Pack
from reporting_agent.sending.pooled_labels import Windows, covered, covers


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where batches come from: the digests of the readings they were metered from, and of the
    settings (`config.settings_digest`).

    `cut` says how a log was cut into runs; it is empty where the plant names its batches.
    """

    days: tuple[MeterDay, ...] = ()
    settings_digest: bytes = bytes(32)
    cut: str = ""


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """Everything that a report is made from; it never leaves the site."""

    site_label: SiteLabel
    batches: Sequence[Batch]
    windows: Windows
    provenance: Provenance

    def arranged(self, pack: Pack) -> LeafOrder:
        """Batches and days of this report, in the order of the leaves of its tree."""
        period = self.site_label.period
        return arrange(
            self.site_label,
            self.batches,
            pack,
            lambda batch: covers(batch, period, self.windows),
            self._days(),
        )

    def _days(self) -> list[MeterDay]:
        first_us, end_us = window_of(self.site_label.period, self.windows)
        return [
            day for day in self.provenance.days if day.end_us > first_us and day.start_us < end_us
        ]


def window_of(period: Period, windows: Windows) -> Window:
    """The time whose readings are part of a report, by the site's calendar: what a file holds
    besides may grow, and is no part of it.
    """
    whole = covered(period, windows)
    return microseconds(whole.start), microseconds(whole.end)
