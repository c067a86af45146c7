"""What a plant's files hold once they are read: its batches with energy, and all that was found on
the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.measurements import Batch, CarrierEnergy, DataFinding
from benchmarks.routes import Pack
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import runs
from reporting_agent.pipeline.fuels_in_the_log import UncountedFuels
from reporting_agent.pipeline.outward.judging import OutwardBatches
from reporting_agent.pipeline.proposals import DeclarationProposal
from reporting_agent.sources import RejectedRow
from reporting_agent.sources.reading_log import UndeclaredMeter


@dataclass(frozen=True, slots=True)
class PlantData:
    """What the plant's files hold: batches with energy (some excluded, with the reason), findings,
    unreadable rows.
    """

    pack: Pack
    batches: list[Batch]
    findings: list[DataFinding]
    rejected: list[RejectedRow]
    meters: tuple[MeterRecord, ...] = ()  # every declared meter that has readings, counted or not
    unit_assumed: bool = False  # the site says that nothing proves the unit of its energy
    left_out: tuple[runs.EnergyOutsideRuns, ...] | None = (
        None  # of a log: energy in no run, over the period; None where there is no log
    )
    outward: OutwardBatches | None = (
        None  # the same batches as they are judged on their way out, where that was asked for
    )
    proposals: tuple[
        DeclarationProposal, ...
    ] = ()  # what to declare, so that it acts on the way out as well
    unread: Mapping[str, int] = field(
        default_factory=dict
    )  # by step, rows of the batches file that could not be read
    undeclared: Mapping[str, UndeclaredMeter] = field(
        default_factory=dict
    )  # meters of the readings that site.toml does not name
    nameless: Mapping[str, Sequence[CarrierEnergy]] = field(
        default_factory=dict
    )  # by step, energy that names none of its batches
    uncounted: UncountedFuels = field(
        default_factory=UncountedFuels
    )  # fuel that the log names and no energy holds
    unmapped: Mapping[tuple[str, str], Mapping[str, float]] = field(
        default_factory=dict
    )  # by step and batch, masses that nothing maps
    corrected: tuple[
        RejectedRow, ...
    ] = ()  # rows read as a person corrected them; they stay in rejected.csv for the next run
    at_home: list[Batch] | None = (
        None  # with none left out that only a release leaves out; None where there are none
    )

    @property
    def outgoing(self) -> OutwardBatches:
        """The batches as they are judged on their way out, of data that were read for that."""
        if self.outward is None:
            raise ValueError(
                "the batches were not judged for their way out: read(..., outward=True)"
            )
        return self.outward
