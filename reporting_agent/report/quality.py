"""The data-quality report, as JSON and for the terminal: what was read, found and left out, what
each meter told, open questions.

No label is computed for it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.catalogue import in_language
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase

if TYPE_CHECKING:
    from reporting_agent.changes.review import Review
    from reporting_agent.config import SiteSettings
    from reporting_agent.metering import MeterRecord
    from reporting_agent.pipeline import PlantData

SCHEMA = "steplabel/data-quality/1"
_HEADS = Phrase("found"), Phrase("kind"), Phrase("count"), Phrase("first at")
_ORDER = (Severity.REJECTION, Severity.EXCLUSION, Severity.WARNING, Severity.NOTICE)


def as_json(site: SiteSettings, data: PlantData, review: Review) -> dict[str, Any]:
    """quality.json."""
    by_step: dict[str, dict[str, Any]] = {}
    for batch in data.batches:
        step = by_step.setdefault(
            batch.step,
            {"read": 0, "excluded": Counter(), "first": batch.start, "last": batch.start},
        )
        step["read"] += 1
        step["first"], step["last"] = (
            min(step["first"], batch.start),
            max(step["last"], batch.start),
        )
        if batch.excluded is not None:
            step["excluded"][batch.excluded] += 1
    return {
        "schema": SCHEMA,
        "site": site.id,
        "pack": data.pack.id,
        "pack_version": data.pack.version,
        "batches": {
            "read": len(data.batches),
            "excluded_total": sum(batch.excluded is not None for batch in data.batches),
            "by_step": {
                name: {
                    "read": step["read"],
                    "excluded": dict(step["excluded"].most_common()),
                    "first": step["first"].isoformat(),
                    "last": step["last"].isoformat(),
                }
                for name, step in by_step.items()
            },
        },
        "changes": [question.to_json() for question in review.questions],
        "changes_told_from": [limit.to_json() for limit in review.limits],
        "meters": [meter_as_json(record) for record in data.meters],
        "rejected_rows": len(data.rejected),
        "findings": [finding_as_json(finding) for finding in in_order(data.findings)],
    }


def meter_as_json(record: MeterRecord) -> dict[str, Any]:
    """How much of the period a meter told, and what its readings show of it."""
    facts, whole_s = record.facts, record.known_s + record.missing_s
    return {
        "meter": record.meter.id,
        "counted": record.counted,
        "readings": facts.readings,
        "known_share": round(record.known_s / whole_s, 6) if whole_s else 0.0,
        "missing_h": round(record.missing_s / 3600, 3),
        "unplaced": record.unplaced,
        "unit": record.unit,
        "usual_step_s": facts.usual_step_s,
        "quantum": facts.quantum,
        "highest": facts.highest,
        "at_range_share": round(facts.at_range_share, 6),
    }


def finding_as_json(finding: DataFinding) -> dict[str, Any]:
    """A finding with the first of its places."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "sentence": finding.sentence,
        "sentence_zh": in_language(finding.sentence, "zh"),
        "count": finding.count,
        "places": [
            {"file": place.file, "row": place.row, "column": place.column}
            for place in finding.places
        ],
    }


def questions_as_text(review: Review, lang: str) -> list[str]:
    """The open questions with the lines that would answer them."""
    if not review.open:
        return []
    first = Phrase(
        "NOT EXPLAINED: changes in the data (%(count)s); no report leaves the site until each is "
        "corrected or declared:",
        count=len(review.open),
    )
    lines = [in_language(first, lang)]
    for number, question in enumerate(review.open, start=1):
        lines += [
            f"{number}. {in_language(question.sentence, lang)}",
            *(f"       {line}" for line in question.declare.splitlines()),
        ]
    return lines


def in_order(findings: list[DataFinding]) -> list[DataFinding]:
    """Worst kind first, then by count."""
    return sorted(findings, key=lambda finding: (_ORDER.index(finding.severity), -finding.count))


def as_table(data: PlantData, review: Review, lang: str) -> str:
    """Changes that nobody has explained, then the findings, for the terminal."""
    asked = questions_as_text(review, lang)
    if not data.findings:
        nothing = (
            Phrase("Nothing else was found wrong.") if asked else Phrase("Nothing was found wrong.")
        )
        return "\n".join([*asked, in_language(nothing, lang)])
    code, kind, count, first_at = (in_language(head, lang) for head in _HEADS)
    lines = [*asked, f"{code:<26}{kind:<11}{count:>9}  {first_at}"]
    for finding in in_order(data.findings):
        first = in_language(finding.places[0].words, lang) if finding.places else ""
        lines.append(f"{finding.code:<26}{finding.severity:<11}{finding.count:>9,}  {first}")
        lines.append(f"    {in_language(finding.sentence, lang)}")
    return "\n".join(lines)
