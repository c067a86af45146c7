"""What is wrong with a meter's clock, in words: how far it is off, what became of the batches, and which keys would put it right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.config import Meter
from reporting_agent.metering.clock import NEVER, Kind, Shift
from reporting_agent.metering.wander import Wander

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def finding(meter: Meter, shift: Shift, left_out: int, zone: tzinfo, places: tuple[Place, ...] = ()) -> Finding:
    """The finding, counting the batches that are left out for it."""
    clock = {"meter": meter.id, "clock": _WORDS[shift.kind](meter, shift, zone), "count": f"{left_out:,}"}
    sentence = (
        Phrase("Meter %(meter)s: %(clock)s %(count)s batches are left out of the label for it.", **clock)
        if left_out
        else Phrase("Meter %(meter)s: %(clock)s No batch is left out for it.", **clock)
    )
    return Finding(str(shift.kind), Severity.WARNING, sentence, max(left_out, 1), places)


def _drift(meter: Meter, shift: Shift, zone: tzinfo) -> Phrase:
    if shift.course is not None:
        return _crept(shift.course)
    day = _day(shift.at_us, zone)
    return Phrase(
        "its clock runs away from the production log's: it %(gains)s %(rate)s ± %(rate_error)s s a day"
        " and stood %(off)s ± %(error)s s %(ahead)s the log on %(day)s. Set the clock; for this record declare"
        " %(keys)s.",
        gains=_gains(shift.drift_s_per_day),
        rate=f"{abs(shift.drift_s_per_day):.2f}",
        rate_error=f"{2 * shift.drift_error:.2f}",
        off=f"{abs(shift.offset_s):,.0f}",
        error=f"{2 * shift.offset_error_s:.0f}",
        ahead=_ahead(shift.offset_s),
        day=day,
        keys=f"clock_offset_s = {shift.offset_s + meter.clock_offset_s:.0f},"
        f" clock_drift_s_per_day = {shift.drift_s_per_day + meter.clock_drift_s_per_day:.2f}, clock_read_on = {day}",
    )


def _crept(course: Wander) -> Phrase:
    return Phrase(
        "its clock %(gains)s %(rate)s s a day, as its stamps show: they creep off their even grid by up to %(most)s s and were set"
        " back onto it %(settings)s times. Have the logger take its time from a server.",
        gains=_gains(course.rate_s_per_day),
        rate=f"{abs(course.rate_s_per_day):.1f}",
        most=f"{float(np.abs(course.ahead_s).max()):,.0f}",
        settings=len(course.settings),
    )


def _standard(_meter: Meter, shift: Shift, zone: tzinfo) -> Phrase:
    return Phrase(
        "it keeps standard time all year while the plant keeps summer time: its stamps are an hour behind from %(spans)s. Export it with"
        " offsets in its stamps, or declare the zone its stamps are written in (timezone under [mapping.readings], such as Etc/GMT-1).",
        spans=_spans(shift, zone),
    )


def _daylight(_meter: Meter, shift: Shift, zone: tzinfo) -> Phrase:
    return Phrase(
        "its stamps are an hour %(ahead)s the production log's (%(spans)s): one of the two keeps"
        " daylight saving and the other does not. Export the meter with offsets in its stamps, or declare the zone its stamps"
        " are written in (timezone under [mapping.readings]).",
        ahead=_ahead(shift.hour_s),
        spans=_spans(shift, zone),
    )


def _offset(meter: Meter, shift: Shift, _zone: tzinfo) -> Phrase:
    return Phrase(
        "its clock stands %(off)s ± %(error)s min %(ahead)s the production log throughout."
        " Look which of the two is right; if the log is, declare clock_offset_s = %(offset)s."
        " Where all meters show it, it is the log's time zone.",
        off=f"{abs(shift.offset_s) / 60:,.0f}",
        error=f"{max(2 * shift.offset_error_s / 60, 1):.0f}",
        ahead=_ahead(shift.offset_s),
        offset=f"{shift.offset_s + meter.clock_offset_s:.0f}",
    )


def _gains(rate: float) -> Phrase:
    return Phrase("gains") if rate > 0 else Phrase("loses")


def _ahead(offset_s: float) -> Phrase:
    return Phrase("ahead of") if offset_s > 0 else Phrase("behind")


def _spans(shift: Shift, zone: tzinfo) -> str:
    return "; ".join(f"{_edge(first, zone)} … {_edge(last, zone)}" for first, last in shift.spans)


def _day(moment_us: int, zone: tzinfo) -> str:
    return (_EPOCH + timedelta(microseconds=moment_us)).astimezone(zone).date().isoformat()


def _edge(moment_us: int, zone: tzinfo) -> str:
    return "" if moment_us in NEVER else _day(moment_us, zone)


_WORDS: dict[Kind, Callable[[Meter, Shift, tzinfo], Phrase]] = {
    Kind.DRIFT: _drift,
    Kind.STANDARD: _standard,
    Kind.DAYLIGHT: _daylight,
    Kind.OFFSET: _offset,
}
