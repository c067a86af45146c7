"""A draw of next to nothing finds nothing, and nothing is said to hold."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.audit.evidence import CheckState
from benchmarks.audit.sampling_plan import (
    STANDARD,
    SamplingPlan,
    StratumKind,
    StratumSize,
)
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.audit.openings.verdict import AuditVerdict
from tests.functional.audit.plants import Reported, audited, drawn_by_auditor, failures
from tests.functional.audit.test_tampering import STEP, energy_lowered

ONE_DAY = SamplingPlan({StratumKind.DAYS: StratumSize(Fraction(1, 1000), Fraction(1))})
NO_USED = SamplingPlan(
    {kind: size for kind, size in STANDARD.sizes.items() if kind is not StratumKind.USED}
)


@pytest.fixture(scope="module")
def cheating(works: Path, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """A fifth of the batches took a tenth less."""
    return energy_lowered(works, tmp_path_factory.mktemp("scratch")).plant


def verdict(
    plant: Reported, plan: SamplingPlan, steps: tuple[str, ...] = (), nonce: bytes = bytes(32)
) -> AuditVerdict:
    draw, promise = drawn_by_auditor(plant, plan, nonce=nonce, steps=steps)
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    return AuditVerdict(audited(plant, draw, promise, opening))


def test_of_a_draw_of_one_day_every_other_check_holds_with_some_nonce_and_the_plan_never_does(
    cheating: Reported, long: bool
) -> None:
    """With `--long` of eight nonces at least, else until one is met with which it holds."""
    nonces = [bytes([number]) * 32 for number in range(64)]
    ever_held = False
    for number, nonce in enumerate(nonces):
        if ever_held and (number >= 8 or not long):
            break
        judgement = verdict(cheating, ONE_DAY, nonce=nonce)
        (plan,) = [finding for finding in judgement.findings if finding.code == "plan-sufficient"]
        ever_held |= AuditVerdict(
            tuple(finding for finding in judgement.findings if finding is not plan)
        ).holds  # each check finds by itself
        assert (plan.state, plan.asked, judgement.holds) == (CheckState.NOT_CHECKABLE, True, False)
        assert plan.sentence.startswith(
            "If a tenth of a step's used records are misstated, the draw finds this with a "
            "probability of 0.0 %; "
            "if a hundredth, with 0.0 %."
        )
    assert ever_held
    assert "records-recomputed" in failures(verdict(cheating, STANDARD).findings)


@pytest.mark.parametrize(
    ("plan", "steps", "lacking"),
    [
        (STANDARD, (), None),
        (NO_USED, (), "For used records this is less certain"),
        (
            replace(
                STANDARD,
                sizes={
                    **STANDARD.sizes,
                    StratumKind.DAYS: StratumSize(Fraction(9, 10), Fraction(1, 20)),
                },
            ),
            (),
            "For days of meters this is less certain",
        ),
        (STANDARD, (STEP,), "used records of clinker-burning"),
        (STANDARD, ("no-step",), f"used records of {STEP}"),
    ],
)
def test_the_standard_plan_is_enough_and_none_below(
    plant: Reported, plan: SamplingPlan, steps: tuple[str, ...], lacking: str | None
) -> None:
    judgement = verdict(plant, plan, steps)
    assert judgement.holds is (lacking is None)
    (finding,) = [outcome for outcome in judgement.findings if outcome.code == "plan-sufficient"]
    assert finding.state is (CheckState.HELD if lacking is None else CheckState.NOT_CHECKABLE)
    assert (lacking or "as the standard plan requires") in finding.sentence
