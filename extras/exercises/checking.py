"""Judges an answer to an exercise: right, or which mistake and where to look next; and how the
right answer comes about.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.catalogue import in_language, languages
from benchmarks.phrases import Phrase
from extras.exercises.reading import HOME, Exercise, ExerciseQuestion

TRIES = 3
"""After so many wrong answers to a question its working is shown."""

CLOSE = 0.05
RIGHT, OTHER, UNIT, UNREADABLE, CLOSE_BY, UNIT_ALONE = (
    "right",
    "other",
    "unit",
    "unreadable",
    "close",
    "unit-alone",
)
UNIT_TOO = "unit-too"
_UNEXPLAINED = frozenset({OTHER, UNIT, CLOSE_BY})
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?: "
    r"\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
)
"""With commas or spaces between thousands (GB/T 15835), or one comma or point before decimals."""
_NUMERALS: Mapping[str, int] = {
    word: times
    for words in tomllib.loads((HOME / "numerals.toml").read_text(encoding="utf-8")).values()
    for word, times in words.items()
}
_NUMERAL = re.compile(rf"\s*({'|'.join(map(re.escape, _NUMERALS))})")
"""A word behind a figure that multiplies it, as ten thousand is written in Chinese."""
_QUOTIENT = re.compile(rf"\s*({_NUMBER.pattern})\s*[/:\u00f7]\s*({_NUMBER.pattern})\s*")
_GOES_ON = re.compile(r"[.,'/]\d")
"""A figure that is written in a way of which nothing is guessed: 1.000,50."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_UNIT = re.compile(
    r"\s*(%|(?:[kmgt]?wh|[kmgt]?j|k?gce|tce|k?cal|kg|t|cny|usd|eur)(?:/(?:t|kg|kwh))?)(?![\w/])"
)
"""A unit that is told behind a figure, in small letters; other words behind it are taken as
words.
"""
_FACTORS = (10_000.0, 1000.0, 100.0, 10.0, 3.6, 8.14, 29.3)
"""Quotients of units that people mix up: ten thousand, kilo, per cent, ten, MJ a kWh, kWh a kgce,
MJ a kgce. They hold to the factor's own digits."""


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """One answer, judged. `code` names the mistake that it was recognised as; `why` says what is
    wrong, `look` where to look next.
    """

    question: str
    given: str
    right: bool
    code: str
    why: str
    look: str

    @property
    def is_a_try(self) -> bool:
        """Whether it counts as wrong: what cannot be read is asked for again."""
        return not self.right and self.code != UNREADABLE


def check(
    exercise: Exercise, question: ExerciseQuestion, answer: str, language: str
) -> CheckedAnswer:
    """Judge one answer as it was typed: a number with or without its unit, a choice by its code,
    its number from 1 on, or its words.
    """
    code = (
        _choice(exercise, question, answer)
        if question.kind == "choice"
        else _number(exercise, question, answer)
    )
    right = code == RIGHT
    look = "" if right else exercise.text(f"question.{question.id}.look", language)
    return CheckedAnswer(
        question.id, answer, right, code, _explanation(exercise, question, code, language), look
    )


def working(exercise: Exercise, question: ExerciseQuestion, language: str) -> str:
    """The answer and how it comes about."""
    return exercise.text(f"question.{question.id}.working", language)


def _explanation(exercise: Exercise, question: ExerciseQuestion, code: str, language: str) -> str:
    own = f"question.{question.id}.wrong.{code}"
    if code == RIGHT:
        return in_language(Phrase("Right."), language)
    if exercise.has(own):
        return exercise.text(own, language)
    if code == UNIT_ALONE:
        return in_language(
            Phrase("The figure is right, the unit is not: it is in %(unit)s.", unit=question.unit),
            language,
        )
    if code in {UNIT, UNREADABLE} and question.unit == "1":
        return in_language(Phrase("Give it as a plain number, such as 1.1."), language)
    if code == UNIT:
        return in_language(
            Phrase(
                "That is the right figure in another unit. It is asked for in %(unit)s.",
                unit=question.unit,
            ),
            language,
        )
    if code == UNIT_TOO:
        return in_language(
            Phrase(
                "Neither the figure nor the unit is right: it is asked for in %(unit)s.",
                unit=question.unit,
            ),
            language,
        )
    if code == CLOSE_BY:
        return in_language(
            Phrase(
                "Close, but not the figure that the files give. Do not round before the last step."
            ),
            language,
        )
    if code == UNREADABLE:
        answer = Phrase(
            "This answer cannot be read. Give a number in %(unit)s.", unit=question.unit
        )
        if question.kind == "choice":
            answer = Phrase(
                "This answer cannot be read. Give one of the choices, by its number or its code."
            )
        return in_language(answer, language)
    return in_language(
        Phrase("Not right. No explanation is stored for this figure: look again."), language
    )


