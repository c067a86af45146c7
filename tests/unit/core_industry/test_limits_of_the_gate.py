"""Where a rule of the gate begins to refuse: on the very number that the policy names, and one step
beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from scipy.special import ndtri

from benchmarks.composition.posterior import ObservedValues, Potential, saved, without_noise
from benchmarks.composition.result import CellRoster, IndustryCell, Member
from benchmarks.composition.rules import RuleName
from benchmarks.declared import Words
from benchmarks.disclosure import GateReason, frequency_and_dominance, potentials, sentence
from benchmarks.disclosure.influence import Exhibit
from benchmarks.disclosure.member_counts import may_replace, rounded_down
from benchmarks.disclosure.reasons import with_step_names
from benchmarks.policies import DisclosurePolicy

POLICY = DisclosurePolicy.model_validate(
    {
        "fewest_firms": 8,
        "largest_weight": "0.25",
        "p_percent": "0.1",
        "least_changed_participants": 3,
        "largest_share_of_change": "0.6",
        "lag_days": 90,
        "reason": {"en": "for the tests", "zh": "zum Pruefen"},
    }
)


def cell(typicals: Sequence[int]) -> CellRoster:
    """Firms with these typical values, and bests a little below."""
    members = [
        Member(f"firm-{index}", f"site-{index}", (670, value - 1, value))
        for index, value in enumerate(typicals)
    ]
    return CellRoster("cell", tuple(members))


def sizes(*weights: float) -> Mapping[str, float]:
    return {f"firm-{index}": weight for index, weight in enumerate(weights)}


@pytest.mark.parametrize(("largest", "refused"), [(1.0, False), (1.01, True)])
def test_a_firm_may_make_up_exactly_the_largest_share_of_a_cell_and_no_more(
    largest: float, refused: bool
) -> None:
    """One of four alike is a quarter; 1.01 of 4.01 is 25.2 %."""
    refusal = frequency_and_dominance.dominance(
        cell([10] * 4), POLICY, sizes(largest, 1.0, 1.0, 1.0)
    )
    assert (refusal is not None) == refused


@pytest.mark.parametrize(
    ("share", "alike", "rule", "firms"),
    [("0.2", 5, "trimmed-best-five", 8), ("0.1", 10, "trimmed-best-decile", 100)],
)
def test_a_limit_that_no_binary_number_holds_is_kept_exactly_too(
    share: str, alike: int, rule: RuleName, firms: int
) -> None:
    """One of five alike is a fifth, one of ten a tenth; the others leave 10 over, a fifth of 50 and
    a tenth of 100.
    """
    policy = POLICY.model_copy(
        update={"largest_weight": Fraction(share), "p_percent": Fraction(share)}
    )
    assert frequency_and_dominance.dominance(cell([10] * alike), policy, {}) is None
    assert frequency_and_dominance.weight(rule, firms, policy) is None
    assert (
        frequency_and_dominance.p_percent(
            cell([10] * 12), policy, sizes(alike * 10.0, 5.0, *[1.0] * 10)
        )
        is None
    )


@pytest.mark.parametrize(("rest", "refused"), [(1.0, False), (0.99, True)])
def test_what_the_two_largest_leave_over_may_be_exactly_p_percent_of_the_largest(
    rest: float, refused: bool
) -> None:
    """A tenth of 10 is 1."""
    refusal = frequency_and_dominance.p_percent(cell([10] * 3), POLICY, sizes(10.0, 5.0, rest))
    assert (refusal is not None) == refused


@pytest.mark.parametrize(
    ("rule", "firms", "refused"),
    [
        ("trimmed-best-decile", 41, False),  # a tenth of 41, rounded up, is five
        (
            "trimmed-best-decile",
            40,
            True,
        ),  # four firms of a quarter each: no weight is too large, and there are too few
        ("trimmed-best-five", 6, False),
    ],
)
def test_a_mean_of_four_firms_is_refused_though_none_of_them_weighs_too_much(
    rule: RuleName, firms: int, refused: bool
) -> None:
    assert (frequency_and_dominance.weight(rule, firms, POLICY) is not None) == refused


def potential_withheld(typicals: Sequence[int]) -> tuple[str, ...]:
    """Of a cell of these firms, beside nothing else."""
    who = cell(typicals)
    potential = (Potential("typical", 1.0, (0.5, 1.5)),)
    step = cast(
        IndustryCell,
        SimpleNamespace(rule="trimmed-best-five", potential=potential),
    )
    return potentials.withheld(step, Exhibit("", who), [], [], POLICY)


def test_a_potential_is_told_of_five_firms_above_the_typical_value_and_not_of_four() -> None:
    """Of ten firms the typical value is the mean of ranks 3 to 7 and of ranks 4 to 8: 5 where five
    stand at 10, 3 where four do.
    """
    assert potential_withheld([0] * 5 + [10] * 5) == ()
    assert potential_withheld([0] * 6 + [10] * 4) == ("typical",)


def test_a_potential_that_is_mostly_one_firms_is_not_told() -> None:
    """Above 5 lie 5, 5, 5, 5 and 95: of what is left when a reader takes out its own 5, one firm
    makes up 95 of 110.
    """
    assert potential_withheld([0] * 5 + [10, 10, 10, 10, 100]) == ("typical",)


def test_what_firms_would_save_counts_those_above_the_reference_and_divides_by_all() -> None:
    """Above 2 lies 6 alone, by 4, of three firms; above 1 lie 2 and 6, by 1 and 5."""
    drawn = np.array([[1.0, 2.0, 6.0], [1.0, 2.0, 6.0]])
    assert saved(drawn, np.array([2.0, 1.0])) == pytest.approx([4 / 3, 2.0])


def test_the_lift_of_noise_is_taken_off_once_more_than_it_is_seen() -> None:
    """Simulated by 20,000 evenly spaced deviates: what is seen, less what as much noise again adds
    to it.
    """
    values, sds, reference = (
        np.array([58.0, 60.0, 61.0, 66.0]),
        np.array([1.0, 2.0, 0.5, 3.0]),
        60.5,
    )
    deviates = ndtri((np.arange(20_000) + 0.5) / 20_000)
    noised_again = np.maximum(values[:, None] + sds[:, None] * deviates - reference, 0.0).mean()
    raw_lift = np.maximum(values - reference, 0.0).mean()
    expected = raw_lift - (noised_again - raw_lift)
    assert without_noise(ObservedValues(values, sds, np.zeros(4)), reference) == pytest.approx(
        expected, abs=1e-3
    )


def test_a_value_that_is_a_jump_of_the_noise_saves_nothing() -> None:
    """Beside ten plants around 60 one drew the head of the grid: what is saved is that of the ten,
    and not 2 as with a true 80.
    """
    ten = np.linspace(59.0, 61.0, 10)
    alone = without_noise(ObservedValues(ten, np.full(10, 0.1), np.zeros(10)), 60.0)
    with_jump = ObservedValues(np.append(ten, 80.0), np.full(11, 0.1), np.full(11, 0.001))
    assert without_noise(with_jump, 60.0) == pytest.approx(alone, abs=0.05)


COUNTED = {f"firm-{place}": {"step"} for place in range(8)}
NOBODY: frozenset[str] = frozenset()


def test_firms_that_the_reader_knows_do_not_stand_behind_a_count() -> None:
    assert may_replace(COUNTED, [], NOBODY, 8, 3)
    assert not may_replace(COUNTED, [], {"firm-0"}, 8, 3)
    assert may_replace(COUNTED | {"firm-8": set()}, [], {"firm-0"}, 8, 3)


@pytest.mark.parametrize(
    ("joining", "known_firms", "may"), [(2, 0, False), (3, 0, True), (3, 1, False), (4, 1, True)]
)
def test_firms_that_the_reader_knows_do_not_hide_who_joined(
    joining: int, known_firms: int, may: bool
) -> None:
    later = COUNTED | {f"new-{index}": {"step"} for index in range(joining)}
    assert (
        may_replace(later, [COUNTED], {f"new-{index}" for index in range(known_firms)}, 8, 3) == may
    )


def test_who_is_counted_for_something_else_has_changed_and_every_earlier_count_is_compared() -> (
    None
):
    later = COUNTED | {f"firm-{index}": {"step", "grade"} for index in range(3)}
    assert may_replace(later, [COUNTED], NOBODY, 8, 3)
    almost_this = later | {"firm-0": {"step"}}
    assert not may_replace(later, [COUNTED, almost_this], NOBODY, 8, 3)


@pytest.mark.parametrize(("having", "shown"), [(2, 0), (3, 3), (5, 3), (6, 6), (8, 6)])
def test_a_count_is_told_as_the_multiple_of_three_that_it_reaches(having: int, shown: int) -> None:
    firms = {f"firm-{index}": {"step"} if index < having else set() for index in range(8)}
    assert rounded_down(firms, ["step", "grade"]) == {"step": shown, "grade": 0}


@pytest.mark.parametrize(("firms", "shown"), [(0, 0), (3, 0), (9, 6), (12, 9)])
def test_that_all_firms_have_a_thing_is_never_told(firms: int, shown: int) -> None:
    assert rounded_down({f"firm-{index}": {"step"} for index in range(firms)}, ["step"]) == {
        "step": shown
    }


def test_a_reader_is_told_the_names_of_hidden_steps_and_of_no_other_word() -> None:
    names = {
        "kiln": Words(en="Burning", zh="Brennen"),
        "raw-mill": Words(en="Raw milling", zh="Mahlen"),
    }
    incomplete = with_step_names(sentence(GateReason.INCOMPLETE, steps="raw-mill, kiln"), names)
    assert incomplete.en == "No total: there is no value for Raw milling, Burning."
    assert "Mahlen\u3001Brennen" in incomplete.said_in("zh"), (
        "a list of names has that language's own comma"
    )
    other_id = with_step_names(sentence(GateReason.INCOMPLETE, steps="pre-kiln"), names)
    assert other_id.en == "No total: there is no value for pre-kiln."
