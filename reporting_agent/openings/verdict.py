"""The report of an audit, for people (Markdown) and programs (JSON): every check held, failed, or not checkable and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.audit.draws import strata
from benchmarks.audit.evidence import Evidence, Outcome, State
from benchmarks.audit.sampling import Kind, detection, misstated, needed
from reporting_agent.openings.assembling import quantiles
from reporting_agent.software import SOFTWARE

MARKS = {State.HELD: "held", State.FAILED: "FAILED", State.NOT_CHECKABLE: "not checkable"}

ONLY_THE_WHOLE = (
    "A sample finds shares, with the probability below, and not every single record. That no record at all was misstated shows only the "
    "recomputation of the whole label on site (`--site`). What meters did not measure, no check of this kind sees: hold the meters against "
    "bills, stock surveys, sales and calibration records."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked; `evidence` is None where no opening was handed in."""

    findings: tuple[Outcome, ...]
    evidence: Evidence | None = None
    title: str = "What an audit found"

    @property
    def failed(self) -> bool:
        return any(one.state is State.FAILED for one in self.findings)

    @property
    def lead(self) -> str:
        """The first sentence: what somebody who reads only one should know."""
        counts = {state: sum(one.state is state for one in self.findings) for state in State}
        unsure = f", {counts[State.NOT_CHECKABLE]} could not be checked" if counts[State.NOT_CHECKABLE] else ""
        if self.failed:
            return f"{counts[State.FAILED]} of {len(self.findings)} checks FAILED{unsure}; {counts[State.HELD]} held."
        return f"All that could be checked holds: {counts[State.HELD]} of {len(self.findings)} checks held{unsure}."

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "held": not self.failed,
            "checks": [
                {
                    "code": one.code,
                    "state": one.state.value,
                    "sentence": one.sentence,
                    "remedy": one.remedy,
                    "count": one.count,
                    "records": list(one.records),
                }
                for one in self.findings
            ],
        }
        if self.evidence is not None:
            told |= _subject(self.evidence) | {"strata": _strata(self.evidence), "values": _values(self.evidence)}
        return told

    def summary(self) -> dict[str, Any]:
        """What may go to the portal: how many checks held and failed, and of how many records each of these did. No record of the plant."""
        failed = {one.code: one.count for one in self.findings if one.state is State.FAILED}
        return {"held": sum(one.state is State.HELD for one in self.findings), "failing": len(failed), "codes": failed}

    def to_markdown(self) -> str:
        """The whole report."""
        parts = [f"# {self.title}", "", self.lead, ""]
        if self.evidence is not None:
            parts += [f"- {name}: {value}" for name, value in _subject(self.evidence).items()] + [""]
        parts += ["## Checks", "", "| check | | what was found |", "|---|---|---|"]
        parts += [f"| {one.code} | {MARKS[one.state]} | {one.sentence} |" for one in self.findings]
        for one in self.findings:
            if one.state is State.FAILED:
                parts += ["", f"### {one.code}", "", one.sentence, "", f"**What to do.** {one.remedy}", ""]
                parts += [f"- {record}" for record in one.records]
                if one.count > len(one.records):
                    parts.append(f"- and {one.count - len(one.records):,} more")
        if self.evidence is not None:
            parts += _of_sample(self.evidence)
        return "\n".join(parts) + "\n"


def words(verdict: Verdict) -> str:
    """The lines on the screen."""
    lines = [verdict.lead]
    for one in verdict.findings:
        lines.append(f"{MARKS[one.state]:<14} {one.code}: {one.sentence}")
        if one.state is State.FAILED:
            lines += [*(f"{'':<17}{record}" for record in one.records), f"{'':<15}{one.remedy}"]
    return "\n".join(lines)


def _subject(evidence: Evidence) -> dict[str, Any]:
    contents = evidence.contents
    return {
        "site": contents.site,
        "period": contents.period,
        "revision": contents.revision,
        "root": evidence.draw.commitment.data_root.hex(),
        "auditor": evidence.draw.auditor.key_id,
        "draw": evidence.draw.digest,
        "opening": evidence.opening.digest,
        "software": contents.software,
        "recomputed_with": SOFTWARE,
    }


def _strata(evidence: Evidence) -> list[dict[str, Any]]:
    """What each stratum promised: how many were drawn, and how surely a misstated share is among them."""
    told = []
    for one in strata(evidence.contents, quantiles(evidence.pack), evidence.draw.steps):
        size = evidence.draw.plan.sizes.get(one.kind)
        if one.kind is Kind.EDGE or size is None or not one.count:
            continue
        drawn, wrong = needed(one.count, size), misstated(one.count, size.share)
        told.append(
            {
                "stratum": one.name,
                "leaves": one.count,
                "drawn": drawn,
                "finds": wrong,
                "with_probability": round(float(detection(one.count, wrong, drawn)), 4),
            }
        )
    return told


def _values(evidence: Evidence) -> list[dict[str, Any]]:
    """The protected values of the report, to be held against those that the portal shows."""
    return [
        {
            "step": label.step,
            "product": label.product,
            "variant": label.variant,
            "metric": label.metric.value,
            "unit": label.unit,
            "best": float(label.best_value),
            "typical": float(label.typical_value),
            "count_class": label.count_class,
        }
        for label in evidence.report.released.labels
    ]


def _of_sample(evidence: Evidence) -> list[str]:
    rows = [
        f"| {one['stratum']} | {one['leaves']:,} | {one['drawn']:,} | {one['finds']:,} | {100 * one['with_probability']:.1f} % |"
        for one in _strata(evidence)
    ]
    values = [
        f"| {one['step']} {one['product']} {one['variant']} {one['metric']} | {one['best']:g} | {one['typical']:g} | {one['unit']} |"
        for one in _values(evidence)
    ]
    return [
        "",
        "## What this sample can show",
        "",
        ONLY_THE_WHOLE,
        "",
        "| stratum | leaves | drawn | at least one of so many misstated is met | with probability |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "## Protected values, as drawn again",
        "",
        "Hold them against what the portal has from this site.",
        "",
        "| label | best | typical | unit |",
        "|---|---|---|---|",
        *values,
    ]
