"""What a person did of the exercises so far: tries and right answers, kept in the state directory
and told to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.exercises.checking import CheckedAnswer
from extras.exercises.reading import Exercise
from reporting_agent.state import write_whole

FILE = "exercises.json"


@dataclass(frozen=True, slots=True)
class QuestionProgress:
    """Of one question: how many answers were wrong, and whether one was right."""

    wrong: int = 0
    right: bool = False


class Progress:
    """Read once; written whole after each answer."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._done: dict[str, dict[str, QuestionProgress]] = {}
        if self._path.is_file():
            try:
                read = json.loads(self._path.read_text(encoding="utf-8"))
                self._done = {
                    name: {question: QuestionProgress(**done) for question, done in of.items()}
                    for name, of in read.items()
                }
            except (ValueError, TypeError, AttributeError) as broken:
                raise InputError(
                    "exercise-progress-unreadable",
                    "The file that records your progress in the exercises cannot be read.",
                    "Delete it. Only the count of tries is lost.",
                    place=Place(str(self._path)),
                    found=str(broken),
                    wanted=Phrase("the file as it was written"),
                ) from broken

    def of(self, exercise: Exercise) -> Mapping[str, QuestionProgress]:
        done = self._done.get(exercise.id, {})
        return {
            question.id: done.get(question.id, QuestionProgress()) for question in exercise.question
        }

    def take(self, exercise: Exercise, verdict: CheckedAnswer) -> QuestionProgress:
        """Count an answer. What was right once stays so."""
        before = self.of(exercise)[verdict.question]
        done = QuestionProgress(
            before.wrong + (verdict.is_a_try and not before.right), before.right or verdict.right
        )
        self._done.setdefault(exercise.id, {})[verdict.question] = done
        self._write()
        return done

    def forget(self, exercise: Exercise) -> None:
        """Begin anew."""
        if self._done.pop(exercise.id, None) is not None:
            self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            name: {question: asdict(done) for question, done in of.items()}
            for name, of in self._done.items()
        }
        write_whole(self._path, (json.dumps(content, indent=2) + "\n").encode())
