"""Score the agent on faults that pass in silence, and on clean plants: python -m tests.functional.every_fault.silently."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from fixtures.simulator.mistakes import MISTAKES
from tests.functional.every_fault.silent import GENERATORS, Case, Clean, cases, markdown, try_case, try_clean

LONG_CLEAN, LONG_SEEDS = 50, 3
Tried = TypeVar("Tried")
MOST_ALARMS = 5.0  # false ones a year of charts, over the clean plants of a generator


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.functional.every_fault.silently", description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"{LONG_SEEDS} seeds, and {LONG_CLEAN} clean plants of each generator")
    parser.add_argument("--kind", nargs="+", choices=[one.id for one in MISTAKES])
    parser.add_argument("--generator", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    seeds, clean = (range(1, LONG_SEEDS + 1), range(1, LONG_CLEAN + 1)) if asked.long else (range(1, 2), range(1, 4))
    chosen = [case for case in cases(asked.generator, seeds) if asked.kind is None or case[1] in asked.kind]
    with ProcessPoolExecutor(asked.processes) as workers:
        found = list(_as_they_come(workers.map(try_case, *zip(*chosen, strict=True)), _case))
        plants = [(one, seed) for one in asked.generator for seed in clean]
        sound = list(_as_they_come(workers.map(try_clean, *zip(*plants, strict=True)), _clean))
    print(markdown(found))
    print(
        f"\nOf {len(sound)} clean plants {sum(bool(one.questions) for one in sound)} are asked about without a cause, "
        f"and {sum(bool(one.true) for one in sound)} about a process that did change there."
    )
    alarmed = [_alarms([one for one in sound if one.generator == name]) for name in asked.generator]
    print("\n".join(line for line, _ in alarmed))
    wrong = [*map(_case, (one for one in found if one.silent)), *map(_clean, (one for one in sound if one.questions))]
    wrong += [line for line, kept in alarmed if not kept]
    for line in wrong:
        print(f"FAILED {line}", file=sys.stderr)
    return 1 if wrong else 0


def _as_they_come(tried: Iterable[Tried], line: Callable[[Tried], str]) -> Iterator[Tried]:
    """Each on a line of stderr as soon as it is there: the long form takes hours."""
    for one in tried:
        print(line(one), file=sys.stderr, flush=True)
        yield one


def _case(one: Case) -> str:
    asked = " | ".join(one.questions) or "nothing"
    silent = "SILENT " if one.silent else ""
    return f"{silent}{one.generator} {one.seed} {one.line} {one.mistake} {one.size:g}: label {one.worst:+.2%}; asked: {asked}"


def _clean(one: Clean) -> str:
    true = f"; rightly: {' | '.join(one.true)}" if one.true else ""
    return f"{one.generator} {one.seed} is sound, label {one.worst:+.2%}; asked: {' | '.join(one.questions) or 'nothing'}{true}"


def _alarms(sound: list[Clean]) -> tuple[str, bool]:
    """False alarms of one generator's clean plants, and whether they are few enough."""
    count, years = sum(len(one.alarms) for one in sound), sum(one.years for one in sound)
    told = f"{sound[0].generator}: {count} false alarms in {years:.1f} years of charts, {count / years:.2f} a year of a plant."
    return told, count <= MOST_ALARMS * years


if __name__ == "__main__":
    sys.exit(main())
