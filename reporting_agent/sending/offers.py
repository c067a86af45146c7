"""What the plant's owner is told about the batches behind a label and about pooling years: counts
and budgets, no exact value.

`preview` shows these on the site. Of all of them only the class of the number of batches and the
number of years leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from fractions import Fraction
from typing import Any

from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Period
from benchmarks.routes import Pack
from reporting_agent.sending.consent import Language, number, odds_ratio, text


@dataclass(frozen=True, slots=True)
class Offer:
    """What covering the years from `first_year` on would give a step, and what it costs."""

    step: str
    first_year: int
    last_year: int
    alone: int  # batches of the last year by itself, as a release counts them
    together: int
    spends: Fraction  # from every batch (or day) of every year
    # the last year holds enough for a release, only not for one that enters the industry's label
    released_alone: bool
    eligible: bool  # all years together do

    @property
    def years(self) -> int:
        return self.last_year - self.first_year + 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"spends": str(self.spends)}


@dataclass(frozen=True, slots=True)
class BatchCount:
    """The batches behind one label: those that count, by year, and how many are valid; and whether
    a value of it lies beyond the grid.
    """

    by_year: Mapping[int, int]
    valid: int
    beyond_grid: bool = False

    @property
    def total(self) -> int:
        return sum(self.by_year.values())

    def to_json(self, key: LabelKey) -> dict[str, Any]:
        by_year = {str(year): count for year, count in sorted(self.by_year.items())}
        return {
            **key._asdict(),
            "valid": self.valid,
            "beyond_grid": self.beyond_grid,
            "by_year": by_year,
        }


def years_of(period: str, years: int) -> range:
    """The calendar years that a label of that period covers, `years` of them pooled."""
    read = Period.parse(period, UTC)
    return range(read.start.year - years + 1, (read.end - timedelta(days=1)).year + 1)


def counted_lines(language: Language, batch_count: BatchCount, pack: Pack) -> list[str]:
    """How many batches count, of which years, and what one unit of privacy is."""
    lines = [
        text(
            language,
            f"counted.{pack.policy.unit}",
            counted=f"{batch_count.total:,}",
            valid=f"{batch_count.valid:,}",
        )
    ]
    if len(batch_count.by_year) > 1:
        by_year = [
            f"{year}{text(language, 'sign.colon')}{count:,}"
            for year, count in sorted(batch_count.by_year.items())
        ]
        lines.append(
            text(language, "counted.years", years=text(language, "sign.comma").join(by_year))
        )
    return lines


def offer_lines(language: Language, offers: Iterable[Offer], pack: Pack) -> list[str]:
    """Each step that would gain, what it would gain, and what its batches would pay."""
    cap = pack.policy.cap_per_year
    lines = []
    for offer in offers:
        words = pack.step(offer.step).words
        values = {
            "step": words.said_in(language),
            "first": offer.first_year,
            "last": offer.last_year,
            "alone": offer.alone,
            "together": offer.together,
            "spends": number(offer.spends),
            "cap": number(cap),
            "odds": odds_ratio(offer.spends),
        }
        why = "offer.uncertain" if offer.released_alone else "offer.too-few"
        gives = "offer.eligible" if offer.eligible else "offer.released"
        lines.append(
            "".join(
                text(language, key, **values)
                for key in (why, gives, f"offer.cost-{pack.policy.unit}")
            )
        )
    return lines
