"""Exercises as pages: read, worked on and checked by anybody, in both languages, and nothing of it
stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from extras.exercises import pages
from extras.exercises.checking import TRIES, working
from extras.exercises.reading import Exercise, every, named

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]

LANGUAGES = ("en", "zh-hans")
EXERCISES = pytest.mark.parametrize("exercise", every(), ids=lambda exercise: exercise.id)


def read(address: str, language: str, query: Mapping[str, Any] | None = None) -> str:
    """The page without its marks; no answer is kept in a cookie or a session."""
    answer = Client().get(address, query, headers={"accept-language": language})
    assert answer.status_code == 200
    assert answer.cookies.keys() <= {"csrftoken"}, "of the form that changes the language"
    assert Session.objects.count() == 0
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", answer.content.decode())))


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("`", ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_are_listed_by_role_with_what_one_learns(language: str) -> None:
    page = read("/exercises/", language)
    for exercise in every():
        for text in (
            exercise.text("title", language),
            exercise.text("learns", language),
            exercise.role.words.said_in(language),
        ):
            assert text in page


@EXERCISES
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_the_whole_text_and_every_file(exercise: Exercise, language: str) -> None:
    page = read(f"/exercises/{exercise.id}/", language)
    for key in ("story", "tasks"):
        for text in exercise.texts(key, language):
            assert plain(text) in page
    for question in exercise.question:
        assert exercise.text(f"question.{question.id}.ask", language) in page
        assert plain(working(exercise, question, language)) not in page, (
            "who has not answered is not shown the answer"
        )
    for name in exercise.files:
        got = Client().get(f"/exercises/{exercise.id}/files/{name}")
        assert got.content == exercise.content(name)
        assert got["Content-Disposition"] == f'attachment; filename="{name}"'


@EXERCISES
@pytest.mark.parametrize("language", LANGUAGES)
def test_right_answers_are_called_right_and_wrong_ones_explained(
    exercise: Exercise, language: str
) -> None:
    right = {question.id: exercise.facts[question.answer] for question in exercise.question}
    page = read(f"/exercises/{exercise.id}/", language, right)
    for question in exercise.question:
        assert plain(working(exercise, question, language)) in page
    wrong = {
        question.id: next(
            iter(
                [
                    *map(exercise.facts.get, question.mistakes.values()),
                    *(c for c in question.choices if c != right[question.id]),
                ]
            )
        )
        for question in exercise.question
    }
    page = read(f"/exercises/{exercise.id}/", language, wrong)
    for question in exercise.question:
        assert plain(working(exercise, question, language)) not in page
        assert plain(exercise.text(f"question.{question.id}.look", language)) in page
        reasons = [
            *question.mistakes,
            *(choice for choice in question.choices if choice != right[question.id]),
        ]
        assert exercise.text(f"question.{question.id}.wrong.{reasons[0]}", language) in page


def test_after_some_different_tries_the_working_is_shown() -> None:
    exercise = named("mill-year")
    label = exercise.asked("label")
    carried: dict[str, str] = {}
    for tries in range(1, TRIES + 1):
        for _again in range(
            2
        ):  # the same answer sent again, with one to another question, counts once
            asked = {"label": str(30 + tries), **carried}
            (shown,) = (
                question
                for question in pages.page_of(exercise, asked).questions
                if question.id == "label"
            )
            assert shown.wrong == tries
            carried = {"wrong-label": str(shown.wrong), "last-label": shown.answer}
        assert shown.judged is not None
        assert bool(shown.judged.working) is (tries == TRIES)
    page = read("/exercises/mill-year/", "en", {"label": "40", **carried})
    assert plain(working(exercise, label, "en")) in page
    assert f"{exercise.facts[label.answer]:.2f} {label.unit}" == "28.33 kWh/t"


@pytest.mark.parametrize(
    "address",
    [
        "/exercises/kiln-year/",
        "/exercises/mill-year/files/key.json",
        "/exercises/mill-year/files/..%2Fkey.json",
    ],
)
def test_what_is_not_there_is_not_found(address: str) -> None:
    assert Client().get(address).status_code == 404


def test_what_a_reader_types_is_shown_as_text() -> None:
    typed = "<script>alert(1)</script>" + "9" * 5000
    answer = Client().get(
        "/exercises/mill-year/", {"label": typed, "wrong-label": "9999999999", "cause": "<b>"}
    )
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
    assert Client().post("/exercises/mill-year/").status_code == 405
