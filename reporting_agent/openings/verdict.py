"""What was found, for programs (JSON): every check held, failed, or not checkable and why. `telling` puts it into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.audit.draws import strata
from benchmarks.audit.evidence import Evidence, Outcome, State
from benchmarks.audit.sampling import Kind, detection, misstated, needed
from reporting_agent.openings.assembling import quantiles
from reporting_agent.software import SOFTWARE

OPENING, PAPERS = "opening", "papers"
"""What the checks are of: the key of the title in the report's words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked; `evidence` is None where no opening was handed in."""

    findings: tuple[Outcome, ...]
    evidence: Evidence | None = None
    of: str = OPENING

    @property
    def failed(self) -> bool:
        return any(one.state is State.FAILED for one in self.findings)

    def counted(self, state: State) -> int:
        return sum(one.state is state for one in self.findings)

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
            told |= subject_of(self.evidence) | {"strata": strata_of(self.evidence), "values": values_of(self.evidence)}
        return told

    def summary(self) -> dict[str, Any]:
        """What may go to the portal: how many checks held and failed, and of how many records each of these did. No record of the plant."""
        failed = {one.code: one.count for one in self.findings if one.state is State.FAILED}
        return {"held": self.counted(State.HELD), "failing": len(failed), "codes": failed}


def subject_of(evidence: Evidence) -> dict[str, Any]:
    """Which report, draw and opening it was, and with which software."""
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


def strata_of(evidence: Evidence) -> list[dict[str, Any]]:
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


def values_of(evidence: Evidence) -> list[dict[str, Any]]:
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
