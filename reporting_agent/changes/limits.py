"""What a record could not show: the smallest change of each line that stands out of the record's own scatter.

Where nothing is asked about, nothing larger than this changed from one week to the next; what is smaller may have, and the label with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import expm1
from typing import Any

from benchmarks.phrases import Phrase
from reporting_agent.changes import freed
from reporting_agent.changes.jumps import LEAST, LEAST_OF_RATE, daily, told_from
from reporting_agent.changes.lines import Line
from reporting_agent.metering import MeterRecord


@dataclass(frozen=True, slots=True)
class Limit:
    """Of one meter and its step, as shares: the least change of its energy a tonne and of the tonnes an hour that would be asked about.

    None where there are too few runs or days of production to tell any.
    """

    meter: str
    step: str
    energy: float | None
    output: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> Phrase:
        if self.energy is None or self.output is None:
            return Phrase("Meter %(meter)s: no change would show; there are too few runs or days of production.", meter=self.meter)
        return Phrase(
            "Meter %(meter)s: a change of less than %(energy)s of its energy a tonne, or of less than %(output)s of the tonnes an hour of "
            "its line, cannot be told from chance.",
            meter=self.meter, energy=_percent(self.energy), output=_percent(self.output),
        )  # fmt: skip


def of_lines(lines: Sequence[Line], meters: Sequence[MeterRecord]) -> tuple[Limit, ...]:
    """Of every line, and of every meter of a label that is none for want of runs."""
    looked_at = {line.meter for line in lines}
    rest = [
        Limit(record.meter.id, record.meter.step, None, None)
        for record in meters
        if record.counted and record.runs is not None and record.meter.id not in looked_at
    ]
    return (*map(_of_line, lines), *rest)


def _of_line(line: Line) -> Limit:
    per_t, rate = daily(line.day, line.per_t), daily(line.day, line.rate)
    energy = [one for one in (told_from(per_t, LEAST), freed.told_from(freed.of_line(line))) if one is not None]
    return Limit(line.meter, line.step, _share(min(energy, default=None)), _share(told_from(rate, LEAST_OF_RATE)))


def _share(of_ln: float | None) -> float | None:
    return None if of_ln is None else expm1(of_ln)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
