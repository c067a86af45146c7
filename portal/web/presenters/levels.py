"""How a sector lies beside the limits of standards: its typical batch, and how many of its firms'
batches come down to a level.

For orientation, and said to be: a limit is of a plant's mean over a year, in which starts, idling
and poor batches count. All of it is read off published figures. Of a firm's best batches the
percentile curve tells which share of the firms reaches a level; a firm's typical batch takes no
less than its best, and the published typical value is the middle firm's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import reduce

from django.utils.translation import gettext as _

from benchmarks.composition.result import Known, difference
from benchmarks.composition.rules import share_at
from benchmarks.explanation import LimitShown
from benchmarks.explanation.shown_limits import not_held, shown_limits
from benchmarks.measurements import Metric, Period
from benchmarks.routes import Pack
from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView, LabelView
from portal.web.presenters.standard_limits import Level, limit_levels
from portal.web.words.figures import between, decimals_of, number, per_cent, signed
from portal.web.words.terms import Names, in_page_language, period_name

Share = tuple[int, int]
"""Between which percentages of the firms."""


@dataclass(frozen=True, slots=True)
class LevelRow:
    name: str
    standard: str
    level: Level
    rank: str  # which level it is, where its figure does not say so
    unit: str
    typical: str
    typical_interval: str
    distance: str  # the typical batch less the level
    distance_interval: str
    typical_firms: str
    best_firms: str


@dataclass(frozen=True, slots=True)
class Levels:
    rows: tuple[LevelRow, ...]
    source: str
    not_held: str

    @property
    def tells_typical(self) -> bool:
        """Whether any row has a share: none where every limit is of several steps."""
        return any(row.typical_firms for row in self.rows)

    @property
    def tells_best(self) -> bool:
        """The same of the best batches: the curve that their shares are read off needs 20 firms."""
        return any(row.best_firms for row in self.rows)


def levels_of(view: InForceView, step: str = "") -> Levels | None:
    """Of the limits that cover a step, of all without one. None where the pack is not installed or
    holds no limit of what is shown.
    """
    names = Names.of(view.pack, view.pack_version)
    route = names.route(view.route)
    if names.pack is None or route is None:
        return None
    variants = {cell.step: cell.variant for cell in view.label.headline}
    limits = shown_limits(
        names.pack, route, Period.parse(view.period, UTC).first_and_last[1], variants
    )
    rows = tuple(
        row
        for limit in limits
        if not step or step in limit.steps_covered
        for row in _rows(limit, view.label, names.pack)
    )
    missing = not_held(names.pack, route, Period.parse(view.period, UTC))
    facts = {
        "n": view.version,
        "period": period_name(view.period),
        "pack": names.sector,
        "version": view.pack_version,
    }
    source = (
        _("Industry label %(period)s, version %(n)s; method pack: %(pack)s version %(version)s.")
        % facts
    )
    return Levels(rows, source, in_page_language(missing) if missing else "") if rows else None


def _over_steps(typicals: Sequence[Known]) -> Known:
    """The typical value over several steps. Their noises are independent: distances add in
    squares.
    """
    return reduce(
        lambda whole, part: difference(whole, (-part[0], (-part[1][1], -part[1][0]))), typicals
    )


def _rows(limit: LimitShown, label: LabelView, pack: Pack) -> Iterator[LevelRow]:
    cells = _covered(limit, label, pack)
    owner = next(
        step.id
        for step in pack.steps
        for each in step.limits
        if (each.words, each.grades) == (limit.words, limit.grades)
    )
    ratio = next((cell.ratio for cell in label.headline if cell.step == owner), None)
    if not cells or ratio is None or any(cell.unit != limit.unit for cell in cells):
        return
    typicals = [
        (
            cell.ratio / ratio * cell.typical,
            (
                cell.ratio / ratio * cell.typical_interval[0],
                cell.ratio / ratio * cell.typical_interval[1],
            ),
        )
        for cell in cells
        if cell.typical is not None and cell.typical_interval is not None
    ]
    typical = _over_steps(typicals) if len(typicals) == len(cells) else None
    alone = cells[0] if len(cells) == 1 else None
    shown = limit_levels(limit, pack)
    numbered = limit.levels == "grades" and len(limit.grades) > 1
    for index, (level, grade) in enumerate(zip(shown.levels, limit.grades, strict=True), 1):
        if grade is None:
            continue
        value, interval, distance, of_distance = _typical_cells(typical, grade)
        best = share_at(alone.curve, grade) if alone and alone.curve else None
        yield LevelRow(
            name=shown.name
            if not limit.corrected
            else _("%(name)s (base value)") % {"name": shown.name},
            standard=shown.standard,
            level=level,
            rank=_("level %(n)s") % {"n": index} if numbered else "",
            unit=shown.unit,
            typical=value,
            typical_interval=interval,
            distance=distance,
            distance_interval=of_distance,
            typical_firms=_in_words(typical_share(typical, best, grade) if alone else None),
            best_firms=_in_words(best),
        )


def _covered(limit: LimitShown, label: LabelView, pack: Pack) -> list[CellView]:
    """The cells that make up what the limit covers; empty where one of them is not there. What
    takes electricity alone has no heat.
    """
    ours = {cell.step: (cell.product, cell.variant) for cell in label.headline}
    takes_heat = {step.id for step in pack.steps if step.boundary.carriers != ("electricity",)}
    wanted = [
        step_id
        for step_id in limit.steps_covered
        if limit.metric != Metric.THERMAL or step_id in takes_heat
    ]
    cells = {
        cell.step: cell
        for cell in label.cells
        if cell.metric == limit.metric and (cell.product, cell.variant) == ours.get(cell.step)
    }
    return (
        [cells[step_id] for step_id in wanted]
        if all(step_id in cells for step_id in wanted)
        else []
    )


def _typical_cells(typical: Known | None, grade: float) -> tuple[str, str, str, str]:
    if typical is None:
        return "", "", "", ""
    value, (low, high) = typical
    decimals = decimals_of(value) if value - low < 1 else max(decimals_of(value) - 1, 0)
    return (
        number(value, decimals),
        between(low, high, decimals),
        signed(value - grade, decimals),
        between(low - grade, high - grade, decimals),
    )


def typical_share(typical: Known | None, best: Share | None, level: float) -> Share | None:
    """Between which percentages of the firms have a typical batch at or below the level: half at
    least where the middle firm's is.
    """
    if typical is None:
        return best and (0, best[1])
    _value, (low, high) = typical
    most = min(50 if low > level else 100, best[1] if best else 100)
    return min(50 if high <= level else 0, most), most


def _in_words(share: Share | None) -> str:
    """Empty where nothing is known."""
    if share is None or share == (0, 100):
        return ""
    least, most = share
    if least == 0:
        return _("at most %(share)s") % {"share": per_cent(most / 100)}
    if most == 100:
        return _("at least %(share)s") % {"share": per_cent(least / 100)}
    return _("%(lo)s to %(hi)s") % {"lo": per_cent(least / 100), "hi": per_cent(most / 100)}
