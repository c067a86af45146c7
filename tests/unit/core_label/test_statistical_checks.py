"""The statistical checks have force: with a defence off they fail; and every figure of the document
has its check.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from benchmarks.composition import compose_cell
from benchmarks.privacy import intervals, mechanism
from benchmarks.privacy.eligibility import expected_error
from benchmarks.privacy.mechanism import exact_law
from benchmarks.privacy.mechanism import scores as scores_of
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.ranking import FEWEST_FOR_A_SCORE
from reporting_agent.savings.telling import SavingVerdict
from tests.statistical import (
    audit,
    cheats,
    checks,
    comparison,
    composition,
    coverage,
    document,
    enough,
    odds,
    others,
    potentials,
    route_scores,
    sampler,
    savings,
    scores,
    sound,
    utility,
)
from tests.statistical import exact_law as pairs
from tests.statistical.audit import LEAST_LOST, REPLACED
from tests.statistical.outcome import Outcome
from tests.statistical.plants import EPSILON_BEST, GRID

TEXT = "".join(
    (document.DOCS / page).read_text(encoding="utf-8")
    for page in (
        "privacy.md",
        "composition.md",
        "audit.md",
        "savings.md",
        "waste.md",
        "live.md",
    )
)
NEIGHBOURS = (pairs.replaced, pairs.added, pairs.removed)


@pytest.mark.parametrize("neighbours", NEIGHBOURS)
def test_exact_law_check_finds_half_the_noise(neighbours: pairs.Neighbours) -> None:
    tried, worst = pairs.worst_loss(Fraction(1), 4, 4, neighbours)
    assert tried > 300
    assert 0.8 < worst <= 1 + 1e-9
    assert pairs.worst_loss(Fraction(1), 4, 4, neighbours, noise=0.5)[1] > 1.5


def test_exact_law_check_finds_a_tenth_too_little_noise() -> None:
    assert pairs.worst_loss(Fraction(1), 5, 5, pairs.replaced, noise=0.9)[1] > 1


def test_neighbours_are_those_of_the_definition() -> None:
    assert set(pairs.replaced((0, 1), 3)) == {(0, 0), (0, 2), (1, 1), (1, 2)}
    assert set(pairs.added((0, 1), 3)) == {(0, 0, 1), (0, 1, 1), (0, 1, 2)}
    assert set(pairs.removed((0, 0, 1), 3)) == {(0, 0), (0, 1)}
    assert {(1,), (1, 2, 2), (1, 1)} < set(pairs.day_changed((0, 1), 3))


@pytest.mark.parametrize("pair", [audit.REPLACED, audit.REMOVED, audit.ADDED])
def test_audit_passes_the_mechanism_and_comes_near_its_epsilon(pair: audit.Pair) -> None:
    assert 0.75 < audit.lower_bound(cheats.honest, pair, 4000) <= 1


@pytest.mark.parametrize(
    ("shortcut", "pair"),
    [
        (cheats.half_the_noise, REPLACED),
        (cheats.grid_of_the_data, REPLACED),
        (cheats.looks_and_draws_again, LEAST_LOST),
        (cheats.corrects_without_debit, REPLACED),
    ],
)
def test_audit_finds_out_every_shortcut(shortcut: cheats.Release, pair: audit.Pair) -> None:
    assert (
        audit.lower_bound(
            shortcut, pair, 8000 if shortcut is cheats.corrects_without_debit else 3000
        )
        > 1
    )


def test_a_key_that_a_retry_cannot_change_stops_the_plant_that_draws_again() -> None:
    assert audit.lower_bound(cheats.looks_and_draws_again_by_key, LEAST_LOST, 3000) <= 1


def test_a_shortcut_that_is_off_is_the_mechanism(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plant that may try once only draws what an honest one draws: it is the trying again that
    the audit finds.
    """
    monkeypatch.setattr(cheats, "TRIES", 1)
    stream, other = (
        KeyedStream(bytes(32), challenge=b"", data_root=b"", name="same") for _ in range(2)
    )
    for _ in range(50):
        drawn = cheats.looks_and_draws_again((0, 8, 8), Fraction(1, 20), stream)
        assert drawn == cheats.honest((0, 8, 8), Fraction(1, 20), other)


def test_chi_square_finds_another_law() -> None:
    wrong = exact_law(scores_of([0, 0, 1], 12, 2), Fraction(1))
    drawn = np.random.default_rng(1).multinomial(20_000, wrong)
    assert sampler.p_value(drawn, wrong) > 0.001
    assert sampler.p_value(drawn, exact_law(scores_of([0, 0, 1], 12, 2), Fraction(3, 4))) < 1e-6


def test_the_libraries_laws_are_those_of_their_draws_and_of_no_other_epsilon() -> None:
    points = [int(point) for point in np.random.default_rng(1).normal(150, 22, 200).clip(0, 350)]
    for declared in (False, True):
        drawn = np.bincount(
            others.opendp_draws(
                points, GRID, Fraction(1, 4), EPSILON_BEST, 1500, size_is_public=declared
            ),
            minlength=GRID.points,
        )
        laws = [
            others.opendp_law(points, GRID, Fraction(1, 4), epsilon, size_is_public=declared)
            for epsilon in (EPSILON_BEST, 8 * EPSILON_BEST)
        ]
        assert sampler.p_value(drawn, laws[0]) > 1e-6
        assert sampler.p_value(drawn, laws[1]) < 1e-6


