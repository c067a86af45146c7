"""Rows that could not be read, told as findings: one a reason, in both languages; rejected.csv holds every row."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measurements import Finding, Severity
from reporting_agent.sources import Rejected

PLACES_KEPT = 20

_IN_CHINESE = {
    "a required value is missing": "缺少必填值",
    "the value cannot be read": "数值无法读取",
    "the row has not as many cells as the header": "单元格数与表头不符",
    "the pack has no such step": "方法包中无此工序",
    "the carrier is not known": "能源品种未知",
}
_OF_A_UNIT = "单位无法识别或不能换算"  # the sentences of `benchmarks.quantities` name the unit; found and wanted stand in rejected.csv


def rejections(rejected: Sequence[Rejected]) -> list[Finding]:
    """One finding a reason, with the first few rows."""
    by_reason: dict[str, list[Rejected]] = {}
    for one in rejected:
        by_reason.setdefault(one.reason, []).append(one)
    return [
        Finding(
            "row-rejected",
            Severity.REJECTION,
            f"{len(rows):,} rows: {reason.rstrip('.')}; they stand in rejected.csv.",
            len(rows),
            tuple(one.place for one in rows[:PLACES_KEPT]),
            zh=f"{len(rows):,} 行：{_IN_CHINESE.get(reason, _OF_A_UNIT)}；见 rejected.csv。",
        )
        for reason, rows in by_reason.items()
    ]
