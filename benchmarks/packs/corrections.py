"""Limits as the standards correct them, the grade a value meets, the variables they ask for, and
the strictest limit possible.

The standards correct the limit and leave the actual value alone; a value meets a grade when actual
<= corrected limit, each grade on its own. Grades need not be in order: an oven older than 15 years
has L1 > L2 under GB 21342-2025, so a plant can meet grade 1 and miss grade 2. That is reported, not
smoothed over. A grade the standard does not define stays None.

The rules are data (`corrections.toml`); the kinds of terms stand in `correction_terms`. The
arithmetic is exact; only the finished limit becomes a float.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.declared import Declared, Words
from benchmarks.packs.correction_terms import Altitude, Term, UnassessableError, Value, number
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from benchmarks.standard_limits import StandardLimit, ValueRange

Limits = tuple[float | None, float | None, float | None]


class Rule(Declared):
    """One standard's corrections, in the order in which they apply; `steps` are those whose limits
    the clause corrects.
    """

    standard: str
    clause: str
    steps: tuple[str, ...]
    terms: tuple[Term, ...]


RULES: Mapping[str, Rule] = TypeAdapter(dict[str, Rule]).validate_python(
    tomllib.loads((Path(__file__).parent / "corrections.toml").read_text(encoding="utf-8"))["rules"]
)


@dataclass(frozen=True, slots=True)
class NotAssessable:
    """A limit that cannot be applied here, and why. Codes: not-in-force, not-applicable,
    not-eligible, variable-missing, out-of-range, class-unknown, not-a-number."""

    code: str
    reason: Words


@dataclass(frozen=True, slots=True)
class GradesMet:
    """Which grades a value meets. `met[i]` is None where grade i + 1 is not defined; `best_met`
    counts from 1.
    """

    best_met: int | None
    met: tuple[bool | None, ...]
    monotone: (
        bool  # False: a stricter grade has the looser limit; say so wherever the grade is shown
    )


def corrected_limits(
    limit: StandardLimit, variables: Mapping[str, Value], on: date
) -> Limits | NotAssessable:
    """The grades of a limit under these conditions. `on` is the end of the batch interval or
    period: it picks the version.

    Args:
        limit: as the pack declares it.
        variables: relevant variables by name, e.g. clinker_pct, altitude_m, steel_class; numbers or
            texts.
        on: a limit not in force on that day is not assessable.
    """
    if outside := not_in_force(limit, on):
        return outside
    try:
        _refuse_inapplicable(limit, variables)
        first, second, third = (
            None
            if base is None
            else float(_corrected(Fraction(str(base)), grade, limit.correction, variables))
            for grade, base in enumerate(limit.grades, start=1)
        )
    except UnassessableError as error:
        return NotAssessable(error.code, error.reason)
    return first, second, third


def not_in_force(limit: StandardLimit, on: date) -> NotAssessable | None:
    """The limit as not assessable, where it is not in force on that day."""
    if on < limit.effective_from or (limit.effective_to is not None and on >= limit.effective_to):
        return NotAssessable("not-in-force", _not_in_force(limit, on))
    return None


def _not_in_force(limit: StandardLimit, on: date) -> Words:
    if on < limit.effective_from:
        return Words.of(
            Phrase(
                "This pack treats %(standard)s as in force from %(first)s, and not on %(day)s.",
                standard=limit.standard,
                first=limit.effective_from.isoformat(),
                day=on.isoformat(),
            )
        )
    return Words.of(
        Phrase(
            "%(standard)s was in force until %(end)s, not on %(day)s.",
            standard=limit.standard,
            end=limit.effective_to.isoformat() if limit.effective_to else "",
            day=on.isoformat(),
        )
    )


def grade(mean: float, limits: Limits) -> GradesMet:
    """The grades that an output-weighted annual mean meets, each tested alone; nothing is
    rounded.
    """
    met = tuple(None if limit is None else mean <= limit for limit in limits)
    defined = [limit for limit in limits if limit is not None]
    return GradesMet(
        next((index for index, each in enumerate(met, start=1) if each), None),
        met,
        defined == sorted(defined),
    )


def factors_of(pack: Pack) -> frozenset[str]:
    """Every variable that decides on or corrects a limit of this pack: what a site's static factors
    may name.

    The variant is none of them: it is the label's own.
    """
    names: set[str] = set()
    for limit in (limit for step in pack.steps for limit in step.limits):
        names |= asked_by(limit)
    return frozenset(names - {"variant"})


def asked_by(limit: StandardLimit) -> frozenset[str]:
    """Every variable that decides on or corrects this limit."""
    terms = RULES[limit.correction].terms if limit.correction and limit.correction in RULES else ()
    pressure = {"pressure_pa"} if any(isinstance(term, Altitude) for term in terms) else set()
    return frozenset({*limit.applies, *(term.variable for term in terms), *pressure})


def strictest(
    limits: Sequence[StandardLimit],
    variables: Mapping[str, Value],
    stated: Collection[str],
    on: date,
) -> Limits:
    """By grade the lowest of these limits, were each of the `stated` variables of another class or
    range, or without its correction.
    """
    could_be = [[variables[name], *_others(limits, name)] for name in stated]
    corrected = (
        corrected_limits(limit, {**variables, **dict(zip(stated, values, strict=True))}, on)
        for values in product(*could_be)
        for limit in limits
    )
    grades = [levels for levels in corrected if not isinstance(levels, NotAssessable)]
    first, second, third = (
        min((level for levels in grades if (level := levels[at]) is not None), default=None)
        for at in range(3)
    )
    return first, second, third


def _others(limits: Sequence[StandardLimit], name: str) -> Iterator[Value]:
    for limit in limits:
        for term in RULES[limit.correction].terms if limit.correction else ():
            yield from term.others() if term.variable == name else ()
        wanted = limit.applies.get(name)
        if isinstance(wanted, str):
            yield wanted
        elif isinstance(wanted, ValueRange):
            yield from (
                (wanted.up_to,)
                if wanted.up_to is not None
                else (wanted.above + 1,)
                if wanted.above is not None
                else ()
            )
        elif wanted is not None:
            low, high = wanted
            yield from (low,) if low is not None else (0.99 * high,) if high is not None else ()


def _corrected(
    value: Fraction, grade_number: int, rule: str | None, variables: Mapping[str, Value]
) -> Fraction:
    if rule is None:
        return value
    for term in RULES[rule].terms:
        if grade_number in term.grades:
            value = term.apply(value, variables)
    return value


def _refuse_inapplicable(limit: StandardLimit, variables: Mapping[str, Value]) -> None:
    for variable, wanted in limit.applies.items():
        if (value := variables.get(variable)) is None:
            raise UnassessableError(
                "variable-missing",
                Words.of(
                    Phrase(
                        "%(variable)s decides whether %(standard)s applies, but was not given.",
                        variable=variable,
                        standard=limit.standard,
                    )
                ),
            )
        if isinstance(wanted, str):
            fits = value == wanted
        elif isinstance(wanted, ValueRange):
            fits = number(value, variable) in wanted
        else:
            low, high = wanted
            exact = number(value, variable)
            fits = (low is None or exact >= Fraction(str(low))) and (
                high is None or exact < Fraction(str(high))
            )
        if not fits:
            raise UnassessableError(
                "not-applicable",
                Words.of(
                    Phrase(
                        "%(limit)s does not apply to %(variable)s = %(found)s.",
                        limit=limit.words,
                        variable=variable,
                        found=str(value),
                    )
                ),
            )
