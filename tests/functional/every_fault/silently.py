"""Score the agent on faults that pass in silence, and on clean plants: python -m
tests.functional.every_fault.silently.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from fixtures.simulator.mistakes import MISTAKES
from tests.functional.every_fault.silent import (
    GENERATORS,
    Case,
    Clean,
    cases,
    markdown,
    try_case,
    try_clean,
)

LONG_CLEAN, LONG_SEEDS = 50, 3
Tried = TypeVar("Tried")
MOST_ALARMS = 5.0  # false ones a year of charts, over the clean plants of a generator


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.functional.every_fault.silently", description=__doc__
    )
    parser.add_argument(
        "--long",
        action="store_true",
        help=f"{LONG_SEEDS} seeds, and {LONG_CLEAN} clean plants of each generator",
    )
    parser.add_argument("--kind", nargs="+", choices=[mistake.id for mistake in MISTAKES])
    parser.add_argument("--generator", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    seeds, clean = (
        (range(1, LONG_SEEDS + 1), range(1, LONG_CLEAN + 1))
        if asked.long
        else (range(1, 2), range(1, 4))
    )
    chosen = [
        case
        for case in cases(asked.generator, seeds)
        if asked.kind is None or case[1] in asked.kind
    ]
    with ProcessPoolExecutor(asked.processes) as workers:
        tried = list(_as_they_come(workers.map(try_case, *zip(*chosen, strict=True)), _case))
        plants = [(generator, seed) for generator in asked.generator for seed in clean]
        sound = list(_as_they_come(workers.map(try_clean, *zip(*plants, strict=True)), _clean))
    print(markdown(tried))
    print(
        f"\nOf {len(sound)} clean plants {sum(bool(plant.questions) for plant in sound)} are "
        "asked about without a cause, "
        f"and {sum(bool(plant.true) for plant in sound)} about a process that did change there."
    )
    alarmed = [
        _alarms([plant for plant in sound if plant.generator == name]) for name in asked.generator
    ]
    print("\n".join(line for line, _ in alarmed))
    wrong = [
        *map(_case, (outcome for outcome in tried if outcome.silent)),
        *map(_clean, (outcome for outcome in sound if outcome.questions)),
    ]
    wrong += [line for line, acceptable in alarmed if not acceptable]
    for line in wrong:
        print(f"FAILED {line}", file=sys.stderr)
    return 1 if wrong else 0


def _as_they_come(tried: Iterable[Tried], line: Callable[[Tried], str]) -> Iterator[Tried]:
    """Each on a line of stderr as soon as it is there: the long form takes hours."""
    for outcome in tried:
        print(line(outcome), file=sys.stderr, flush=True)
        yield outcome


def _case(case: Case) -> str:
    asked = " | ".join(case.questions) or "nothing"
    silent = "SILENT " if case.silent else ""
    return (
        f"{silent}{case.generator} {case.seed} {case.line} {case.mistake} {case.size:g}: label "
        f"{case.worst:+.2%}; asked: {asked}"
    )


def _clean(plant: Clean) -> str:
    true = f"; rightly: {' | '.join(plant.true)}" if plant.true else ""
    return (
        f"{plant.generator} {plant.seed} is sound, label {plant.worst:+.2%}; asked: "
        f"{' | '.join(plant.questions) or 'nothing'}{true}"
    )


def _alarms(sound: list[Clean]) -> tuple[str, bool]:
    """False alarms of one generator's clean plants, and whether they are few enough."""
    count, years = sum(len(plant.alarms) for plant in sound), sum(plant.years for plant in sound)
    summary = (
        f"{sound[0].generator}: {count} false alarms in {years:.1f} years of charts, "
        f"{count / years:.2f} a year of a plant."
    )
    return summary, count <= MOST_ALARMS * years


if __name__ == "__main__":
    sys.exit(main())
