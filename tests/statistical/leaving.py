"""What a plant's raw files give: all that would leave, the exact laws of what is drawn included.

`Judged` is a plant as the agent read it, judged on its way out; `Report` what leaves of it, and
what counts by account.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks import packs
from benchmarks.errors import SteplabelError
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.measurements import Period
from benchmarks.privacy.accounting import add_up
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.privacy.stability import RECORDS
from benchmarks.released import rank
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline.outward.judging import OutwardBatches
from reporting_agent.sending.planning import ReportPlan, Subject, plan
from tests.statistical.raw_plants import Account, Plant

PERIOD = "2025"
HALF = Fraction(1, 2)
Cell = tuple[str, str, str, str]
Law = NDArray[np.float64]
Counted = frozenset[tuple[Cell, float | None, str | None]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a plant's files give: by account what counts of it, the laws of the drawn values by
    cell, debits, and what is declared.
    """

    counts: dict[Account, Counted]
    drawn: dict[Cell, tuple[Law, Law]]
    debits: dict[Account, Fraction]
    classes: dict[Cell, int]
    withheld: frozenset[tuple[str, str, str]]
    months: dict[Cell, int | None]
    refused: bool = False


NOTHING = Report({}, {}, {}, {}, frozenset(), {}, refused=True)


@dataclass(frozen=True)
class Judged:
    """A plant's files as the agent read them."""

    site: SiteSettings
    data: pipeline.PlantData
    period: Period

    @property
    def outward(self) -> OutwardBatches:
        assert self.data.outward is not None
        return self.data.outward

    @property
    def bounded(self) -> bool:
        """Whether every step has a bound."""
        return all(path.bound is not None for path in self.outward.paths.values())

    @cached_property
    def label(self) -> SiteLabel:
        """On its way out."""
        return pipeline.outgoing_label(self.site, self.data, self.period)

    def report(self) -> Report:
        """What would leave."""
        return _report(self.label, self.data)

    def with_those_of(self, other: Judged, accounts: frozenset[Account]) -> Report:
        """What would leave of this plant with what some accounts came to in another: a plan looks
        at no more than the labels' values.
        """
        mine, theirs = (
            {_cell(step): step for step in judged.label.steps} for judged in (self, other)
        )
        steps = []
        for cell in theirs | mine:
            remaining = (
                [value for value in mine[cell].values if (cell[0], value.batch_id) not in accounts]
                if cell in mine
                else []
            )
            carried_over = (
                [value for value in theirs[cell].values if (cell[0], value.batch_id) in accounts]
                if cell in theirs
                else []
            )
            if remaining or carried_over:
                label = mine.get(cell) or theirs[cell]
                steps.append(
                    replace(
                        label, values=(*remaining, *carried_over), path=self.outward.paths[cell[0]]
                    )
                )
        return _report(replace(self.label, steps=tuple(steps)), self.data)

    def own(self) -> Report:
        """What would leave were the outward judgement switched off."""
        local = pipeline.label_of(self.site, self.data, self.period)
        bounded = replace(local, steps=tuple(replace(label, path=RECORDS) for label in local.steps))
        return _report(bounded, self.data)


def judge(plant: Plant, folder: Path) -> Judged | None:
    """The plant's files through the whole agent; None where it refuses them."""
    plant.write(folder)
    try:
        site = load_site(folder / "site.toml")
        period = Period.parse(PERIOD, site.zone)
        return Judged(site, pipeline.read(site, period, outward=True), period)
    except SteplabelError:
        return None


def _report(label: SiteLabel, data: pipeline.PlantData) -> Report:
    counts: dict[Account, set[tuple[Cell, float | None, str | None]]] = {}
    for step in label.steps:
        cell = _cell(step)
        for value in step.values:
            at = None if value.at_reference is None else round(value.at_reference, 9)
            counts.setdefault((step.step, value.batch_id), set()).add((cell, at, value.excluded))
    frozen = {account: frozenset(what) for account, what in counts.items()}
    try:
        planned = plan(
            label, data.batches, data.pack, Subject("works-1", PERIOD, 1, correction=False)
        )
    except SteplabelError:
        return replace(NOTHING, counts=frozen)
    return Report(
        frozen,
        _laws(planned),
        {account: spent.regular for account, spent in add_up(planned.debits()).items()},
        {
            (draft.step, draft.product, draft.variant, draft.metric): draft.count_class
            for draft in planned.drafts()
        },
        frozenset(planned.withheld),
        {
            (draft.step, draft.product, draft.variant, draft.metric): draft.months
            for draft in planned.drafts()
        },
    )


def _laws(planned: ReportPlan) -> dict[Cell, tuple[Law, Law]]:
    """Of every released cell: the laws of the low quantile and of the median."""
    laws = {}
    for release in planned.releases:
        points, _ = clamp_to_grid(release.label.used_values(), release.rule.grid)
        policy, listed = planned.pack.policy, tuple(sorted(points))
        laws[_cell(release.label)] = (
            _law(
                listed,
                release.rule.grid.points,
                release.step.label_rule.quantile,
                policy.epsilon_best,
            ),
            _law(listed, release.rule.grid.points, HALF, policy.epsilon_typical),
        )
    return laws


@lru_cache(maxsize=1024)
def _law(points: tuple[int, ...], grid_points: int, quantile: Fraction, epsilon: Fraction) -> Law:
    return exact_law(scores(points, grid_points, rank(quantile, len(points))), epsilon)


def _cell(label: StepLabel) -> Cell:
    return label.step, label.product, label.variant, label.metric.value


def changed(base: Report, other: Report) -> set[Account]:
    return {
        account
        for account in base.counts.keys() | other.counts.keys()
        if base.counts.get(account) != other.counts.get(account)
    }


def joint_loss(base: Report, other: Report) -> float:
    """The largest log ratio of the probabilities of everything drawn on both sides, either way."""
    ahead = behind = 0.0
    for cell in base.drawn.keys() & other.drawn.keys():
        for mine, theirs in zip(base.drawn[cell], other.drawn[cell], strict=True):
            if mine is not theirs:
                ratio = np.log(mine) - np.log(theirs)
                ahead, behind = ahead + float(ratio.max()), behind + float(-ratio.min())
    return max(ahead, behind)


@contextlib.contextmanager
def swiftly() -> Iterator[None]:
    """Without what every neighbour would do again and no law depends on: reading the pack, digests,
    messages.
    """
    with contextlib.ExitStack() as patches:
        patches.enter_context(contextlib.redirect_stderr(io.StringIO()))
        patches.enter_context(patch("benchmarks.packs._read_checked", cache(packs._read_checked)))
        patches.enter_context(patch("benchmarks.labels.site._method", lambda *_: {}))
        patches.enter_context(
            patch("reporting_agent.sending.planning.digests", lambda *_: (b"", b""))
        )
        yield
