"""Whether two publications that differ in some firms give one of them away to another of them, by a trained regression.

The attacker is one of the firms that changed between two publications. It knows its own exact value, how many changed and in which way,
the numbers of firms, and every figure that was shown in either: best, typical value, curve. It asks for the exact value of another firm
that changed. Boosted trees learn from tens of thousands of pairs, on which no gate acts, how the figures of both tell of that value, and
how those of the one publication that holds the firm do; they are tried on pairs that they have not seen, once as the gate lets them out
and once where two changed firms will do. Firms join or leave, correct their report between two versions, or join for another spelling of
the period, for which all reports are sent anew. Where the gate holds the second publication, the attacker is given the one that holds
the firm all the same.

What is learnt from, and tried in the short form, is made by the published rules on released values and not by the posterior, which moves a
figure by less than the grid that it is rounded to; the gate is the real one. The long form is tried on really composed publications.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from unittest import mock

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from benchmarks.composition import CurvePoint, IndustryLabel, Participant, Roster, RouteTotal, StepBest, by_step, compose_with_roster
from benchmarks.composition.curve import LADDERS, percents, read_off
from benchmarks.composition.participants import WHOLE_ROUTE, CellRoster, member
from benchmarks.composition.rules import apply_to_ordered, median_of_ordered, rule_for
from benchmarks.disclosure import Published, checks, gate
from benchmarks.released import ReleasedLabel
from benchmarks.routes import DisclosurePolicy
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import PACK, RULE, STEP, Array, Sector, sector

FEWEST, MOST = 8, 60
CHANGED = (2, 3, 4, 6)
WAYS = ("join", "leave", "correct", "period")
CLOSE = 0.01
MOST_GAIN = 0.03  # above one publication
SUCCEEDS = 0.08  # what the rule of before must gain where two firms change, or nothing was tried
_SURE = 2.5  # standard errors that so few pairs leave unsure
_LEARNT, _TRIED = (40, 120), (700, 1000)  # pairs: short and long; those learnt from for each number of firms, of changes and way
_BETWEEN, _NOISE = 0.04 * RULE.typical, 1.2  # of the sectors; of a release at the fewest batches that enter
_END, _LATE = date(2017, 1, 1), date(2017, 6, 1)
_LADDER = tuple(sorted({percent for ladder in LADDERS for percent in ladder}))
_ROUTE = next(route for route in PACK.routes if route.id == "eaf")
BEFORE = PACK.disclosure.model_copy(update={"least_changed_participants": 2, "largest_share_of_change": Fraction(1)})


@dataclass(frozen=True, slots=True)
class Firms:
    """Exact bests and what was released of both kinds, one row a sector, in kWh/t. The last firms are those that change: the last of all is
    the attacker's, the one before it the target."""

    exact: Array
    best: Array
    typical: Array


@dataclass(frozen=True, slots=True)
class Case:
    """A pair of publications: what the attacker reads of one and of both, by the gate and by the rule before, and what it is after."""

    changed: int
    one: Array
    both: Array | None  # None where the gate holds the second
    before: Array | None
    level: float  # the typical value that the estimate is counted from
    exact: float


def run(long: bool) -> Outcome:
    reads = _learnt(_LEARNT[long])
    tried = [_case(number, real=long) for number in range(_TRIED[long])]
    one = reads.close(tried, [case.one for case in tried], both=False)
    both, before = (
        np.where([told is None for told in pairs], one, reads.close(tried, [_or_none(told) for told in pairs], both=True))
        for pairs in ([case.both for case in tried], [case.before for case in tried])
    )
    rows, held = [], True
    for changed in (*CHANGED, None):
        these = np.array([changed in (case.changed, None) for case in tried])
        gain = both[these].astype(float) - one[these]
        doubt = _SURE * float(gain.std()) / gain.size**0.5 if not long or changed else 0.0
        held &= bool(gain.mean() <= MOST_GAIN + doubt)
        held &= changed != min(CHANGED) or bool(before[these].mean() - one[these].mean() >= SUCCEEDS)
        through = np.array([case.both is not None for case in tried])
        shares = (f"{100 * float(share[these].mean()):.0f}" for share in (through, one, both, before))
        of_these = through & these
        told = f"{100 * float(both[of_these].mean()):.0f} ({100 * float(one[of_these].mean()):.0f})" if of_these.any() else "-"
        rows.append((f"{changed or 'all'}", f"{gain.size:,}", *shares, told))
    composed = "really composed" if long else "by the published rules on released values"
    return Outcome(
        "differencing",
        held,
        f"{_TRIED[long]:,} pairs of publications of 8 to 60 firms ({composed}), one of the changed firms the attacker's: % of second "
        "publications let through, and % of tries that find another changed firm to within 1 %: from the publication that holds it, from "
        "both by the gate, from both where two changed firms will do; and of those let through, both (one)",
        ("changed", "pairs", "let through", "one publication", "both", "both, two will do", "let through: both (one)"),
        tuple(rows),
    )


