"""Write every file of the corpus, take the road with each, and print what became of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.functional.door.arrangements import ARRANGEMENTS
from tests.functional.door.layouts import LAYOUTS, Case
from tests.functional.door.plant import habits, heats
from tests.functional.door.road import Outcome, take

LEAST_READ = 0.95
WAYS = (*LAYOUTS, *ARRANGEMENTS)
KINDS = ("read", "refused", "misread")


def cases(folder: Path) -> Iterator[Case]:
    """All files, one after the other."""
    for number, habit in enumerate(habits()):
        for index, layout in enumerate(WAYS):
            yield layout(habit, heats(len(WAYS) * number + index), folder)


def table(outcomes: list[tuple[Case, Outcome]]) -> str:
    """A row a layout, a row a language: read, refused, misread."""
    lines = ["| kept as | read | refused with what to add | misread |", "| --- | --- | --- | --- |"]
    for name in (
        *dict.fromkeys(case.layout for case, _ in outcomes),
        *dict.fromkeys(case.habit.language for case, _ in outcomes),
    ):
        counted = Counter(
            outcome.kind for case, outcome in outcomes if name in {case.layout, case.habit.language}
        )
        lines.append(f"| {name} | {' | '.join(str(counted[kind]) for kind in KINDS)} |")
    counted = Counter(outcome.kind for _, outcome in outcomes)
    return "\n".join([*lines, f"| all | {' | '.join(str(counted[kind]) for kind in KINDS)} |"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.functional.door", description=__doc__)
    parser.add_argument("--language", help="only this habit")
    parser.add_argument("--keep", metavar="DIR", help="leave the files here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(asked.keep or temporary)
        outcomes = [
            (case, take(case))
            for case in cases(folder)
            if asked.language in {None, case.habit.language}
        ]
    print(table(outcomes))
    for case, outcome in outcomes:
        if outcome.kind != "read" and not (
            outcome.kind == "refused" and case.hopeless and case.hopeless in outcome.why
        ):
            print(f"{outcome.kind.upper()} {case.path.name}: {outcome.why[:400]}", file=sys.stderr)
    counted = Counter(outcome.kind for _, outcome in outcomes)
    return 1 if counted["misread"] or counted["read"] < LEAST_READ * len(outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
