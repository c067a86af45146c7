"""The plan: what is asked for, what is withheld and why, and what stands for the data."""

from __future__ import annotations

import dataclasses
import random
from datetime import UTC, timedelta, timezone

import pytest

from benchmarks import packs
from benchmarks.audit.records import DAY_US, MeterDay
from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Batch, Metric, Period
from benchmarks.privacy.randomness import ReportKey
from benchmarks.release import release
from benchmarks.routes import Pack
from benchmarks.wire.pack_conformity import released_metrics
from reporting_agent.sending.planning import (
    Provenance,
    ReportPlan,
    Subject,
    data_digest,
    missing_carriers,
    plan,
    wire_period,
)
from reporting_agent.sending.submission import ReportMaterial
from tests.unit.agent_send.cast import SITE, heats, material

POLICY = packs.load("steel").policy
SUBJECT = Subject(SITE, "2016", 1, correction=False)
KEY = ReportKey.of(bytes(32), SITE, "2016", 1)


def planned(data: ReportMaterial, pack: Pack | None = None) -> ReportPlan:
    return plan(
        data.site_label, data.batches, pack or data.pack, SUBJECT, provenance=data.provenance
    )


def test_a_draft_is_the_release_with_the_grid_points_left_open(year: ReportMaterial) -> None:
    whole = planned(year)
    for entry, draft in zip(whole.releases, whole.drafts(), strict=True):
        drawn = release(
            entry.label,
            entry.step,
            entry.rule,
            year.pack.policy,
            lambda _name: random.SystemRandom(),
        )
        best, typical = (
            dataclasses.replace(drawn.best, grid_point=0),
            dataclasses.replace(drawn.typical, grid_point=0),
        )
        assert dataclasses.replace(drawn, best=best, typical=typical) == draft


def test_every_used_batch_is_debited_once_for_every_release(year: ReportMaterial) -> None:
    debits = planned(year).debits()
    assert len(debits) == 2 * 400
    assert len({(debit.batch_id, debit.release_id) for debit in debits}) == 2 * 400


def test_a_product_that_the_pack_does_not_compare_is_withheld_by_reason_and_not_by_name() -> None:
    ours = heats(400)
    secret = [
        dataclasses.replace(batch, batch_id=f"x{batch.batch_id}", product="Alloy-X-for-customer-9")
        for batch in heats(60)
    ]
    withheld = of_the_furnace(planned(material([*ours, *secret])))
    assert set(withheld) == {
        ("eaf", "total", "product-outside-pack"),
        ("eaf", "electricity", "product-outside-pack"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"product": "Alloy-X-for-customer-9"},
        {"variant": "stainless"},
        {"variant": "unheard-of"},
        {"energy": ()},
        {"excluded": "overlap"},
    ],
    ids=["product", "variant", "unknown-variant", "energy", "excluded"],
)
def test_no_single_batch_is_seen_in_what_is_withheld(changes: dict[str, object]) -> None:
    """The list is declared and not noised: one batch of another kind among many must not add a line
    to it.
    """
    first, *rest = heats(400)
    odd = dataclasses.replace(first, batch_id="odd", **changes)  # type: ignore[arg-type]  # one field at a time, by name
    assert planned(material([odd, *rest])).withheld == planned(material(rest)).withheld
    assert of_the_furnace(planned(material(rest))) == ()


def test_a_step_with_too_few_batches_says_the_same_whatever_they_are() -> None:
    few = [dataclasses.replace(batch, step="ladle-refining") for batch in heats(49)]
    foreign = [*few[1:], dataclasses.replace(few[0], product="Alloy-X-for-customer-9")]
    unknown = [*few[1:], dataclasses.replace(few[0], energy=())]
    none_at_all = planned(material(heats(400))).withheld
    assert ("ladle-refining", "total", "too-few-batches") in none_at_all
    for batches in (few, few[:1], foreign, unknown):
        assert planned(material([*heats(400), *batches])).withheld == none_at_all


def test_every_step_and_metric_of_the_pack_is_answered(year: ReportMaterial) -> None:
    whole = planned(year)
    answered = {(release.label.step, release.label.metric.value) for release in whole.releases} | {
        (step, metric) for step, metric, _ in whole.withheld
    }
    assert answered == set(released_metrics(year.pack))


def of_the_furnace(whole: ReportPlan) -> tuple[tuple[str, str, str], ...]:
    return tuple(entry for entry in whole.withheld if entry[0] == "eaf")


def test_a_third_metric_is_withheld(year: ReportMaterial) -> None:
    step = year.pack.step("eaf")
    third = (*step.metrics, step.metrics[1].model_copy(update={"metric": Metric.THERMAL}))
    widened = step.model_copy(update={"metrics": third})
    pack = year.pack.model_copy(
        update={
            "steps": tuple(
                widened if pack_step.id == "eaf" else pack_step for pack_step in year.pack.steps
            )
        }
    )
    thermal = dataclasses.replace(
        next(label for label in year.site_label.steps if label.metric == "electricity"),
        metric=Metric.THERMAL,
    )
    data = dataclasses.replace(
        year,
        site_label=dataclasses.replace(year.site_label, steps=(*year.site_label.steps, thermal)),
    )
    assert of_the_furnace(planned(data, pack)) == (("eaf", "thermal", "metric-limit"),)


