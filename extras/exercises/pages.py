"""Training exercises as pages: what they ask, what was answered in the address, and what is said of
it. Nothing is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from extras.exercises.checking import TRIES, CheckedAnswer, check, working
from extras.exercises.reading import Exercise, ExerciseQuestion, every
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.shared import Crumb
from portal.web.viewmodels.tables import ColumnHead

MOST_TYPED = 200
WRONG, LAST = "wrong-", "last-"
"""Before a question's id: how many answers to it were wrong, and the last one, which counts once.
The page carries both, for nothing else knows them."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text; `code` is what a reader types."""

    text: str
    code: bool


Text = tuple[TextPiece, ...]


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    code: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    right: bool
    explanation: str
    look: Text
    working: Text


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    id: str
    ask: str
    unit: str
    choices: tuple[AnswerChoice, ...]
    answer: str
    wrong: int
    judged: JudgedAnswer | None


@dataclass(frozen=True, slots=True)
class FileLink:
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ExercisePage:
    title: str
    lead: str
    role: str
    minutes: int
    learns: str
    story: tuple[Text, ...]
    files: tuple[FileLink, ...]
    tasks: tuple[Text, ...]
    questions: tuple[AskedQuestion, ...]
    command: str
    answered: int
    right: int
    crumbs: tuple[Crumb, ...]


def list_of() -> ListTable:
    """Every exercise, in the order of roles."""
    language = get_language() or "en"
    titles = _("Exercise"), _("Intended for"), _("Minutes"), _("What you learn")
    rows = tuple(
        (
            TableCell(
                exercise.text("title", language), url=reverse("web:exercise", args=[exercise.id])
            ),
            TableCell(exercise.role.words.said_in(language)),
            TableCell(str(exercise.minutes), num=True),
            TableCell(exercise.text("learns", language)),
        )
        for exercise in every()
    )
    return ListTable(
        _("Training exercises"),
        tuple(ColumnHead(title) for title in titles),
        None,
        rows,
        None,
        (),
        "",
        "",
    )


def page_of(exercise: Exercise, query: Mapping[str, str]) -> ExercisePage:
    """The exercise with what the address answers (`?change=process&wrong-change=1`)."""
    language = get_language() or "en"
    questions = tuple(_asked(exercise, question, query, language) for question in exercise.question)
    return ExercisePage(
        title=exercise.text("title", language),
        lead=exercise.text("lead", language),
        role=exercise.role.words.said_in(language),
        minutes=exercise.minutes,
        learns=exercise.text("learns", language),
        story=tuple(map(pieces, exercise.texts("story", language))),
        files=tuple(
            FileLink(name, reverse("web:exercise-file", args=[exercise.id, name]))
            for name in exercise.files
        ),
        tasks=tuple(map(pieces, exercise.texts("tasks", language))),
        questions=questions,
        command=f"steplabel-agent exercise {exercise.id}",
        answered=sum(question.judged is not None for question in questions),
        right=sum(question.judged is not None and question.judged.right for question in questions),
        crumbs=(Crumb(_("Training exercises"), reverse("web:exercises")),),
    )


def pieces(text: str) -> Text:
    """Parted at what stands between backticks."""
    return tuple(
        TextPiece(part, code=bool(index % 2))
        for index, part in enumerate(re.split("`([^`]+)`", text))
        if part
    )


def _asked(
    exercise: Exercise, question: ExerciseQuestion, query: Mapping[str, str], language: str
) -> AskedQuestion:
    answer = query.get(question.id, "").strip()[:MOST_TYPED]
    before = query.get(f"{WRONG}{question.id}", "")
    wrong = min(int(before), TRIES) if before.isdecimal() and len(before) < 3 else 0
    verdict = check(exercise, question, answer, language) if answer else None
    wrong += (
        verdict is not None and verdict.is_a_try and answer != query.get(f"{LAST}{question.id}")
    )
    words = {
        code: exercise.text(f"question.{question.id}.choice.{code}", language)
        for code in question.choices
    }
    return AskedQuestion(
        id=question.id,
        ask=exercise.text(f"question.{question.id}.ask", language),
        unit="" if question.unit == "1" else question.unit,
        choices=tuple(AnswerChoice(code, text, code == answer) for code, text in words.items()),
        answer=answer,
        wrong=wrong,
        judged=None if verdict is None else _judged(exercise, question, verdict, wrong, language),
    )


def _judged(
    exercise: Exercise,
    question: ExerciseQuestion,
    verdict: CheckedAnswer,
    wrong: int,
    language: str,
) -> JudgedAnswer:
    shown = verdict.right or wrong >= TRIES
    solution = working(exercise, question, language) if shown else ""
    return JudgedAnswer(verdict.right, verdict.why, pieces(verdict.look), pieces(solution))
