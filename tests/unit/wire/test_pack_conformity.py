"""An opened report against its pack: comparable with everybody else's, and with no less noise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.declared import FigureSource, Words
from benchmarks.errors import VerificationError
from benchmarks.measurements import Metric
from benchmarks.policies import DisclosurePolicy, ReleasePolicy
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile
from benchmarks.routes import Boundary, LabelRule, MetricRule, Pack, Step, Variant
from benchmarks.wire.pack_conformity import policy_digest, require_conformity
from benchmarks.wire.schema import Report, decode_report, encode_report
from benchmarks.wire.sealing import SIZES

WORDS = Words(en="x", zh="x")
SOURCE = FigureSource(text="by hand, for this test", kind="engineering-assumption", verified=False)
DIGEST = bytes(range(32))


def rule(metric: Metric, released: bool) -> MetricRule:
    return MetricRule(
        metric=metric,
        unit="kgce/t",
        floor=-80,
        ceiling=60,
        typical=-25,
        spread=3,
        grid_lower=Fraction(-60),
        grid_upper=Fraction(40),
        grid_width=Fraction(1, 10),
        grid_source=SOURCE,
        released=released,
    )


POLICY = ReleasePolicy(
    epsilon_best=Fraction(3, 4),
    epsilon_typical=Fraction(1, 4),
    cap_per_year=Fraction(2),
    corrections_per_year=1,
    fewest_batches=50,
    count_classes=(20, 50, 100, 340, 5000),
    largest_expected_error=Fraction(1, 100),
    most_years=3,
)

PACK = Pack(
    id="steel",
    version="1",
    words=WORDS,
    standard_basis="calorific",
    effective_from=date(2015, 1, 1),
    policy=POLICY,
    composition=(),
    disclosure=DisclosurePolicy(
        fewest_firms=8,
        largest_weight=Fraction(1, 4),
        p_percent=Fraction(10),
        least_changed_participants=2,
        largest_share_of_change=Fraction(2, 5),
        lag_days=0,
        reason=WORDS,
    ),
    routes=(),
    steps=(
        Step(
            id="converter",
            words=WORDS,
            product="crude-steel",
            product_words=WORDS,
            run_kind="heat",
            boundary=Boundary(id="converter-total", words=WORDS, carriers=("electricity",)),
            variants=(Variant(id="low-alloy", words=WORDS),),
            label_rule=LabelRule(
                quantile=Fraction(1, 20),
                fewest_batches=50,
                least_completeness=0.95,
                longest_gap_s=600,
                shortest_s=600,
                longest_s=10_800,
            ),
            metrics=(rule(Metric.TOTAL, released=True), rule(Metric.THERMAL, released=False)),
        ),
    ),
)


@pytest.fixture
def report(report: Report) -> Report:
    """By the policy of this pack; what its one step releases is there."""
    return replace(with_label(report, variant="low-alloy"), policy_digest=policy_digest(POLICY))


def with_label(report: Report, **change: Any) -> Report:
    return replace(
        report,
        released=replace(report.released, labels=(replace(report.released.labels[0], **change),)),
    )


def refused(report: Report, digest: bytes = DIGEST) -> tuple[str, str]:
    with pytest.raises(VerificationError) as refusal:
        require_conformity(report, PACK, digest)
    return refusal.value.code, refusal.value.sentence


def test_a_report_by_the_pack_conforms(report: Report) -> None:
    require_conformity(report, PACK, DIGEST)


def test_a_site_may_be_stricter_than_the_policy(report: Report, label: ReleasedLabel) -> None:
    require_conformity(
        with_label(report, best=replace(label.best, epsilon=Fraction(1, 2))), PACK, DIGEST
    )


def test_a_report_under_another_policy_is_refused(report: Report) -> None:
    looser = POLICY.model_copy(update={"epsilon_best": Fraction(3)})
    assert refused(replace(report, policy_digest=policy_digest(looser)))[0] == "policy-mismatch"


def test_a_label_that_is_neither_there_nor_withheld_is_missed_by_name(report: Report) -> None:
    none = replace(report.released, labels=(), withheld=())
    code, sentence = refused(replace(report, released=none))
    assert code == "label-left-out"
    assert "converter total" in sentence
    assert "thermal" not in sentence  # the pack does not release it
    require_conformity(
        replace(
            report, released=replace(none, withheld=(("converter", "total", "too-few-batches"),))
        ),
        PACK,
        DIGEST,
    )


def test_a_report_by_another_pack_is_refused(report: Report) -> None:
    assert refused(report, bytes(32))[0] == "pack-mismatch"
    changes: list[dict[str, Any]] = [{"pack": "cement"}, {"pack_version": "2"}]
    for change in changes:
        assert (
            refused(replace(report, released=replace(report.released, **change)))[0]
            == "pack-mismatch"
        )
    with pytest.raises(VerificationError) as other:
        require_conformity(
            replace(report, released=replace(report.released, pack_version="2")), PACK, DIGEST
        )
    assert f'pack = "{PACK.id}" and pack_version = "{PACK.version}" under [site]' in str(
        other.value.remedy
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"step": "smithy"}, "no step 'smithy'"),
        ({"metric": Metric.ELECTRICITY}, "does not release"),
        ({"metric": Metric.THERMAL}, "does not release"),
        ({"product": "pig-iron"}, "pig-iron"),
        ({"variant": "stainless"}, "no variant 'stainless'"),
        ({"variant": ""}, "no variant ''"),  # would be accepted, and stand in no composition
        ({"boundary": "furnace-only"}, "boundary"),
        ({"unit": "kWh/t"}, "unit"),
        ({"grid": Grid(Fraction(-60), Fraction(40), Fraction(1, 20))}, "grid"),
        ({"best": ReleasedQuantile(Fraction(1, 10), 271, Fraction(3, 4))}, "quantiles"),
        ({"typical": ReleasedQuantile(Fraction(3, 5), 271, Fraction(1, 4))}, "quantiles"),
        ({"best": ReleasedQuantile(Fraction(1, 20), 271, Fraction(7, 8))}, "spent"),
        ({"typical": ReleasedQuantile(Fraction(1, 2), 342, Fraction(1, 2))}, "spent"),
        ({"count_class": 14_727}, "classes"),
        ({"count_class": 20}, "classes"),
    ],
    ids=str,
)
def test_a_label_off_the_pack_is_refused_by_what_does_not_fit(
    change: dict[str, Any], named: str, report: Report
) -> None:
    code, sentence = refused(with_label(report, **change))
    assert (code, named in sentence) == ("label-off-pack", True), sentence


def test_where_days_are_protected_a_record_may_spend_its_part_of_the_day_only(
    report: Report, label: ReleasedLabel
) -> None:
    (step,) = (candidate for candidate in PACK.steps if candidate.id == label.step)
    of_four = step.model_copy(
        update={"label_rule": step.label_rule.model_copy(update={"most_records_a_day": 4})}
    )
    pack = PACK.model_copy(
        update={"policy": POLICY.model_copy(update={"unit": "day"}), "steps": (of_four,)}
    )
    report = replace(report, policy_digest=policy_digest(pack.policy))
    with pytest.raises(VerificationError, match="spent"):
        require_conformity(report, pack, DIGEST)
    best, typical = (
        replace(label.best, epsilon=label.best.epsilon / 4),
        replace(label.typical, epsilon=label.typical.epsilon / 4),
    )
    require_conformity(with_label(report, best=best, typical=typical), pack, DIGEST)


def test_a_report_over_more_than_three_years_is_refused(report: Report) -> None:
    pooled = replace(report, released=replace(report.released, period="2014-01-01/2017-01-01"))
    require_conformity(pooled, PACK, DIGEST)
    assert (
        refused(replace(report, released=replace(report.released, period="2013-01-01/2017-01-01")))[
            0
        ]
        == "period-too-long"
    )


def test_a_label_may_pool_as_many_years_as_the_policy_says_up_to_a_report_of_one_year(
    report: Report, label: ReleasedLabel
) -> None:
    year = replace(report, released=replace(report.released, period="2016"))
    require_conformity(with_label(year, years=3), PACK, DIGEST)
    assert refused(with_label(year, years=4))[0] == "period-too-long"
    quarter = replace(report, released=replace(report.released, period="2016-Q1"))
    assert refused(with_label(quarter, years=2))[0] == "period-too-long"


def test_a_label_lacks_a_month_at_least_of_those_that_its_time_has_where_it_names_them(
    report: Report,
) -> None:
    year = replace(report, released=replace(report.released, period="2016"))
    require_conformity(with_label(year, months=11), PACK, DIGEST)
    require_conformity(with_label(year, years=2, months=23), PACK, DIGEST)
    assert refused(with_label(year, months=12))[0] == "label-off-pack"
    quarter = replace(report, released=replace(report.released, period="2016-Q1"))
    assert refused(with_label(quarter, months=3))[0] == "label-off-pack"


def test_a_policy_has_a_digest_of_its_content() -> None:
    assert policy_digest(POLICY) == policy_digest(POLICY.model_copy())
    changes: list[dict[str, Any]] = [
        {"epsilon_best": Fraction(1, 2)},
        {"count_classes": (50,)},
        {"corrections_per_year": 0},
    ]
    digests = {policy_digest(POLICY.model_copy(update=change)) for change in changes}
    assert len(digests | {policy_digest(POLICY)}) == 4
    assert all(len(digest) == 32 for digest in digests)


@pytest.mark.parametrize("name", packs.shipped())
def test_every_label_a_published_pack_can_release_travels_and_conforms(
    name: str, report: Report
) -> None:
    pack = packs.load(name)
    labels = [
        ReleasedLabel(
            step=step.id,
            product=step.product,
            variant=variant,
            boundary=step.boundary.id,
            metric=metric.metric,
            unit=metric.unit,
            grid=metric.grid,
            count_class=next(
                edge for edge in pack.policy.count_classes if edge >= pack.policy.fewest_batches
            ),
            best=ReleasedQuantile(step.label_rule.quantile, 0, pack.policy.epsilon_best),
            typical=ReleasedQuantile(
                Fraction(1, 2), metric.grid.points - 1, pack.policy.epsilon_typical
            ),
        )
        for step in pack.steps
        for metric in step.metrics
        if metric.released
        for variant in (each.id for each in step.variants)
    ]
    assert {label.step for label in labels} == {step.id for step in pack.steps}
    released = replace(
        report.released, pack=pack.id, pack_version=pack.version, labels=tuple(labels)
    )
    sent = replace(
        report,
        released=released,
        pack_digest=packs.digest(pack),
        policy_digest=policy_digest(pack.policy),
    )
    require_conformity(decode_report(encode_report(sent)), pack, packs.digest(pack))
    assert len(encode_report(sent)) < SIZES[-1] - 200
