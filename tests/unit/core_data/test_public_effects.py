"""Which published values another version of a pack moves: none that does is passed over, and what
moves nothing is not listed.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.materials import HeatingRange, OwnCarrier
from benchmarks.measurements import Metric
from benchmarks.packs.consequences import labels_move
from benchmarks.packs.public_effects import PublishedValue, moved
from benchmarks.routes import Pack

CEMENT = packs.load("cement")
STEP, OTHER = "clinker-burning", "cement-grinding"
ON = date(2016, 12, 31)
BURNING = PublishedValue(STEP, "grey", "total", 98.0, ON)
TOTAL = PublishedValue("", "", "total", 76.1, ON)
PUBLISHED = (BURNING, PublishedValue(OTHER, "any", "total", 3.2, ON), TOTAL)


def with_step(**changed: Any) -> Pack:
    steps = tuple(
        step.model_copy(update=changed) if step.id == STEP else step for step in CEMENT.steps
    )
    return CEMENT.model_copy(update={"steps": steps})


def with_metric(metric: Metric = Metric.TOTAL, **changed: Any) -> Pack:
    rules = CEMENT.step(STEP).metrics
    return with_step(
        metrics=tuple(
            rule.model_copy(update=changed) if rule.metric == metric else rule for rule in rules
        )
    )


def with_usual_of(text: str) -> Pack:
    """Says otherwise where it is from between what the conditions of grinding usually lie."""
    conditions = [
        each.model_copy(update={"usual_source": each.source.model_copy(update={"text": text})})
        for each in CEMENT.step(OTHER).reference_conditions
    ]
    assert conditions
    steps = [
        step.model_copy(update={"reference_conditions": tuple(conditions)})
        if step.id == OTHER
        else step
        for step in CEMENT.steps
    ]
    return CEMENT.model_copy(update={"steps": tuple(steps)})


def with_own(**fields: Any) -> Pack:
    """Brings along the anthracite of burning."""
    own = OwnCarrier(
        id="anthracite",
        kind="solid",
        unit="t",
        names={"en": "anthracite", "zh": "无烟煤"},
        **fields,
    )
    return CEMENT.model_copy(update={"own_carriers": (own,)})


def with_policy(**changed: Any) -> Pack:
    return CEMENT.model_copy(update={"policy": CEMENT.policy.model_copy(update=changed)})


@pytest.mark.parametrize(
    ("newer", "because"),
    [
        (with_metric(spread=2 * CEMENT.step(STEP).metrics[0].spread), "spread"),
        (with_metric(typical=100.0), "typical"),
        (with_metric(released=False), "released"),
        (with_metric(floor=61.0), "floor"),
        (with_step(product_carrier="coke"), "product_carrier"),
        (with_step(output_of=OTHER), "output_of"),
        (with_step(bought_share="var.bought"), "bought_share"),
        (with_step(holds_heat=()), "holds_heat"),
        (
            with_step(
                feeds=tuple(
                    feed.model_copy(update={"least": 1.2}) for feed in CEMENT.step(STEP).feeds
                )
            ),
            "feeds.1.least",
        ),
    ],
)
def test_a_field_of_a_step_that_decides_what_comes_of_its_plants_moves_its_value_and_the_total(
    newer: Pack, because: str
) -> None:
    moves = {move.of: move for move in moved(CEMENT, newer, PUBLISHED, "dry-process")}
    assert moves.keys() == {BURNING, TOTAL}
    assert because in moves[BURNING].because
    assert {(move.least, move.most) for move in moves.values()} == {(None, None)}, (
        "by how much only the plants know"
    )
    assert moves[TOTAL].because == (STEP,)


@pytest.mark.parametrize(
    "field",
    [
        "largest_expected_error",
        "epsilon_best",
        "epsilon_typical",
        "fewest_batches",
        "count_classes",
        "most_years",
    ],
)
def test_the_policy_of_releases_moves_every_value(field: str) -> None:
    other: Any = {"count_classes": (50,), "most_years": 1, "fewest_batches": 60}.get(
        field, 2 * getattr(CEMENT.policy, field)
    )
    moves = {
        move.of: move
        for move in moved(CEMENT, with_policy(**{field: other}), PUBLISHED, "dry-process")
    }
    assert moves.keys() == set(PUBLISHED)
    assert moves[BURNING].because == (f"policy.{field}",)


@pytest.mark.parametrize(
    "newer",
    [
        with_policy(corrections_per_year=CEMENT.policy.corrections_per_year + 1),
        with_policy(cap_per_year=2 * CEMENT.policy.cap_per_year),
        with_metric(Metric.THERMAL, spread=100.0),
        with_metric(typical_source=CEMENT.step(STEP).metrics[0].grid_source),
        with_usual_of("A handbook"),
        with_step(limits=()),
        with_step(words=CEMENT.step(OTHER).words),
    ],
)
def test_how_often_plants_release_another_metric_limits_names_and_sources_move_nothing(
    newer: Pack,
) -> None:
    assert newer != CEMENT
    assert list(moved(CEMENT, newer, PUBLISHED, "dry-process")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"lhv": HeatingRange(least=10.0, most=20.0)},
            {"lhv": HeatingRange(least=10.0, most=40.0)},
        ),
        ({"kg_per_nm3": 0.7}, {"kg_per_nm3": 0.8}),
    ],
)
def test_what_a_pack_says_otherwise_of_a_carrier_of_its_own_moves_the_steps_that_hold_it(
    before: Any, after: Any
) -> None:
    old, new = with_own(**before), with_own(**after)
    moves = {move.of: move for move in moved(old, new, PUBLISHED, "dry-process")}
    assert moves.keys() == {BURNING, TOTAL}, "grinding takes none"
    assert moves[BURNING].because == ("anthracite",)
    assert moves[BURNING].most is None
    assert [(move.step, move.because) for move in labels_move(old, new)] == [
        (STEP, ("anthracite",))
    ]


def test_a_usual_heating_value_moves_the_values_of_its_steps() -> None:
    """A run beyond it counts only by a declared value."""
    carrier = "coal"
    usual = CEMENT.usual_heat(STEP)[carrier]
    assert usual.most is not None
    other = [
        heat.model_copy(update={"most": usual.most - 1}) if heat == usual else heat
        for heat in CEMENT.heating_values
    ]
    moves = list(
        moved(
            CEMENT,
            CEMENT.model_copy(update={"heating_values": tuple(other)}),
            PUBLISHED,
            "dry-process",
        )
    )
    assert [(move.of, move.because) for move in moves][:1] == [(BURNING, (carrier,))]
