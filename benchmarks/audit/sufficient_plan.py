"""Whether the sampling plan that the auditor promised is at least as sure as the standard plan, for
every step.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from benchmarks.audit.evidence import CheckOutcome, Evidence, check_held, not_checkable
from benchmarks.audit.sampling_plan import StratumKind, certainty, weaker
from benchmarks.phrases import Phrase, enumerated

_KINDS = {
    StratumKind.BELOW: Phrase("records at or below the label"),
    StratumKind.USED: Phrase("used records"),
    StratumKind.EXCLUDED: Phrase("excluded records"),
    StratumKind.DAYS: Phrase("days of meters"),
    StratumKind.PADDING: Phrase("padding"),
}


def plan_sufficient(evidence: Evidence) -> CheckOutcome:
    """The draw was at least as sure as one by the standard plan, of every step: of a draw of next
    to nothing nearly every check holds.
    """
    code, plan, steps = "plan-sufficient", evidence.draw.plan, evidence.draw.steps
    left_out = [part.step for part in evidence.contents.steps if steps and part.step not in steps]
    lacking = [_KINDS[kind] for kind in weaker(plan)] + [
        Phrase("used records of %(step)s", step=step) for step in left_out
    ]
    sure = {
        name: f"{floor(1000 * min(_certainties(evidence, share), default=Fraction(1))) / 10:.1f}"
        for name, share in (("tenth", Fraction(1, 10)), ("hundredth", Fraction(1, 100)))
    }
    if lacking:
        return not_checkable(
            code,
            Phrase(
                "If a tenth of a step's used records are misstated, the draw finds this with a "
                "probability of %(tenth)s %%; if a "
                "hundredth, with %(hundredth)s %%. For %(lacking)s this is less certain than the "
                "standard plan.",
                **sure,
                lacking=enumerated(lacking),
            ),
            Phrase("Promise the standard plan for all steps, and draw again."),
        )
    return check_held(
        code,
        Phrase(
            (
                "If a hundredth of a step's used records are misstated, the draw finds this with "
                "a probability of %(hundredth)s %%, "
                "as the standard plan requires."
            ),
            **sure,
        ),
    )


def _certainties(evidence: Evidence, share: Fraction) -> list[Fraction]:
    """How surely a misstated share of a step's used records is met, step by step; of one that was
    not drawn never.
    """
    draw = evidence.draw
    return [
        Fraction(0)
        if draw.steps and part.step not in draw.steps
        else certainty(part.used, draw.plan, share)
        for part in evidence.contents.steps
        if part.used
    ]
