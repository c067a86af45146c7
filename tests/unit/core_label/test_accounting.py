"""The rules of the ledger: what a batch may spend, over metrics, revisions and years."""

from __future__ import annotations

from fractions import Fraction

import pytest

from benchmarks.errors import ExitCode, PolicyRefusal
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.accounting import (
    Debit,
    SpentBudget,
    add_up,
    check,
    check_correction,
    reserve,
)

ONE, CAP = Fraction(1), Fraction(2)


def debit(
    batch: str = "H1",
    release: str = "r1",
    epsilon: Fraction = ONE,
    *,
    step: str = "eaf",
    correction: bool = False,
) -> Debit:
    return Debit(step, batch, release, epsilon, 2016, correction)


def test_spending_adds_up_over_releases_and_stays_with_the_batch_and_step() -> None:
    sums = add_up(
        [debit(release="total"), debit(release="electricity"), debit("H2"), debit(step="rolling")]
    )
    assert sums == {
        ("eaf", "H1"): SpentBudget(CAP),
        ("eaf", "H2"): SpentBudget(ONE),
        ("rolling", "H1"): SpentBudget(ONE),
    }


def test_a_retry_of_the_same_release_counts_once() -> None:
    assert add_up([debit(), debit()])["eaf", "H1"].regular == ONE


def test_the_cap_is_met_exactly_and_not_passed() -> None:
    check({("eaf", "H1"): SpentBudget(ONE)}, [debit()], CAP)
    with pytest.raises(PolicyRefusal, match="H1") as refused:
        check({("eaf", "H1"): SpentBudget(ONE)}, [debit(epsilon=ONE + Fraction(1, 10**12))], CAP)
    assert refused.value.code == "budget-exhausted"
    assert refused.value.exit_code == ExitCode.REFUSED


def test_new_debits_are_counted_together() -> None:
    with pytest.raises(PolicyRefusal):
        check({}, [debit(release=name) for name in ("a", "b", "c")], CAP)


def test_tenths_add_up_exactly() -> None:
    tenths = [debit(release=str(i), epsilon=Fraction(1, 10)) for i in range(20)]
    check({}, tenths, CAP)  # in floats, twenty tenths are 2.0000000000000004


def test_a_correction_draws_on_its_own_reserve() -> None:
    full = {("eaf", "H1"): SpentBudget(CAP)}
    check(full, [debit(correction=True)], CAP, reserve=CAP)
    with pytest.raises(PolicyRefusal) as refused:
        check({("eaf", "H1"): SpentBudget(CAP, CAP)}, [debit(correction=True)], CAP, reserve=CAP)
    assert refused.value.code == "correction-budget-exhausted"
    with pytest.raises(PolicyRefusal):
        check(full, [debit(correction=True)], CAP)  # no reserve unless the policy has one


def test_corrections_a_year_are_counted(a_policy: ReleasePolicy) -> None:
    assert reserve(a_policy) == CAP
    check_correction(0, a_policy)
    with pytest.raises(PolicyRefusal) as refused:
        check_correction(1, a_policy)
    assert refused.value.code == "corrections-used"
