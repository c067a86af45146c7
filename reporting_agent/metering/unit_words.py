"""A meter whose values are in another unit than declared: what shows it, by what factor, and which key says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity
from reporting_agent.config import Meter

LABEL, CHANGE = "unit-label", "unit-change"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROOF = {
    "range": ("its range allows", "其量程所允许"),
    "beside": ("the meter it stands beside shows", "其所对照的表计"),
    "bounds": ("a batch of this step can take", "该工序批次可能的能耗"),
    "rows": ("its other batches show", "其余批次"),
}


def label(meter: Meter, factor: float, proof: str, left_out: int) -> Finding:
    """All of its values are off by the factor (0.001: too small by a thousand)."""
    en, zh = _PROOF[proof]
    times, back = _spelled(factor), _spelled(1 / factor)
    return Finding(
        LABEL,
        Severity.WARNING,
        f"Meter {meter.id}: its values are {times} times what {en}: {meter.unit} is not the unit they are written in. Multiplied by {back}"
        f" they would fit. Correct unit under [[meters]], or its scale under [mapping.readings].{_left_out(left_out)}",
        max(left_out, 1),
        zh=f"表计 {meter.id}：数值约为{zh}的 {times} 倍，{meter.unit} 不是其实际单位；乘以 {back} 方才相符。"
        f"请更正 [[meters]] 的 unit，或 [mapping.readings] 的 scale。{_zh_left_out(left_out)}",
    )


_SIDE = {
    (True, "bounds"): ("Those since are beyond what a batch of this step can take.", "此后的数值超出该工序批次可能的能耗。"),
    (False, "bounds"): ("Those before are beyond what a batch of this step can take.", "此前的数值超出该工序批次可能的能耗。"),
    (True, "beside"): ("The meter it stands beside shows what it showed before.", "其所对照的表计所示与此前相符。"),
    (True, "rows"): (
        "Most batches lie before; nothing else tells which of the two is wrong.",
        "多数批次在此之前；此外无从判断哪一侧有误。",
    ),
    (False, "rows"): (
        "Most batches lie after; nothing else tells which of the two is wrong.",
        "多数批次在此之后；此外无从判断哪一侧有误。",
    ),
}
"""By whether the values are wrong since the change or were until it, and by what proves it."""


def change(
    meter: Meter, factor: float, at_us: int, left_out: int, places: tuple[Place, ...], zone: tzinfo, *, later: bool, proof: str
) -> Finding:
    """From a moment on its values are the factor times those before; `later` where the wrong ones are those since."""
    day, times = (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).date().isoformat(), _spelled(factor)
    (en, zh), declared = _SIDE[later, proof], f"{1 / factor if later else factor:.6g}"
    side, zh_side = ("from", "自") if later else ("until", "至")
    return Finding(
        CHANGE,
        Severity.WARNING,
        f"Meter {meter.id}: from {day} on its values are {times} times those before, for the same production: their unit changed."
        f' {en} Declare it under [[events]] (kind = "unit", factor = {declared}, {side} that day).{_left_out(left_out)}',
        max(left_out, 1),
        places,
        zh=f"表计 {meter.id}：自 {day} 起，同样生产下其数值为此前的 {times} 倍：单位已变更。{zh}"
        f'请在 [[events]] 中声明（kind = "unit"，factor = {declared}，{zh_side}该日）。{_zh_left_out(left_out)}',
    )


def _spelled(factor: float) -> str:
    return f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}"


def _left_out(count: int) -> str:
    return f" {count:,} batches are left out of the label for it." if count else ""


def _zh_left_out(count: int) -> str:
    return f"{count:,} 个批次因此不计入标签。" if count else ""
