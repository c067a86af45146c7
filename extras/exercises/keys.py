"""The keys of the training exercises: facts that the agent computes from an exercise's files, as a
learner's own run of it does.

`python -m extras.exercises` writes them beside the exercises, where pages and command line
read them; a test computes them again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from extras.exercises import changed_record, mill_year, publish_or_hold
from extras.exercises.reading import Exercise, Fact

FACTS: Mapping[str, Callable[[Path], Mapping[str, Fact]]] = {
    "mill-year": mill_year.facts,
    "publish-or-hold": publish_or_hold.facts,
    "changed-record": changed_record.facts,
}
DIGITS = 9
"""Significant digits of a key: more than any machine's last bit moves, fewer than hide one."""


def computed(exercise: Exercise) -> dict[str, Fact]:
    """The key of an exercise from its files, with nothing taken from the one that is kept."""
    with tempfile.TemporaryDirectory() as folder:
        for name in exercise.files:
            (Path(folder) / name).write_bytes(exercise.content(name))
        facts = FACTS[exercise.id](Path(folder))
    return {
        name: fact if isinstance(fact, str) else float(f"{fact:.{DIGITS}g}")
        for name, fact in sorted(facts.items())
    }
