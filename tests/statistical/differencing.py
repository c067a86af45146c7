"""Whether two publications that differ in some firms give one of them away to another of them, by a
trained regression.

The attacker is one of the firms that changed between two publications. It knows its own exact
value, how many changed and in which way, and everything that either shows: the numbers of firms,
the best, the typical value, the curve, how many sites are sure to lie in each quarter, and why a
cell is held. It asks for the exact value of another firm that changed. Boosted trees learn from
tens of thousands of pairs, on which no gate acts, how both publications tell of that value, and how
the one that holds the firm does; they are tried on pairs that they have not seen, once as the gate
lets them out and once where two changed firms will do. Firms join or leave, correct their report
between two versions, or join for another spelling of the period, for which all reports are sent
anew. Where the gate holds the second publication, the attacker is given the one that holds the firm
all the same, and the reason: further trees learn from pairs that were held how far the estimate is
off after each reason.

What is learnt from, and tried in the short form, is made by the published rules on released values
and not by the posterior, which moves a figure by less than the grid that it is rounded to; the gate
is the real one. The long form is tried on really composed publications.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from unittest import mock

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from benchmarks.disclosure import GateReason, PublishedVersion, differencing
from benchmarks.policies import DisclosurePolicy
from tests.statistical.outcome import Outcome
from tests.statistical.pairs import FEWEST, VALUES, cell, draft, figures, labels_of, of_sector, pair
from tests.statistical.sectors import PACK, Array, sector

MOST = 60
CHANGED = (2, 3, 4, 6)
WAYS = ("join", "leave", "correct", "period")
CLOSE = 0.01
MOST_GAIN = 0.03  # above one publication
SUCCEEDS = 0.08  # what the rule of before must gain where two firms change, or nothing was tried
_SURE = 2.5  # standard errors that so few pairs leave unsure
_LEARNT, _TRIED = (
    (40, 120),
    (700, 1000),
)  # pairs: short and long; those learnt from for each number of firms, of changes and way
_LEARNT_HELD = (600, 4000)  # pairs shown to the gate, of which those that it holds are learnt from
BEFORE = PACK.disclosure.model_copy(
    update={"least_changed_participants": 2, "largest_share_of_change": Fraction(1)}
)


@dataclass(frozen=True, slots=True)
class Case:
    """A pair of publications: what the attacker reads of one and of both, by the gate and by the
    rule before, and what it is after.
    """

    changed: int
    one: Array
    both: Array | None  # None where the gate holds the second
    reason: GateReason  # what is said of the second
    before: Array | None
    level: float  # the typical value that the estimate is counted from
    exact: float


def run(long: bool) -> Outcome:
    reader = _Reader.taught(_LEARNT[long], _LEARNT_HELD[long])
    tried = [_case([34, number], real=long, with_before=True) for number in range(_TRIED[long])]
    single = _close(tried, [reader.of_one(case) for case in tried])
    both = _close(
        tried,
        [
            reader.of_held(case) if case.both is None else reader.of_both(case.both)
            for case in tried
        ],
    )
    before = _close(
        tried,
        [
            reader.of_one(case) if case.before is None else reader.of_both(case.before)
            for case in tried
        ],
    )
    rows, sound = [], True
    for changed in (*CHANGED, None):
        these = np.array([changed in (case.changed, None) for case in tried])
        gain = both[these].astype(float) - single[these]
        doubt = _SURE * float(gain.std()) / gain.size**0.5 if not long or changed else 0.0
        sound &= bool(gain.mean() <= MOST_GAIN + doubt)
        sound &= changed != min(CHANGED) or bool(
            before[these].mean() - single[these].mean() >= SUCCEEDS
        )
        through = np.array([case.both is not None for case in tried])
        shares = (
            f"{100 * float(share[these].mean()):.0f}" for share in (through, single, both, before)
        )
        cells = (
            f"{100 * float(both[those].mean()):.0f} ({100 * float(single[those].mean()):.0f})"
            if those.any()
            else "-"
            for those in (through & these, ~through & these)
        )
        rows.append((f"{changed or 'all'}", f"{gain.size:,}", *shares, *cells))
    composed = "really composed" if long else "by the published rules on released values"
    return Outcome(
        "differencing",
        sound,
        f"{_TRIED[long]:,} pairs of publications of 8 to 60 firms ({composed}), one of the "
        "changed firms the attacker's: % of second "
        "publications let through, and % of tries that find another changed firm to within 1 %: "
        "from the publication that holds it, from "
        "both by the gate, from both where two will do; of those let through, both (one); of "
        "those held, with the reason (one)",
        (
            "changed",
            "pairs",
            "let through",
            "one publication",
            "both",
            "both, two will do",
            "let through: both (one)",
            "held: reason (one)",
        ),
        tuple(rows),
    )


def _close(cases: Sequence[Case], guesses: Sequence[float]) -> Array:
    """Where the estimate, from the level on, is within 1 % of the exact value."""
    estimates = np.array(guesses) + np.array([case.level for case in cases])
    return np.asarray(np.abs(estimates / np.array([case.exact for case in cases]) - 1) <= CLOSE)


@dataclass(frozen=True, slots=True)
class _Reader:
    one: HistGradientBoostingRegressor
    both: HistGradientBoostingRegressor
    held: HistGradientBoostingRegressor  # what is to be added to the estimate from one

    @classmethod
    def taught(cls, rows: int, gated: int) -> _Reader:
        samples = _pairs_without_gate(rows)
        single, both = (
            HistGradientBoostingRegressor(max_iter=300, max_leaf_nodes=63, random_state=0).fit(
                read, samples[2]
            )
            for read in samples[:2]
        )
        cases = [
            case
            for number in range(gated)
            if (case := _case([35, number], real=False)).both is None
        ]
        off = [case.exact - case.level for case in cases] - single.predict(
            np.array([case.one for case in cases])
        )
        of_held = HistGradientBoostingRegressor(
            max_iter=60, min_samples_leaf=40, learning_rate=0.05, random_state=0
        )
        return cls(single, both, of_held.fit(np.array([_with_reason(case) for case in cases]), off))

    def of_one(self, case: Case) -> float:
        return float(self.one.predict(case.one[None, :])[0])

    def of_both(self, features: Array) -> float:
        return float(self.both.predict(features[None, :])[0])

    def of_held(self, case: Case) -> float:
        return self.of_one(case) + float(self.held.predict(_with_reason(case)[None, :])[0])


def _with_reason(case: Case) -> Array:
    return np.append(case.one, list(GateReason).index(case.reason))


def _pairs_without_gate(rows: int) -> tuple[Array, Array, Array]:
    """What the regressions read of one publication and of both, and what they are after, of so many
    pairs of every kind.
    """
    rng = np.random.default_rng(33)
    single, both, off = [], [], []
    for firms in range(FEWEST, MOST + 1):
        for changed in (changed for changed in CHANGED if firms - changed >= FEWEST):
            for way in WAYS[
                1:
            ]:  # whoever joins between two publications leaves between the same two
                whole, other = pair(rng, rows, firms, changed, way)
                shown = figures(whole), figures(other)
                if way != "correct":  # a curve is withheld now and then, and the quarters with it
                    shown[0][: rows // 2, 2:] = np.nan
                features = _inputs(*shown, firms, changed, way, whole.exact[:, -1])
                single.append(features[0])
                both.append(features[1])
                off.append(whole.exact[:, -2] - shown[0][:, 1])
    return np.concatenate(single), np.concatenate(both), np.concatenate(off)


def _inputs(
    whole: Array, other: Array, firms: int, changed: int, way: str, own: Array
) -> tuple[Array, Array]:
    """What the regressions read of one publication and of both: figures from its typical value on
    and the quarters; of both what a firm would have made up, and by how much the quarters
    differ."""
    level = whole[:, 1]
    reader_knows = np.column_stack(
        [np.broadcast_to([firms, changed, max(WAYS.index(way), 1)], (len(whole), 3)), own - level]
    )
    ours, theirs = (
        [shown[:, :VALUES] - level[:, None], shown[:, VALUES:]] for shown in (whole, other)
    )
    single = np.hstack([reader_knows, *ours])
    return single, np.hstack([single, *theirs, firms * (ours[0] - theirs[0]), ours[1] - theirs[1]])


def _case(seed: Sequence[int], *, real: bool, with_before: bool = False) -> Case:
    """`with_before`: shown to the rule of before as well."""
    rng = np.random.default_rng(seed)
    changed, way = int(rng.choice(CHANGED)), WAYS[seed[-1] % len(WAYS)]
    firms = int(rng.integers(FEWEST + changed, MOST + 1))
    whole, other = pair(rng, 1, firms, changed, way)
    cohort = sector(rng, "normal", firms) if real else None
    if cohort:
        whole, other = of_sector(cohort, changed, way, rng)
    drafts = [draft(each, labels_of(cohort, firms), rng, real=real) for each in (whole, other)]
    first, second = drafts if way == "leave" else drafts[::-1]
    shown = first.gated(PACK.disclosure)
    beside = PublishedVersion(
        "1",
        dataclasses.replace(shown, period="otherwise") if way == "period" else shown,
        first.roster,
    )
    alone, first_read, own = (
        drafts[0].read(drafts[0].gated(PACK.disclosure)),
        first.read(shown),
        whole.exact[:, -1],
    )

    def both(policy: DisclosurePolicy) -> tuple[Array | None, GateReason]:
        later = second.gated(policy, beside, apart=way == "period")
        if cell(later).best is None:
            return None, GateReason(str(cell(later).note))
        read = (
            (first_read, second.read(later)) if way == "leave" else (second.read(later), first_read)
        )
        return np.asarray(_inputs(*read, firms, changed, way, own)[1][0]), GateReason.SHOWN

    before = None
    if with_before:
        with mock.patch.object(differencing, "gives_away", return_value=False):
            before, _ = both(BEFORE)
    single = np.asarray(_inputs(alone, alone, firms, changed, way, own)[0][0])
    return Case(
        changed,
        single,
        *both(PACK.disclosure),
        before,
        float(alone[0, 1]),
        float(whole.exact[0, -2]),
    )
