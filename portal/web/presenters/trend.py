"""A site's values over the periods, step by step, beside the industry's best, with every break
named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from django.utils.translation import gettext as _

from benchmarks.comparison.estimates import changed
from benchmarks.label_keys import LabelKey
from portal.publication.definition_changes import Breaks, DefinitionChange, breaks, change_of_length
from portal.publication.in_force import DefinedVersion, InForceView
from portal.standings.reports import ReportedPeriod, ReportedValue
from portal.web.charts.trend import TrendPeriod, TrendPicture, draw
from portal.web.presenters.comparison import change_in_words
from portal.web.presenters.site_gaps import estimate_of
from portal.web.words.figures import between, label_decimals, number, signed_per_cent, two_digits
from portal.web.words.terms import (
    Names,
    in_page_language,
    one_after_another,
    per_output,
    period_name,
    sentence_space,
    unit_in_words,
)


class TrendRow(NamedTuple):
    """One period in the table beside the drawing; `flag` says what is defined otherwise than
    before.
    """

    period: str
    value: str
    interval: str
    best: str
    flag: str
    unchanged: bool = False  # by no more than the noise, since the period before


@dataclass(frozen=True, slots=True)
class TrendStep:
    step: str  # its id
    name: str
    unit: str
    described: str
    picture: TrendPicture
    rows: tuple[TrendRow, ...]
    # whether the newest value differs from the first that is defined alike, by more than the noise
    verdict: str
    since: str  # the period of that first value
    moved: str  # by how many per cent of it; empty where the change is within the noise


InForce = Mapping[int, DefinedVersion]

MOST_PERIODS = 12
"""The newest ones; more would run into each other on a phone."""


def drawn(reported: Sequence[ReportedPeriod], cell: LabelKey) -> Sequence[ReportedPeriod]:
    """The periods that the drawing of a cell shows."""
    return [period for period in reported if cell in period.values][-MOST_PERIODS:]


def trend_steps(
    reported: Sequence[ReportedPeriod], in_force: InForce, now: InForceView
) -> tuple[TrendStep, ...]:
    """One drawing for each headline step of the version on the page that was reported in two
    periods or more.
    """
    names = Names.of(now.pack, now.pack_version)
    called = {period.report.period: period_name(period.report.period) for period in reported}

    @cache
    def between_versions(before: int, after: int) -> Breaks | None:
        return (
            breaks(in_force[before], in_force[after])
            if before in in_force and after in in_force
            else None
        )

    steps = []
    for step in now.label.headline:
        cell = LabelKey.of(step)
        present = drawn(reported, cell)
        if len(present) > 1:
            flags = [""]
            for before, after in pairwise(present):
                flags.append(
                    _flag(
                        before,
                        after,
                        cell,
                        between_versions(before.report.period_id, after.report.period_id),
                    )
                )
            values = [period.values[cell] for period in present]
            versions = [in_force.get(period.report.period_id) for period in present]
            bests = [
                None if version is None else version.best_in(cell, value.unit)
                for version, value in zip(versions, values, strict=True)
            ]
            points = [
                TrendPeriod(called[period.report.period], estimate_of(value), best, bool(flag))
                for period, value, best, flag in zip(present, values, bests, flags, strict=True)
            ]
            pack_step = names.step(step.step)
            made = in_page_language(pack_step.product_words) if pack_step else step.product
            steps.append(_step(step.step, names.step_name(step.step), made, values, points, flags))
    return tuple(steps)


def _step(
    step: str,
    name: str,
    made: str,
    values: Sequence[ReportedValue],
    points: Sequence[TrendPeriod],
    flags: Sequence[str],
) -> TrendStep:
    decimals = label_decimals(*(value.value for value in values), *(point.best for point in points))
    unit = unit_in_words(values[-1].unit)

    def in_its_unit(figure: float, its: str) -> str:
        written = number(figure, decimals)
        return written if its == values[-1].unit else f"{written} {unit_in_words(its)}"

    rows = tuple(
        TrendRow(
            period=point.label,
            value=in_its_unit(value.value, value.unit),
            interval=between(*value.interval, decimals) if value.interval else "",
            best="" if point.best is None else in_its_unit(point.best, value.unit),
            flag=flag,
            unchanged=before is not None and not flag and changed(before.you, point.you) is False,
        )
        for value, point, flag, before in zip(values, points, flags, (None, *points), strict=False)
    )
    described = _("%(step)s over %(n)d periods, from %(first)s to %(last)s %(unit)s") % {
        "step": name,
        "n": len(rows),
        "first": rows[0].value,
        "last": rows[-1].value,
        "unit": unit,
    }
    one_unit = max(
        (index for index, (old, new) in enumerate(pairwise(values), 1) if old.unit != new.unit),
        default=0,
    )
    first, last = points[_began(points)], points[-1]
    moved = ""
    if changed(first.you, last.you) and first.you.value:
        moved = signed_per_cent((last.you.value - first.you.value) / abs(first.you.value))
    return TrendStep(
        step=step,
        name=name,
        unit=per_output(values[-1].unit, made),
        described=described,
        picture=draw(points, one_unit),
        rows=rows,
        verdict=verdict(points, unit),
        since=first.label,
        moved=moved,
    )


def _began(points: Sequence[TrendPeriod]) -> int:
    """The first of the points that are defined as the last is."""
    return max((index for index, point in enumerate(points) if point.breaks), default=0)


def verdict(points: Sequence[TrendPeriod], unit: str) -> str:
    began = _began(points)
    if began == len(points) - 1:
        return _(
            "Defined differently since %(since)s. There is nothing to compare it with yet."
        ) % {"since": points[-1].label}
    first, last = points[began], points[-1]
    moved = changed(first.you, last.you)
    if moved is None:
        return _("Not known: an interval is computed with the next draft.")
    if not moved:
        return _("Within the noise since %(since)s.") % {"since": first.label}
    fell = first.you.value > last.you.value
    apart, (low, high) = first.you.less(last.you) if fell else last.you.less(first.you)
    if first.you.value < 0 and last.you.value < 0:  # it gives energy back
        more = _("Gives %(by)s %(unit)s more than in %(since)s (%(interval)s).")
        form = more if fell else _("Gives %(by)s %(unit)s less than in %(since)s (%(interval)s).")
    elif fell:
        form = _("Fell by %(by)s %(unit)s since %(since)s (%(interval)s).")
    else:
        form = _("Rose by %(by)s %(unit)s since %(since)s (%(interval)s).")
    decimals = two_digits(low, high)
    facts = {
        "by": number(apart, decimals),
        "unit": unit,
        "since": first.label,
        "interval": between(low, high, decimals),
    }
    newest = changed(points[-2].you, last.you) is False
    return form % facts + (
        sentence_space() + _("The last change is within the noise.") if newest else ""
    )


def _flag(
    before: ReportedPeriod, after: ReportedPeriod, cell: LabelKey, versions: Breaks | None
) -> str:
    """What is defined otherwise than in the period before, in words; empty where nothing is."""
    old, new = before.values[cell], after.values[cell]
    pairs = (
        ("pack-version", before.report.pack_version, after.report.pack_version),
        ("boundary", old.boundary, new.boundary),
        ("unit", old.unit, new.unit),
        ("years", old.years, new.years),
    )
    by_code = {
        code: DefinitionChange(code, f"{was}", f"{now}") for code, was, now in pairs if was != now
    }
    by_code |= {
        broken.code: broken
        for broken in change_of_length(before.report.period, after.report.period)
    }
    if versions is not None:
        whole = (*versions.whole, *versions.cells.get(cell, ()))
        by_code = {
            broken.code: broken for broken in whole if broken.code not in ("new", "gone")
        } | by_code
    return one_after_another(change_in_words(broken) for broken in by_code.values())
