"""Every rule of the gate by itself: it refuses, and with it switched off the same value would have
gone out.

So no rule stands in for another, and none is there that nothing depends on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.composition import (
    IndustryCell,
    IndustryLabel,
    ReportedLabel,
    Roster,
    by_step,
    compose_route,
    roster_of,
)
from benchmarks.composition.result import CellRoster, Member
from benchmarks.disclosure import (
    GateReason,
    GateResult,
    PublishedVersion,
    differencing,
    frequency_and_dominance,
    gate,
    several_publications,
)
from benchmarks.disclosure import gate as gate_function
from benchmarks.disclosure import totals as totals_module
from benchmarks.disclosure.influence import Exhibit, RankAverage
from benchmarks.disclosure.reasons import sentence
from benchmarks.routes import Pack

Grow = Callable[..., Any]
Draft = tuple[IndustryLabel, Roster]
END, LATE = date(2017, 1, 1), date(2017, 6, 1)
gate_module = __import__("sys").modules[gate_function.__module__]


@pytest.fixture(scope="module")
def everyone(grow: Grow) -> list[ReportedLabel]:
    rng = np.random.default_rng(1)
    return [p for step in ("melting", "blowing", "rolling") for p in grow(rng, 26, step).labels]


def drafted(pack: Pack, reported: list[ReportedLabel]) -> Draft:
    grouped = by_step(reported)
    return compose_route(
        pack, pack.routes[0], grouped, np.random.default_rng(0), period="2016"
    ), roster_of(pack, pack.routes[0], grouped)


def without(
    reported: list[ReportedLabel], firms: set[str], step: str | None = None
) -> list[ReportedLabel]:
    return [p for p in reported if not (p.firm in firms and step in (None, p.label.step))]


def published(pack: Pack, reported: list[ReportedLabel], version: str) -> PublishedVersion:
    draft, roster = drafted(pack, reported)
    return PublishedVersion(
        version, gate(draft, roster, pack.disclosure, period_end=END, today=LATE).published, roster
    )


def another_year(pack: Pack, reported: list[ReportedLabel]) -> PublishedVersion:
    publication = published(pack, reported, "2015")
    return dataclasses.replace(
        publication, label=dataclasses.replace(publication.label, period="2015")
    )


def best_of_the_route_alone(reported: list[ReportedLabel]) -> str:
    """A firm among the best five over the whole route and not at rolling: left out of rolling, it
    matters to whole routes alone.
    """

    def ordered(*steps: str) -> list[str]:
        totals: dict[str, int] = {}
        for p in reported:
            if p.label.step in steps:
                totals[p.firm] = totals.get(p.firm, 0) + p.label.best.grid_point
        return sorted(totals, key=lambda firm: totals[firm])

    return next(
        firm
        for firm in ordered("melting", "blowing", "rolling")[:5]
        if firm not in ordered("rolling")[:6]
    )


@dataclasses.dataclass
class Case:
    """A draft that one rule refuses, and how that rule is switched off."""

    reason: GateReason
    draft: Draft
    off: Callable[[pytest.MonkeyPatch], None]
    policy: dict[str, Any] = dataclasses.field(default_factory=dict)
    given: dict[str, Any] = dataclasses.field(default_factory=dict)
    measure: str = "melting"

    def asked(self, pack: Pack) -> GateResult:
        policy = pack.disclosure.model_copy(update=self.policy)
        return gate(*self.draft, policy, **{"period_end": END, "today": LATE, **self.given})


def silence(target: Any, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(target, name, lambda *_args, **_more: None)


def cases(pack: Pack, everyone: list[ReportedLabel]) -> dict[str, Case]:
    whole = drafted(pack, everyone)
    nine = drafted(pack, without(everyone, {f"firm-{i:03}" for i in range(9, 26)}, "melting"))
    giants = {f"firm-{i:03}": 0.003 for i in range(2, 26)} | {"firm-000": 1.0, "firm-001": 0.9}
    one_less = published(pack, without(everyone, {"firm-025"}), "1")
    melting = [
        p.firm
        for p in sorted(everyone, key=lambda p: p.label.best.grid_point)
        if p.label.step == "melting"
    ]
    halves = {
        "east": {melting[-2], melting[-3]},
        "west": {melting[-4], melting[-5]},
    }  # together they lack the last one alone
    with_best_and_last_gone = without(everyone, {melting[0], melting[-1], melting[-2]}, "melting")
    parts = [
        published(pack, without(everyone, {melting[-1], *gone}, "melting"), name)
        for name, gone in halves.items()
    ]
    return {
        "frequency": Case(
            GateReason.TOO_FEW_FIRMS,
            whole,
            silence(frequency_and_dominance, "frequency"),
            {"fewest_firms": 27},
        ),
        "dominance": Case(
            GateReason.DOMINANCE,
            nine,
            silence(frequency_and_dominance, "dominance"),
            given={"size_weights": {"firm-003": 4.0}},
        ),
        "p-percent": Case(
            GateReason.P_PERCENT,
            whole,
            silence(frequency_and_dominance, "p_percent"),
            {"largest_weight": Fraction(3, 5)},
            {"size_weights": giants},
        ),
        "weight": Case(
            GateReason.WEIGHT,
            whole,
            silence(frequency_and_dominance, "weight"),
            {"largest_weight": Fraction(1, 10)},
        ),
        "lag": Case(
            GateReason.LAG,
            whole,
            silence(frequency_and_dominance, "lag"),
            given={"today": date(2017, 3, 31)},
        ),
        "versions": Case(
            GateReason.DIFFERENCING,
            whole,
            silence(differencing, "differencing"),
            given={"previous": [one_less]},
        ),
        "peer groups": Case(
            GateReason.OVERLAP,
            whole,
            silence(differencing, "differencing"),
            given={"elsewhere": [one_less]},
        ),
        "weighed": Case(
            GateReason.DIFFERENCING,
            whole,
            lambda patch: patch.setattr(differencing, "gives_away", lambda *_: False),
            given={"previous": [published(pack, with_best_and_last_gone, "1")]},
        ),
        "years": Case(
            GateReason.YEARS,
            whole,
            lambda patch: patch.setattr(differencing, "years_give_away", lambda *_: False),
            given={"other_years": [another_year(pack, without(everyone, {melting[0]}))]},
        ),
        "years of whole routes": Case(
            GateReason.YEARS,
            whole,
            lambda patch: patch.setattr(differencing, "years_give_away", lambda *_: False),
            given={
                "other_years": [
                    another_year(
                        pack, without(everyone, {best_of_the_route_alone(everyone)}, "rolling")
                    )
                ]
            },
            measure="best-reached",
        ),
        "combined": Case(
            GateReason.COMBINED,
            whole,
            silence(several_publications, "left_over"),
            given={"elsewhere": parts},
        ),
        "secondary": Case(
            GateReason.SECONDARY,
            nine,
            lambda patch: patch.setattr(totals_module, "_hidden_steps", lambda _steps: []),
            given={"size_weights": {"firm-003": 4.0}},
            measure="composite",
        ),
    }


RULES = (
    *("frequency", "dominance", "p-percent", "weight", "lag", "versions", "peer groups", "weighed"),
    *("years", "years of whole routes", "combined", "secondary"),
)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_refuses_and_without_it_the_value_would_go_out(
    pack: Pack, everyone: list[ReportedLabel], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases(pack, everyone)[rule]
    decided = next(
        cell for cell in case.asked(pack).cells if case.measure in (cell.step, cell.measure)
    )
    assert (decided.shown, decided.reason_code) == (False, case.reason)
    if rule in (
        "versions",
        "peer groups",
    ):  # two firms left over would do, and the combination of one publication is the pair itself
        monkeypatch.setattr(several_publications, "left_over", lambda *_: None)
    case.off(monkeypatch)
    without_rule = case.asked(pack)
    assert next(
        cell for cell in without_rule.cells if case.measure in (cell.step, cell.measure)
    ).shown


def test_rounding_off_lets_the_last_digit_out(
    pack: Pack, everyone: list[ReportedLabel], monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, roster = drafted(pack, everyone)

    def best() -> tuple[float | None, float | None]:
        result = gate(draft, roster, pack.disclosure, period_end=END, today=LATE)
        return result.published.cells[0].best, result.published.composite.value

    on_grid = best()
    for module in (gate_module, totals_module):
        monkeypatch.setattr(module, "to_grid", lambda value, *_: value)
    assert best() == (draft.cells[0].best, draft.composite.value)
    assert on_grid != best()


def test_a_hidden_cell_keeps_nothing_that_was_computed_from_values(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    """By field: a figure that is added to a cell must be put on one of the two lists, or this
    fails.
    """
    described = {
        "step",
        "product",
        "variant",
        "boundary",
        "metric",
        "unit",
        "grid",
        "ratio",
        "headline",
        "rule",
    }
    counted = {"firms", "sites", "eligible", "set_aside", "note"}
    computed: dict[str, object] = {
        "best": None,
        "interval": None,
        "typical": None,
        "typical_interval": None,
        "good_fit": None,
    }
    computed |= {
        "curve": (),
        "curve_withheld": False,
        "pooled": (),
        "in_part": 0,
        "potential": (),
        "potential_withheld": (),
    }
    assert {
        field.name for field in dataclasses.fields(IndustryCell)
    } == described | counted | computed.keys()
    draft, roster = drafted(pack, everyone)
    hidden = gate(draft, roster, pack.disclosure, period_end=END, today=date(2017, 1, 2)).published
    for before, after in zip(draft.cells, hidden.cells, strict=True):
        assert before.best is not None
        assert {name: getattr(after, name) for name in computed} == computed
    for total in (hidden.composite, hidden.best_reached, hidden.typical):
        assert (total.value, total.interval) == (None, None)


POLICY = {
    "fewest_firms": 8,
    "largest_weight": 0.25,
    "p_percent": 0.1,
    "largest_share_of_change": 0.6,
    "lag_days": 0,
    "reason": sentence(GateReason.SHOWN),
}


def exhibit(name: str, firms: frozenset[int]) -> Exhibit:
    """Who stands behind a value, whatever its figures are."""
    return Exhibit(
        name,
        CellRoster(
            "cell",
            tuple(
                Member(f"firm-{number}", f"site-{number}", (number,)) for number in sorted(firms)
            ),
        ),
    )


def by_trying(ours: frozenset[int], others: list[frozenset[int]], least: int) -> bool:
    """The rule word by word: every set of publications put together, against every publication,
    ours among them.
    """
    shown = [ours, *others]
    for whole in shown:
        for chosen in range(1, 1 << len(shown)):
            parts = [part for index, part in enumerate(shown) if chosen >> index & 1]
            if any(not part < whole for part in parts) or (whole != ours and ours not in parts):
                continue
            if 0 < len(whole - frozenset().union(*parts)) < least:
                return True
    return False


@given(
    st.lists(st.frozensets(st.integers(0, 6), min_size=1), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_what_is_left_over_is_found_as_by_trying_every_combination(
    sets: list[frozenset[int]], least: int
) -> None:
    from benchmarks.policies import DisclosurePolicy

    policy = DisclosurePolicy(**POLICY, least_changed_participants=least)
    ours, others = sets[0], sets[1:]
    leftover = several_publications.left_over(
        exhibit("", ours), [exhibit(f"v{n}", firms) for n, firms in enumerate(others)], policy
    )
    assert (leftover is not None) == by_trying(ours, others, least)


def test_a_nation_of_ten_thousand_is_held_against_its_provinces_at_once(pack: Pack) -> None:
    nation = frozenset(range(10_000))
    provinces = [
        exhibit(f"province {n}", frozenset(range(n * 300, min((n + 1) * 300, 9_999))))
        for n in range(34)
    ]
    leftover = several_publications.left_over(exhibit("", nation), provinces, pack.disclosure)
    assert leftover is not None
    assert (
        several_publications.left_over(exhibit("", nation), provinces[1:], pack.disclosure) is None
    )  # three hundred and one are left over


def drawn_anew(original: Exhibit, firm: int) -> Exhibit:
    members = [
        dataclasses.replace(m, fingerprint=(99,)) if m.firm == f"firm-{firm}" else m
        for m in original.who.members
    ]
    return Exhibit(original.name, CellRoster("cell", tuple(members)))


def test_a_firm_that_corrects_between_two_publications_is_no_way_around_the_third(
    pack: Pack,
) -> None:
    """Nation, east and west leave one firm over; that the east was published before one of its
    firms corrected changes nothing.
    """
    nation, east, west = (
        exhibit("", frozenset(range(30))),
        exhibit("east", frozenset(range(15))),
        exhibit("west", frozenset(range(15, 29))),
    )
    for corrected in (None, 3):
        parts = [east if corrected is None else drawn_anew(east, corrected), west]
        leftover = several_publications.left_over(nation, parts, pack.disclosure)
        assert leftover is not None
        assert leftover[0] == GateReason.COMBINED
    assert (
        several_publications.left_over(nation, [drawn_anew(east, 3)], pack.disclosure) is None
    )  # fifteen and one differ


def test_what_several_publications_leave_over_is_counted_by_those_that_matter(pack: Pack) -> None:
    """East and west hold all but four firms, one of which is the best: of those one alone matters
    to the mean of the best.
    """
    best_five = (
        RankAverage("best", lambda _: range(5), lambda member: float(member.fingerprint[0]), 1.0),
    )

    def shown(name: str, gone: set[int], figures: tuple[RankAverage, ...]) -> Exhibit:
        return dataclasses.replace(
            exhibit(name, frozenset(range(0, 60, 2)) - gone), figures=figures
        )

    for figures, refused in ((best_five, True), ((), False)):
        nation, east, west = (
            shown(name, gone, figures)
            for name, gone in (
                ("", set()),
                ("east", {0, 54, 56, 58, *range(20, 30)}),
                ("west", {0, 54, 56, 58, *range(30, 40)}),
            )
        )
        assert (
            several_publications.left_over(nation, [east, west], pack.disclosure) is not None
        ) == refused
        assert several_publications.left_over(nation, [east], pack.disclosure) is None
