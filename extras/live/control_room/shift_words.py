"""The summary of a shift in sentences."""

from __future__ import annotations

from datetime import tzinfo
from functools import reduce

from benchmarks.phrases import Phrase, joined, listed
from extras.live.control_room.drawing import tenths
from extras.live.control_room.shifts import LineDone, Shift
from extras.live.running.explaining import per
from reporting_agent.report.figures import NOTHING, count, shown


def heading(shift: Shift, zone: tzinfo) -> Phrase:
    start, end = shift.start.astimezone(zone), shift.end.astimezone(zone)
    return Phrase(
        "Shift of %(day)s, %(start)s to %(end)s",
        day=f"{start:%Y-%m-%d}",
        start=f"{start:%H:%M}",
        end=f"{end:%H:%M}",
    )


def line_words(line: LineDone) -> Phrase:
    """What one line did."""
    return Phrase(
        "%(equipment)s: batches %(batches)s, output %(output)s %(unit)s, above the label "
        "%(above)s %(per_output)s",
        equipment=line.equipment,
        batches=count(line.batches),
        output=shown(line.output),
        unit=line.unit,
        above=tenths(line.above),
        per_output=per(line.unit),
    )


def not_compared(shift: Shift) -> list[Phrase]:
    """Which of its batches are not in the figures above the label, and why."""
    sentences = []
    if shift.overlapping:
        sentences.append(
            Phrase(
                "Not in the energy above the label, because they overlap and `label` leaves them "
                "out: %(batches)s.",
                batches=", ".join(shift.overlapping),
            )
        )
    if shift.unknown:
        sentences.append(
            Phrase(
                "Not in the energy above the label, because their energy, output or label is not "
                "known: %(batches)s.",
                batches=", ".join(shift.unknown),
            )
        )
    return sentences


def ended(shift: Shift, zone: tzinfo) -> Phrase:
    """For the log."""
    lines = listed(map(line_words, shift.lines)) if shift.lines else NOTHING
    sentence = Phrase("%(shift)s ended: %(lines)s", shift=heading(shift, zone), lines=lines)
    return reduce(joined, not_compared(shift), sentence)
