"""Answers as scripts give them: `--answer QUESTION=VALUE`, or a file of them, TOML or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_json, read_toml
from benchmarks.phrases import Phrase


def from_file(path: Path) -> dict[str, str]:
    """Question -> value. The file may be that which an exercise wrote, filled in: empty answers are
    left out.

    Raises:
        InputError: `exercise-answers-unreadable`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        read = read_json(text) if path.suffix == ".json" else read_toml(text)
        return {str(question): str(value) for question, value in read.items() if value != ""}
    except (OSError, ValueError, AttributeError) as wrong:
        raise InputError(
            "exercise-answers-unreadable",
            "The file of answers cannot be read.",
            'Write one line a question, change = "process", in a file that ends with .toml; or '
            "JSON in one that ends with .json.",
            place=Place(str(path)),
            found=fault_of(wrong),
            wanted=Phrase("TOML or JSON of question and answer"),
        ) from wrong


def from_arguments(arguments: Iterable[str]) -> dict[str, str]:
    """Of `QUESTION=VALUE` each.

    Raises:
        InputError: `exercise-answer-unreadable`.
    """
    answers = {}
    for argument in arguments:
        question, equals, value = argument.partition("=")
        if not (question.strip() and equals and value.strip()):
            raise InputError(
                "exercise-answer-unreadable",
                "An answer has no question or no value.",
                "Write --answer QUESTION=VALUE, such as --answer change=process, or the number of "
                "the question, --answer 1=process.",
                found=argument,
                wanted="QUESTION=VALUE",
            )
        answers[question.strip()] = value.strip()
    return answers
