"""The privacy ledger: what was spent on each batch of each step, and what may still be
(`benchmarks.privacy.accounting`), in exact fractions, on the disk before anything is drawn.

A batch is (step, batch id), whatever period, product or metric; ids that start again carry their
year. A release id is debited once. A record keeps its account when its start or the way its id is
written changes.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Batch
from benchmarks.phrases import in_number
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy import accounting
from benchmarks.privacy.accounting import Debit, SpentBudget
from reporting_agent.pipeline.batch_names import Key, split, with_year


def settle(
    debits: Sequence[Debit], batches: Iterable[Batch], debited: Iterable[tuple[str, str, int]]
) -> list[Debit]:
    """Give every debit the account on which its record stands already, whatever name it comes under
    now.

    A name with a year in it opens an account of its own, except where the ledger holds the plant's
    same id
    - for the same year, named with or without it: the plant changed `batch_ids` in between; or
    - for another year of which the data at hand hold batches, and this one no more: its start was
    changed. Of a year whose records are not at hand nothing can be told: there the plant's word
    counts that ids start again. An id that differs from a debited one by noughts in front, blanks
    or the case of letters alone is that one, as a spreadsheet writes 12 for 000012, except where
    the data at hand hold both.

    Args:
        batches: every record at hand, those outside the period as well.
        debited: step, batch id and year of what the ledger holds, in its order.
    """
    debited_years_by_id: dict[Key, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for step, batch_id, year in debited:
        debited_years_by_id[step, split(batch_id)[0]][batch_id].add(year)
    alike: dict[Key, list[str]] = defaultdict(list)
    for step, own in debited_years_by_id:
        alike[step, _plain(own)].append(own)
    present, years, at_hand = set[Key](), set[tuple[str, int]](), set[Key]()
    for batch in batches:
        at_hand.add((batch.step, split(batch.batch_id)[0]))
        present.add((batch.step, with_year(split(batch.batch_id)[0], batch.start.year)))
        years.add((batch.step, batch.start.year))

    def account(debit: Debit) -> str:
        own, named_year = split(debit.batch_id)
        accounts = debited_years_by_id.get((debit.step, own)) or next(
            (
                debited_years_by_id[debit.step, other]
                for other in alike[debit.step, _plain(own)]
                if (debit.step, other) not in at_hand
            ),
            {},
        )
        if debit.batch_id in accounts:
            return debit.batch_id
        for name, debited_years in accounts.items():
            gone = all(
                (debit.step, year) in years and (debit.step, with_year(own, year)) not in present
                for year in debited_years
            )
            if debit.year in debited_years or (named_year is not None and gone):
                return name
        return debit.batch_id

    return [replace(debit, batch_id=account(debit)) for debit in debits]


def _plain(batch_id: str) -> str:
    """As a spreadsheet may leave it."""
    return batch_id.strip().lstrip("0").casefold()


@dataclass(frozen=True, slots=True)
class StepAccount:
    """How one step stands: the batch on which most was spent decides what is left."""

    step: str
    year: int
    batches: int
    most_spent: Fraction
    most_corrected: Fraction


@dataclass(frozen=True, slots=True)
class LedgerDebit:
    """What one report took from the batches of one step that began in one year."""

    step: str
    year: int
    parcel: str
    correction: bool
    releases: int
    batches: int
    most: Fraction  # from one batch

    @property
    def period(self) -> str:
        """That of the report; a label of it may cover years before."""
        return period_of(self.parcel)


class Ledger:
    """The rows of `ledger`. `record` belongs inside the transaction of the debit step."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def settle(self, debits: Sequence[Debit], batches: Iterable[Batch]) -> list[Debit]:
        """Give every debit the account on which its record stands already (`settle`).

        Args:
            batches: every record at hand, those outside the period as well.
        """
        debited: list[tuple[str, str, int]] = []
        for step in sorted({debit.step for debit in debits}):
            rows = self._connection.execute(
                "SELECT DISTINCT batch_id, year FROM ledger WHERE step = ?", (step,)
            )
            debited += [(step, row["batch_id"], row["year"]) for row in rows]
        return settle(debits, batches, debited)

    def record(self, debits: Sequence[Debit], *, parcel: str, rules: ReleasePolicy) -> int:
        """Write the debits of one report, those that are already there excepted.

        Args:
            debits: one for every release and every batch in it.
            parcel: the report that spends: a correction is one report, whatever number of metrics
                it carries.
            rules: the cap on one batch and year, and how many corrections a batch may be part of.

        Returns:
            The number of rows written.

        Raises:
            PolicyRefusal: `budget-exhausted`, `batch-ids-again`, `correction-budget-exhausted` or
                `corrections-used`; nothing was written.
        """
        self.check(debits, parcel=parcel, rules=rules)
        self._connection.execute("DELETE FROM promised WHERE parcel = ?", (parcel,))
        before = self._connection.total_changes
        self._connection.executemany(
            "INSERT OR IGNORE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(debits, parcel)
        )
        return self._connection.total_changes - before

    def promise(self, debits: Iterable[Debit], *, parcel: str) -> None:
        """Keep what a report will spend once it is challenged. Belongs inside the transaction that
        keeps its commitment.
        """
        self._connection.execute("DELETE FROM promised WHERE parcel = ?", (parcel,))
        self._connection.executemany(
            "INSERT OR IGNORE INTO promised VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(debits, parcel)
        )

    def promised(self, parcel: str) -> list[Debit]:
        """What a report that is committed to is to spend, of the batches that it had then."""
        return [
            _debit(row)
            for row in self._connection.execute(
                "SELECT * FROM promised WHERE parcel = ?", (parcel,)
            )
        ]

    def check(self, debits: Sequence[Debit], *, parcel: str, rules: ReleasePolicy) -> None:
        """Refuse what `record` would refuse; writes nothing (for `preview`)."""
        accounts = self._accounts(sorted({debit.step for debit in debits}))
        new = [
            debit
            for debit in debits
            if debit.release_id not in accounts.get(debit.account, _EMPTY).releases
        ]
        for year in sorted({debit.year for debit in new if debit.correction}):
            accounting.check_correction(len(self._corrections(year) - {parcel}), rules)
        spent = {
            key: SpentBudget(account.regular, account.corrections)
            for key, account in accounts.items()
        }
        try:
            accounting.check(spent, new, rules.cap_per_year, accounting.reserve(rules))
        except PolicyRefusal as refused:
            again = [
                debit
                for debit in new
                if debit.account in accounts and accounts[debit.account].year != debit.year
            ]
            if refused.code != "budget-exhausted" or not again:
                raise
            raise _ids_again(again, accounts[again[0].account].year) from refused

    def most_spent(
        self, debits: Iterable[Debit] = (), *, besides: str = ""
    ) -> dict[tuple[str, int], Fraction]:
        """Per step and year, the most that any batch carries, and would carry with these debits;
        corrections aside.

        Args:
            besides: a period whose own reports are left out of account, in every revision.
        """
        rows = self._connection.execute("SELECT * FROM ledger WHERE correction = 0")
        earlier_debits = [
            _debit(row) for row in rows if not besides or period_of(row["parcel"]) != besides
        ]
        return most_by_year([*earlier_debits, *debits])

    def accounts(self) -> tuple[StepAccount, ...]:
        """How every step stands, a line for each year in which batches began."""
        lines: dict[tuple[str, int], list[_Account]] = defaultdict(list)
        for (step, _), account in self._accounts(self._steps()).items():
            lines[step, account.year].append(account)
        return tuple(
            StepAccount(
                step,
                year,
                len(step_accounts),
                max(spent.regular for spent in step_accounts),
                max(spent.corrections for spent in step_accounts),
            )
            for (step, year), step_accounts in sorted(lines.items())
        )

    def spendings(self) -> tuple[LedgerDebit, ...]:
        """On what it was spent: a line for each step, year and report."""
        spent: dict[tuple[str, int, str, bool], dict[str, Fraction]] = defaultdict(
            lambda: defaultdict(Fraction)
        )
        releases: dict[tuple[str, int, str, bool], set[str]] = defaultdict(set)
        for row in self._connection.execute("SELECT * FROM ledger"):
            key = (row["step"], row["year"], row["parcel"], bool(row["correction"]))
            spent[key][row["batch_id"]] += Fraction(
                row["epsilon_numerator"], row["epsilon_denominator"]
            )
            releases[key].add(row["release_id"])
        return tuple(
            LedgerDebit(*key, len(releases[key]), len(by_batch), max(by_batch.values()))
            for key, by_batch in sorted(spent.items())
        )

    def _steps(self) -> list[str]:
        return [
            row["step"]
            for row in self._connection.execute("SELECT DISTINCT step FROM ledger ORDER BY step")
        ]

    def _corrections(self, year: int) -> set[str]:
        """The reports of that year's batches that were corrections."""
        rows = self._connection.execute(
            "SELECT DISTINCT parcel FROM ledger WHERE correction = 1 AND year = ?", (year,)
        )
        return {row["parcel"] for row in rows}

    def _accounts(self, steps: Iterable[str]) -> dict[accounting.Account, _Account]:
        accounts: dict[accounting.Account, _Account] = {}
        for step in steps:
            for row in self._connection.execute("SELECT * FROM ledger WHERE step = ?", (step,)):
                account = accounts.setdefault((step, row["batch_id"]), _Account(year=row["year"]))
                account.releases.add(row["release_id"])
                epsilon = Fraction(row["epsilon_numerator"], row["epsilon_denominator"])
                if row["correction"]:
                    account.corrections += epsilon
                else:
                    account.regular += epsilon
        return accounts


