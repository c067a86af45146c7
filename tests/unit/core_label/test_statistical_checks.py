"""The statistical checks have force: with too little noise they fail, and the document's tables have their places."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.privacy.mechanism import exact_law, scores
from tests.statistical import audit, document, sampler
from tests.statistical import exact_law as pairs
from tests.statistical.outcome import Outcome


def test_exact_law_check_finds_half_the_noise() -> None:
    tried, worst = pairs.worst_loss(Fraction(1), 4, 4)
    assert tried > 500
    assert 0.8 < worst <= 1 + 1e-9
    assert pairs.worst_loss(Fraction(1), 4, 4, noise=0.5)[1] > 1.5


def test_exact_law_check_finds_a_tenth_too_little_noise() -> None:
    assert pairs.worst_loss(Fraction(1), 5, 5, noise=0.9)[1] > 1


def test_audit_finds_half_the_noise() -> None:
    assert audit.lower_bound(5000) <= 1 < audit.lower_bound(5000, noise=Fraction(1, 2))


def test_chi_square_finds_another_law() -> None:
    wrong = exact_law(scores([0, 0, 1], 12, 2), Fraction(1))
    drawn = np.random.default_rng(1).multinomial(20_000, wrong)
    assert sampler.p_value(drawn, wrong) > 0.001
    assert sampler.p_value(drawn, exact_law(scores([0, 0, 1], 12, 2), Fraction(3, 4))) < 1e-6


def test_document_has_a_place_for_every_table() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    for name in ("exact-law", "audit", "sampler", "utility", "coverage"):
        outcome = Outcome(name, held=True, sentence="sentence", header=("a",), rows=(("1",),))
        changed = document.filled(text, [outcome])
        assert "Sentence." in changed
        assert document.filled(changed, [outcome]) == changed
    with pytest.raises(LookupError, match="no place"):
        document.filled(text, [Outcome("unheard-of", held=True, sentence="s")])
