"""The summary of a shift in sentences."""

from __future__ import annotations

from datetime import tzinfo

from benchmarks.phrases import Phrase, listed
from reporting_agent.live.control_room.drawing import tenths
from reporting_agent.live.control_room.shifts import LineDone, Shift
from reporting_agent.report.figures import NOTHING, count, shown


def heading(shift: Shift, zone: tzinfo) -> Phrase:
    start, end = shift.start.astimezone(zone), shift.end.astimezone(zone)
    return Phrase("Shift of %(day)s, %(start)s to %(end)s", day=f"{start:%Y-%m-%d}", start=f"{start:%H:%M}", end=f"{end:%H:%M}")


def line_words(line: LineDone) -> Phrase:
    """What one line did."""
    return Phrase(
        "%(equipment)s: batches %(batches)s, output %(output)s t, above the label %(above)s kgce/t",
        equipment=line.equipment,
        batches=count(line.batches),
        output=shown(line.tonnes),
        above=tenths(line.above),
    )


def ended(shift: Shift, zone: tzinfo) -> Phrase:
    """One sentence for the log."""
    lines = listed(map(line_words, shift.lines)) if shift.lines else NOTHING
    return Phrase("%(shift)s ended: %(lines)s", shift=heading(shift, zone), lines=lines)
