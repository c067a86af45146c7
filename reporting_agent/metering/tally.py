"""Faults of one meter as they are met, counted, with the first few places; at the end they become findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity
from reporting_agent.rows import Rows

PLACES_KEPT = 20

_SENTENCES: dict[str, tuple[Severity, str, str]] = {
    "sentinel": (
        Severity.WARNING,
        "values of all nines, which a logger writes for a fault; left out, the time counts as missing",
        "个全 9 值，记录仪以此表示故障；已舍去，该时段按缺失计",
    ),
    "out-of-range": (
        Severity.WARNING,
        "values that the meter's declared range makes impossible; left out, the time counts as missing",
        "个值超出该表申报的量程；已舍去，该时段按缺失计",
    ),
    "register-spike": (
        Severity.WARNING,
        "single register values that jump away and back; left out, the register runs on over them",
        "个计数器单点跳变后复原；已舍去，计数器视为连续",
    ),
    "register-reset": (
        Severity.WARNING,
        "falls of the register that are no declared rollover; the energy across is not known",
        "次计数器下降，且不是申报的翻转；其间能耗未知",
    ),
    "register-rescaled": (
        Severity.WARNING,
        "changes of the register's unit: its value went on times a factor between units of energy; the energy across is not known",
        "次计数器单位变更：数值按能量单位之间的换算系数变化；其间能耗未知",
    ),
    "register-jump": (
        Severity.WARNING,
        "rises of the register faster than anything in its own history; the energy across is not known",
        "次计数器上升速度远超其自身历史；其间能耗未知",
    ),
    "rate-spike": (
        Severity.WARNING,
        "single values far above anything in the meter's own history; left out, the load runs on over them",
        "个单点值远高于该表自身历史；已舍去，负荷视为连续",
    ),
    "interval-spike": (
        Severity.WARNING,
        "single intervals far above anything in the meter's own history; left out, the time counts as missing",
        "个单个区间值远高于该表自身历史；已舍去，该时段按缺失计",
    ),
    "zero-dropout": (
        Severity.WARNING,
        "single zeros of a meter that is never at zero, which a logger writes where no value came; left out",
        "个零值出现在从不为零的表计上，记录仪在未取得数值时写入；已舍去",
    ),
    "value-stuck": (
        Severity.WARNING,
        "times the value stood still to the last digit for far longer than the meter's own history makes plausible; that time is missing",
        "次数值长时间保持不变（精确到末位），远超该表自身历史所能解释；该时段按缺失计",
    ),
    "saturated": (
        Severity.WARNING,
        "values at the end of what the meter can tell: the load was that or more; the time counts as missing. Widen the range",
        "个值位于量程端点：实际负荷不低于该值；该时段按缺失计。请扩大量程",
    ),
    "register-rollover": (Severity.NOTICE, "rollovers of the register; added back", "次计数器翻转；已补回"),
    "reading-duplicate": (
        Severity.NOTICE,
        "readings that stand twice with the same stamp and value; counted once",
        "个读数的时刻和数值重复；只计一次",
    ),
    "reading-conflict": (
        Severity.WARNING,
        "readings that share a stamp and differ; the first in the file is taken",
        "个读数时刻相同而数值不同；取文件中的第一个",
    ),
    "reading-disordered": (
        Severity.NOTICE,
        "readings that stand after a later one; put in order of time",
        "个读数排在更晚的读数之后；已按时间排序",
    ),
    "clock-jump": (
        Severity.WARNING,
        "readings stamped by a clock that was wrong (it leapt, or was put back); left out, the time counts as missing",
        "个读数的时钟有误（跳变或被拨回）；已舍去，该时段按缺失计",
    ),
    "reading-blank": (
        Severity.NOTICE,
        "readings without a value that can be read; the time around them counts as the readings beside them tell it",
        "个读数没有可读的数值；其前后时段由相邻读数决定",
    ),
    "reading-gap": (
        Severity.WARNING,
        "gaps longer than the label rule allows; no energy is carried across, the seconds count as missing",
        "处缺口超过标签规则允许的长度；能耗不跨缺口推算，该时段按缺失计",
    ),
    "resolution-change": (
        Severity.NOTICE,
        "changes of the usual time between readings; each reading keeps its own length",
        "次采样间隔变化；每个读数保留自己的时长",
    ),
    "quantum-change": (
        Severity.NOTICE,
        "changes of the step in which the values are written; each reading counts as written",
        "次数值最小步长变化；各读数按原值计",
    ),
    "first-interval-unknown": (
        Severity.NOTICE,
        "interval reading at the edge of the record whose length nothing tells; left out, the time counts as missing (declare interval_s)",
        "个位于记录边缘的区间读数，其时长无从得知；已舍去，该时段按缺失计（可申报 interval_s）",
    ),
}


def places_of(files: Sequence[str], rows: NDArray[np.int64], file: NDArray[np.int64]) -> tuple[Place, ...]:
    """The first few places, where `file` says in which of the files each row stands."""
    return tuple(Place(files[at], row) for row, at in zip(rows[:PLACES_KEPT].tolist(), file[:PLACES_KEPT].tolist(), strict=True))


@dataclass(slots=True)
class Tally:
    """What was found wrong with one meter's readings."""

    meter: str
    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)
    turned_back: list[NDArray[np.int64]] = field(default_factory=list)  # stamps before and after each step back in time
    holes: list[NDArray[np.int64]] = field(default_factory=list)  # stamps before and after each gap
    loads_outside: list[tuple[int, float]] = field(default_factory=list)  # of each block: how many, and their median

    def outside(self) -> tuple[int, float]:
        """How many loads the range made impossible, and about what they were."""
        if not self.loads_outside:
            return 0, 0.0
        count, median = zip(*self.loads_outside, strict=True)
        return sum(count), float(np.average(median, weights=count))

    def add(self, code: str, file: str, rows: Rows) -> None:
        """Count these rows under the fault's code."""
        if not len(rows):
            return
        self.counts[code] = self.counts.get(code, 0) + len(rows)
        kept = self.places.setdefault(code, [])
        kept.extend(Place(file, int(row)) for row in rows[: PLACES_KEPT - len(kept)])

    def take_in(self, other: Tally) -> None:
        """Add what another tally of the same meter counted."""
        for code, count in other.counts.items():
            self.counts[code] = self.counts.get(code, 0) + count
            kept = self.places.setdefault(code, [])
            kept.extend(other.places.get(code, [])[: PLACES_KEPT - len(kept)])

    def findings(self) -> list[Finding]:
        found = []
        for code, count in self.counts.items():
            severity, en, zh = _SENTENCES[code]
            places = tuple(self.places.get(code, ()))
            found.append(
                Finding(code, severity, f"Meter {self.meter}: {count:,} {en}.", count, places, zh=f"表计 {self.meter}：{count:,} {zh}。")
            )
        return found