def test_a_period_has_one_name() -> None:
    for name in ("2016", "2016-01-01/2017-01-01"):
        assert wire_period(Period.parse(name, UTC), POLICY) == "2016"
    assert wire_period(Period.parse("2017-01-01/2017-04-01", UTC), POLICY) == "2017-Q1"


@pytest.mark.parametrize("name", ["2016-05", "2016-01-01/2016-03-01"])
def test_what_is_shorter_than_a_quarter_stays_on_the_site(name: str) -> None:
    with pytest.raises(PolicyRefusal) as refused:
        wire_period(Period.parse(name, UTC), POLICY)
    assert refused.value.code == "period-too-short"


def _heats_with(**changes: object) -> list[Batch]:
    first, *rest = heats(3)
    return [dataclasses.replace(first, **changes), *rest]  # type: ignore[arg-type]  # one field at a time, by name


@pytest.mark.parametrize(
    "changes",
    [
        {"output": 120.00000000000001},
        {"batch_id": "other"},
        {"product": "other"},
        {"variables": {"hot_metal_pct": 3.0}},
        {"energy": ()},
        {"excluded": "overlap"},
        {"equipment": "F2"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_any_change_of_a_record_is_another_digest(changes: dict[str, object]) -> None:
    assert data_digest(_heats_with(**changes), {}) != data_digest(heats(3), {})


def test_order_offset_and_place_are_no_part_of_the_data() -> None:
    shanghai = timezone(timedelta(hours=8))
    same = [
        dataclasses.replace(batch, start=batch.start.astimezone(shanghai)) for batch in heats(3)
    ]
    assert data_digest(reversed(same), {}) == data_digest(heats(3), {})


def test_batches_outside_the_period_do_not_make_it_another_report(year: ReportMaterial) -> None:
    later = material([*heats(400), *heats(20, year=2017)])
    assert planned(later).data_digest == planned(year).data_digest


def test_the_root_that_leaves_differs_by_seed_by_subject_and_by_what_it_was_made_with(
    year: ReportMaterial,
) -> None:
    first = planned(year)
    policy = year.pack.policy.model_copy(update={"corrections_per_year": 2})
    day = MeterDay("eaf-1", "kWh", 16_900 * DAY_US, 24, bytes(32))
    made_differently = [
        first,
        first.under(2, correction=True),
        dataclasses.replace(first, subject=dataclasses.replace(SUBJECT, period="2017")),
        planned(material(heats(399))),
        planned(dataclasses.replace(year, provenance=Provenance((day,)))),
        planned(dataclasses.replace(year, provenance=Provenance(settings_digest=b"1" * 32))),
        dataclasses.replace(first, method_digest=bytes(32)),
        dataclasses.replace(first, pack=year.pack.model_copy(update={"policy": policy})),
    ]
    roots = {
        plan.tree(plan.key(seed), software).root
        for plan in made_differently
        for seed in (b"a" * 32, b"b" * 32)
        for software in ("1", "2")
    }
    assert len(roots) == 4 * len(made_differently)
    assert first.data_digest not in roots


def test_the_root_has_one_length_whatever_the_number_of_records(year: ReportMaterial) -> None:
    assert {len(planned(data).tree(KEY, "1").root) for data in (year, material(heats(60)))} == {32}


def test_days_of_other_years_are_no_part_of_the_report(year: ReportMaterial) -> None:
    """A file that has grown since, or that holds earlier years, gives the same root."""
    days = [
        MeterDay("eaf-1", "kWh", number * DAY_US, 24, bytes(32))
        for number in (16_000, 16_800, 16_900, 17_167, 17_168, 18_000)
    ]
    roots = [
        planned(dataclasses.replace(year, provenance=Provenance(tuple(meter_days))))
        .tree(KEY, "1")
        .root
        for meter_days in (days, days[2:3])
    ]
    assert roots[0] == roots[1]


def test_a_plan_under_another_revision_is_the_plan_of_that_revision(year: ReportMaterial) -> None:
    second = dataclasses.replace(SUBJECT, revision=2, correction=True)
    assert planned(year).under(2, correction=True) == plan(
        year.site_label, year.batches, year.pack, second
    )


def test_another_pack_is_another_method(year: ReportMaterial) -> None:
    other = year.pack.model_copy(update={"version": "9"})
    assert planned(year, other).method_digest != packs.digest(year.pack)


def test_what_nothing_can_be_released_of_says_how_many_there_are_and_how_many_it_takes() -> None:
    with pytest.raises(PolicyRefusal) as refused:
        planned(material(heats(30)))
    assert refused.value.code == "too-few-batches"
    assert "eaf any: 30 of 50" in refused.value.sentence
    assert "Nothing was drawn, spent or sent" in refused.value.sentence


def test_the_carriers_that_no_batch_reports_are_named_for_the_owner_and_stay_out_of_the_report() -> (
    None
):
    only_electric = [dataclasses.replace(batch, energy=batch.energy[:1]) for batch in heats(400)]
    plant = material(only_electric)
    assert of_the_furnace(planned(plant)) == (("eaf", "total", "metric-incomplete"),)
    assert missing_carriers(plant.site_label, plant.pack) == {
        ("eaf", "total"): ("natural-gas", "coke")
    }
