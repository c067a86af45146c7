"""Rows that could not be read, totals and corrections, told as findings in both languages; rejected.csv holds every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity
from reporting_agent.sources import Rejected
from reporting_agent.sources.corrections import Corrections
from reporting_agent.sources.totals import Total

PLACES_KEPT = 20

_IN_CHINESE = {
    "a required value is missing": "缺少必填值",
    "the value cannot be read": "数值无法读取",
    "the row has not as many cells as the header": "单元格数与表头不符",
    "a quote stands inside a quoted cell": "引号内又有引号",
    "the unit does not measure the carrier": "单位不能计量该能源",
    "the pack has no such step": "方法包中无此工序",
    "the carrier is not known": "能源品种未知",
    "the carrier cannot have this heating value": "该能源不可能有此热值",
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


def told(totals: Sequence[Total], corrections: Corrections) -> list[Finding]:
    """Totals that were found between the rows, and what became of the corrections."""
    return [*_totals(totals), *_corrected(corrections)]


def _totals(rows: Sequence[Total]) -> Iterator[Finding]:
    if rows:
        yield _finding(
            "row-total",
            Severity.NOTICE,
            [total.place for total in rows],
            "rows are totals or subtotals; they are no batch and count nowhere",
            "行为合计或小计，不是批次，不计入任何数值",
        )
    wrong = [total for total in rows if total.agrees is False]
    if wrong:
        first = wrong[0]
        yield _finding(
            "total-differs",
            Severity.WARNING,
            [total.place for total in wrong],
            "totals are not the sum of the rows above them: rows are missing from the file, or could not be read"
            f" (the first says {first.found}, the rows add up to {first.summed})",
            f"行合计与其上各行之和不符：文件缺行，或有行无法读取（首个为 {first.found}，各行之和为 {first.summed}）",
        )


def _corrected(corrections: Corrections) -> Iterator[Finding]:
    if corrections.used:
        yield _finding(
            "row-corrected",
            Severity.NOTICE,
            [one.place for one in corrections.used.values()],
            "rows were read as the file of corrections has them",
            "行按更正文件读取",
        )
    if corrections.unused:
        yield _finding(
            "correction-unused",
            Severity.WARNING,
            corrections.unused,
            "corrections are of rows that are not in the inputs (any more) as they were; they were not used",
            "条更正所指的行已不在输入文件中或内容已变，未采用",
        )
    if corrections.twice:
        yield _finding(
            "correction-twice",
            Severity.WARNING,
            corrections.twice,
            "corrections of one row contradict one another; none of them was used",
            "条更正针对同一行而互相矛盾，均未采用",
        )


def _finding(code: str, severity: Severity, places: Sequence[Place], en: str, zh: str) -> Finding:
    count = len(places)
    return Finding(code, severity, f"{count:,} {en}.", count, tuple(places[:PLACES_KEPT]), zh=f"{count:,} {zh}。")
