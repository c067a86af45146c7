"""What docs/privacy.md tells a reader about a batch follows from the packs' policies."""

from __future__ import annotations

import re
from fractions import Fraction
from math import exp

import pytest

from benchmarks import packs
from benchmarks.privacy.accounting import reserve
from tests.documents.refusals import ROOT

PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("pack", packs.shipped())
def test_the_figures_for_a_layman_are_those_of_every_packs_policy(pack: str) -> None:
    policy = packs.load(pack).policy
    spent = (
        policy.epsilon_best + policy.epsilon_typical,
        policy.cap_per_year,
        policy.cap_per_year + reserve(policy),
    )
    rows = re.findall(
        r"^\| (?:one metric|the cap)[^|]*\| (\d+) \| ([\d.]+) \| ([\d.]+) % \|$",
        PAGE,
        flags=re.MULTILINE,
    )
    assert len(rows) == len(spent)
    for epsilon, (stated, factor, percent) in zip(spent, rows, strict=True):
        assert Fraction(stated) == epsilon
        assert float(factor) == pytest.approx(exp(epsilon), abs=0.05)
        odds = exp(epsilon) / 99
        assert float(percent) == pytest.approx(100 * odds / (1 + odds), abs=0.06)
