"""What checks say of small energies and of what a plan draws."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.audit.completeness import _stretch
from benchmarks.audit.draw_and_commitment import plan_sufficient
from benchmarks.audit.evidence import QuestionedStretch, StretchQuestion
from benchmarks.audit.sampling_plan import SamplingPlan, StratumKind, StratumSize


@pytest.mark.parametrize(
    ("energy", "shown"), [(0.3, "0.3 MWh"), (1.49, "1.49 MWh"), (2_634_501.2, "2,635,000 MWh")]
)
def test_the_energy_of_a_quarter_hour_is_not_rounded_to_nothing(energy: float, shown: str) -> None:
    stretch = QuestionedStretch(
        StretchQuestion.EDGE, "mill-1", 0, 900_000_000, energy, "MWh", "B 7"
    )
    assert f": {shown}" in _stretch(stretch)


def test_what_a_plan_draws_too_little_of_is_named_in_words() -> None:
    plan = SamplingPlan({StratumKind.DAYS: StratumSize(Fraction(1, 1000), Fraction(1, 2))})
    evidence: Any = SimpleNamespace(
        draw=SimpleNamespace(plan=plan, steps=("raw-meal",)),
        contents=SimpleNamespace(
            steps=[
                SimpleNamespace(step="clinker-burning", used=335),
                SimpleNamespace(step="raw-meal", used=100),
            ]
        ),
    )
    sentence = plan_sufficient(evidence).words
    assert "days of meters" in sentence.en
    assert "used records of clinker-burning" in sentence.en
    assert "excluded" not in sentence.said_in("zh")
