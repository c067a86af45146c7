"""Sentences that every comparison with a document has: what it is about, what differs, and why
nothing can be said.
"""

from __future__ import annotations

from datetime import date

from benchmarks.audit.evidence import CheckOutcome, not_checkable
from benchmarks.audit.records import microseconds
from benchmarks.declared import Words, worded
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from extras.reconciliation.counting import us_of
from reporting_agent.config import SiteSettings

FIND_OUT = Phrase(
    "Find out which of the two is wrong, and for how long. Check the original, and the meter's "
    "own register."
)


def about(name: Phrase, statement: Phrase) -> Phrase:
    return Phrase("%(name)s: %(said)s", name=name, said=statement)


def said_of(name: Words, what: Phrase) -> Words:
    """The same of a name that is in several languages, as of a meter."""
    return worded("%(name)s: %(what)s", name=name, what=what)


def difference(stated: float, counted: float, tolerance: float, unit: str) -> Phrase:
    """Both, how far they are apart, and how far they may be; of a document of nothing there is no
    per cent.
    """
    apart = counted - stated
    values = {
        "told": _plain(stated, 6),
        "counted": _plain(counted, 6),
        "tolerance": _plain(tolerance, 4),
        "unit": unit,
    }
    values["apart"] = f"{'+' if apart > 0 else ''}{_plain(apart, 4)}"
    if not stated:
        return Phrase(
            "the document states %(told)s %(unit)s, the site %(counted)s %(unit)s, a difference "
            "of %(apart)s %(unit)s; up to "
            "%(tolerance)s %(unit)s is allowed.",
            **values,
        )
    return Phrase(
        "the document states %(told)s %(unit)s, the site %(counted)s %(unit)s, a difference of "
        "%(apart)s %(unit)s (%(share)s %%); up "
        "to %(tolerance)s %(unit)s is allowed.",
        share=f"{100 * apart / stated:+.2f}",
        **values,
    )


def inside(first: date, last: date, period: Period, site: SiteSettings) -> bool:
    return microseconds(period.start) <= us_of(first, site) and us_of(last, site) <= microseconds(
        period.end
    )


def outside(
    code: str, name: Phrase, first: date, last: date, period: Period, site: SiteSettings
) -> CheckOutcome:
    """Of a document whose days are not all of the period, though some of them may be."""
    if us_of(first, site) < microseconds(period.end) and us_of(last, site) > microseconds(
        period.start
    ):
        sentence = Phrase("reaches beyond the period %(period)s.", period=period.name)
    else:
        sentence = Phrase("is outside the period %(period)s.", period=period.name)
    days = f"{first.isoformat()}/{last.isoformat()}"
    return not_checkable(
        code,
        about(name, sentence),
        Phrase("Give a period that contains it, such as %(days)s.", days=days),
    )


def less_than_nothing(code: str, name: Phrase, what: Phrase) -> CheckOutcome:
    """Of a document that states less than nothing: its figures are wrong, and of such a quantity
    there is no uncertainty.
    """
    return not_checkable(
        code,
        about(name, what),
        Phrase("Check whether the two stocks are exchanged, or a quantity is missing."),
    )


def of_units(code: str, name: Phrase, refusal: InputError) -> CheckOutcome:
    return not_checkable(
        code, Phrase("%(named)s: %(said)s", named=name, said=refusal.sentence), refusal.remedy
    )


def _plain(value: float, digits: int) -> str:
    """With that many digits, or to the whole where there are more before the point."""
    return f"{value:,.{digits}g}" if abs(value) < 10**digits - 0.5 else f"{value:,.0f}"
