"""Faults of one meter as they are met, counted, with the first few places; at the end they become findings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity

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
    "reading-gap": (
        Severity.WARNING,
        "gaps longer than the label rule allows; no energy is carried across, the seconds count as missing",
        "处缺口超过标识规则允许的长度；能耗不跨缺口推算，该时段按缺失计",
    ),
    "resolution-change": (
        Severity.NOTICE,
        "changes of the usual time between readings; each reading keeps its own length",
        "次采样间隔变化；每个读数保留自己的时长",
    ),
    "first-interval-unknown": (
        Severity.NOTICE,
        "interval reading at the edge of the record whose length nothing tells; left out, the time counts as missing (declare interval_s)",
        "个位于记录边缘的区间读数，其时长无从得知；已舍去，该时段按缺失计（可申报 interval_s）",
    ),
}


@dataclass(slots=True)
class Tally:
    """What was found wrong with one meter's readings."""

    meter: str
    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)

    def add(self, code: str, file: str, rows: NDArray[np.int64]) -> None:
        """Count these rows under the fault's code."""
        if not len(rows):
            return
        self.counts[code] = self.counts.get(code, 0) + len(rows)
        kept = self.places.setdefault(code, [])
        kept.extend(Place(file, int(row)) for row in rows[: PLACES_KEPT - len(kept)])

    def findings(self) -> list[Finding]:
        found = []
        for code, count in self.counts.items():
            severity, en, zh = _SENTENCES[code]
            places = tuple(self.places.get(code, ()))
            found.append(
                Finding(code, severity, f"Meter {self.meter}: {count:,} {en}.", count, places, zh=f"表计 {self.meter}：{count:,} {zh}。")
            )
        return found
