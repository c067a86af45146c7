"""What a person is told before they agree to send, in their language, and the terms agreed to, as
the device signs them.

Every text says what is true of the bytes, not of the intention. A test holds every language to the
same keys and the same figures, and `docs/reporting.md` to the same claims.
"""

from __future__ import annotations

import functools
import hashlib
import math
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from importlib import resources

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase
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
