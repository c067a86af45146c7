"""All labels of a site: grouping by product and variant, merging small variants aloud, and what is
set aside.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from benchmarks.conversion import FactorTable
from benchmarks.declared import Words
from benchmarks.labels import SiteLabel, label_site
from benchmarks.measurements import Batch, CarrierEnergy, Period
from benchmarks.policies import DisclosurePolicy, ReleasePolicy
from benchmarks.routes import MetricRule, Pack, Step, Variant

WORDS = Words(en="word", zh="词")
GATE = DisclosurePolicy(
    fewest_firms=8,
    largest_weight=Fraction(1, 4),
    p_percent=Fraction(10),
    least_changed_participants=2,
    largest_share_of_change=Fraction(2, 5),
    lag_days=30,
    reason=WORDS,
)
TREE = (
    Variant(id="all", words=WORDS),
    Variant(id="alloy", words=WORDS, parent="all"),
    Variant(id="stainless", words=WORDS, parent="alloy"),
)


@pytest.fixture
def label(factors: FactorTable, year: Period, a_policy: ReleasePolicy) -> Callable[..., SiteLabel]:
    def of(batches: list[Batch], step: Step, **more: Any) -> SiteLabel:
        pack = Pack(
            id="steel",
            version="1",
            words=WORDS,
            standard_basis="calorific",
            effective_from=date(2010, 1, 1),
            policy=a_policy,
            composition=(),
            disclosure=GATE,
            routes=(),
            steps=(step,),
        )
        return label_site(batches, pack, factors, year, site="works-2", **more)

    return of


def test_small_variants_merge_up_the_tree_with_a_finding(
    label: Callable[..., SiteLabel], a_step: Callable[..., Step], a_heat: Callable[..., Batch]
) -> None:
    heats = [
        *[a_heat(i, 400, variant="all") for i in range(5)],
        *[a_heat(10 + i, 420, variant="alloy") for i in range(2)],
        *[a_heat(20 + i, 440, variant="stainless") for i in range(2)],
    ]
    merged_once = label(heats, a_step(variants=TREE, fewest_batches=3))
    assert {(step_label.variant, step_label.used) for step_label in merged_once.steps} == {
        ("all", 5),
        ("alloy", 4),
    }
    assert [(finding.code, finding.count) for finding in merged_once.findings] == [
        ("variant-merged", 2)
    ]
    merged_twice = label(heats, a_step(variants=TREE, fewest_batches=5))
    assert {(step_label.variant, step_label.used) for step_label in merged_twice.steps} == {
        ("all", 9)
    }
    assert [finding.code for finding in merged_twice.findings] == [
        "variant-merged",
        "variant-merged",
    ]


def test_large_variants_keep_their_own_label(
    label: Callable[..., SiteLabel], a_step: Callable[..., Step], a_heat: Callable[..., Batch]
) -> None:
    heats = [a_heat(i, 400, variant="all" if i % 2 else "alloy") for i in range(10)]
    site_label = label(heats, a_step(variants=TREE, fewest_batches=5))
    assert {(step_label.variant, step_label.used) for step_label in site_label.steps} == {
        ("all", 5),
        ("alloy", 5),
    }
    assert site_label.findings == ()


def test_values_beyond_the_public_grid_are_counted_on_the_site(
    label: Callable[..., SiteLabel],
    a_step: Callable[..., Step],
    a_metric: Callable[..., MetricRule],
    a_heat: Callable[..., Batch],
) -> None:
    narrow = a_metric(grid_lower="390", grid_upper="410")
    heats = [a_heat(i, value) for i, value in enumerate((300, 389.4, 389.6, 400, 410.4, 410.6))]
    (finding,) = label(heats, a_step(metrics=[narrow])).findings
    assert (finding.code, finding.count) == ("beyond-release-grid", 3)
    assert "390 to 410 kWh/t" in finding.sentence
    stays = a_metric(grid_lower="390", grid_upper="410", released=False)
    assert label(heats, a_step(metrics=[stays])).findings == ()


def test_what_the_pack_does_not_know_is_said(
    label: Callable[..., SiteLabel], a_step: Callable[..., Step], a_heat: Callable[..., Batch]
) -> None:
    heats = [
        *[a_heat(i, 400) for i in range(4)],
        a_heat(5, 400, product="billets"),
        a_heat(6, 400, step="rolling"),
        a_heat(
            7,
            400,
            energy=(CarrierEnergy("electricity", 40_000, "kWh"), CarrierEnergy("steam", 1.0, "kg")),
        ),
    ]
    site_label = label(heats, a_step())
    assert {finding.code: finding.count for finding in site_label.findings} == {
        "product-outside-pack": 1,
        "step-outside-pack": 1,
        "carrier-outside-boundary": 1,
    }
    assert {(step_label.product, step_label.read) for step_label in site_label.steps} == {
        ("molten-steel", 5),
        ("billets", 1),
    }


def test_every_batch_of_the_pack_s_steps_is_read_once(
    label: Callable[..., SiteLabel], a_step: Callable[..., Step], a_heat: Callable[..., Batch]
) -> None:
    heats = [
        a_heat(i, 400, variant=("all", "alloy", "stainless", "unheard-of")[i % 4])
        for i in range(30)
    ]
    site_label = label(heats, a_step(variants=TREE, fewest_batches=8))
    assert sum(step_label.read for step_label in site_label.steps) == 30
    assert (
        sum(step_label.used + sum(step_label.excluded.values()) for step_label in site_label.steps)
        == 30
    )


def test_label_json_names_site_pack_and_period(
    label: Callable[..., SiteLabel], a_step: Callable[..., Step], a_heat: Callable[..., Batch]
) -> None:
    content = label([a_heat(i, 400) for i in range(5)], a_step()).to_json()
    assert content["schema"] == "steplabel/local-label/1"
    assert (content["site"], content["pack"], content["pack_version"]) == ("works-2", "steel", "1")
    assert content["period"] == {
        "start": "2016-01-01T00:00:00+00:00",
        "end": "2017-01-01T00:00:00+00:00",
    }
    assert len(content["steps"]) == 1