def _choice(exercise: Exercise, question: ExerciseQuestion, answer: str) -> str:
    """The choice that is meant: RIGHT, its own code, or UNREADABLE."""
    wanted = _plain(answer)
    if wanted.isdecimal() and 0 < int(wanted) <= len(question.choices):
        chosen = question.choices[int(wanted) - 1]
    else:
        meant = {_plain(choice): choice for choice in question.choices}
        for language in languages():
            meant |= {
                _plain(exercise.text(f"question.{question.id}.choice.{choice}", language)): choice
                for choice in question.choices
            }
        if wanted not in meant:
            return UNREADABLE
        chosen = meant[wanted]
    return RIGHT if chosen == exercise.facts[question.answer] else chosen


def _number(exercise: Exercise, question: ExerciseQuestion, answer: str) -> str:
    text = unicodedata.normalize("NFKC", answer).replace("\N{MINUS SIGN}", "-")
    if quotient := _QUOTIENT.fullmatch(text):
        over, under = (_readings(part)[-1] for part in quotient.groups())
        return _of_figure(exercise, question, over / under) if under else UNREADABLE
    number = _NUMBER.search(text)
    if number is None or _GOES_ON.match(text, number.end()):
        return UNREADABLE
    numeral = _NUMERAL.match(text, number.end())
    end, times = (number.end(), 1) if numeral is None else (numeral.end(), _NUMERALS[numeral[1]])
    if (
        numeral is not None and text[end:].lstrip()[:1].isdigit()
    ):  # the figure goes on: 278,526 as it is written in Chinese
        return UNREADABLE
    codes = [_of_figure(exercise, question, times * reading) for reading in _readings(number[0])]
    code = next((candidate for candidate in codes if candidate not in _UNEXPLAINED), codes[0])
    unit = _UNIT.match(text[end:].casefold())
    if unit is None or unit[1] == question.unit.casefold() or question.unit == "1":
        return code
    return {RIGHT: UNIT_ALONE, OTHER: UNIT_TOO, CLOSE_BY: UNIT_TOO}.get(code, code)


def _readings(figure: str) -> list[float]:
    """One figure; of a comma before three digits both that it may be, the thousands first: they lie
    too far apart to be taken for another.

    >>> _readings("278,526.1"), _readings("278 526"), _readings("28,33"), _readings("28,329")
    ([278526.1], [278526.0], [28.33], [28329.0, 28.329])
    """
    figure = figure.replace(" ", "")
    decimal = [float(figure.replace(",", "."))] if _DECIMAL_COMMA.fullmatch(figure) else []
    thousands = (
        [float(figure.replace(",", ""))]
        if not decimal or len(figure.partition(",")[2]) == 3
        else []
    )
    return [*thousands, *decimal]


def _of_figure(exercise: Exercise, question: ExerciseQuestion, answer: float) -> str:
    """Right, or which mistake it is."""
    right = float(exercise.facts[question.answer])
    figures = {RIGHT: right} | {
        code: float(exercise.facts[fact]) for code, fact in question.mistakes.items()
    }
    nearest = min(figures, key=lambda code: abs(answer - figures[code]) / abs(figures[code]))
    if _near(answer, figures[nearest], question.within):
        return nearest
    if any(
        _near(answer, right * by, max(question.within, 0.005))
        for factor in _FACTORS
        for by in (factor, 1 / factor)
    ):
        return UNIT
    return CLOSE_BY if _near(answer, right, CLOSE) else OTHER


def _near(answer: float, value: float, share: float) -> bool:
    return abs(answer - value) <= share * abs(value)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold().rstrip(".")
