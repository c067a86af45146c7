"""What a person is told before they agree to send, in their language, the terms as the device signs
them, and the batches behind a label as counts and budgets, without an exact value.

Every text says what is true of the bytes. A test holds every language to the same keys and figures,
and `docs/reporting.md` to the same claims.
"""

from __future__ import annotations

import functools
import hashlib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from fractions import Fraction
from importlib import resources
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from benchmarks.texts import text_of
from benchmarks.wire.schema import Consent

Language = str
AGREED_IN = ("en", "zh")
"""The wordings that the scheme binds: a translation that comes later changes no consent that was
given.
"""

SCHEME = "scheme-2"
PURPOSE, USE, NAMING, RETENTION_YEARS = (
    "industry-label",
    "no-enforcement-incentives",
    "not-named-in-public",
    10,
)
TERMS = ("purpose", "use", "naming", "retention")
"""What a firm agrees to by submitting, in the order in which it is shown; their wording is
`term.<name>`.
"""


@functools.cache
def texts() -> Mapping[str, Phrase]:
    """All texts by key, from consent.toml."""
    raw = tomllib.loads(
        resources.files("reporting_agent").joinpath("consent.toml").read_text(encoding="utf-8")
    )
    return {key: text_of(text) for key, text in raw.items()}


def text(language: Language, key: str, **values: object) -> str:
    """The text of that key, filled in."""
    return in_language(texts()[key], language).format(**values)


def reason(language: Language, code: str) -> str:
    """A withholding reason in words, with its code; a code without a text stands for itself."""
    key = f"reason.{code}"
    return f"{text(language, key)} [{code}]" if key in texts() else f"[{code}]"


def terms(language: Language) -> list[str]:
    """The wording of what is agreed to."""
    return [text(language, f"term.{name}", years=RETENTION_YEARS) for name in TERMS]


def agreed() -> Consent:
    """The terms as the device signs them in the report, with SHA-256 over scheme and wording in
    every language.
    """
    wording = hashlib.sha256(
        b"\x00".join(
            [
                b"steplabel/1 terms",
                SCHEME.encode(),
                *(t.encode() for language in AGREED_IN for t in terms(language)),
            ]
        )
    )
    return Consent(SCHEME, wording.digest(), PURPOSE, USE, NAMING, RETENTION_YEARS)


def odds_ratio(epsilon: Fraction) -> str:
    """e^epsilon, rounded up: a bound is never shown smaller than it is. `epsilon` is exact."""
    return f"{math.ceil(100 * math.exp(epsilon)) / 100:.2f}"


def number(value: Fraction) -> str:
    """A fraction as people write it: a decimal where it ends within six decimals, else the fraction
    itself.
    """
    scaled = value * 10**6
    if scaled.denominator != 1:
        return str(value)
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


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
