"""The tables: one row a kind, one row a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fixtures.simulator.works import KINDS
from fixtures.simulator.works.kinds import Struck
from tests.functional.every_fault import figures, matching
from tests.functional.every_fault.figures import Deviation
from tests.functional.every_fault.matching import Tally
from tests.functional.every_fault.plants import Tried

LEAST = 0.99
LIMITS = {"label": 0.002, "label of all runs": 0.002, "gap": 0.01, "use": 0.01, "balance": 0.01}
LOST_RUNS = 0.003
"""At ten times the rates a quarter to a half of the runs are lost; an order statistic of the rest
then lies up to this far away.
"""

OPEN: dict[str, str] = {
    "gap": "at ten times the rates only, where a day's run that lacks up to a hundredth of its "
    "time is used as it stands",
    "label of all runs": "at ten times the rates only, where so many runs are lost that the order "
    "statistic of the rest lies further away",
}
"""Figures that are not reached everywhere, and why: told in the table and in docs/faults.md, and
not asserted there.
"""


@dataclass(slots=True)
class Score:
    """Everything summed over some plants."""

    plants: int = 0
    kinds: dict[str, Tally] = field(default_factory=lambda: {kind.id: Tally() for kind in KINDS})
    deviations: dict[str, list[Deviation]] = field(
        default_factory=lambda: {name: [] for name in LIMITS}
    )

    def take(self, tried: Tried) -> None:
        self.plants += 1
        for kind, tally in matching.match(tried).items():
            self.kinds[kind].add(tally)
        self.deviations["label"] += figures.labels(tried)
        self.deviations["label of all runs"] += figures.labels_of_all_runs(tried)
        self.deviations["gap"] += figures.gaps(tried)
        self.deviations["use"] += figures.uses(tried)
        self.deviations["balance"] += figures.balances(tried)

    def add(self, other: Score) -> None:
        self.plants += other.plants
        for kind, tally in other.kinds.items():
            self.kinds[kind].add(tally)
        for name, deviations in other.deviations.items():
            self.deviations[name] += deviations

    def failures(self) -> list[str]:
        """Every kind and figure that does not hold, in words; figures of `OPEN` begin with that
        word.

        A figure of which nothing was compared holds no more than one that is wrong.
        """
        sentences = [
            f"{name}: nothing was compared" for name in LIMITS if not self.deviations[name]
        ]
        for kind, tally in self.kinds.items():
            if tally.recall < LEAST:
                sentences.append(
                    f"{kind}: found {tally.found} of {tally.put_in}; missed {tally.missed[:5]}"
                )
            if tally.precision < LEAST:
                sentences.append(
                    f"{kind}: {tally.false_alarms} false alarms beside {tally.found}; "
                    f"{tally.wrongly[:5]}"
                )
        for name, limit in LIMITS.items():
            beyond = [
                deviation
                for deviation in self.deviations[name]
                if not abs(deviation.share) <= _limit(name, limit, deviation)
            ]
            if beyond:
                worst = sorted(beyond, key=lambda deviation: -abs(deviation.share))[:5]
                mark = (
                    "OPEN "
                    if name in OPEN and all(_at_ten_times(deviation) for deviation in beyond)
                    else ""
                )
                sentences.append(
                    f"{mark}{name}: {len(beyond)} of {len(self.deviations[name])} beyond "
                    f"{limit:.1%}: " + ", ".join(map(_deviation_text, worst))
                )
        return sentences


def _limit(name: str, limit: float, deviation: Deviation) -> float:
    return LOST_RUNS if name == "label of all runs" and _at_ten_times(deviation) else limit


def _at_ten_times(deviation: Deviation) -> bool:
    return " x10 " in deviation.what


def _deviation_text(deviation: Deviation) -> str:
    return f"{deviation.what} {deviation.share:+.3%}"


def markdown(by_rate: Mapping[float, Score]) -> str:
    """One row a kind with its counts at each rate; then the figures."""
    rates = sorted(by_rate)
    head = [f"at x{rate:g}: put in | found | false alarms | recall | precision" for rate in rates]
    lines = [
        "| kind | rate in plants | " + " | ".join(head) + " |",
        "|---|---|" + "---:|" * 5 * len(rates),
    ]
    for kind in KINDS:
        cells = [f"`{kind.id}`", _rate(kind.struck, kind.rate)]
        for rate in rates:
            tally = by_rate[rate].kinds[kind.id]
            cells += [
                f"{tally.put_in:,}",
                f"{tally.found:,}",
                f"{tally.false_alarms:,}",
                f"{tally.recall:.2%}",
                f"{tally.precision:.2%}",
            ]
        lines.append("| " + " | ".join(cells) + " |")
    plants = " and ".join(f"{by_rate[rate].plants} works at x{rate:g}" for rate in rates)
    lines = [f"Of {plants}.", "", *lines]
    lines += [
        "",
        "| figure | rate | compared | largest deviation | mean size | wanted |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, limit in LIMITS.items():
        for rate in rates:
            sizes = [abs(deviation.share) for deviation in by_rate[rate].deviations[name]]
            shown = (
                (f"{max(sizes):.3%}", f"{sum(sizes) / len(sizes):.3%}")
                if sizes
                else ("none", "none")
            )
            wanted = LOST_RUNS if name == "label of all runs" and rate > 1 else limit
            lines.append(
                f"| {name} | x{rate:g} | {len(sizes):,} | {shown[0]} | {shown[1]} | {wanted:.1%} |"
            )
    lines += ["", "Figures not reached everywhere, and not asserted where they are not:", ""]
    lines += [f"- {figure}: {why}." for figure, why in OPEN.items()]
    return "\n".join(lines)


def _rate(struck: Struck, rate: float) -> str:
    if struck is Struck.FORM:
        return "every row of such a file"
    return f"{rate:.0%} of loggers" if struck is Struck.LOGGER else f"{rate:,g} {struck.value}"


def never_put_in(scores: Sequence[Score]) -> list[str]:
    """Kinds that no plant of any rate had: of these all of nothing was found."""
    return [kind.id for kind in KINDS if not any(score.kinds[kind.id].put_in for score in scores)]


def all_failures(scores: Iterable[Score]) -> list[str]:
    """Of each rate by itself: what is found at ten times the rates says nothing of the real
    ones.
    """
    return [failure for score in scores for failure in score.failures()]


def asserted(scores: Sequence[Score]) -> list[str]:
    """Failures of what is claimed to be reached."""
    return [failure for failure in all_failures(scores) if not failure.startswith("OPEN ")]
