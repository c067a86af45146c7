"""What a record could not show: the smallest change of each line that stands out of the record's
own scatter.

Where nothing is asked about, nothing larger than this changed from one week to the next; what is
smaller may have, and the label with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import expm1
from typing import Any

from benchmarks.labels import StepLabel
from benchmarks.phrases import Phrase
from reporting_agent.changes import freed
from reporting_agent.changes.jumps import LEAST, LEAST_OF_RATE, daily, told_from
from reporting_agent.changes.lines import MeterLine
from reporting_agent.metering import MeterRecord

_A_LIMIT = 0.5  # above it no limit is said


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """Of one meter and its step, as shares: the least change of its energy per output and of the
    output an hour that would be asked about.

    None where there are too few runs or days of production to tell any. `unit` is that of the
    output.
    """

    meter: str
    carrier: str
    step: str
    unit: str
    energy: float | None
    output: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> Phrase:
        if self.energy is None or self.output is None:
            return Phrase(
                "Meter %(meter)s: no change would be seen, because there are too few runs or days "
                "of production.",
                meter=self.meter,
            )
        return Phrase(
            "Meter %(meter)s: %(unseen)s.",
            meter=self.meter,
            unseen=_unseen(self.energy, self.output, self.unit),
        )


def beside(label: StepLabel, limits: Sequence[SmallestChange]) -> Phrase | None:
    """What a label's own uncertainty leaves out: the change of its meters that would not be seen,
    where that is more.
    """
    metric = str(label.metric)
    own = [
        candidate
        for candidate in limits
        if candidate.step == label.step
        and (metric == candidate.carrier or metric not in {limit.carrier for limit in limits})
    ]
    if not own or label.best.value is None:
        return None
    unit = own[0].unit
    if any(limit.energy is None or limit.output is None for limit in own):
        return Phrase(
            "no change of energy per %(unit)s would be seen: too few runs or days of production",
            unit=unit,
        )
    energy, output = (
        max(limit.energy or 0.0 for limit in own),
        max(limit.output or 0.0 for limit in own),
    )
    uncertainty = None if label.uncertainty is None else label.uncertainty.best
    if uncertainty is not None and uncertainty.value >= max(energy, output) * abs(label.best.value):
        return None
    return _unseen(energy, output, unit)


def _unseen(energy: float, output: float, unit: str) -> Phrase:
    """What passes unseen; a limit of half the value and more is none: the scatter hides whatever a
    person would call a change.
    """
    below, hidden = (
        {"energy": _percent(energy), "output": _percent(output), "unit": unit},
        (energy > _A_LIMIT, output > _A_LIMIT),
    )
    if hidden == (True, True):
        return Phrase(
            "no change of energy per %(unit)s or of output can be distinguished from this scatter",
            unit=unit,
        )
    if hidden == (True, False):
        return Phrase(
            "no change of energy per %(unit)s can be distinguished from this scatter; changes "
            "below %(output)s of output are not seen",
            unit=unit, output=below["output"],
        )  # fmt: skip
    if hidden == (False, True):
        return Phrase(
            "changes below %(energy)s of energy per %(unit)s are not seen; no change of output "
            "can be distinguished from this scatter",
            unit=unit, energy=below["energy"],
        )  # fmt: skip
    return Phrase(
        "changes below %(energy)s of energy per %(unit)s or %(output)s of output are not seen",
        **below,
    )


def of_lines(
    lines: Sequence[MeterLine], meters: Sequence[MeterRecord], units: Mapping[str, str]
) -> tuple[SmallestChange, ...]:
    """Of every line, and of every meter of a label that is none for want of runs; `units` are those
    of each step's output.
    """
    looked_at = {line.meter for line in lines}
    rest = [
        SmallestChange(
            record.meter.id,
            record.meter.carrier,
            record.meter.step,
            units.get(record.meter.step, "t"),
            None,
            None,
        )
        for record in meters
        if record.counted and record.meter.id not in looked_at and _has_runs(record)
    ]
    return (*(_of_line(line, units.get(line.step, "t")) for line in lines), *rest)


def _has_runs(record: MeterRecord) -> bool:
    """Whether a run that it counts for begins in the period; the other one of a meter that was
    exchanged has none there.
    """
    runs = record.runs
    return runs is not None and bool(
        ((runs.start_us >= record.start_us) & (runs.start_us < record.end_us)).any()
    )


def _of_line(line: MeterLine, unit: str) -> SmallestChange:
    per_output, rate = daily(line.day, line.per_output), daily(line.day, line.rate)
    energy = [
        threshold
        for threshold in (told_from(per_output, LEAST), freed.told_from(freed.of_line(line)))
        if threshold is not None
    ]
    output = [
        threshold
        for threshold in (told_from(rate, LEAST_OF_RATE), freed.told_from(rate, LEAST_OF_RATE, 0))
        if threshold is not None
    ]
    least = (share_of_ln(min(of_ln, default=None)) for of_ln in (energy, output))
    return SmallestChange(line.meter, line.record.meter.carrier, line.step, unit, *least)


def share_of_ln(of_ln: float | None) -> float | None:
    """A difference of logarithms as a share."""
    return None if of_ln is None else expm1(of_ln)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
