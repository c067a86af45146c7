"""Who answers a question on a file: a given answer, a likely thing that is stated, or a person, who
is asked three times at most.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, lines
from reporting_agent.config.profile import zone_named
from reporting_agent.door.types import ProfileQuestion

MOST_QUESTIONS = 3
Ask = Callable[[ProfileQuestion], str | None]
"""Who answers a question; None where nobody does."""


def nobody(_: ProfileQuestion) -> None:
    """Where there is no one to ask."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What was taken without asking: the key that changes it, its value, and why it is likely."""

    key: str
    value: str
    because: str


@dataclass(slots=True)
class Decider:
    """Answers questions in the order in which they come up, over all files of one command.

    A question whose answer is likely is not asked. Beyond three questions a proposal is taken and
    stated as an assumption. What nobody answers is left open.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    person: Ask = nobody
    answers: dict[str, str] = field(default_factory=dict)
    assumed: dict[str, Assumption] = field(default_factory=dict)
    unanswered: dict[str, ProfileQuestion] = field(default_factory=dict)
    met: dict[str, ProfileQuestion] = field(default_factory=dict)
    asked: int = 0

    def answer(self, question: ProfileQuestion) -> str | None:
        """The answer; None where nobody gives one."""
        key = question.every or question.key
        self.met[question.key] = self.met[key] = question
        for name in (question.key, key):
            if name in self.given:
                self.answers[name] = self.given[name]
                return self.given[name]
        if key in self.answers:
            return self.answers[key]
        if key in self.assumed:
            return self.assumed[key].value
        if question.proposal and (question.likely or self._asked_enough):
            because = question.likely or Phrase("three questions are enough; correct it here")
            self.assumed[key] = Assumption(key, question.proposal, because)
            return question.proposal
        answer = self.person(question)
        if answer is None:
            self.unanswered[key] = question
        else:
            self.asked += 1
            self.answers[key] = answer
        return answer

    @property
    def _asked_enough(self) -> bool:
        return self.asked + len(self.unanswered) >= MOST_QUESTIONS

    def refuse_unanswered(self, file: str) -> None:
        """InputError with the answers to add, where a question is left open."""
        if not self.unanswered:
            return
        raise InputError(
            "answers-wanted",
            "The files leave open what changes the result, and nobody is at a terminal to ask.",
            Phrase("Add to the command:\n%(lines)s", lines=lines(self._options())),
            place=Place(file),
            found=Phrase(
                "%(questions)s",
                questions=lines(question.ask for question in self.unanswered.values()),
            ),
            wanted=Phrase("an answer to each"),
        )

    def _options(self) -> Iterator[Phrase]:
        for key, question in self.unanswered.items():
            choices = " | ".join(question.choices) or question.example
            choices = "" if choices == question.proposal else choices
            value = question.proposal or (question.choices[0] if question.choices else "…")
            option = f"  --answer {shell_word(f'{key}={value}')}"
            yield Phrase("%(option)s", option=f"{option}   # {choices}" if choices else option)

    def refuse_unknown(self, file: str) -> None:
        """InputError where an answer was given to what nobody asked."""
        unknown = [key for key in self.given if key not in self.met]
        if unknown:
            raise InputError(
                "answer-unknown",
                Phrase("No question has the key %(key)s.", key=unknown[0]),
                "Correct the key, or leave the answer out.",
                place=Place(file),
                found=repr(f"{unknown[0]}={self.given[unknown[0]]}"),
                wanted=", ".join(dict.fromkeys(self.met)) or Phrase("no answer at all"),
            )


def shell_word(text: str) -> str:
    """The text as one word of a command line."""
    plain = all(letter.isalnum() or letter in "_-./=+:" for letter in text)
    return text if plain else '"' + text.replace('"', '\\"') + '"'


def local_zone() -> str:
    """The time zone of this computer by its IANA name; UTC where the system does not say."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and zone_named(named) is not None:
        return named
    link = Path("/etc/localtime")
    if link.is_symlink():
        name = str(link.resolve()).partition("zoneinfo/")[2]
        if name and zone_named(name) is not None:
            return name
    try:
        name = Path("/etc/timezone").read_text(encoding="utf-8").strip()
    except OSError:
        return "UTC"
    return name if name and zone_named(name) is not None else "UTC"
