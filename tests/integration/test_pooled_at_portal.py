"""Labels over several years, or of some months of one, at the portal: composed with the others,
told in what is published, not by name.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from django.test import Client

from benchmarks.disclosure import GateResult
from benchmarks.label_keys import LabelKey
from benchmarks.wire import envelope as envelopes
from benchmarks.wire import pack_conformity
from portal import keys
from portal.intake.models import Submission, SubmissionState
from portal.opening import unsealing as opening
from portal.publication import drafting, publishing
from portal.publication import selectors as publications
from portal.publication.definition_changes import breaks
from portal.publication.models import Publication
from portal.publication.shapes import label_view
from portal.standings import computing as standings
from portal.standings import selectors
from portal.standings.cohort import cohort
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    Plant,
    deliver,
    make_cast,
    open_waiting,
    processing_public,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

POOLED = {0: 3, 1: 3, 2: 2}
"""Plant -> years that all its labels cover."""


IN_PART = {4: 7}
"""Plant -> months that all its labels tell of."""


def envelope_over(
    plant: Plant, cast: Cast, years: int, shift: int = 0, months: int | None = None
) -> bytes:
    report = plant.report(cast.pack, shift=shift)
    edge = cast.pack.policy.count_classes[-1]
    labels = tuple(
        replace(label, years=years, months=months, count_class=edge)
        for label in report.released.labels
    )
    pooled = replace(report, released=replace(report.released, labels=labels))
    return envelopes.build(pooled, plant.header(), plant.key, processing_public())


def hand_in(cast: Cast, plants: dict[int, int]) -> None:
    for number, plant in enumerate(cast.plants):
        raw = envelope_over(
            plant, cast, plants.get(number, 1), shift=number - 5, months=IN_PART.get(number)
        )
        deliver(raw)
    open_waiting()


def publish(cast: Cast) -> Publication:
    drafted = drafting.draft(cast.period, cast.drafter, NOW)
    return publishing.publish(drafted, cast.approver, keys.receipt_key(), NOW)


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    scene = make_cast(plants=10)
    hand_in(scene, POOLED)
    return scene


def test_pooled_labels_enter_the_period_of_their_last_year_beside_the_others(cast: Cast) -> None:
    assert set(Submission.objects.values_list("state", flat=True)) == {SubmissionState.ACCEPTED}
    labels = {
        (entry.site, entry.label.years, entry.label.months) for entry in cohort(cast.period).labels
    }
    assert labels == {
        (plant.site.slug, POOLED.get(number, 1), IN_PART.get(number))
        for number, plant in enumerate(cast.plants)
    }


def test_what_is_published_says_how_many_values_cover_how_many_years_and_that_the_series_breaks(
    cast: Cast, client: Client
) -> None:
    publish(cast)
    body = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/").json()
    for step in body["steps"]:
        assert step["pooled"] == [{"years": 2, "firms": 1}, {"years": 3, "firms": 2}]
    sentences = body["explanation"]["sample_characteristics"]
    assert f"the values of 2 of 10 firms cover 3 years up to {PERIOD}" in sentences["en"]
    assert f"10 家企业中有 2 家因运行次数少，其数值涵盖截至 {PERIOD} 的 3 年" in sentences["zh"]
    rows = csv.DictReader(
        io.StringIO(
            client.get(
                f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/?format=csv"
            ).content.decode()
        )
    )
    assert {row["pooled_firms"] for row in rows if not row["step"].endswith("-total")} == {"3"}
    for plant in cast.plants:
        assert plant.site.name not in str(body)


def test_what_is_published_says_how_many_values_lack_months(cast: Cast, client: Client) -> None:
    publish(cast)
    body = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/").json()
    assert {step["in_part"] for step in body["steps"]} == {1}
    sentences = body["explanation"]["sample_characteristics"]
    assert "the values of 1 of 10 firms cover only part of their period" in sentences["en"]
    assert "10 家企业中有 1 家的数值只反映其期间的一部分" in sentences["zh"]
    rows = csv.DictReader(
        io.StringIO(
            client.get(
                f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/?format=csv"
            ).content.decode()
        )
    )
    assert {row["in_part_firms"] for row in rows if not row["step"].endswith("-total")} == {"1"}


def test_a_cell_that_is_held_back_says_nothing_of_pooling(portal_keys: object) -> None:
    few = make_cast(plants=7)  # below the gate's fewest
    hand_in(few, POOLED)
    drafted = drafting.draft(few.period, few.drafter, NOW)
    steps = label_view(GateResult.from_json(drafted.gate)).cells
    assert {(step.shown, step.pooled, step.in_part) for step in steps} == {(False, (), 0)}
    assert (
        "cover only part of their period" not in drafted.explanation["sample_characteristics"]["en"]
    )
    assert "cover" not in drafted.explanation["sample_characteristics"]["en"]


def test_a_series_breaks_where_some_values_come_to_cover_several_years(cast: Cast) -> None:
    publish(cast)
    pooled = publications.benchmark("cement", PERIOD, "dry-process", "cn")
    assert pooled is not None
    alone = replace(
        pooled,
        label=replace(
            pooled.label, cells=tuple(replace(step, pooled=()) for step in pooled.label.cells)
        ),
    )
    assert not breaks(pooled, pooled).any
    assert {
        code
        for step in pooled.label.cells
        for code in breaks(alone, pooled).codes_of(LabelKey.of(step))
    } == {"years"}
    (change,) = breaks(alone, pooled).cells[LabelKey.of(pooled.label.cells[0])]
    assert (change.before, change.after) == ("1", "1-3")


def test_a_publication_of_single_years_says_so(portal_keys: object, client: Client) -> None:
    plain = make_cast(plants=8)
    hand_in(plain, {})
    publish(plain)
    steps = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/").json()["steps"]
    assert [step["pooled"] for step in steps if step["best"] is not None] != []
    assert [step for step in steps if step["pooled"]] == []


def test_the_owner_sees_which_of_its_values_cover_several_years(cast: Cast, client: Client) -> None:
    standings.compute(cast.period, "test", NOW)
    publish(cast)
    pooled, single = cast.plants[0], cast.plants[5]
    stand = selectors.where_we_stand(pooled.owner, pooled.site.slug, PERIOD)
    assert stand is not None
    assert {step.years for step in stand.steps} == {3}
    for plant, shown in ((pooled, True), (single, False)):
        client.login(username=plant.owner.email, password=PASSWORD)
        digest = Submission.objects.get(site=plant.site).digest
        page = client.get(f"/submissions/{digest}/").content.decode()
        assert ("3 years combined" in page) is shown
        assert "begun in" not in page
    in_part = cast.plants[4]
    client.login(username=in_part.owner.email, password=PASSWORD)
    digest = Submission.objects.get(site=in_part.site).digest
    assert "begun in 7 months" in client.get(f"/submissions/{digest}/").content.decode()


def test_more_years_than_the_pack_allows_are_refused_by_the_worker(
    portal_keys: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast(plants=2)
    first, second = cast.plants
    deliver(envelope_over(first, cast, 4))
    assert open_waiting() == opening.SweepCounts(accepted=0, refused=1)
    assert Submission.objects.get(site=first.site).reason_code == "period-too-long"

    monkeypatch.setattr(
        pack_conformity, "too_long", lambda *_: None
    )  # the defence off: it would be taken
    deliver(envelope_over(second, cast, 4))
    assert open_waiting() == opening.SweepCounts(accepted=1, refused=0)
