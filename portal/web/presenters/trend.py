"""A site's values over the periods, step by step, beside the industry's best, with every break named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from portal.publication.breaks import Break, cell_of
from portal.publication.in_force import InForceView, breaks_between
from portal.standings.cells import Cell
from portal.standings.history import ReportedPeriod, ReportedValue
from portal.web.figures import Estimate, between, decimals, number, span_in_words
from portal.web.presenters.comparison import said
from portal.web.presenters.ladders import headline
from portal.web.trend import Reported, draw
from portal.web.viewmodels.enterprise import TrendRow, TrendStep
from portal.web.wording import gettext as _
from portal.web.words import Names, one_after_another, period_name

InForce = Mapping[int, InForceView]

MOST_PERIODS = 12
"""The newest ones; more would run into each other on a phone."""


def trend_steps(reported: Sequence[ReportedPeriod], in_force: InForce, now: InForceView) -> tuple[TrendStep, ...]:
    """One drawing for each headline step of the version on the page that was reported in two periods or more."""
    names = Names.of(now.pack, now.pack_version)
    called = {one.report.period: period_name(one.report.period) for one in reported}
    made = []
    for step in headline(now.label):
        cell = cell_of(step)
        present = [one for one in reported if cell in one.values][-MOST_PERIODS:]
        if len(present) > 1:
            flags = ["", *(_flag(before, after, cell, in_force) for before, after in pairwise(present))]
            values = [one.values[cell] for one in present]
            bests = [_best(in_force.get(one.report.period_id), cell) for one in present]
            points = [
                Reported(called[one.report.period], _estimate(value), best, bool(flag))
                for one, value, best, flag in zip(present, values, bests, flags, strict=True)
            ]
            made.append(_step(names.step_name(step.step), values, points, flags))
    return tuple(made)


def _step(name: str, values: Sequence[ReportedValue], points: Sequence[Reported], flags: Sequence[str]) -> TrendStep:
    places = decimals(*(value.value for value in values))
    words = span_in_words()
    rows = tuple(
        TrendRow(
            period=point.label,
            value=number(value.value, places),
            interval=between(*value.interval, places, words) if value.interval else "",
            best="" if point.best is None else number(point.best, places),
            flag=flag,
        )
        for value, point, flag in zip(values, points, flags, strict=True)
    )
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


def _best(view: InForceView | None, cell: Cell) -> float | None:
    return None if view is None else view.bests.get(cell)


def _flag(before: ReportedPeriod, after: ReportedPeriod, cell: Cell, in_force: InForce) -> str:
    """What is defined otherwise than in the period before, in words; empty where nothing is."""
    old, new = before.values[cell], after.values[cell]
    pairs = (
        ("pack-version", before.report.pack_version, after.report.pack_version),
        ("boundary", old.boundary, new.boundary),
        ("unit", old.unit, new.unit),
        ("years", old.years, new.years),
    )
    found = {code: Break(code, f"{was}", f"{now}") for code, was, now in pairs if was != now}
    one, other = in_force.get(before.report.period_id), in_force.get(after.report.period_id)
    if one is not None and other is not None:
        between_versions = breaks_between(one, other)
        whole = (*between_versions.whole, *between_versions.cells.get(cell, ()))
        found = {broken.code: broken for broken in whole if broken.code not in ("new", "gone")} | found
    return one_after_another(said(broken) for broken in found.values())
