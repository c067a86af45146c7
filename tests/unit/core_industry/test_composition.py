"""Composition: the rules, the posterior's coverage and bias against known truth, totals, and who
enters.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from benchmarks.composition import (
    IndustryLabel,
    ReportedLabel,
    Roster,
    RouteTotal,
    apply_rule,
    averaged,
    by_step,
    compose_cell,
    compose_route,
    designate,
    median_of_ordered,
    posterior,
    roster_of,
    rule_for,
)
from benchmarks.composition.best_and_typical import industry_drawn
from benchmarks.composition.posterior import ObservedValues, fits, jump_probability, law_of, observe
from benchmarks.composition.rules import RuleName, apply_to_ordered, around, read_off
from benchmarks.errors import InputError, PolicyRefusal
from benchmarks.privacy.intervals import simulate_errors
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank
from benchmarks.routes import Pack
from tests.unit.core_industry.conftest import released

Grow = Callable[..., Any]


def quiet(values: list[float], sd: float = 0.1) -> ObservedValues:
    return ObservedValues(np.array(values), np.full(len(values), sd), np.zeros(len(values)))


@dataclasses.dataclass(frozen=True)
class Shown:
    """A step that has its values, so that a test need not ask at every line."""

    best: float
    interval: tuple[float, float]
    typical_interval: tuple[float, float]
    rule: RuleName
    eligible: int


def composed(
    pack: Pack, step_id: str, reported: list[ReportedLabel], rng: np.random.Generator
) -> Shown:
    step = pack.step(step_id)
    benchmark = compose_cell(reported, pack, step, step.metrics[0], rng, variant="plain")
    assert benchmark.best is not None
    assert benchmark.interval is not None
    assert benchmark.typical_interval is not None
    assert benchmark.rule is not None
    return Shown(
        benchmark.best,
        benchmark.interval,
        benchmark.typical_interval,
        benchmark.rule,
        benchmark.eligible,
    )


@pytest.mark.parametrize(
    ("firms", "rule"),
    [
        (7, None),
        (8, "trimmed-best-five"),
        (49, "trimmed-best-five"),
        (50, "trimmed-best-decile"),
    ],
)
def test_the_rule_goes_by_the_number_of_firms(pack: Pack, firms: int, rule: str | None) -> None:
    chosen = rule_for(firms, pack.composition)
    assert (chosen.rule if chosen else None) == rule


def test_the_best_is_the_mean_of_the_smallest_after_the_very_best() -> None:
    values = np.array([9.0, -3.0, 5.0, 1.0, 7.0, 4.0, 2.0, 8.0, 6.0])
    assert float(apply_rule("trimmed-best-five", values)) == pytest.approx((1 + 2 + 4 + 5 + 6) / 5)
    assert float(apply_rule("trimmed-best-decile", np.arange(50.0))) == pytest.approx(3.0)
    assert float(apply_rule("trimmed-best-decile", np.arange(51.0))) == pytest.approx(4.5)


@pytest.mark.parametrize("firms", [8, 9, 26, 49, 50, 51, 100, 1000])
def test_one_report_moves_the_best_by_one_rank_however_false_it_is(pack: Pack, firms: int) -> None:
    values = np.sort(np.random.default_rng(firms).normal(60.0, 2.4, firms))
    holds = rule_for(firms, pack.composition)
    assert holds is not None
    ranks = np.array(averaged(holds.rule, firms))
    low, high = values[ranks - 1].mean(), values[ranks + 1].mean()
    for liar in (0, 1, firms // 2, firms - 1):
        for sent in (-1e6, 0.0, 1e6):
            false = np.where(np.arange(firms) == liar, sent, values)
            assert low - 1e-9 <= float(apply_rule(holds.rule, false)) <= high + 1e-9


@pytest.mark.parametrize("firms", range(8, 121))
def test_every_figure_is_a_mean_of_five_firms_at_least_and_of_none_above_a_third(
    pack: Pack, firms: int
) -> None:
    """By what one firm's value moves: each figure is worked out with that firm a unit higher, the
    order kept.
    """
    ordered = 10.0 * np.arange(firms)
    holds = rule_for(firms, pack.composition)
    assert holds is not None

    def figures(values: Any) -> Any:
        return np.concatenate(
            ([apply_to_ordered(holds.rule, values), median_of_ordered(values)], read_off(values))
        )

    weights = np.array(
        [figures(ordered + unit_vector) - figures(ordered) for unit_vector in np.eye(firms)]
    )
    assert weights.sum(axis=0) == pytest.approx(1)
    assert (weights > 1e-9).sum(axis=0).min() >= 5
    assert weights.max() <= 1 / 3


def test_what_stands_at_a_rank_is_the_mean_of_the_five_around_it_and_at_the_ends_of_the_outermost_five() -> (
    None
):
    ordered = np.arange(9.0) ** 2
    for place, window in (
        (0, slice(0, 5)),
        (1, slice(0, 5)),
        (4, slice(2, 7)),
        (7, slice(4, 9)),
        (8, slice(4, 9)),
    ):
        assert list(around(place, 9)) == list(range(window.start, window.stop))
    assert float(median_of_ordered(ordered)) == pytest.approx(ordered[2:7].mean())
    assert float(median_of_ordered(ordered[:8])) == pytest.approx(
        (ordered[1:6].mean() + ordered[2:7].mean()) / 2
    )


def test_a_mean_of_five_after_the_best_of_five_firms_is_refused() -> None:
    with pytest.raises(PolicyRefusal, match="needs six firms"):
        averaged("trimmed-best-five", 5)


def test_a_pack_whose_mean_would_let_one_firm_weigh_too_much_is_refused(
    pack: Pack, grow: Grow
) -> None:
    top = pack.composition[1].model_copy(update={"firms_from": 8})
    loose = pack.model_copy(update={"composition": (top,)})
    step = pack.step("melting")
    rng = np.random.default_rng(1)
    with pytest.raises(PolicyRefusal, match="above 25%"):
        compose_cell(grow(rng, 12).labels, loose, step, step.metrics[0], rng, variant="plain")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "firms", "repetitions"),
    [
        ("melting", 8, 120),
        pytest.param("melting", 13, 120, marks=pytest.mark.long),
        pytest.param("melting", 19, 100, marks=pytest.mark.long),
        pytest.param("melting", 24, 150, marks=pytest.mark.long),
        pytest.param("blowing", 24, 100, marks=pytest.mark.long),
        ("blowing", 60, 40),
    ],
)
def test_the_interval_holds_the_true_value_of_the_industry(
    pack: Pack, grow: Grow, step: str, firms: int, repetitions: int
) -> None:
    """Noise by the mechanism's own law on each plant's true batches; truth by the same rule on the
    true quantiles.

    The short form tries each rule once, on the fewest firms and on a sector of negative values,
    with as many sectors as the long one.
    """
    declared = pack.step(step)
    rng = np.random.default_rng(20_000 + firms)
    held_best = held_typical = 0
    errors = []
    for _ in range(repetitions):
        plants = grow(rng, firms, step)
        result = composed(pack, step, plants.labels, rng)
        truth = float(apply_rule(result.rule, plants.best))
        held_best += result.interval[0] <= truth <= result.interval[1]
        held_typical += (
            result.typical_interval[0]
            <= float(median_of_ordered(np.sort(plants.typical)))
            <= result.typical_interval[1]
        )
        errors.append(result.best - truth)
        assert result.eligible == firms
    assert held_best / repetitions >= 0.93
    assert held_typical / repetitions >= 0.93
    assert abs(np.mean(errors)) <= 0.001 * abs(declared.metrics[0].typical)


@pytest.mark.slow
def test_the_least_of_many_noisy_values_is_too_low_and_the_posterior_within_a_thousandth(
    pack: Pack, grow: Grow
) -> None:
    """Many plants near the least number of batches and close together, where noise pulls hardest:
    down, or to the middle.
    """
    rng = np.random.default_rng(7)
    ours, naive_mean, naive_minimum = [], [], []
    for _ in range(60):
        plants = grow(rng, 150, between=0.6, batches=(341, 360))
        result = composed(pack, "melting", plants.labels, rng)
        noised = np.array([float(p.label.best_value) for p in plants.labels])
        truth = float(apply_rule(result.rule, plants.best))
        ours.append(result.best - truth)
        naive_mean.append(float(apply_rule(result.rule, noised)) - truth)
        naive_minimum.append(noised.min() - plants.best.min())
    assert np.mean(naive_minimum) < -0.0005 * 60  # 0.05 % of a typical value
    assert np.mean(naive_mean) < -0.0003 * 60
    assert abs(np.mean(ours)) < 0.001 * 60


@pytest.mark.slow
@pytest.mark.parametrize("firms", [12, pytest.param(24, marks=pytest.mark.long)])
def test_the_interval_holds_with_the_heavy_tails_of_real_batches(
    pack: Pack, grow: Grow, firms: int
) -> None:
    """Student's t with three degrees of freedom lies half as densely at the low quantile as the
    normal assumed.
    """
    rng = np.random.default_rng(77)
    repetitions, held_best = 120, 0
    for _ in range(repetitions):
        plants = grow(rng, firms, shape=lambda count: rng.standard_t(3, count) / 3**0.5)
        result = composed(pack, "melting", plants.labels, rng)
        held_best += (
            result.interval[0] <= float(apply_rule(result.rule, plants.best)) <= result.interval[1]
        )
    assert held_best / repetitions >= 0.93


def test_the_noise_of_heavy_tailed_plants_is_as_wide_as_it_is_taken_to_be(pack: Pack) -> None:
    """A twentieth of 700 heats with heavy tails: the fewest and most scattered records that may
    enter.
    """
    melting = pack.step("melting")
    p5 = melting.model_copy(
        update={"label_rule": melting.label_rule.model_copy(update={"quantile": Fraction(1, 20)})}
    )
    at_p5 = pack.model_copy(update={"steps": (p5, *pack.steps[1:])})
    rng = np.random.default_rng(3)
    plants, exact = [], []
    for i in range(400):
        values = np.sort(60.0 + 3.0 * rng.standard_t(3, 700) / 3**0.5)
        plants.append(ReportedLabel(f"f{i}", f"s{i}", released(at_p5, "melting", values, rng)))
        exact.append(values[34])
    narrow, wide = (
        float((np.abs(view.values - exact) <= 1.96 * view.sds).mean())
        for view in observe(plants, "best")
    )
    assert narrow < 0.92 <= wide  # so the cell is seen both ways


def test_eight_firms_get_a_wider_interval_than_known_spread_would_give() -> None:
    values = [60.0, 61.0, 59.5, 62.0, 60.5, 61.5, 58.5, 60.2]
    observed = quiet(values, sd=1.5)
    rng = np.random.default_rng(3)
    lo, hi = industry_drawn((observed,), "trimmed-best-five", rng).summary()[1]
    tau = 0.5  # were it known
    keep = tau**2 / (tau**2 + 1.5**2)
    shrunk = (
        keep * np.array(values)
        + (1 - keep) * np.mean(values)
        + 1.5 * keep**0.5 * rng.standard_normal((4000, 8))
    )
    known_lo, known_hi = np.quantile(apply_rule("trimmed-best-five", shrunk), (0.025, 0.975))
    assert hi - lo > known_hi - known_lo


def test_plants_that_do_not_differ_are_drawn_together() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(50.0, 1.0, 40)  # nothing but noise
    best, _ = industry_drawn(
        (ObservedValues(values, np.ones(40), np.zeros(40)),), "trimmed-best-five", rng
    ).summary()
    assert 50.0 - float(apply_rule("trimmed-best-five", values)) > 1.2
    assert abs(best - 50.0) < 0.8


def test_a_jump_of_the_mechanism_is_doubted_and_does_not_drag_the_interval_off_the_truth(
    pack: Pack,
) -> None:
    held_best = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        # the last two drew points at the foot of the grid; one of them is left out in any case
        values = np.append(rng.normal(60.0, 2.0, 22), (32.0, 33.0))
        jumpy = ObservedValues(values, np.full(24, 0.3), np.full(24, 0.006 / 40))
        doubt = jump_probability(jumpy)
        assert doubt[-2:].min() > 0.5
        assert doubt[:-2].max() < 0.1
        lo, hi = industry_drawn((jumpy,), "trimmed-best-five", rng).summary()[1]
        held_best += lo <= float(apply_rule("trimmed-best-five", values[:-2])) <= hi
        assert float(apply_rule("trimmed-best-five", values)) < 56.0  # as it would be published
    assert held_best >= 19


def test_the_truly_best_of_a_heavy_tailed_sector_do_not_pass_for_jumps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(6)
    sector = ObservedValues(
        60 + 1.4 * rng.standard_t(3, 1000), np.full(1000, 0.3), np.full(1000, 0.001 / 40)
    )
    farthest = np.argsort(np.abs(sector.values - 60))[-5:]
    assert jump_probability(sector)[farthest].max() < 0.5
    monkeypatch.setattr(posterior, "_HEAVY", 1e6)  # both sectors are normal then
    assert jump_probability(sector)[farthest].min() > 0.9


def test_a_sector_of_two_humps_is_said_to_fit_poorly() -> None:
    rng = np.random.default_rng(6)
    single = rng.normal(60.0, 2.0, 60)
    two = np.concatenate([rng.normal(50.0, 0.8, 30), rng.normal(70.0, 0.8, 30)])
    assert fits(quiet(single.tolist()))
    assert not fits(quiet(two.tolist()))
    assert fits(quiet([1.0] * 9))


@pytest.mark.parametrize(
    ("quantile", "count", "spread"),
    [("0.05", 670, 3.0), ("0.05", 2000, 3.0), ("0.1", 340, 3.0), ("0.25", 200, 2.0)],
)
def test_the_exact_law_and_its_simulation_give_the_same_noise(
    quantile: str, count: int, spread: float
) -> None:
    grid = Grid(Fraction(40), Fraction(80), Fraction(1, 4))
    released = ReleasedQuantile(Fraction(quantile), 60, Fraction(3, 4))
    law = law_of(grid, released, count, spread)
    rng = np.random.default_rng(8)
    deviate = float(ndtri(rank(released.quantile, count) / (count + 1)))
    simulated = np.concatenate(
        [
            simulate_errors(
                grid,
                released.quantile,
                released.epsilon,
                count,
                near - deviate * spread,
                spread,
                rng,
                4000,
            )
            for wide in (spread, 2.3 * spread)  # as the module mixes them
            for near in (54.9, 55.0, 55.1)  # grid point 60 is 55.0
        ]
    )
    core = simulated[np.abs(simulated) <= 5 * law.sd]
    assert law.sd == pytest.approx(float(np.sqrt((core**2).mean())), rel=0.12)
    assert law.jump == pytest.approx(1 - core.size / simulated.size, abs=0.005)


def test_noise_is_wider_where_batches_are_spread_or_few(pack: Pack, grow: Grow) -> None:
    grid = pack.step("melting").metrics[0].grid
    released = ReleasedQuantile(Fraction(1, 10), 60, Fraction(3, 4))
    assert law_of(grid, released, 340, 6.0).sd > 1.5 * law_of(grid, released, 340, 3.0).sd
    assert law_of(grid, released, 340, 3.0).sd > 1.5 * law_of(grid, released, 2000, 3.0).sd
    quarter = ReleasedQuantile(Fraction(1, 4), 60, Fraction(3, 4))
    assert law_of(grid, quarter, 100, 2.0).jump > law_of(grid, quarter, 200, 2.0).jump > 0


def test_only_eligible_plants_enter_and_the_rest_are_counted(pack: Pack, grow: Grow) -> None:
    step = pack.step("melting")
    rng = np.random.default_rng(9)
    good = grow(rng, 10).labels
    small = [ReportedLabel("small", "small", dataclasses.replace(good[0].label, count_class=50))]
    other = [
        ReportedLabel(
            "other", "other", dataclasses.replace(good[1].label, boundary="with-power-house")
        )
    ]
    second = [ReportedLabel(good[2].firm, "a-second-site", good[2].label)]
    result = compose_cell(
        [*good, *small, *other, *second], pack, step, step.metrics[0], rng, variant="plain"
    )
    assert (result.sites, result.eligible, result.firms) == (13, 11, 10)
    assert dict(result.set_aside) == {
        "not-comparable": 1,
        "not-eligible": 1,
        "other-site-of-firm": 1,
    }


def test_a_firms_one_site_is_not_picked_by_its_value(pack: Pack, grow: Grow) -> None:
    label: ReleasedLabel = grow(np.random.default_rng(10), 1).labels[0].label
    low = dataclasses.replace(label, best=dataclasses.replace(label.best, grid_point=0))
    sites = [
        ReportedLabel("f", "b", low),
        ReportedLabel("f", "a", label),
        ReportedLabel("f", "c", dataclasses.replace(label, count_class=200)),
    ]
    assert [p.site for p in designate(sites)] == ["a"]
    larger = ReportedLabel("f", "z", dataclasses.replace(label, count_class=5000))
    assert [p.site for p in designate([*sites, larger])] == ["z"]


def test_one_site_twice_in_a_cell_is_refused(pack: Pack, grow: Grow) -> None:
    step = pack.step("melting")
    rng = np.random.default_rng(11)
    plants = grow(rng, 8).labels
    with pytest.raises(InputError, match="is listed twice") as caught:
        compose_cell([*plants, plants[0]], pack, step, step.metrics[0], rng, variant="plain")
    assert caught.value.code == "participant-twice"


def test_fewer_firms_than_any_rule_give_no_value_and_say_so(pack: Pack, grow: Grow) -> None:
    step = pack.step("melting")
    rng = np.random.default_rng(12)
    result = compose_cell(grow(rng, 7).labels, pack, step, step.metrics[0], rng, variant="plain")
    assert (result.best, result.interval, result.typical, result.note, result.firms) == (
        None,
        None,
        None,
        "too-few-firms",
        7,
    )


def sector(
    grow: Grow, seed: int, firms: int = 24
) -> tuple[dict[str, list[ReportedLabel]], dict[str, Any]]:
    rng = np.random.default_rng(seed)
    plants = {step: grow(rng, firms, step) for step in ("melting", "blowing", "rolling")}
    return by_step(p for grown in plants.values() for p in grown.labels), plants


def inside(total: RouteTotal, truth: float) -> bool:
    assert total.interval is not None
    return total.interval[0] <= truth <= total.interval[1]


@pytest.mark.slow
def test_the_composite_is_the_sum_of_ratio_times_best_and_its_interval_holds_the_truth(
    pack: Pack, grow: Grow
) -> None:
    ratios = {"melting": 1.05, "blowing": 1.02, "rolling": 1.0}
    held_sum = held_reached = held_typical = 0
    repetitions = 40
    for seed in range(repetitions):
        reported, plants = sector(grow, 100 + seed)
        label = compose_route(
            pack, pack.routes[0], reported, np.random.default_rng(seed), period="2016"
        )
        assert label.composite.value == pytest.approx(
            sum(s.ratio * s.best for s in label.cells if s.best is not None), abs=1e-6
        )
        truth = sum(
            ratio * float(apply_rule("trimmed-best-five", plants[step].best))
            for step, ratio in ratios.items()
        )
        reached = float(
            apply_rule(
                "trimmed-best-five",
                sum(ratio * plants[step].best for step, ratio in ratios.items()),
            )
        )
        typical = sum(
            ratio * float(median_of_ordered(np.sort(plants[step].typical)))
            for step, ratio in ratios.items()
        )
        assert truth < reached < typical
        held_sum += inside(label.composite, truth)
        held_reached += inside(label.best_reached, reached)
        held_typical += inside(label.typical, typical)
    assert min(held_sum, held_reached, held_typical) / repetitions >= 0.93


def test_a_missing_step_leaves_no_total_and_names_the_step(pack: Pack, grow: Grow) -> None:
    reported, _ = sector(grow, 13)
    del reported["rolling"]
    label = compose_route(pack, pack.routes[0], reported, np.random.default_rng(0), period="2016")
    assert label.composite.value is None
    assert (label.composite.reason, label.composite.missing) == ("incomplete", ("rolling",))
    assert (label.best_reached.value, label.best_reached.reason) == (None, "too-few-whole-routes")
    assert [s.step for s in label.cells if s.best is not None] == ["melting", "blowing"]


def test_only_firms_with_every_step_stand_in_the_best_reached_total(pack: Pack, grow: Grow) -> None:
    reported, _ = sector(grow, 14)
    reported["rolling"] = reported["rolling"][:15]
    label = compose_route(pack, pack.routes[0], reported, np.random.default_rng(0), period="2016")
    assert (label.best_reached.firms, label.best_reached.rule) == (15, "trimmed-best-five")
    assert len(roster_of(pack, pack.routes[0], reported).of("whole-route").members) == 15


def test_the_order_of_the_participants_changes_nothing(pack: Pack, grow: Grow) -> None:
    reported, _ = sector(grow, 15)
    turned = by_step(reversed([p for group in reported.values() for p in group]))
    first = compose_route(pack, pack.routes[0], reported, np.random.default_rng(0), period="2016")
    second = compose_route(pack, pack.routes[0], turned, np.random.default_rng(0), period="2016")
    assert first == second


def test_the_label_and_its_roster_come_back_from_json(pack: Pack, grow: Grow) -> None:
    reported, _ = sector(grow, 16)
    label = compose_route(pack, pack.routes[0], reported, np.random.default_rng(0), period="2016")
    roster = roster_of(pack, pack.routes[0], reported)
    assert IndustryLabel.from_json(json.loads(json.dumps(label.to_json()))) == label
    assert Roster.from_json(json.loads(json.dumps(roster.to_json()))) == roster
    assert "site-0" not in json.dumps(label.to_json())  # who took part stays in the roster


def test_a_variant_with_labels_of_its_own_is_shown_beside_the_first(pack: Pack, grow: Grow) -> None:
    reported, _ = sector(grow, 17)
    special = [
        dataclasses.replace(p, label=dataclasses.replace(p.label, variant="special"))
        for p in reported["melting"][:9]
    ]
    reported["melting"] = reported["melting"][9:] + special
    label = compose_route(pack, pack.routes[0], reported, np.random.default_rng(0), period="2016")
    melting = {s.variant: s for s in label.cells if s.step == "melting"}
    assert (melting["plain"].headline, melting["plain"].firms) == (True, 15)
    assert (melting["special"].headline, melting["special"].firms, melting["special"].rule) == (
        False,
        9,
        "trimmed-best-five",
    )


def test_thousands_of_plants_are_composed_and_each_counts(pack: Pack, grow: Grow) -> None:
    base = grow(np.random.default_rng(19), 50).labels
    many = [ReportedLabel(f"f{i}", f"s{i}", base[i % 50].label) for i in range(3000)]
    step = pack.step("melting")
    result = compose_cell(
        many, pack, step, step.metrics[0], np.random.default_rng(0), variant="plain"
    )
    assert result.firms == 3000
    assert all(view.values.size == 3000 for view in observe(many, "best"))


def test_the_few_draws_of_many_plants_give_what_many_draws_give(pack: Pack, grow: Grow) -> None:
    """Against 4,000 draws, on a sector large enough for few: within four of the errors that the
    rule for draws states.
    """
    base = grow(np.random.default_rng(20), 60).labels
    many = [ReportedLabel(f"f{i}", f"s{i}", base[i % 60].label) for i in range(3000)]
    views = observe(many, "best")
    assert posterior.draw_count(3000) < 400
    few, (few_low, few_high) = industry_drawn(
        views, "trimmed-best-decile", np.random.default_rng(0)
    ).summary()
    slow, (low, high) = industry_drawn(
        views, "trimmed-best-decile", np.random.default_rng(1), 4000
    ).summary()
    sd = (high - low) / 3.92
    assert few == pytest.approx(slow, abs=4 * 0.07 * sd)
    assert few_low == pytest.approx(low, abs=4 * 0.17 * sd)
    assert few_high == pytest.approx(high, abs=4 * 0.17 * sd)


def test_one_tau_for_many_draws_gives_what_a_tau_a_draw_gives() -> None:
    """The plain reading of the model, draw by draw, on few plants, where tau matters most."""
    rng = np.random.default_rng(21)
    observed = quiet(rng.normal(60.0, 1.0, 9).tolist(), sd=0.7)
    taus, weights = posterior._tau_posterior(observed, np.zeros(9))
    plain = []
    for tau in rng.choice(taus, 6000, p=weights):
        precision = 1 / (observed.sds**2 + tau**2)
        mu = (
            precision @ observed.values / precision.sum()
            + rng.standard_normal() / precision.sum() ** 0.5
        )
        own = tau**2 * precision
        plain.append(
            own * observed.values + (1 - own) * mu + tau * np.sqrt(1 - own) * rng.standard_normal(9)
        )
    slow = np.quantile(apply_rule("trimmed-best-five", np.array(plain)), (0.025, 0.5, 0.975))
    quick = np.quantile(
        industry_drawn((observed,), "trimmed-best-five", rng, 6000).values, (0.025, 0.5, 0.975)
    )
    assert quick == pytest.approx(slow, abs=0.08)


@pytest.mark.parametrize(
    ("firms", "points"),
    [(19, ()), (20, (25, 50, 75)), (49, (25, 50, 75)), (50, tuple(range(10, 100, 10)))],
)
def test_points_of_the_curve_are_five_firms_apart_and_the_ends_withheld(
    pack: Pack, grow: Grow, firms: int, points: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(22)
    step = pack.step("melting")
    benchmark = compose_cell(
        grow(rng, firms).labels, pack, step, step.metrics[0], rng, variant="plain"
    )
    assert tuple(point.percent for point in benchmark.curve) == points
    values = [point.value for point in benchmark.curve]
    assert values == sorted(values)
    assert all(point.interval[0] < point.value < point.interval[1] for point in benchmark.curve)


def test_the_curve_holds_the_true_percentiles(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(23)
    step = pack.step("melting")
    points_held = []
    for _ in range(25):
        plants = grow(rng, 60)
        benchmark = compose_cell(plants.labels, pack, step, step.metrics[0], rng, variant="plain")
        ordered = np.sort(plants.best)
        points_held += [
            point.interval[0] <= truth <= point.interval[1]
            for point, truth in zip(benchmark.curve, read_off(ordered), strict=True)
        ]
    assert np.mean(points_held) >= 0.95


def test_a_label_from_before_there_were_curves_still_loads(pack: Pack, grow: Grow) -> None:
    reported, _ = sector(grow, 24)
    label = compose_route(pack, pack.routes[0], reported, np.random.default_rng(0), period="2016")
    stored = json.loads(json.dumps(label.to_json()))
    for step in stored["steps"]:
        assert step.pop("curve")
    assert all(step.curve == () for step in IndustryLabel.from_json(stored).cells)


def test_lines_of_one_plant_reported_as_labels_of_their_own_are_refused(
    pack: Pack, grow: Grow
) -> None:
    """A plant's lines make one label a step: two labels of one site would count it twice."""
    reported, _ = sector(grow, 25)
    first = reported["rolling"][0]
    line = dataclasses.replace(
        first.label,
        best=dataclasses.replace(first.label.best, grid_point=first.label.best.grid_point + 1),
    )
    reported["rolling"] = [*reported["rolling"], ReportedLabel(first.firm, first.site, line)]
    with pytest.raises(InputError) as caught:
        compose_route(pack, pack.routes[0], reported, np.random.default_rng(0), period="2016")
    assert caught.value.code == "participant-twice"


def test_a_firm_with_many_plants_counts_once_in_the_value_and_the_roster(
    pack: Pack, grow: Grow
) -> None:
    reported, _ = sector(grow, 26)
    alone = roster_of(pack, pack.routes[0], reported)
    more = [p for group in reported.values() for p in group]
    more += [
        ReportedLabel(p.firm, f"{p.site}-second", p.label) for p in more if p.firm == "firm-003"
    ]
    grouped = by_step(more)
    label = compose_route(pack, pack.routes[0], grouped, np.random.default_rng(0), period="2016")
    assert all((step.firms, step.sites) == (24, 25) for step in label.cells)
    assert label.best_reached.firms == 24
    assert roster_of(pack, pack.routes[0], grouped) == alone
