"""A site's values over the periods, step by step, beside the industry's best, with every break named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from django.utils.translation import gettext as _

from portal.publication.breaks import Break, Breaks, breaks, cell_of
from portal.publication.shapes import BenchmarkView, StepView
from portal.standings.history import Cell, ReportedPeriod, ReportedValue
from portal.web.figures import Estimate, between, decimals, number
from portal.web.presenters.comparison import said
from portal.web.presenters.ladders import headline
from portal.web.trend import Reported, draw
from portal.web.viewmodels.enterprise import TrendRow, TrendStep
from portal.web.words import Names, period_name

InForce = Mapping[int, BenchmarkView]

MOST_PERIODS = 12
"""The newest ones; more would run into each other on a phone."""


class _Changes:
    """What the industry's versions in force define otherwise from one period to another: asked at every step, found once."""

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force
        self._found: dict[tuple[int, int], Breaks] = {}

    def between(self, before: ReportedPeriod, after: ReportedPeriod) -> Breaks | None:
        """None where one of the two has no version in force."""
        one, other = (self._in_force.get(period.id) for period in (before, after))
        if one is None or other is None:
            return None
        pair = before.id, after.id
        if pair not in self._found:
            self._found[pair] = breaks(one, other)
        return self._found[pair]


def trend_steps(reported: Sequence[ReportedPeriod], in_force: InForce, now: BenchmarkView) -> tuple[TrendStep, ...]:
    """One drawing for each headline step of the version on the page that was reported in two periods or more."""
    names = Names.of(now.pack, now.pack_version)
    changes = _Changes(in_force)
    made = []
    for step in headline(now.label):
        cell = cell_of(step)
        present = [one for one in reported if cell in one.values][-MOST_PERIODS:]
        if len(present) > 1:
            made.append(_step(names.step_name(step.step), cell, present, in_force, changes))
    return tuple(made)


def _step(name: str, cell: Cell, present: Sequence[ReportedPeriod], in_force: InForce, changes: _Changes) -> TrendStep:
    values = [one.values[cell] for one in present]
    bests = [_best(in_force.get(one.id), cell) for one in present]
    flags = ["", *(_flag(before, after, cell, changes) for before, after in pairwise(present))]
    places = decimals(*(value.value for value in values))
    rows = tuple(
        TrendRow(
            period=period_name(one.period),
            value=number(value.value, places),
            interval=between(*value.interval, places) if value.interval else "",
            best="" if best is None else number(best, places),
            flag=flag,
        )
        for one, value, best, flag in zip(present, values, bests, flags, strict=True)
    )
    points = [
        Reported(period_name(one.period), _estimate(value), best, bool(flag))
        for one, value, best, flag in zip(present, values, bests, flags, strict=True)
    ]
    described = _("%(step)s over %(n)d periods, from %(first)s to %(last)s %(unit)s") % {
        "step": name,
        "n": len(rows),
        "first": rows[0].value,
        "last": rows[-1].value,
        "unit": values[-1].unit,
    }
    return TrendStep(name, values[-1].unit, described, draw(points), rows)


def _estimate(value: ReportedValue) -> Estimate:
    """The interval is drawn so that it holds the value, too."""
    if value.interval is None:
        return Estimate(value.value)
    return Estimate(value.value, min(value.interval[0], value.value), max(value.interval[1], value.value))


def _best(view: BenchmarkView | None, cell: Cell) -> float | None:
    step = _of(view, cell)
    return step.best if step is not None and step.shown else None


def _of(view: BenchmarkView | None, cell: Cell) -> StepView | None:
    return next((step for step in view.label.steps if cell_of(step) == cell), None) if view else None


def _flag(before: ReportedPeriod, after: ReportedPeriod, cell: Cell, changes: _Changes) -> str:
    """What is defined otherwise than in the period before, in words; empty where nothing is."""
    old, new = before.values[cell], after.values[cell]
    pairs = {
        "pack-version": (before.pack_version, after.pack_version),
        "boundary": (old.boundary, new.boundary),
        "unit": (old.unit, new.unit),
        "years": (f"{old.years}", f"{new.years}"),
    }
    found = {code: Break(code, *pair) for code, pair in pairs.items() if pair[0] != pair[1]}
    between_versions = changes.between(before, after)
    if between_versions is not None:
        whole = (*between_versions.whole, *between_versions.cells.get(cell, ()))
        found = {broken.code: broken for broken in whole if broken.code not in ("new", "gone")} | found
    return "; ".join(said(broken) for broken in found.values())