def _ids_again(again: Sequence[Debit], year: int) -> PolicyRefusal:
    first = again[0]
    return PolicyRefusal(
        "batch-ids-again",
        in_number(
            len({debit.account for debit in again}),
            "%(value)s batch of %(year)s has an id that was already debited for a batch of "
            "another year: batch "
            "%(batch_id)s of step %(step)s, debited for %(this_year)s. Together they would spend "
            "more than the "
            "cap.",
            "%(value)s batches of %(year)s have ids that were already debited for batches of "
            "other years. The first is batch "
            "%(batch_id)s of step %(step)s, debited for %(this_year)s. Together they would spend "
            "more than the cap.",
            value=f"{len({debit.account for debit in again}):,}",
            year=first.year,
            batch_id=f"{first.batch_id!r}",
            step=f"{first.step!r}",
            this_year=year,
        ),
        'If the plant\'s batch numbers start again every year, set batch_ids = "restart-yearly" '
        "under [site] in site.toml. If these "
        "are the same batches with a corrected date, their privacy budget is used up: do not "
        "report them again.",
    )


def period_of(parcel: str) -> str:
    """The period in a report's name in the ledger (`planning.Subject.parcel`)."""
    return parcel.rpartition(" r")[0]


def most_by_year(debits: Iterable[Debit]) -> dict[tuple[str, int], Fraction]:
    """Per step and year, what was taken from the batch that most was taken from; corrections aside,
    a retry counts once.
    """
    regular = [debit for debit in debits if not debit.correction]
    years: dict[accounting.Account, int] = {}
    for debit in regular:
        years.setdefault(debit.account, debit.year)
    most: dict[tuple[str, int], Fraction] = {}
    for account, amount in accounting.add_up(regular).items():
        key = (account[0], years[account])
        most[key] = max(amount.regular, most.get(key, Fraction(0)))
    return dict(sorted(most.items()))


def _rows(
    debits: Iterable[Debit], parcel: str
) -> list[tuple[str, str, str, int, int, int, int, str]]:
    return [
        (
            debit.step,
            debit.batch_id,
            debit.release_id,
            debit.epsilon.numerator,
            debit.epsilon.denominator,
            debit.year,
            int(debit.correction),
            parcel,
        )
        for debit in debits
    ]


def _debit(row: sqlite3.Row) -> Debit:
    epsilon = Fraction(row["epsilon_numerator"], row["epsilon_denominator"])
    return Debit(
        row["step"],
        row["batch_id"],
        row["release_id"],
        epsilon,
        row["year"],
        bool(row["correction"]),
    )


@dataclass(slots=True)
class _Account:
    """What one batch carries."""

    year: int
    regular: Fraction = Fraction(0)
    corrections: Fraction = Fraction(0)
    releases: set[str] = field(default_factory=set)


_EMPTY = _Account(year=0)
