"""Rules of the privacy ledger: adds up debits by account, refuses what exceeds the cap, the reserve
or the number of corrections.

In rational arithmetic; keeping the ledger durable is the agent's work.

The account is the unit of privacy: the batch record, (step, batch id), or the day, (step, day),
where the pack protects whole days. What it spends adds up over years, metrics, boundary variants,
revisions and the releases of a batch that moved from one cell to another. A correction draws on a
reserve of its own beside the cap, so that an honest mistake can be repaired after the cap is spent;
the whole a batch can ever spend is cap + reserve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeVar

from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase, in_number
from benchmarks.policies import ReleasePolicy

M = TypeVar("M")  # however a metric is named

Account = tuple[str, str]
"""(step, batch id), or (step, `day_account`)."""


@dataclass(frozen=True, slots=True)
class Debit:
    """What one release takes from one batch. `year` is that of the batch's start, in the site's
    time zone.
    """

    step: str
    batch_id: str
    release_id: str
    epsilon: Fraction
    year: int
    correction: bool = False

    @property
    def account(self) -> Account:
        return self.step, self.batch_id


@dataclass(frozen=True, slots=True)
class SpentBudget:
    """What an account has spent so far: under the cap, and from the reserve for corrections."""

    regular: Fraction = Fraction(0)
    corrections: Fraction = Fraction(0)


def day_account(day: date) -> str:
    """What stands in place of the batch id where the day is what spends. A batch that a plant named
    so only shares its account.
    """
    return f"day {day.isoformat()}"


def add_up(debits: Iterable[Debit]) -> dict[Account, SpentBudget]:
    """Sum debits by account; a release that stands twice for the same account (a retry) counts
    once.
    """
    once = {(debit.step, debit.batch_id, debit.release_id): debit for debit in debits}
    sums: dict[Account, SpentBudget] = {}
    firsts: dict[
        tuple[int, int, bool], SpentBudget
    ] = {}  # most accounts have one debit, and most debits are equal
    for (step, batch_id, _), debit in once.items():
        account, epsilon = (step, batch_id), debit.epsilon
        before = sums.get(account)
        if before is None:
            amount = (epsilon.numerator, epsilon.denominator, debit.correction)
            if amount not in firsts:
                firsts[amount] = (
                    SpentBudget(corrections=epsilon)
                    if debit.correction
                    else SpentBudget(regular=epsilon)
                )
            sums[account] = firsts[amount]
        elif debit.correction:
            sums[account] = SpentBudget(before.regular, before.corrections + epsilon)
        else:
            sums[account] = SpentBudget(before.regular + epsilon, before.corrections)
    return sums


def reserve(policy: ReleasePolicy) -> Fraction:
    """The reserve of one batch for corrections: each may spend what the cap allows, once for every
    correction permitted.
    """
    return policy.corrections_per_year * policy.cap_per_year


def paid_together(asked: Iterable[tuple[M, Fraction]], cap: Fraction) -> list[tuple[M, Fraction]]:
    """Of a step's metrics, the headline first, those that one batch can pay for in one report: the
    first, and what the cap leaves room for.

    Args:
        asked: each with what it takes from a batch (`charges.epsilon_of_a_metric`).
    """
    paid: list[tuple[M, Fraction]] = []
    for metric, epsilon in asked:
        if not paid or sum((before for _, before in paid), epsilon) <= cap:
            paid.append((metric, epsilon))
    return paid


def check(
    spent: Mapping[Account, SpentBudget],
    new: Iterable[Debit],
    cap: Fraction,
    reserve: Fraction = Fraction(0),
) -> None:
    """Refuse the new debits, all of them, if any batch would go over the cap or its reserve.

    Raises:
        PolicyRefusal: `budget-exhausted` or `correction-budget-exhausted`, naming how many batches
            and the first of them.
    """
    asked = add_up(new)
    over: list[Account] = []
    over_reserve: list[Account] = []
    for account, amount in asked.items():
        before = spent.get(account)
        whole = (
            amount
            if before is None
            else SpentBudget(
                before.regular + amount.regular, before.corrections + amount.corrections
            )
        )
        if amount.regular and whole.regular > cap:
            over.append(account)
        if amount.corrections and whole.corrections > reserve:
            over_reserve.append(account)
    if over:
        raise _refusal(
            "budget-exhausted",
            over,
            Phrase("the cap of %(cap)s a batch", cap=str(cap)),
            Phrase("Wait for the next period, or submit a correction if the policy has one left."),
        )
    if over_reserve:
        raise _refusal(
            "correction-budget-exhausted",
            over_reserve,
            Phrase("the reserve of %(reserve)s a batch", reserve=str(reserve)),
            Phrase("Corrections are used up; wait for the next period."),
        )


def check_correction(corrections_made: int, policy: ReleasePolicy) -> None:
    """Refuse a further correction of a year when the policy's number is used.

    Raises:
        PolicyRefusal: `corrections-used`.
    """
    if corrections_made >= policy.corrections_per_year:
        raise PolicyRefusal(
            "corrections-used",
            in_number(
                corrections_made,
                "%(corrections_made)s correction has been made this year, but the policy allows "
                "only %(corrections_per_year)s.",
                "%(corrections_made)s corrections have been made this year, but the policy allows "
                "only %(corrections_per_year)s.",
                corrections_made=corrections_made,
                corrections_per_year=policy.corrections_per_year,
            ),
            "The reported values remain valid. If they are wrong, tell the coordinator what is "
            "wrong with them.",
        )


def _refusal(code: str, accounts: list[Account], limit: str, remedy: str) -> PolicyRefusal:
    step, batch_id = accounts[0]
    return PolicyRefusal(
        code,
        in_number(
            len(accounts),
            "%(accounts)s batch would spend more than %(limit)s: batch %(batch_id)s of step "
            "%(step)s.",
            "%(accounts)s batches would spend more than %(limit)s; the first is batch "
            "%(batch_id)s of step %(step)s.",
            accounts=len(accounts),
            limit=limit,
            batch_id=f"{batch_id!r}",
            step=f"{step!r}",
        ),
        remedy,
    )