def _or_none(told: Array | None) -> Array:
    return np.full(len(_COLUMNS_OF_BOTH), np.nan) if told is None else told


_COLUMNS_OF_BOTH = range(4 + 3 * (2 + len(_LADDER)))


@dataclass(frozen=True, slots=True)
class _Reader:
    one: HistGradientBoostingRegressor
    both: HistGradientBoostingRegressor

    def close(self, cases: Sequence[Case], told: Sequence[Array], *, both: bool) -> Array:
        """Where the estimate is within 1 % of the exact value."""
        found = (self.both if both else self.one).predict(np.array(told)) + np.array([case.level for case in cases])
        return np.asarray(np.abs(found / np.array([case.exact for case in cases]) - 1) <= CLOSE)


def _learnt(rows: int) -> _Reader:
    rng = np.random.default_rng(33)
    one, both, off = [], [], []
    for firms in range(FEWEST, MOST + 1):
        for changed in (changed for changed in CHANGED if firms - changed >= FEWEST):
            for way in WAYS[1:]:  # whoever joins between two publications leaves between the same two
                whole, other = _pair(rng, rows, firms, changed, way)
                figures = _figures(whole), _figures(other)
                if way != "correct":  # a curve is withheld now and then
                    figures[0][: rows // 2, 2:] = np.nan
                told = _told(*figures, firms, changed, way, whole.exact[:, -1])
                one.append(told[0])
                both.append(told[1])
                off.append(whole.exact[:, -2] - figures[0][:, 1])
    aim = np.concatenate(off)
    models = [HistGradientBoostingRegressor(max_iter=300, max_leaf_nodes=63, random_state=0) for _ in range(2)]
    return _Reader(*(model.fit(np.concatenate(told), aim) for model, told in zip(models, (one, both), strict=True)))


def _pair(rng: np.random.Generator, rows: int, firms: int, changed: int, way: str) -> tuple[Firms, Firms]:
    """The publication that holds target and attacker, as they are asked for, and the other one."""
    centres = RULE.typical + _BETWEEN * rng.standard_normal((rows, firms))
    below = 1.645 * RULE.spread * rng.uniform(0.7, 1.3, (rows, firms))
    whole = _release(centres - below, centres, rng)
    if way != "correct":
        stay = slice(None, -changed)
        few = Firms(whole.exact[:, stay], whole.best[:, stay], whole.typical[:, stay])
        return whole, _release(few.exact, centres[:, stay], rng) if way == "period" else few
    moved = np.zeros((rows, firms))
    moved[:, -changed:] = _BETWEEN / 2 * rng.standard_normal((rows, changed))
    again = _release(whole.exact + moved, centres + moved, rng)
    same = moved == 0
    return Firms(again.exact, np.where(same, whole.best, again.best), np.where(same, whole.typical, again.typical)), whole


def _release(exact: Array, typical: Array, rng: np.random.Generator) -> Firms:
    low, width = float(RULE.grid.lower), float(RULE.grid.width)
    best, middle = (low + width * np.round((value + rng.normal(0, _NOISE, value.shape) - low) / width) for value in (exact, typical))
    return Firms(exact, best, middle)


def _figures(firms: Firms) -> Array:
    """Best, typical value and points of the curve of each row, on the grid; no number where so few firms have no such point."""
    count = firms.best.shape[1]
    holds = rule_for(count, PACK.composition)
    if holds is None:
        raise RuntimeError(f"no rule for {count} firms")
    bests, typicals = np.sort(firms.best, axis=1), np.sort(firms.typical, axis=1)
    found = np.full((len(bests), 2 + len(_LADDER)), np.nan)
    found[:, 0], found[:, 1] = apply_to_ordered(holds.rule, bests), median_of_ordered(typicals)
    for percent, points in zip(percents(count), read_off(bests).T, strict=True):
        found[:, 2 + _LADDER.index(percent)] = points
    return np.round(found / float(RULE.grid.width)) * float(RULE.grid.width)


def _told(whole: Array, other: Array, firms: int, changed: int, way: str, own: Array) -> tuple[Array, Array]:
    """What the regressions read of one publication and of both: figures from its typical value on, and what a firm would have made up."""
    level = whole[:, [1]]
    known = np.column_stack([np.broadcast_to([firms, changed, max(WAYS.index(way), 1)], (len(whole), 3)), own - level[:, 0]])
    one = np.hstack([known, whole - level])
    return one, np.hstack([one, other - level, firms * (whole - other)])


def _case(number: int, *, real: bool) -> Case:
    rng = np.random.default_rng([34, number])
    changed, way = int(rng.choice(CHANGED)), WAYS[number % len(WAYS)]
    firms = int(rng.integers(FEWEST + changed, MOST + 1))
    whole, other = _pair(rng, 1, firms, changed, way)
    labels = [_template()[1]] * firms
    if real:
        made = sector(rng, "normal", firms)
        labels = [participant.label for participant in made.participants]
        whole, other = _of_sector(made, changed, way, rng)
    drafts = [_draft(each, labels, rng, real) for each in (whole, other)]
    first, second = drafts if way == "leave" else drafts[::-1]
    shown = _gated(first, PACK.disclosure)
    beside = Published("1", dataclasses.replace(shown, period="otherwise") if way == "period" else shown, first[1])
    alone, known, own = _read(_gated(drafts[0], PACK.disclosure)), _read(shown), whole.exact[:, -1]

    def both(policy: DisclosurePolicy) -> Array | None:
        later = _gated(second, policy, beside, apart=way == "period")
        if _cell(later).best is None:
            return None
        figures = (known, _read(later)) if way == "leave" else (_read(later), known)
        return np.asarray(_told(*figures, firms, changed, way, own)[1][0])

    with mock.patch.object(checks, "gives_away", return_value=False):
        before = both(BEFORE)
    one = np.asarray(_told(alone, alone, firms, changed, way, own)[0][0])
    return Case(changed, one, both(PACK.disclosure), before, float(alone[0, 1]), float(whole.exact[0, -2]))


def _of_sector(made: Sector, changed: int, way: str, rng: np.random.Generator) -> tuple[Firms, Firms]:
    """As `_pair`, of a sector with its own batches."""
    best, typical = (np.array([[float(value) for value in values]]) for values in _values(made))
    whole, stay = Firms(made.best[None, :], best, typical), slice(None, -changed)
    if way != "correct":
        few = Firms(whole.exact[:, stay], best[:, stay], typical[:, stay])
        return whole, _release(few.exact, typical[:, stay], rng) if way == "period" else few
    moved = np.zeros_like(best)
    moved[:, -changed:] = np.round(_BETWEEN / 2 * rng.standard_normal(changed))
    return Firms(whole.exact + moved, best + moved, typical + moved), whole


def _values(made: Sector) -> tuple[list[Fraction], list[Fraction]]:
    labels = [participant.label for participant in made.participants]
    return [label.best_value for label in labels], [label.typical_value for label in labels]


@cache
def _template() -> tuple[IndustryLabel, ReleasedLabel]:
    """A composed label and a released one, in which figures are put."""
    made = sector(np.random.default_rng(0), "normal", FEWEST)
    composed, _ = compose_with_roster(PACK, _ROUTE, by_step(made.participants), np.random.default_rng(0), period="2016")
    return composed, made.participants[0].label


def _draft(of: Firms, labels: Sequence[ReleasedLabel], rng: np.random.Generator, real: bool) -> tuple[IndustryLabel, Roster]:
    participants = [
        Participant(f"firm-{number:04}", f"site-{number:04}", _put(label, best, typical))
        for number, (label, best, typical) in enumerate(zip(labels, of.best[0], of.typical[0], strict=False))
    ]
    if real:
        return compose_with_roster(PACK, _ROUTE, by_step(participants), rng, period="2016")
    label, firms, figures = _template()[0], len(participants), _figures(of)[0]
    points = [(percent, float(figures[2 + _LADDER.index(percent)])) for percent in percents(firms)]
    holds = rule_for(firms, PACK.composition)
    step = dataclasses.replace(
        _cell(label),
        headline=True,
        best=float(figures[0]),
        typical=float(figures[1]),
        rule=holds.rule if holds else None,
        firms=firms,
        curve=tuple(CurvePoint(percent, value, (value, value)) for percent, value in points),
    )
    nothing = RouteTotal(None, None, step.unit, 0, reason="incomplete")
    made = dataclasses.replace(label, steps=(step,), composite=nothing, best_reached=nothing, typical=nothing)
    return made, Roster((CellRoster(step.cell, tuple(member((one,)) for one in participants)), CellRoster(WHOLE_ROUTE, ())))


def _put(label: ReleasedLabel, best: float, typical: float) -> ReleasedLabel:
    low, width = float(label.grid.lower), float(label.grid.width)
    cells = [int(np.clip(round((value - low) / width), 0, label.grid.cells - 1)) for value in (best, typical)]
    return dataclasses.replace(
        label, best=dataclasses.replace(label.best, cell=cells[0]), typical=dataclasses.replace(label.typical, cell=cells[1])
    )


def _gated(
    draft: tuple[IndustryLabel, Roster], policy: DisclosurePolicy, beside: Published | None = None, *, apart: bool = False
) -> IndustryLabel:
    shown = [beside] if beside else []
    return gate(*draft, policy, () if apart else shown, elsewhere=shown if apart else (), period_end=_END, today=_LATE).published


def _cell(label: IndustryLabel) -> StepBest:
    return next(step for step in label.steps if step.step == STEP.id and step.metric == RULE.metric)


def _read(label: IndustryLabel) -> Array:
    """The figures that a publication shows, in the order of `_figures`."""
    step = _cell(label)
    points = {point.percent: point.value for point in step.curve}
    shown = (step.best, step.typical, *(points.get(percent) for percent in _LADDER))
    return np.array([[np.nan if value is None else value for value in shown]])
