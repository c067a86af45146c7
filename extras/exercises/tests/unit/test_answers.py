"""Every right answer is right, every wrong one is told why, in each language; what is not known is
said not to be known.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from re import findall
from typing import Any

import pytest

from benchmarks.catalogue import languages
from benchmarks.errors import InputError
from extras.exercises.checking import (
    CLOSE_BY,
    OTHER,
    RIGHT,
    UNIT,
    UNIT_ALONE,
    UNIT_TOO,
    UNREADABLE,
    check,
    working,
)
from extras.exercises.keys import computed
from extras.exercises.progress import Progress
from extras.exercises.reading import HOME, Exercise, ExerciseQuestion, TraineeRole, every, named
from reporting_agent.cli import main

ASKED = [
    pytest.param(exercise, question, id=f"{exercise.id}-{question.id}")
    for exercise in every()
    for question in exercise.question
]
LANGUAGES = pytest.mark.parametrize("language", languages())


def texts_of(exercise: Exercise, language: str) -> dict[str, Any]:
    def flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
        for key, value in table.items():
            if isinstance(value, Mapping):
                yield from flat(value, f"{above}{key}.")
            else:
                yield f"{above}{key}", value

    return dict(
        flat(tomllib.loads((HOME / exercise.id / f"{language}.toml").read_text(encoding="utf-8")))
    )


def test_every_role_has_an_exercise_of_about_an_hour() -> None:
    assert {exercise.role for exercise in every()} == set(TraineeRole)
    assert all(30 <= exercise.minutes <= 90 for exercise in every())


@pytest.mark.parametrize("exercise", every(), ids=lambda exercise: exercise.id)
def test_the_key_is_what_the_product_computes_from_the_files(exercise: Exercise) -> None:
    """Written by `python -m extras.exercises`."""
    assert computed(exercise) == exercise.facts


@pytest.mark.parametrize("exercise", every(), ids=lambda exercise: exercise.id)
def test_every_language_says_the_same_with_the_same_figures(exercise: Exercise) -> None:
    english = texts_of(exercise, "en")
    for language in languages():
        texts = texts_of(exercise, language)
        assert texts.keys() == english.keys(), language
        for key, text in english.items():
            for here, translation in zip(
                *(
                    [wording] if isinstance(wording, str) else wording
                    for wording in (text, texts[key])
                ),
                strict=True,
            ):
                assert sorted(findall(r"%\((\w+)\)s", here)) == sorted(
                    findall(r"%\((\w+)\)s", translation)
                ), (language, key)


@LANGUAGES
@pytest.mark.parametrize(("exercise", "question"), ASKED)
def test_the_right_answer_is_right_however_it_is_written(
    exercise: Exercise, question: ExerciseQuestion, language: str
) -> None:
    fact = exercise.facts[question.answer]
    if question.kind == "choice":
        place = question.choices.index(str(fact)) + 1
        spellings = [
            str(fact),
            str(fact).upper(),
            str(place),
            exercise.text(f"question.{question.id}.choice.{fact}", language),
        ]
    else:
        exact = float(fact)
        spellings = [
            f"{exact}",
            f" {exact:,.6f} {question.unit}",
            f"{exact:.6f}".translate({ord("0") + n: ord("０") + n for n in range(10)}),
        ]
    for spelled in spellings:
        verdict = check(exercise, question, spelled, language)
        assert (verdict.right, verdict.code, verdict.look) == (True, RIGHT, ""), spelled
    assert "%(" not in working(exercise, question, language)


@LANGUAGES
@pytest.mark.parametrize(("exercise", "question"), ASKED)
def test_every_mistake_is_told_by_its_own_reason(
    exercise: Exercise, question: ExerciseQuestion, language: str
) -> None:
    right = exercise.facts[question.answer]
    mistakes = {code: exercise.facts[fact] for code, fact in question.mistakes.items()}
    mistakes |= {choice: choice for choice in question.choices if choice != right}
    assert mistakes, "a question whose mistakes are not known teaches nothing"
    reasons = set()
    for code, answer in mistakes.items():
        verdict = check(exercise, question, str(answer), language)
        assert (verdict.right, verdict.code) == (False, code), answer
        assert verdict.why == exercise.text(f"question.{question.id}.wrong.{code}", language)
        assert verdict.look == exercise.text(f"question.{question.id}.look", language)
        reasons.add(verdict.why)
    codes = {
        key.rpartition(".")[2]
        for key in texts_of(exercise, "en")
        if key.startswith(f"question.{question.id}.wrong.")
    }
    assert codes == mistakes.keys(), "no reason is written that no answer reaches"
    assert reasons


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("28.3286 kWh/t", RIGHT),
        ("28.33", RIGHT),
        ("28,33", RIGHT),
        ("28,329", RIGHT),
        ("28,3286 KWH/t", RIGHT),
        ("28.33 kilowatt hours", RIGHT),
        ("28.33 kgce/t", UNIT_ALONE),
        ("28.33 kWh", UNIT_ALONE),
        ("35 kgce/t", UNIT_TOO),
        ("1.000,50", UNREADABLE),
        ("2,832.86 / 100", RIGHT),
        ("28.33/0", UNREADABLE),
        ("3.466 kgce/t", "total"),
        ("28328.6", UNIT),  # Wh
        ("101.98", UNIT),  # MJ
        ("28.9", CLOSE_BY),
        ("50", OTHER),
        ("-28.33", OTHER),
        ("about the usual", UNREADABLE),
        ("28.20", "minimum"),
        ("28.57", "typical"),
        ("29.56", "mean"),
        ("22.86", "before"),
    ],
)
def test_a_figure_is_told_from_its_neighbours(answer: str, code: str) -> None:
    exercise = named("mill-year")
    verdict = check(exercise, exercise.asked("label"), answer, "en")
    assert verdict.code == code
    assert verdict.why
    assert verdict.right or verdict.look


@pytest.mark.parametrize(
    ("exercise", "question", "answer", "code"),
    [
        ("mill-year", "factor", "0.7918", "deviation"),
        ("mill-year", "factor", "1,25", RIGHT),
        ("mill-year", "factor", "500/400", RIGHT),
        ("mill-year", "worth", "278,526", RIGHT),
        ("mill-year", "worth", "278526 kWh", UNIT_ALONE),
        ("mill-year", "worth", "278 526", RIGHT),
        ("mill-year", "worth", "278\u2009526 CNY", RIGHT),  # a thin space, as GB/T 15835 writes it
        ("mill-year", "worth", "27.85 万元", RIGHT),
        ("mill-year", "worth", "27.85万", RIGHT),
        ("mill-year", "worth", "27.85 万 kWh", UNIT_ALONE),
        ("mill-year", "worth", "27万8526", UNREADABLE),
        ("mill-year", "worth", "27.85", UNIT),
        ("mill-year", "worth", "30.13 万元", "idle"),
        ("mill-year", "worth", "301274", "idle"),
        ("mill-year", "worth", "31285", "reject"),
        ("mill-year", "worth", "55.21 tce", "tce"),
        ("mill-year", "worth", "449.2", "mwh"),
        ("publish-or-hold", "firms", "12", "late"),
        ("publish-or-hold", "changed", "2", "two"),
        ("changed-record", "records", "20", "listed"),
        ("changed-record", "records", "9", "more"),
        ("changed-record", "probability", "29", "records"),
        ("changed-record", "probability", "95", "used"),
        ("changed-record", "probability", "95.1 %", "used"),
        ("changed-record", "probability", "95.2 %", "days"),
    ],
)
def test_what_stands_on_the_screen_and_is_not_asked_for_is_told(
    exercise: str, question: str, answer: str, code: str
) -> None:
    asked = named(exercise)
    assert check(asked, asked.asked(question), answer, "en").code == code


def test_a_factor_is_asked_for_as_a_plain_number() -> None:
    exercise = named("mill-year")
    for answer, code in (("125", UNIT), ("the ratio", UNREADABLE)):
        verdict = check(exercise, exercise.asked("factor"), answer, "en")
        assert (verdict.code, verdict.why) == (code, "Give it as a plain number, such as 1.1.")


def test_a_file_in_which_nothing_was_filled_in_writes_no_second_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["exercise", "mill-year", "--out", "desk", "--state", "state", "--json"]) == 0
    assert (
        main(
            [
                "exercise",
                "mill-year",
                "--answers",
                "desk/answers.toml",
                "--state",
                "state",
                "--json",
            ]
        )
        == 0
    )
    assert [path.name for path in tmp_path.iterdir()] == ["desk"]


def test_what_cannot_be_read_counts_as_no_try(tmp_path: Path) -> None:
    exercise = named("mill-year")
    for answer, tries in (("1.000,50", 0), ("35", 1)):
        done = Progress(tmp_path).take(
            exercise, check(exercise, exercise.asked("label"), answer, "en")
        )
        assert (done.wrong, done.right) == (tries, False)


def test_a_question_is_named_by_its_number_too() -> None:
    exercise = named("mill-year")
    assert exercise.asked("3") is exercise.asked("label")
    with pytest.raises(InputError):
        exercise.asked("8")


def test_a_choice_that_is_none_is_unreadable() -> None:
    exercise = named("mill-year")
    for answer in ("0", "6", "the weather"):
        assert check(exercise, exercise.asked("cause"), answer, "zh").code == UNREADABLE


def test_what_is_not_there_is_refused_with_what_is() -> None:
    with pytest.raises(InputError) as unknown:
        named("kiln-year")
    assert (unknown.value.code, "mill-year" in unknown.value.wanted) == ("exercise-unknown", True)
    with pytest.raises(InputError) as unasked:
        named("mill-year").asked("weather")
    assert (unasked.value.code, "label" in unasked.value.wanted) == (
        "exercise-question-unknown",
        True,
    )
    with pytest.raises(InputError) as lacking:
        named("mill-year").content("../exercise.toml")
    assert lacking.value.code == "exercise-file-unknown"
