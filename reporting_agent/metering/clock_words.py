"""What is wrong with a meter's clock, in words: how far it is off, what became of the batches, and which keys would put it right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity
from reporting_agent.config import Meter
from reporting_agent.metering.clock import NEVER, Kind, Shift
from reporting_agent.metering.wander import Wander

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def finding(meter: Meter, shift: Shift, left_out: int, zone: tzinfo, places: tuple[Place, ...] = ()) -> Finding:
    """The finding, counting the batches that are left out for it."""
    en, zh = _WORDS[shift.kind](meter, shift, zone)
    en += f" {left_out:,} batches are left out of the label for it." if left_out else " No batch is left out for it."
    zh += f"{left_out:,} 个批次因此不计入标签。" if left_out else "没有批次因此被排除。"
    return Finding(str(shift.kind), Severity.WARNING, f"Meter {meter.id}: {en}", max(left_out, 1), places, zh=f"表计 {meter.id}：{zh}")


def _drift(meter: Meter, shift: Shift, zone: tzinfo) -> tuple[str, str]:
    if shift.course is not None:
        return _crept(shift.course)
    day = _day(shift.at_us, zone)
    rate, rate_error = abs(shift.drift_s_per_day), 2 * shift.drift_error
    off, error = abs(shift.offset_s), 2 * shift.offset_error_s
    ahead = shift.offset_s > 0
    keys = (
        f"clock_offset_s = {shift.offset_s + meter.clock_offset_s:.0f},"
        f" clock_drift_s_per_day = {shift.drift_s_per_day + meter.clock_drift_s_per_day:.2f}, clock_read_on = {day}"
    )
    gains = "gains" if shift.drift_s_per_day > 0 else "loses"
    en = (
        f"its clock runs away from the production log's: it {gains} {rate:.2f} ± {rate_error:.2f} s a day"
        f" and stood {off:,.0f} ± {error:.0f} s {'ahead of' if ahead else 'behind'} the log on {day}."
        f" Set the clock; for this record declare {keys}."
    )
    zh = (
        f"表计时钟与生产记录时钟逐渐偏离：每天走{'快' if shift.drift_s_per_day > 0 else '慢'} {rate:.2f} ± {rate_error:.2f} 秒，"
        f"{day} 时比生产记录{'快' if ahead else '慢'} {off:,.0f} ± {error:.0f} 秒。请校准时钟；本段记录可申报 {keys}。"
    )
    return en, zh


def _crept(course: Wander) -> tuple[str, str]:
    rate, most, settings = abs(course.rate_s_per_day), float(np.abs(course.ahead_s).max()), len(course.settings)
    gains, zh_gains = ("gains", "快") if course.rate_s_per_day > 0 else ("loses", "慢")
    en = (
        f"its clock {gains} {rate:.1f} s a day, as its stamps show: they creep off their even grid by up to {most:,.0f} s and were set"
        f" back onto it {settings} times. Have the logger take its time from a server."
    )
    zh = (
        f"表计时钟每天走{zh_gains} {rate:.1f} 秒：其时标逐渐偏离整齐的时刻，最多达 {most:,.0f} 秒，并被校正 {settings} 次。"
        "请让记录仪从时间服务器取时。"
    )
    return en, zh


def _standard(meter: Meter, shift: Shift, zone: tzinfo) -> tuple[str, str]:
    spans = "; ".join(f"{_edge(first, zone)} … {_edge(last, zone)}" for first, last in shift.spans)
    en = (
        f"it keeps standard time all year while the plant keeps summer time: its stamps are an hour behind from {spans}. Export it with"
        " offsets in its stamps, or declare the zone its stamps are written in (timezone under [mapping.readings], such as Etc/GMT-1)."
    )
    zh = (
        f"该表全年采用标准时，而工厂采用夏令时：其时标在 {spans} 期间慢一小时。"
        "请导出带时区偏移的时标，或申报其时标所用的时区（[mapping.readings] 的 timezone，如 Etc/GMT-1）。"
    )
    return en, zh


def _daylight(meter: Meter, shift: Shift, zone: tzinfo) -> tuple[str, str]:
    spans = "; ".join(f"{_edge(first, zone)} … {_edge(last, zone)}" for first, last in shift.spans)
    en = (
        f"its stamps are an hour {'ahead of' if shift.hour_s > 0 else 'behind'} the production log's ({spans}): one of the two keeps"
        " daylight saving and the other does not. Export the meter with offsets in its stamps, or declare the zone its stamps"
        " are written in (timezone under [mapping.readings])."
    )
    zh = (
        f"表计时标在 {spans} 期间比生产记录{'快' if shift.hour_s > 0 else '慢'}一小时：两者中一方采用夏令时而另一方没有。"
        "请导出带时区偏移的时标，或申报其时标所用的时区（[mapping.readings] 的 timezone）。"
    )
    return en, zh


def _offset(meter: Meter, shift: Shift, zone: tzinfo) -> tuple[str, str]:
    off, error = abs(shift.offset_s) / 60, max(2 * shift.offset_error_s / 60, 1)
    key = f"clock_offset_s = {shift.offset_s + meter.clock_offset_s:.0f}"
    en = (
        f"its clock stands {off:,.0f} ± {error:.0f} min {'ahead of' if shift.offset_s > 0 else 'behind'} the production log throughout."
        f" Look which of the two is right; if the log is, declare {key}. Where all meters show it, it is the log's time zone."
    )
    zh = (
        f"表计时钟始终比生产记录{'快' if shift.offset_s > 0 else '慢'} {off:,.0f} ± {error:.0f} 分钟。"
        f"请核对哪一方正确；若生产记录正确，可申报 {key}。若所有表计均如此，则是生产记录的时区问题。"
    )
    return en, zh


def _day(moment_us: int, zone: tzinfo) -> str:
    return (_EPOCH + timedelta(microseconds=moment_us)).astimezone(zone).date().isoformat()


def _edge(moment_us: int, zone: tzinfo) -> str:
    return "" if moment_us in NEVER else _day(moment_us, zone)


_WORDS: dict[Kind, Callable[[Meter, Shift, tzinfo], tuple[str, str]]] = {
    Kind.DRIFT: _drift,
    Kind.STANDARD: _standard,
    Kind.DAYLIGHT: _daylight,
    Kind.OFFSET: _offset,
}
