"""The page of the demo's figures: what a simulated sector shows at every step beside what is
published of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks import packs
from benchmarks.measurements import Metric
from fixtures.simulator import Sector, StepHistory
from fixtures.simulator.levels import Published, level_of
from fixtures.simulator.sector import industry_best

HEAD = """# The demo beside the world

Built by `python -m tests.documents`: what `bin/demo` shows of 26 simulated firms at each step
(`fixtures/simulator/levels.toml`), at reference conditions and before noise, beside what is
published. *Best* is the mean of the labels of the second to sixth best firms; *its year* the mean
of the same firms' years, to be compared with published annual figures; *typical* the median firm's
year.
"""
FIRMS, SEED = 26, 1  # as `bin/demo` has them


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of one step: what the sector shows, in the metric's unit, and what is
    published.
    """

    pack: str
    step: str
    metric: Metric
    unit: str
    best: float  # mean of the best five firms' labels
    best_year: float  # mean of the best five firms' years
    typical: float  # median firm's year
    published: Published | None

    @property
    def verdict(self) -> str:
        """Whether best and typical lie inside, or why not."""
        if self.published is None:
            return "nothing published was found"
        low, high = self.published.low, self.published.high
        if not (
            low <= self.typical and (high is None or self.typical <= high) and low <= self.best_year
        ):
            return "outside"
        if self.best < low:
            return (
                "inside by years; the label is a low quantile of runs, the published figures are "
                "annual means"
            )
        return "inside" if high is not None else "inside: not below best practice"


def figures() -> Iterator[Figure]:
    """Every step of the packs that come with Steplabel: the metrics of which something is
    published, else the headline.
    """
    for name in packs.available():
        plants = Sector(name, SEED, FIRMS).plants
        for number, step in enumerate(plants[0].pack.steps):
            histories = [plant.histories[number] for plant in plants]
            published = {entry.metric: entry for entry in level_of(name, step.id).published}
            for rule in step.metrics:
                if rule.metric in published or (not published and rule is step.metrics[0]):
                    quantile = float(step.label_rule.quantile)
                    labels = np.array(
                        [history.exact_quantile(rule.metric, quantile) for history in histories]
                    )
                    years = np.array([_year(history, rule.metric) for history in histories])
                    yield Figure(
                        name,
                        step.id,
                        rule.metric,
                        rule.unit,
                        industry_best("trimmed-best-five", labels),
                        industry_best("trimmed-best-five", years),
                        float(np.median(years)),
                        published.get(rule.metric),
                    )


def _year(history: StepHistory, metric: Metric) -> float:
    return float(np.average(history.at_reference[metric], weights=history.output))


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_table()]) + "\n"


def _table() -> Iterator[str]:
    yield "| pack | step | metric | best | its year | typical | published | | source |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for figure in figures():
        cells = [figure.pack, figure.step, f"{figure.metric.value}, {figure.unit}"]
        cells += [
            f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
            for value in (figure.best, figure.best_year, figure.typical)
        ]
        published = figure.published
        cells += [
            "none"
            if published is None
            else f"from {published.low:,g}"
            if published.high is None
            else f"{published.low:,g} to {published.high:,g}"
        ]
        cells += [figure.verdict, "" if published is None else published.what]
        yield "| " + " | ".join(cells) + " |"
