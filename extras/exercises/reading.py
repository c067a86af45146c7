"""What an exercise is made of, read from its folder."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from benchmarks.catalogue import in_language
from benchmarks.declared import Declared, Words, worded
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, of_language

HOME = resources.files("extras.exercises")
Fact = str | float


class TraineeRole(StrEnum):
    """Whose work an exercise trains."""

    ENGINEER = "engineer"
    OFFICER = "officer"
    AUDITOR = "auditor"

    @property
    def words(self) -> Words:
        return _ROLES[self]


_ROLES = {
    TraineeRole.ENGINEER: worded("Energy engineer of a plant"),
    TraineeRole.OFFICER: worded("Officer of a regulator"),
    TraineeRole.AUDITOR: worded("Auditor"),
}


class ExerciseQuestion(Declared):
    """One question. `answer` names the fact of the key that is right; `mistakes` the facts that
    answers often are instead.

    A number is right within `within` of the answer, as a share of it; of a choice every wrong one
    has its reason among the texts.
    """

    id: str
    kind: Literal["choice", "number"]
    answer: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    within: float = Field(default=0.005, gt=0, lt=0.2)
    mistakes: dict[str, str] = Field(default={})

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if (self.kind == "choice") is not (len(self.choices) > 1):
            raise ValueError(f"{self.id}: a choice has two choices at least, and a number none")
        return self


class Exercise(Declared):
    """One exercise, without its texts: these are asked for by language (`text`)."""

    id: str
    role: TraineeRole
    minutes: int
    question: tuple[ExerciseQuestion, ...]

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What the product's own code computes from the files of the exercise, by name."""
        return _facts(self.id)

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files to work on."""
        return tuple(
            sorted(file.name.removesuffix(".gz") for file in (HOME / self.id / "data").iterdir())
        )

    def content(self, name: str) -> bytes:
        """One of its files, unpacked."""
        if name not in self.files:
            raise InputError(
                "exercise-file-unknown",
                Phrase(
                    "The exercise %(exercise)s has no file %(file)s.", exercise=self.id, file=name
                ),
                "Ask for one of its files.",
                found=name,
                wanted=", ".join(self.files),
            )
        packed = HOME / self.id / "data" / f"{name}.gz"
        return (
            gzip.decompress(packed.read_bytes())
            if packed.is_file()
            else (HOME / self.id / "data" / name).read_bytes()
        )

    def text(self, key: str, language: str) -> str:
        """The text under this key of its files (`title`, `question.label.ask`), its figures filled
        in.
        """
        return self._filled(_text_of(self.id, key, language), key)

    def texts(self, key: str, language: str) -> tuple[str, ...]:
        """The same where there are several, one a paragraph or task."""
        return tuple(self._filled(text, key) for text in _text_of(self.id, key, language))

    def has(self, key: str) -> bool:
        return _text_at(_of(self.id, "en"), key) is not None

    def _filled(self, text: Any, key: str) -> str:
        if not isinstance(text, str):
            raise KeyError(f"{self.id}: {key} is no text")
        return text % {name: shown(fact) for name, fact in self.facts.items()}

    def asked(self, wanted: str) -> ExerciseQuestion:
        """The question of that id, or of that number, from 1 on."""
        chosen = next(
            (
                question
                for number, question in enumerate(self.question, start=1)
                if wanted in {question.id, str(number)}
            ),
            None,
        )
        if chosen is None:
            raise InputError(
                "exercise-question-unknown",
                Phrase(
                    "The exercise %(exercise)s asks no question %(question)s.",
                    exercise=self.id,
                    question=wanted,
                ),
                "Name one of its questions.",
                found=wanted,
                wanted=", ".join(question.id for question in self.question),
            )
        return chosen


def shown(fact: Fact) -> str:
    """A figure as texts show it: four digits, or whole where it is larger.

    >>> shown(28.4637), shown(496528.02), shown("2025-08-14")
    ('28.46', '496,528', '2025-08-14')
    """
    if isinstance(fact, str):
        return fact
    return f"{fact:,.0f}" if abs(fact) >= 1000 else f"{fact:.4g}"


@cache
def every() -> tuple[Exercise, ...]:
    """All exercises, in the order of roles."""
    exercises = [_read(folder) for folder in HOME.iterdir() if (folder / "exercise.toml").is_file()]
    return tuple(
        sorted(
            exercises, key=lambda exercise: (list(TraineeRole).index(exercise.role), exercise.id)
        )
    )


def named(wanted: str) -> Exercise:
    """The exercise of that name.

    Raises:
        InputError: `exercise-unknown`.
    """
    chosen = next((exercise for exercise in every() if exercise.id == wanted), None)
    if chosen is None:
        raise InputError(
            "exercise-unknown",
            Phrase("There is no exercise %(exercise)s.", exercise=wanted),
            "`steplabel-agent exercise` lists them.",
            found=wanted,
            wanted=", ".join(exercise.id for exercise in every()),
        )
    return chosen


def _read(folder: Traversable) -> Exercise:
    return Exercise.model_validate(
        tomllib.loads((folder / "exercise.toml").read_text(encoding="utf-8")) | {"id": folder.name}
    )


@cache
def _facts(exercise: str) -> Mapping[str, Fact]:
    read: dict[str, Fact] = json.loads((HOME / exercise / "key.json").read_text(encoding="utf-8"))
    return read


@cache
def _of(exercise: str, language: str) -> Mapping[str, Any]:
    """The texts of one language; of none where nobody has written any."""
    file = HOME / exercise / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _text_of(exercise: str, key: str, language: str) -> Any:
    """In the reader's language, else in English as its catalogue may have it."""
    codes = {
        file.name.removesuffix(".toml")
        for file in (HOME / exercise).iterdir()
        if file.name.endswith(".toml")
    } - {"exercise"}
    code = of_language({code: code for code in codes}, language)
    own = _text_at(_of(exercise, code), key) if code else None
    if own is not None:
        return own
    english = _text_at(_of(exercise, "en"), key)
    if english is None:
        raise KeyError(f"{exercise}: no text {key}")
    return (
        in_language(english, language)
        if isinstance(english, str)
        else [in_language(text, language) for text in english]
    )


def _text_at(texts: Any, key: str) -> Any:
    for part in key.split("."):
        texts = texts.get(part) if isinstance(texts, Mapping) else None
    return texts
