"""The ledger's rows: exact fractions, one debit a release, refusal before anything is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Batch
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.accounting import Debit
from reporting_agent.sending.privacy_ledger import Ledger
from reporting_agent.state import transaction
from tests.unit.agent_send.cast import Desk


@pytest.fixture
def rules() -> ReleasePolicy:
    return packs.load("steel").policy


def debits(
    release: str,
    count: int = 3,
    *,
    epsilon: Fraction = Fraction(1),
    correction: bool = False,
    year: int = 2016,
) -> list[Debit]:
    return [Debit("eaf", f"h{index}", release, epsilon, year, correction) for index in range(count)]


def record(desk: Desk, rules: ReleasePolicy, asked: list[Debit], parcel: str = "2016 r1") -> int:
    with transaction(desk.connection):
        return Ledger(desk.connection).record(asked, parcel=parcel, rules=rules)


def test_a_release_is_debited_once_however_often_it_is_recorded(
    desk: Desk, rules: ReleasePolicy
) -> None:
    assert record(desk, rules, debits("a")) == 3
    assert record(desk, rules, debits("a")) == 0
    assert record(desk, rules, debits("a", 5)) == 2


def test_thirds_add_up_to_a_whole_and_not_to_nearly_one(desk: Desk, rules: ReleasePolicy) -> None:
    for name in "abcdef":
        record(desk, rules, debits(name, epsilon=Fraction(1, 3)))
    assert Ledger(desk.connection).most_spent() == {("eaf", 2016): Fraction(2)}
    with pytest.raises(PolicyRefusal):
        record(desk, rules, debits("g", epsilon=Fraction(1, 2**40)))


def test_one_batch_over_the_cap_refuses_all_and_writes_none(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, debits("a", 1, epsilon=Fraction(2)))
    with pytest.raises(PolicyRefusal) as refused:
        record(desk, rules, debits("b", 3))
    assert (refused.value.code, refused.value.exit_code) == ("budget-exhausted", 4)
    assert desk.connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0] == 1


def test_a_batch_is_the_same_batch_in_another_year_and_under_another_release(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, debits("2016/total"))
    record(desk, rules, debits("2016-Q1/total"))
    with pytest.raises(PolicyRefusal):
        record(desk, rules, debits("2017/total", year=2017))


def test_a_correction_draws_on_its_own_reserve_and_there_is_one_a_year(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, debits("a", epsilon=Fraction(2)))
    record(desk, rules, debits("a-corrected", correction=True), "2016 r2")
    record(desk, rules, debits("a-second-metric-corrected", correction=True), "2016 r2")
    with pytest.raises(PolicyRefusal) as refused:
        record(desk, rules, debits("a-again", correction=True), "2016 r3")
    assert refused.value.code == "corrections-used"


def test_what_a_report_would_spend_is_told_without_spending(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, debits("a"))
    ledger = Ledger(desk.connection)
    assert ledger.most_spent(debits("b")) == {("eaf", 2016): Fraction(2)}
    assert ledger.most_spent(debits("a")) == {("eaf", 2016): Fraction(1)}
    assert ledger.most_spent() == {("eaf", 2016): Fraction(1)}


def test_accounts_tell_step_year_and_the_batch_that_carries_most(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, debits("a", 3))
    record(desk, rules, debits("b", 1, epsilon=Fraction(1, 2)))
    record(desk, rules, [Debit("converter", "x", "c", Fraction(1, 4), 2017)])
    accounts = [
        (account.step, account.year, account.batches, account.most_spent)
        for account in Ledger(desk.connection).accounts()
    ]
    assert accounts == [("converter", 2017, 1, Fraction(1, 4)), ("eaf", 2016, 3, Fraction(3, 2))]


def heat(name: str, year: int) -> Batch:
    begin = datetime(year, 6, 1, tzinfo=UTC)
    return Batch(name, "eaf", "liquid-steel", "any", begin, begin + timedelta(hours=1), 120.0)


def debit_of(name: str, year: int) -> Debit:
    return Debit("eaf", name, f"{year}/total", Fraction(1), year)


def settled(desk: Desk, name: str, year: int, at_hand: list[Batch]) -> str:
    (debit,) = Ledger(desk.connection).settle([debit_of(name, year)], at_hand)
    return debit.batch_id


def test_numbers_that_start_again_have_an_account_for_each_year(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, [debit_of("1~2016", 2016)])
    assert settled(desk, "1~2017", 2017, [heat("1~2017", 2017)]) == "1~2017"
    assert settled(desk, "1~2017", 2017, [heat("1~2016", 2016), heat("1~2017", 2017)]) == "1~2017"


def test_a_record_moved_into_another_year_keeps_its_account(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, [debit_of("9~2016", 2016), debit_of("8~2016", 2016)])
    at_hand = [
        heat("8~2016", 2016),
        heat("9~2017", 2017),
    ]  # 2016 is there, and 9 is no longer in it
    assert settled(desk, "9~2017", 2017, at_hand) == "9~2016"
    record(desk, rules, Ledger(desk.connection).settle([debit_of("9~2017", 2017)], at_hand))
    assert settled(desk, "9~2017", 2017, at_hand) == "9~2016"  # and again, after a crash
    assert Ledger(desk.connection).most_spent() == {("eaf", 2016): Fraction(2)}


@pytest.mark.parametrize(("before", "after"), [("1", "1~2016"), ("1~2016", "1")])
def test_changing_how_batches_are_named_opens_no_second_account(
    desk: Desk, rules: ReleasePolicy, before: str, after: str
) -> None:
    record(desk, rules, [debit_of(before, 2016)])
    assert settled(desk, after, 2016, [heat(after, 2016)]) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [("000012", "12"), ("12", "000012"), ("h-7", "H-7 "), ("0012~2016", "12~2016")],
)
def test_an_id_as_a_spreadsheet_rewrites_it_opens_no_second_account(
    desk: Desk, rules: ReleasePolicy, before: str, after: str
) -> None:
    record(desk, rules, [debit_of(before, 2016)])
    assert settled(desk, after, 2016, [heat(after, 2016)]) == before
    assert (
        settled(desk, after, 2016, [heat(after, 2016), heat(before, 2016)]) == after
    )  # two batches, as the data hold both


def test_ids_that_come_again_in_another_year_are_refused_with_what_to_set(
    desk: Desk, rules: ReleasePolicy
) -> None:
    record(desk, rules, debits("2016/total", epsilon=Fraction(2)))
    with pytest.raises(PolicyRefusal) as refused:
        record(desk, rules, debits("2017/total", year=2017))
    assert refused.value.code == "batch-ids-again"
    assert "3 batches of 2017" in refused.value.sentence
    assert "debited for 2016" in refused.value.sentence
    assert 'batch_ids = "restart-yearly"' in refused.value.remedy
