"""The table of the packs' numbers on each year: which standard held, its own names of levels,
its values, or that they are not held.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from benchmarks import packs
from benchmarks.routes import Pack, Step
from benchmarks.standard_limits import Levels, StandardLimit

YEARS = range(2013, 2027)
LEVELS: dict[Levels, str] = {
    "grades": "grades 1, 2, 3",
    "advanced-entry-limit": "advanced, entry, limit value",
    "benchmark-baseline": "benchmark, baseline",
}


def in_force(pack: Pack, step: Step, year: int) -> tuple[str, ...]:
    """What holds of a step at the end of a year, an edition each: its limits as written, before
    corrections, or that none is held.
    """
    end = date(year, 12, 31)
    limits_in_force = [
        limit
        for limit in (limit for other in pack.steps for limit in other.limits)
        if step.id in limit.steps_covered
        and limit.effective_from <= end
        and (limit.effective_to is None or end < limit.effective_to)
    ]
    shown = [
        f"{standard}, {LEVELS[levels]}: {'; '.join(map(_limit, limits))}"
        for (standard, levels), limits in groupby(
            limits_in_force, lambda limit: (limit.standard, limit.levels)
        )
    ]
    lacking = [
        f"{' '.join((edition.standard, *edition.amendments))}, {LEVELS[edition.levels]}: not held"
        for edition in pack.editions
        if edition.layer == "standard"
        and not edition.held
        and step.id in edition.steps
        and edition.in_force(end)
    ]
    return (*shown, *lacking)


def table() -> Iterator[str]:
    """Years of equal answers stand in one row, and steps that have them in common."""
    yield "## What holds of each year"
    yield f"At the end of the years {YEARS[0]} to {YEARS[-1]}, of the standards; policy stands above. Values are those before corrections."
    yield "| pack | years | steps | in force |"
    yield "|---|---|---|---|"
    for pack in map(packs.load, packs.shipped()):
        rows: dict[tuple[str, str], list[str]] = {}
        for step in pack.steps:
            answers = [(year, in_force(pack, step, year)) for year in YEARS]
            for editions, alike in groupby(answers, lambda answer: answer[1]):
                years = [year for year, _ in alike]
                if any(answer_editions for _, answer_editions in answers):
                    span = f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"
                    rows.setdefault(
                        (span, "; ".join(editions) or "no edition is known"), []
                    ).append(step.id)
        for (span, wording), steps in sorted(rows.items(), key=lambda row: row[0][0]):
            yield f"| {pack.id} | {span} | {', '.join(steps)} | {wording} |"


def _limit(limit: StandardLimit) -> str:
    return (
        f"{limit.words.en} "
        f"{', '.join('none' if level is None else f'{level:.10g}' for level in limit.grades)} "
        f"{limit.unit}"
    )
