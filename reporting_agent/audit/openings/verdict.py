"""What was found, as JSON: checks held, failed or not checkable, what strata promise, metered
energy, labels withheld, values.

`telling` puts it into words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from benchmarks.audit.completeness import ByRows, at_reference, by_rows
from benchmarks.audit.evidence import CheckOutcome, CheckState, Evidence
from benchmarks.audit.sample_file import (
    NOT_ASKED,
    ON_SITE,
    QUESTIONS,
    SUMMARY,
    CheckKind,
    verdict_of,
)
from benchmarks.audit.sampling_plan import StratumKind, detection, misstated, needed
from benchmarks.audit.signed_draws import strata
from benchmarks.audit.withheld import withheld_of
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from benchmarks.wire.attestations import BINDING, EvidenceLimit, SampleVerdict, VerdictState
from reporting_agent.audit.openings.assembling import quantiles
from reporting_agent.audit.openings.declared import SettingDeclaration
from reporting_agent.software import SOFTWARE

OPENING, FILES, PAPERS = "opening", "files", "papers"
"""What the checks are of: an opened report, the portal's own files, or papers. The key of the title
in the report's words.
"""


class Answer(NamedTuple):
    """To one of the auditor's five questions, by the checks that it rests on."""

    question: Phrase
    findings: tuple[CheckOutcome, ...]

    @property
    def asked(self) -> tuple[CheckOutcome, ...]:
        return tuple(finding for finding in self.findings if finding.asked)

    @property
    def state(self) -> CheckState | None:
        """The worst of the checks that were asked for; None where none was."""
        found = {finding.state for finding in self.asked}
        order = (CheckState.FAILED, CheckState.NOT_CHECKABLE, CheckState.HELD)
        return next((state for state in order if state in found), None)


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What was checked; `evidence` is None where no opening was handed in. `declared` is what the
    plant's settings say of its data.
    """

    findings: tuple[CheckOutcome, ...]
    evidence: Evidence | None = None
    of: str = OPENING
    declared: tuple[SettingDeclaration, ...] = ()

    @property
    def failed(self) -> bool:
        return any(finding.state is CheckState.FAILED for finding in self.findings)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """To each question of an audit; checks of the portal's own files belong to the first. None
        where nothing was opened.
        """
        if self.evidence is None:
            return ()
        later = {code for _, codes in QUESTIONS[1:] for code in codes}
        return tuple(
            Answer(
                question,
                tuple(
                    finding
                    for finding in self.findings
                    if finding.code in codes or (not place and finding.code not in later)
                ),
            )
            for place, (question, codes) in enumerate(QUESTIONS)
        )

    @property
    def agrees(self) -> bool:
        """Whether papers agree: something could be compared, and nothing that was differs."""
        return not self.failed and self.counted(CheckState.HELD) > 0

    @property
    def bound(self) -> bool:
        """Whether what was checked is what the portal accepted, logged or signed: some check says
        so, and none that was asked could not.
        """
        if self.evidence is not None:
            return self.of_opening.bound
        binding = [
            finding
            for finding in self.findings
            if finding.kind is CheckKind.BOUND and finding.asked
        ]
        return bool(binding) and all(finding.state is CheckState.HELD for finding in binding)

    @property
    def holds(self) -> bool:
        """Whether everything that was asked for was bound and held: what could not be checked does
        not hold.
        """
        if self.evidence is not None:
            return self.of_opening.state is VerdictState.PASSED
        return self.bound and all(
            finding.state is CheckState.HELD for finding in self.findings if finding.asked
        )

    @property
    def limits(self) -> tuple[EvidenceLimit, ...]:
        """What this evidence cannot show, though everything holds that was asked for."""
        asked = {finding.code for finding in self.findings if finding.asked}
        unasked = {finding.code for finding in self.findings if not finding.asked}
        unasked |= {ON_SITE} - asked
        limits = [limit for limit, codes in NOT_ASKED.items() if codes and codes <= unasked]
        return (*limits, EvidenceLimit.ENERGY_FROM_ROWS) if self.by_rows else tuple(limits)

    @property
    def of_opening(self) -> SampleVerdict:
        """The verdict that the portal and a signed statement give as well. Of a code with several
        findings the worst counts.
        """
        failed, unsure, held = (
            {finding.code for finding in self.findings if finding.asked and finding.state is state}
            for state in (CheckState.FAILED, CheckState.NOT_CHECKABLE, CheckState.HELD)
        )
        return verdict_of(held - failed - unsure, failed, unsure - failed, self.limits)

    @property
    def by_rows(self) -> tuple[ByRows, ...]:
        """What rows give and no meter tells, by carrier, with its part of the energy."""
        return () if self.evidence is None else by_rows(self.evidence)

    def counted(self, state: CheckState) -> int:
        return sum(finding.state is state and finding.asked for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        payload: dict[str, Any] = (
            {"held": self.agrees}
            if self.of == PAPERS
            else {
                "held": self.holds,
                "binding": BINDING[self.bound],
                "limits": [limit.value for limit in self.limits],
                "at_reference": [
                    asdict(variable)
                    for variable in ([] if self.evidence is None else at_reference(self.evidence))
                ],
                "from_rows": [
                    asdict(flow) | {"share": round(flow.share, 4)} for flow in self.by_rows
                ],
            }
        )
        payload["checks"] = [
            {
                "code": finding.code,
                "kind": finding.kind.value,
                "state": finding.state.value,
                "asked": finding.asked,
                "sentence": finding.sentence,
                "remedy": finding.remedy,
                "count": finding.count,
                "records": list(finding.records),
            }
            for finding in self.findings
        ]
        if self.evidence is not None:
            payload["answers"] = [
                {
                    "question": str(answer.question),
                    "state": answer.state and answer.state.value,
                    "checks": [finding.code for finding in answer.findings],
                }
                for answer in self.answers
            ]
            payload |= subject_of(self.evidence) | {
                "sentence": str(self.of_opening.sentence),
                "strata": strata_of(self.evidence),
                "metered": metered_of(self.evidence),
                "values": values_of(self.evidence),
                "withheld": withheld_in(self.evidence),
                "declared": [asdict(declaration) for declaration in self.declared],
            }
        return payload

    def summary(self) -> dict[str, Any]:
        """What may go to the portal, of which report and draw: how each check of the opening came
        out, and of how many records those that failed did. No record of the plant, no count of what
        was drawn.

        Raises:
            InputError: `audit-file-lacking`: there was no opening.
        """
        if self.evidence is None:
            raise InputError(
                "audit-file-lacking",
                "A summary for the portal needs an opening, but none was given.",
                "Give the opening and the draw.",
            )
        verdict, commitment = self.of_opening, self.evidence.draw.commitment
        out = {*verdict.failed, *verdict.not_checkable}
        return {
            "schema": SUMMARY,
            "site": commitment.site,
            "period": commitment.period,
            "revision": commitment.revision,
            "draw": self.evidence.draw.digest,
            "held": sorted({one.code for one in self.findings if one.asked} - out),
            "failed": {
                code: max(one.count for one in self.findings if one.code == code)
                for code in verdict.failed
            },
            "not_checkable": list(verdict.not_checkable),
            "limits": [limit.value for limit in verdict.limits],
        }


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
    """What each stratum promised: how many were drawn, and how surely a misstated share is among
    them.
    """
    rows = []
    for stratum in strata(evidence.contents, quantiles(evidence.pack), evidence.draw.steps):
        size = evidence.draw.plan.sizes.get(stratum.kind)
        if stratum.kind is StratumKind.EDGE or size is None or not stratum.count:
            continue
        drawn, wrong = needed(stratum.count, size), misstated(stratum.count, size.share)
        rows.append(
            {
                "stratum": stratum.name,
                "leaves": stratum.count,
                "drawn": drawn,
                "finds": wrong,
                "with_probability": round(float(detection(stratum.count, wrong, drawn)), 4),
            }
        )
    return rows


def metered_of(evidence: Evidence) -> list[dict[str, Any]]:
    """Where the energy of the drawn days went, meter by meter: quantities in `unit`, times in
    hours.
    """
    balances = () if evidence.accounted is None else evidence.accounted.balances
    return [
        {
            "meter": balance.meter,
            "step": balance.step,
            "unit": balance.unit,
            "days": balance.days,
            "metered": round(balance.total, 3),
            "in_batches": round(balance.used, 3),
            "in_excluded_batches": round(balance.excluded, 3),
            "standing": round(balance.standing, 3),
            "beside_wrong_times": round(balance.explained, 3),
            "declared_unusable": round(balance.unusable, 3),
            "unexplained": round(balance.unexplained, 3),
            "unknown_h": round(balance.unknown_h, 2),
        }
        for balance in balances
    ]


def withheld_in(evidence: Evidence) -> list[dict[str, Any]]:
    """Every label that is withheld, why, the used batches of its step, and whether the opening
    bears it out (null: it cannot).
    """
    return [
        {
            "step": withheld.step,
            "metric": withheld.metric,
            "reason": withheld.reason,
            "used_batches": withheld.used,
            "borne_out": withheld.borne_out,
        }
        for withheld in withheld_of(evidence)
    ]


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
