"""The ledger's rows: exact fractions, one debit a release, refusal before anything is written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from benchmarks.privacy.accounting import Debit
from benchmarks.routes import ReleasePolicy
from reporting_agent.ledger import Ledger
from reporting_agent.state import transaction
from tests.unit.agent_send.cast import Desk


@pytest.fixture
def rules() -> ReleasePolicy:
    return packs.load("steel").policy


def debits(release: str, count: int = 3, *, epsilon: Fraction = Fraction(1), correction: bool = False, year: int = 2016) -> list[Debit]:
    return [Debit("eaf", f"h{index}", release, epsilon, year, correction) for index in range(count)]


def record(desk: Desk, rules: ReleasePolicy, asked: list[Debit], parcel: str = "2016 r1") -> int:
    with transaction(desk.connection):
        return Ledger(desk.connection).record(asked, parcel=parcel, rules=rules)


def test_a_release_is_debited_once_however_often_it_is_recorded(desk: Desk, rules: ReleasePolicy) -> None:
    assert record(desk, rules, debits("a")) == 3
    assert record(desk, rules, debits("a")) == 0
    assert record(desk, rules, debits("a", 5)) == 2


def test_thirds_add_up_to_a_whole_and_not_to_nearly_one(desk: Desk, rules: ReleasePolicy) -> None:
    for name in "abcdef":
        record(desk, rules, debits(name, epsilon=Fraction(1, 3)))
    assert Ledger(desk.connection).most_spent() == {"eaf": Fraction(2)}
    with pytest.raises(PolicyRefusal):
        record(desk, rules, debits("g", epsilon=Fraction(1, 2**40)))


def test_one_batch_over_the_cap_refuses_all_and_writes_none(desk: Desk, rules: ReleasePolicy) -> None:
    record(desk, rules, debits("a", 1, epsilon=Fraction(2)))
    with pytest.raises(PolicyRefusal) as refused:
        record(desk, rules, debits("b", 3))
    assert (refused.value.code, refused.value.exit_code) == ("budget-exhausted", 4)
    assert desk.connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0] == 1


def test_a_batch_is_the_same_batch_in_another_year_and_under_another_release(desk: Desk, rules: ReleasePolicy) -> None:
    record(desk, rules, debits("2016/total"))
    record(desk, rules, debits("2016-Q1/total"))
    with pytest.raises(PolicyRefusal):
        record(desk, rules, debits("2017/total", year=2017))


def test_a_correction_draws_on_its_own_reserve_and_there_is_one_a_year(desk: Desk, rules: ReleasePolicy) -> None:
    record(desk, rules, debits("a", epsilon=Fraction(2)))
    record(desk, rules, debits("a-corrected", correction=True), "2016 r2")
    record(desk, rules, debits("a-second-metric-corrected", correction=True), "2016 r2")
    with pytest.raises(PolicyRefusal) as refused:
        record(desk, rules, debits("a-again", correction=True), "2016 r3")
    assert refused.value.code == "corrections-used"


def test_what_a_report_would_spend_is_told_without_spending(desk: Desk, rules: ReleasePolicy) -> None:
    record(desk, rules, debits("a"))
    ledger = Ledger(desk.connection)
    assert ledger.most_spent(debits("b")) == {"eaf": Fraction(2)}
    assert ledger.most_spent(debits("a")) == {"eaf": Fraction(1)}
    assert ledger.most_spent() == {"eaf": Fraction(1)}


def test_accounts_tell_step_year_and_the_batch_that_carries_most(desk: Desk, rules: ReleasePolicy) -> None:
    record(desk, rules, debits("a", 3))
    record(desk, rules, debits("b", 1, epsilon=Fraction(1, 2)))
    record(desk, rules, [Debit("converter", "x", "c", Fraction(1, 4), 2017)])
    told = [(one.step, one.year, one.batches, one.most_spent) for one in Ledger(desk.connection).accounts()]
    assert told == [("converter", 2017, 1, Fraction(1, 4)), ("eaf", 2016, 3, Fraction(3, 2))]
