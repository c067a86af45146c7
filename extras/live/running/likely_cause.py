"""The likely cause of a batch's waste while it runs, and what is foretold of one after a stop or a
change of product.
"""

from __future__ import annotations

from benchmarks.guidance.causes import WasteCause
from benchmarks.phrases import Phrase, Value
from extras.live.running.batch_log import RunningBatch
from extras.live.running.excess_alarms import UsualCourse
from extras.live.running.history import History
from extras.live.running.output_units import per

HELD_TIMES = 1.05  # the usual duration


def reason(history: History, batch: RunningBatch, usual: UsualCourse, now_s: float) -> str:
    """Its code; empty for a cause that lasts over batches."""
    began = history.began(batch)
    if began in history.more.get(batch.line, {}):
        return WasteCause.COLD_START if began == "stop" else WasteCause.CHANGEOVER
    if now_s > HELD_TIMES * usual.duration_s:
        return WasteCause.HOLDING
    return "" if batch.by == "sum" else WasteCause.AT_POWER


def cause(history: History, batch: RunningBatch, usual: UsualCourse, now_s: float) -> str:
    """The same in words."""
    code = reason(history, batch, usual, now_s)
    if code in (WasteCause.COLD_START, WasteCause.CHANGEOVER):
        return (
            Phrase("First batch after a stop")
            if code == WasteCause.COLD_START
            else Phrase("Change of product")
        )
    if code == WasteCause.HOLDING:
        return Phrase("Longer than usual: holding or waiting")
    if not code:
        since = history.since(batch)
        return Phrase(
            "More in every batch since %(batch)s: look for a setting or a charge that changed then",
            batch=since,
        )
    return Phrase("Higher power than usual; the data do not show why")


def foretold(history: History, batch: RunningBatch) -> str:
    """What such batches took more, of one after a stop or a change of product; empty where nothing
    is foreseen.
    """
    began = history.began(batch)
    if (more := history.more.get(batch.line, {}).get(began)) is None:
        return ""
    values: dict[str, Value] = {
        "more": f"{more * history.usual[batch.of_kind].end_spread:.1f}",
        "unit": per(batch.unit),
    }
    if began == "stop":
        return Phrase(
            "First batch after a stop: such batches used %(more)s %(unit)s more", **values
        )
    return Phrase(
        "First batch of another product: such batches used %(more)s %(unit)s more", **values
    )
