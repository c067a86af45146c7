"""What a proposal is: keys of a profile with their evidence, and open questions; its TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.door.look import FileLook
from reporting_agent.sources.cells import UnreadableCell, number
from reporting_agent.sources.wanted import BATCHES, ENERGY, LOG, READINGS, Template

CORRECT = Phrase("Correct it.")
INPUTS: Mapping[str, Template] = {
    wanted.name: wanted for wanted in (BATCHES, ENERGY, READINGS, LOG)
}


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """One key of the profile, its value, and what in the file says so."""

    key: str
    value: object
    because: str


@dataclass(frozen=True, slots=True)
class ProfileQuestion:
    """What the file cannot tell: a key for the answers, the question, and the answers that are
    possible (none: any).

    `proposal` is what is probably right; with `likely`, why it is so likely that nobody need be
    asked. `every` is a key that answers all questions of its kind, such as the unit of each meter.
    """

    key: str
    ask: str
    choices: tuple[str, ...] = ()
    example: str = ""
    proposal: str = ""
    likely: str = ""
    every: str = ""


def impossible(
    path: Path, key: str, answer: str, sentence: str, wanted: str, remedy: str = CORRECT
) -> InputError:
    """The refusal of an answer that cannot be one."""
    place = Place(str(path), column=key)
    return InputError(
        "answer-unknown", sentence, remedy, place=place, found=repr(answer), wanted=wanted
    )


@dataclass(slots=True)
class ProfileProposal:
    """The profile of one input as keys of `[mapping.INPUT]`; for readings also what is known of
    each meter, for a log its runs.
    """

    input: str
    look: FileLook
    keys: dict[str, object] = field(default_factory=dict)
    evidence: list[KeyEvidence] = field(default_factory=list)
    questions: list[ProfileQuestion] = field(default_factory=list)
    meters: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, Any] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    matches: dict[str, int] = field(default_factory=dict)  # by column of the template, its index

    @property
    def notation(self) -> Profile:
        """How the file writes numbers."""
        written = {key: self.keys[key] for key in ("decimal", "thousands") if key in self.keys}
        return Profile.model_validate(written)

    def numbers(self, header: str) -> list[float]:
        """What the cells of a column say, by the notation of the profile; 0 where one says none."""
        profile, index, values = self.notation, self.look.header.index(header), list[float]()
        for _, cells in self.look.rows:
            try:
                values.append(number(cells[index], profile))
            except (UnreadableCell, IndexError):
                values.append(0.0)
        return values

    def set(self, key: str, value: object, because: str) -> None:
        """A key of the profile, or of one of its tables (`columns.start`)."""
        table, _, name = key.partition(".")
        if name:
            self.table(table)[name] = value
        else:
            self.keys[key] = value
        self.evidence.append(KeyEvidence(key, value, because))

    def table(self, name: str) -> dict[str, object]:
        """A table of the profile, such as `columns`, made where it is not there."""
        inner = self.keys.setdefault(name, {})
        assert isinstance(inner, dict), name  # noqa: S101 - only tables are asked for
        return inner


_BARE = re.compile(r"[A-Za-z0-9_-]+")


def profile_lines(name: str, keys: Mapping[str, object]) -> list[str]:
    """A profile as the lines of `[mapping.INPUT]`, its tables behind its own keys."""
    lines = [f"[{name}]"]
    tables = {key: value for key, value in keys.items() if isinstance(value, Mapping)}
    lines += table_lines({key: value for key, value in keys.items() if key not in tables})
    for table, inner in tables.items():
        if not inner:
            continue
        if table == "values":
            for column, words in inner.items():
                lines += ["", f"[{name}.values.{key_of(column)}]", *table_lines(words)]
        else:
            lines += ["", f"[{name}.{table}]", *table_lines(inner)]
    return lines


def table_lines(table: Mapping[str, object]) -> list[str]:
    """Keys and values as lines of a TOML table."""
    return [f"{key_of(key)} = {value_of(value)}" for key, value in table.items()]


def key_of(name: str) -> str:
    """A key as TOML writes it."""
    return name if _BARE.fullmatch(name) else value_of(name)


def value_of(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        return (
            "{ "
            + ", ".join(f"{key_of(str(key))} = {value_of(inner)}" for key, inner in value.items())
            + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(value_of, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
