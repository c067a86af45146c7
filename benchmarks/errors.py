"""The family of refusals, each with a code and a remedy; the place of a finding in a plant's files,
and the agent's exit status.

Every refusal has a stable code and a sentence that says what happened.

Nothing in Steplabel fails silently: code that cannot go on raises one of these, and the entrances
(command line, API, pages) translate it without rewording. `python -m tests.documents` lists every
code.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, as_phrase, joined


class ExitCode(IntEnum):
    """Exit status of `steplabel-agent`, part of the contract."""

    DONE = 0
    INPUT = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the plant's own files a finding lies. Rows count from 1 as a spreadsheet shows them,
    header included.
    """

    file: str
    row: int | None = None
    column: str | None = None
    named: str = ""  # the column as people call it, where programs call it otherwise

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """The place, to be said in a reader's language."""
        if self.named:
            return Phrase("%(file)s, %(name)s", file=self.file, name=self.named)
        column = f"{self.column!r}"
        if self.row is None:
            return (
                self.file
                if self.column is None
                else Phrase("%(file)s, column %(column)s", file=self.file, column=column)
            )
        if self.column is None:
            return Phrase("%(file)s, row %(row)s", file=self.file, row=self.row)
        return Phrase(
            "%(file)s, row %(row)s, column %(column)s", file=self.file, row=self.row, column=column
        )


class SteplabelError(Exception):
    """Base of the family.

    Args:
        code: stable, kebab-case; scripts and tests hold on to it.
        sentence: what happened, for a person, without jargon.
        remedy: what to do about it, for the same person.
    """

    exit_code = ExitCode.INPUT

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = as_phrase(sentence)
        self.remedy = as_phrase(remedy)

    def __str__(self) -> str:
        return self.in_words("en")

    @property
    def whole(self) -> Phrase:
        """What happened and what to do about it, one after the other."""
        return joined(self.sentence, self.remedy)

    def in_words(self, language: str) -> str:
        """What a reader of this language is shown; what no catalogue holds is said in English."""
        return self.worded(partial(in_language, language=language))

    def worded(self, say: Callable[[str], str]) -> str:
        """The refusal on a terminal, each of its sentences as `say` has it."""
        return f"{say(self.whole)} [{self.code}]"

    def to_json(self) -> dict[str, Any]:
        """The refusal for a program."""
        return {"code": self.code, "sentence": self.sentence, "remedy": self.remedy}

    def __reduce__(self) -> tuple[Any, ...]:
        """A refusal crosses processes as it is, whatever its family's members are made from."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # of copyreg's stub


class InputError(SteplabelError):
    """A file, configuration or argument cannot be used as it stands; says file, row, column, found
    and wanted.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        remedy: str,
        *,
        place: Place | None = None,
        found: str = "",
        wanted: str = "",
    ) -> None:
        super().__init__(code, sentence, remedy)
        self.place = place
        self.found = found
        self.wanted = wanted

    def to_json(self) -> dict[str, Any]:
        place = self.place and {
            "file": self.place.file,
            "row": self.place.row,
            "column": self.place.column,
        }
        return {**super().to_json(), "place": place, "found": self.found, "wanted": self.wanted}

    def worded(self, say: Callable[[str], str]) -> str:
        sentence = say(self.sentence)
        lines = [
            say(Phrase("%(where)s: %(what)s", where=self.place.words, what=sentence))
            if self.place
            else sentence
        ]
        if self.found:
            lines.append(say(Phrase("  found:  %(found)s", found=self.found)))
        if self.wanted:
            lines.append(say(Phrase("  needed: %(wanted)s", wanted=say(self.wanted))))
        lines.append(
            say(Phrase("  remedy: %(remedy)s", remedy=say(self.remedy))) + f" [{self.code}]"
        )
        return "\n".join(lines)


class UsageError(SteplabelError):
    """The command was called with arguments that do not fit together."""

    exit_code = ExitCode.USAGE


class Unreachable(SteplabelError):  # noqa: N818 - as above: the work is kept, nothing failed
    """The portal could not be reached; the work is spooled and nothing is lost."""

    exit_code = ExitCode.UNREACHABLE


class PolicyRefusal(SteplabelError):  # noqa: N818 - a refusal is an answer of the system, not a failure of it
    """Refused by policy: privacy budget, too few batches, disclosure gate, a looser policy than the
    pack's.
    """

    exit_code = ExitCode.REFUSED


class VerificationError(SteplabelError):
    """A signature, seal, digest or schema does not hold; what was presented is not accepted."""