def test_comparison_would_find_a_worse_mechanism(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, diffprivlib, opendp, _ = comparison.errors(Fraction(1, 10), 200, 4)
    assert ours < min(diffprivlib, opendp)
    monkeypatch.setattr(
        mechanism, "exact_law", lambda point_scores, epsilon: exact_law(point_scores, epsilon / 2)
    )
    assert comparison.errors(Fraction(1, 10), 200, 4)[0] > diffprivlib


def test_soundness_would_find_a_quantile_that_fails_on_ties(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sound.run(False).held
    monkeypatch.setattr(
        mechanism,
        "exact_law",
        lambda point_scores, _epsilon: np.full(len(point_scores), 1 / len(point_scores)),
    )
    assert not sound.run(False).held


def test_coverage_would_find_an_interval_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    hits, width = coverage.coverage("heavy tails", Fraction(1, 20), 670, 40)
    assert hits >= 39
    assert width < 0.06
    true_interval = intervals.interval

    def narrow(*arguments: Any, **named: Any) -> tuple[float, float]:
        low, high = true_interval(*arguments, **named)
        return (9 * low + 11 * high) / 20, (11 * low + 9 * high) / 20

    monkeypatch.setattr(intervals, "interval", narrow)
    assert coverage.coverage("heavy tails", Fraction(1, 20), 670, 40)[0] < 36


def narrowed(interval: tuple[float, float]) -> tuple[float, float]:
    """A hundredth of its width: what somebody claims who forgets the noise and the draw of firms.
    Most of the width is what one false report could do, which no simulated firm makes use of.
    """
    low, high = interval
    return (101 * low + 99 * high) / 200, (99 * low + 101 * high) / 200


def test_composition_would_find_an_interval_too_narrow_and_a_value_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def composition_held() -> bool:
        return composition._sound(composition.tally("normal", 8, 10, 0.04), 10, long=False)

    assert composition_held()
    for change in (
        lambda step: {"interval": narrowed(step.interval)},
        lambda step: {"best": 1.02 * step.best},
    ):
        with monkeypatch.context() as world:
            world.setattr(
                composition,
                "compose_cell",
                lambda *arguments, _c=change, **more: _changed(
                    compose_cell(*arguments, **more), _c
                ),
            )
            assert not composition_held()


def test_potentials_would_find_an_interval_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(potentials, "BETWEEN", ("normal",))
    monkeypatch.setattr(potentials, "_SHORT", {8: 20})
    assert potentials.run(False).held
    change = lambda step: {  # noqa: E731
        "interval": narrowed(step.interval),
        "typical_interval": narrowed(step.typical_interval),
    }
    monkeypatch.setattr(
        potentials,
        "compose_cell",
        lambda *arguments, **more: _changed(compose_cell(*arguments, **more), change),
    )
    assert not potentials.run(False).held


@pytest.mark.parametrize("check", [scores, route_scores], ids=["scores", "route-scores"])
def test_scores_would_find_an_interval_too_narrow(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "BETWEEN", ("normal",))
    monkeypatch.setattr(check, "_SHORT", {FEWEST_FOR_A_SCORE: 4})
    monkeypatch.setattr(check, "_KIND_SHORT" if check is route_scores else "_KIND", 500)
    assert check.run(False).held
    name = "of_route" if check is route_scores else "standings"
    true = getattr(check, name)
    monkeypatch.setattr(
        check,
        name,
        lambda *arguments: [
            replace(standing, score=narrowed(standing.score)) for standing in true(*arguments)
        ],
    )
    assert not check.run(False).held


def test_savings_would_find_an_interval_too_narrow_and_that_next_to_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(savings, "SHORT", 2)
    cases = (
        [savings.Known(100.0, inside=True, half_width=0.02, verdict=SavingVerdict.SAVED)] * 5 * 2
    )

    def savings_held(outcomes: list[savings.Known]) -> bool:
        coming = iter(outcomes)
        monkeypatch.setattr(savings, "_case", lambda *_: next(coming))
        return savings.run(False).held

    assert savings_held(cases)
    assert not savings_held(
        [replace(case, inside=index % 3 > 0) for index, case in enumerate(cases)]
    )
    assert not savings_held([replace(case, inside=False, half_width=None) for case in cases])


def test_utility_would_find_a_formula_that_tells_half_the_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(utility, "CASES", ((Fraction(1, 10), 340),))
    assert utility.run(False).held
    monkeypatch.setattr(
        utility, "expected_error", lambda *arguments: expected_error(*arguments) / 2
    )
    assert not utility.run(False).held


def _changed(step: Any, change: Callable[[Any], dict[str, Any]]) -> Any:
    return replace(step, **change(step))


def test_more_records_a_day_need_so_many_more_batches() -> None:
    single, four = (
        enough.first_enough(Fraction(1, 10), EPSILON_BEST / together) for together in (1, 4)
    )
    assert four == pytest.approx(4 * single, rel=0.1)


def test_document_has_every_table_and_no_other() -> None:
    tables = re.findall(r"<!-- table: ([a-z-]+) -->", TEXT)
    assert sorted(tables) == sorted(name.replace("_", "-") for name in checks.CHECKS)
    for name in tables:
        outcome = Outcome(name, held=True, sentence="sentence", header=("a",), rows=(("1",),))
        changed = document.filled(TEXT, [outcome])
        assert "Sentence." in changed
        assert document.filled(changed, [outcome]) == changed
    with pytest.raises(LookupError, match="no place"):
        document.filled(TEXT, [Outcome("unheard-of", held=True, sentence="s")])


def test_a_table_that_says_something_else_is_noticed() -> None:
    """What the document does say: `python -m tests.statistical`, a check of its own in `bin/test`,
    compares every table.
    """
    outcome = odds.run(False)
    assert document.differing([outcome]) == {}
    other = Outcome(
        outcome.name,
        outcome.held,
        outcome.sentence,
        outcome.header,
        (*outcome.rows[:-1], ("x",) * 4),
    )
    assert document.differing([other]).keys() == {outcome.name}
