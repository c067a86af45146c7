"""Which of five classes a saving falls in, by its estimate and interval, and how many of those
reported of a practice fell in each.

A site finds its class by its own baseline and reporting period; which reports are counted when says
`closed_batches`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from enum import StrEnum
from typing import Self

from pydantic import Field, NonNegativeInt, model_validator

from benchmarks.declared import Declared, Words, worded
from benchmarks.guidance.closed_batches import FEWEST_FIRMS


class SavingOutcome(StrEnum):
    """Whether it saved is told by the 95 % interval; how much, as a share of the energy that was
    expected, by the estimate.
    """

    USED_MORE = "used-more"  # the whole interval lies below 0
    NOT_PROVEN = "not-proven"  # 0 lies in it
    UNDER_2 = "under-2"  # proven, %
    FROM_2_TO_5 = "2-to-5"
    FROM_5 = "5-or-more"

    @classmethod
    def of(cls, saving: float, low: float, high: float) -> SavingOutcome:
        """Of shares of the expected energy: the estimate, and the ends of its interval."""
        if high < 0:
            return cls.USED_MORE
        if low <= 0:
            return cls.NOT_PROVEN
        return cls.UNDER_2 if saving < 0.02 else cls.FROM_2_TO_5 if saving < 0.05 else cls.FROM_5

    @property
    def words(self) -> Words:
        return _WORDS[self]


_WORDS = {
    SavingOutcome.USED_MORE: worded("More energy used than expected"),
    SavingOutcome.NOT_PROVEN: worded("Saving not proven"),
    SavingOutcome.UNDER_2: worded("Saving proven, less than 2 % of the expected energy"),
    SavingOutcome.FROM_2_TO_5: worded("Saving proven, 2 to 5 % of the expected energy"),
    SavingOutcome.FROM_5: worded("Saving proven, 5 % or more of the expected energy"),
}


class PracticeOutcomes(Declared):
    """The closed batches of one practice, all its versions together."""

    sites: int
    firms: int = Field(ge=FEWEST_FIRMS)
    first_year: int
    last_year: int
    by_outcome: dict[SavingOutcome, NonNegativeInt]
    confirmed: NonNegativeInt  # by an auditor

    @model_validator(mode="after")
    def _each_site_once(self) -> Self:
        if (
            sum(self.by_outcome.values()) != self.sites
            or self.sites < self.firms
            or self.confirmed > self.sites
        ):
            raise ValueError("the classes do not add up to the sites")
        return self

    @classmethod
    def of(cls, counted: Iterable[tuple[Hashable, str, int, bool]]) -> PracticeOutcomes:
        """Of firm, class, year and whether an auditor confirmed it, of every report that was
        counted; at least one batch.
        """
        firms, outcomes, years, confirmed = zip(*counted, strict=True)
        counts = Counter(outcomes)
        return cls(
            sites=len(firms),
            firms=len(set(firms)),
            first_year=min(years),
            last_year=max(years),
            by_outcome={outcome: counts[outcome] for outcome in SavingOutcome},
            confirmed=sum(confirmed),
        )

    @property
    def years(self) -> str:
        return (
            str(self.first_year)
            if self.first_year == self.last_year
            else f"{self.first_year}–{self.last_year}"
        )

    @property
    def words(self) -> Words:
        """Every class, and how many an auditor confirmed."""
        return worded(
            "%(reported)s Confirmed by an auditor from the plant’s own records: %(confirmed)s of "
            "%(sites)s.",
            reported=self._by_class,
            confirmed=self.confirmed,
            sites=self.sites,
        )

    @property
    def _by_class(self) -> Words:
        counts = self.by_outcome
        small, middle, large = (
            counts.get(outcome, 0)
            for outcome in (SavingOutcome.UNDER_2, SavingOutcome.FROM_2_TO_5, SavingOutcome.FROM_5)
        )
        return worded(
            "Reported by %(sites)s sites of %(firms)s firms (%(years)s), each verified by its own "
            "agent against its baseline with 95 "
            "%% confidence: saving proven at %(proven)s (less than 2 %% of the expected energy at "
            "%(small)s, 2 to 5 %% at "
            "%(middle)s, 5 %% or more at %(large)s), not proven at %(not_proven)s, more energy "
            "used at %(used_more)s.",
            sites=self.sites,
            firms=self.firms,
            years=self.years,
            proven=small + middle + large,
            small=small,
            middle=middle,
            large=large,
            not_proven=counts.get(SavingOutcome.NOT_PROVEN, 0),
            used_more=counts.get(SavingOutcome.USED_MORE, 0),
        )
