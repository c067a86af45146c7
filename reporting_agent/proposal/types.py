"""What a proposal is: keys of a profile with their evidence, and open questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reporting_agent.proposal.look import Look
from reporting_agent.sources.wanted import BATCHES, ENERGY, LOG, READINGS, Wanted

INPUTS: Mapping[str, Wanted] = {wanted.name: wanted for wanted in (BATCHES, ENERGY, READINGS, LOG)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One key of the profile, its value, and what in the file says so."""

    key: str
    value: object
    because: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the file cannot tell: a key for the answers file, the question, and the answers that are possible (none: any)."""

    key: str
    ask: str
    choices: tuple[str, ...] = ()
    example: str = ""


@dataclass(slots=True)
class Proposal:
    """The profile of one input as keys of `[mapping.INPUT]`; for readings also what is known of each meter, for a log its runs."""

    input: str
    look: Look
    keys: dict[str, object] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    meters: dict[str, dict[str, str]] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    def set(self, key: str, value: object, because: str) -> None:
        """A key of the profile, or of one of its tables (`columns.start`)."""
        table, _, name = key.partition(".")
        if name:
            self.table(table)[name] = value
        else:
            self.keys[key] = value
        self.evidence.append(Evidence(key, value, because))

    def table(self, name: str) -> dict[str, object]:
        """A table of the profile, such as `columns`, made where it is not there."""
        inner = self.keys.setdefault(name, {})
        assert isinstance(inner, dict), name  # noqa: S101 - only tables are asked for
        return inner
