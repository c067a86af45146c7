"""Composed, gated, explained, published by a second person, withdrawn with a reason; and the public
API of all that.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.test import Client

from benchmarks.disclosure import GateReason, GateResult
from benchmarks.errors import VerificationError
from benchmarks.wire import published
from portal import keys
from portal.accounts.models import Membership, Organisation, Role, Site, SizeClass, User
from portal.auditlog.models import Event
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import close_period, open_period
from portal.intake.participation import ReportingState, participation
from portal.problems import RefusedError
from portal.publication import drafting, publishing, review, selectors
from portal.publication.models import Publication
from portal.standings import computing as standings
from portal.standings import selectors as standing_selectors
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def submit_all(cast: Cast, plants: int | None = None, revision: int = 1, shift: int = 0) -> None:
    for number, plant in enumerate(cast.plants[:plants]):
        raw = plant.envelope(cast.pack, revision=revision, shift=shift + number - 5)
        deliver(raw)
    open_waiting()


def build_scene() -> Cast:
    cast = make_cast(plants=10)
    submit_all(cast)
    return cast


def publish(cast: Cast, words: str = "", approver: User | None = None) -> Publication:
    drafted = drafting.draft(cast.period, cast.drafter, NOW, words)
    return publishing.publish(drafted, approver or cast.approver, keys.receipt_key(), NOW)


def test_every_step_of_the_route_is_published_with_its_interval_and_rule(
    cast: Cast, client: Client
) -> None:
    publish(cast)
    answer = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/")
    body = answer.json()
    assert (answer.status_code, body["schema"], body["version"], body["status"]) == (
        200,
        "steplabel/benchmark/1",
        1,
        "published",
    )
    headline = [step for step in body["steps"] if step["headline"]]
    assert [step["step"] for step in headline] == [
        route_step.step for route_step in cast.pack.routes[0].steps
    ]
    for step in headline:
        low, high = step["interval"]
        assert low <= step["best"] <= high
        assert step["best"] < step["typical"]
        assert (step["rule"], step["firms"], step["gate"]["shown"]) == (
            "trimmed-best-five",
            10,
            True,
        )
    assert body["route_total"]["value"] is not None
    assert body["best_reached_total"]["value"] is not None


@pytest.mark.parametrize("fits", [True, False])
def test_where_the_assumed_spread_fits_poorly_page_and_api_say_at_which_step(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    monkeypatch.setattr("benchmarks.composition.posterior.fits", lambda _observed: fits)
    publish(cast)
    sentence = (
        "The assumed normal spread between firms fits poorly, so the interval is less certain, at "
        "these steps: "
    )
    explanation = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/").json()[
        "explanation"
    ]
    page = client.get(
        f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/", headers={"accept-language": "en"}
    ).content.decode()
    assert [sentence in json.dumps(explanation), sentence in page] == [not fits, not fits]


def test_the_document_carries_a_signature_that_holds_and_breaks_with_any_change(
    cast: Cast, client: Client
) -> None:
    publish(cast)
    body = json.loads(client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").content)
    trusted = keys.published_directory().content.receipt_keys()
    published.verify(body, trusted)
    body["steps"][0]["best"] += 0.01
    with pytest.raises(VerificationError):
        published.verify(body, trusted)


def test_the_csv_says_the_same_as_the_json(cast: Cast, client: Client) -> None:
    publish(cast)
    body = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").json()
    answer = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"))))
    steps = [row for row in rows if not row["step"].endswith("-total")]
    assert [
        (row["step"], row["metric"], float(row["best"]), float(row["best_low"]), row["unit"])
        for row in steps
    ] == [
        (step["step"], step["metric"], step["best"], step["interval"][0], step["unit"])
        for step in body["steps"]
    ]
    assert {row["version"] for row in rows} == {"1"}
    assert all(row["source"].endswith("cement, China, 2016, version 1") for row in rows)


def test_nobody_publishes_a_draft_of_their_own_and_only_a_regulator_of_the_whole_scope_may(
    cast: Cast,
) -> None:
    drafted = drafting.draft(cast.period, cast.drafter, NOW)
    for person, code in (
        (cast.drafter, "own-draft"),
        (cast.provincial, "not-regulator"),
        (cast.plants[0].owner, "not-regulator"),
    ):
        with pytest.raises(RefusedError) as refused:
            publishing.publish(drafted, person, keys.receipt_key(), NOW)
        assert (refused.value.code, refused.value.status) == (code, 403)
    with pytest.raises(RefusedError):
        drafting.draft(cast.period, cast.provincial, NOW)
    assert Publication.objects.get().status == "draft"


def test_who_regulates_in_several_offices_approves_in_the_name_of_the_nearest_that_may(
    cast: Cast,
) -> None:
    """A bureau of the province has no say over the nation's benchmark."""
    Membership.objects.create(
        user=cast.provincial,
        organisation=Organisation.objects.get(name="Ministry"),
        role=Role.REGULATOR,
    )
    approvals = publish(cast, approver=cast.provincial).explanation["approval"]["en"]
    assert "published by Ministry" in approvals
    cast.group.scope = cast.province
    cast.group.save(update_fields=["scope"])
    cast.period.refresh_from_db()
    approvals = publish(cast, "In the province.", cast.provincial).explanation["approval"]["en"]
    assert "drafted by Ministry" in approvals
    assert "published by Bureau" in approvals


def test_a_draft_is_not_public(cast: Cast, client: Client) -> None:
    drafting.draft(cast.period, cast.drafter, NOW)
    assert client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/").status_code == 404
    assert client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").status_code == 404
    assert client.get("/api/v1/benchmarks/").json() == []
    assert selectors.series("cement", PERIOD, "dry-process", "cn").rows == ()


def test_a_draft_that_submissions_have_overtaken_is_not_published(cast: Cast) -> None:
    drafted = drafting.draft(cast.period, cast.drafter, NOW)
    submit_all(cast, plants=1, revision=2, shift=1)
    with pytest.raises(RefusedError) as refused:
        publishing.publish(drafted, cast.approver, keys.receipt_key(), NOW)
    assert refused.value.code == "draft-outdated"


def test_before_the_lag_has_passed_the_gate_holds_every_value(cast: Cast) -> None:
    early = cast.period.end + timedelta(days=30)
    drafted = drafting.draft(cast.period, cast.drafter, early)
    view = review.draft_review(cast.approver, drafted.pk, NOW)
    assert view is not None
    assert (view.hold, view.may_publish, view.why_not) == (True, False, "gate-holds")
    assert {step.best for step in view.label.cells} == {None}


def test_a_withdrawn_version_stays_at_its_address_with_the_reason(
    cast: Cast, client: Client
) -> None:
    row = publish(cast)
    before = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").json()
    publishing.withdraw(row, cast.drafter, "一条线重复计算了回收电量", NOW)
    answer = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/")
    assert answer.json() == before
    assert answer["Steplabel-Status"] == "withdrawn"
    assert "reason*=UTF-8''" in answer["Steplabel-Withdrawn"]
    assert client.get("/api/v1/benchmarks/").json() == []
    view = selectors.benchmark("cement", PERIOD, "dry-process", "cn")
    assert view is not None
    assert (view.status, view.withdrawal_reason, view.latest_version) == (
        "withdrawn",
        "一条线重复计算了回收电量",
        None,
    )
    with pytest.raises(RefusedError):
        publishing.withdraw(row, cast.drafter, "again", NOW)


def test_a_new_version_that_differs_in_one_participant_waits(cast: Cast) -> None:
    publish(cast)
    submit_all(cast, plants=1, revision=2, shift=9)
    drafted = drafting.draft(cast.period, cast.drafter, NOW, "One plant corrected its report.")
    view = review.draft_review(cast.approver, drafted.pk, NOW)
    assert view is not None
    assert (view.version, view.why_not) == (2, "gate-holds")
    with pytest.raises(RefusedError):
        publishing.publish(drafted, cast.approver, keys.receipt_key(), NOW)


def test_another_route_with_all_firms_but_one_does_not_show_what_the_first_showed(
    cast: Cast,
) -> None:
    """The clinker route shares four cells with the main route: beside the published ones, each
    would give the one firm away.
    """
    publish(cast)
    members = [plant.site for plant in cast.plants[1:]]
    period = open_period(
        make_peer_group("cement", cast.nation, members, route="clinker"), PERIOD, "test", NOW
    )
    gated = GateResult.from_json(drafting.draft(period, cast.drafter, NOW).gate)
    assert {cell.reason_code for cell in gated.cells if cell.measure == "step"} == {
        GateReason.OVERLAP
    }
    assert "cement/cn/dry-process/2016/v1" in gated.cells[0].reason.en
    assert gated.shown == 0


def test_another_spelling_of_the_period_does_not_show_the_firm_that_joined(cast: Cast) -> None:
    """A group of its own, in which all but one of the firms report once more for the same days:
    what it shows is compared by its firms.
    """
    publish(cast)
    plants, again = cast.plants[1:], "2016-01-01/2016-12-31"
    period = open_period(
        make_peer_group("cement", cast.nation, [plant.site for plant in plants], route="clinker"),
        again,
        "test",
        NOW,
    )
    for number, plant in enumerate(plants):
        raw = plant.envelope(cast.pack, shift=number - 4, period=again)
        deliver(raw)
    open_waiting()
    gated = GateResult.from_json(drafting.draft(period, cast.drafter, NOW).gate)
    assert {cell.reason_code for cell in gated.cells if cell.measure == "step"} == {
        GateReason.OVERLAP
    }
    assert gated.shown == 0


def test_what_the_gate_says_of_a_correction_does_not_tell_whether_a_draw_repeated(
    cast: Cast,
) -> None:
    """One plant reports anew what it had reported: no cell of the draft stands as published before,
    where another's would be held.
    """
    publish(cast)
    submit_all(cast, plants=1, revision=2)
    gated = GateResult.from_json(drafting.draft(cast.period, cast.drafter, NOW).gate)
    assert {cell.reason_code for cell in gated.cells if cell.measure == "step"} == {
        GateReason.DIFFERENCING
    }


def test_a_new_version_with_enough_changes_takes_over_and_the_old_one_stays(
    cast: Cast, client: Client
) -> None:
    publish(cast)
    submit_all(cast, plants=4, revision=2, shift=2)
    drafted = drafting.draft(cast.period, cast.drafter, NOW, "Four plants corrected their reports.")
    publishing.publish(drafted, cast.approver, keys.receipt_key(), NOW)
    assert client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/").json()["version"] == 2
    assert (
        client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").json()["version"] == 1
    )
    assert [
        row.version for row in selectors.series("cement", PERIOD, "dry-process", "cn").rows
    ] == [2, 1]


def test_one_firm_that_declares_most_of_the_size_hides_every_cell(cast: Cast) -> None:
    site = cast.plants[0].site
    site.size_class = SizeClass.VERY_LARGE
    site.save()
    drafted = drafting.draft(cast.period, cast.drafter, NOW)
    view = review.draft_review(cast.approver, drafted.pk, NOW)
    assert view is not None
    assert {step.reason_code for step in view.label.cells} == {"dominance"}
    assert view.why_not == "nothing-shown"


def test_who_takes_part_by_their_own_will_is_not_counted_among_the_obliged(cast: Cast) -> None:
    def sample(words: str) -> str:
        return str(
            drafting.draft(cast.period, cast.drafter, NOW, words).explanation[
                "sample_characteristics"
            ]["en"]
        )

    assert sample("All.").startswith("10 firms of 10 obliged to report, 10 sites")
    cast.group.members.filter(site=cast.plants[0].site).update(obliged=False)
    assert sample("One less.").startswith(
        "10 firms, some of them by their own will (obliged to report: 9), 10 sites"
    )  # one could be guessed
    cast.group.members.filter(site__in=[plant.site for plant in cast.plants]).update(obliged=False)
    assert sample("None.").startswith(
        "10 firms (0 of 0 obliged to report, 10 by their own will), 10 sites"
    )


def test_a_later_list_of_the_obliged_changes_nothing_of_a_period_that_closed_before(
    cast: Cast,
) -> None:
    close_period(cast.period, "test", NOW)
    cast.group.members.filter(site=cast.plants[0].site).update(obliged=False)
    late = Site.objects.create(
        slug="late",
        name="Late",
        organisation=cast.plants[1].site.organisation,
        jurisdiction=cast.province,
        pack="cement",
    )
    cast.group.members.create(site=late, obliged=True)
    cast.period.refresh_from_db()
    drafted = drafting.draft(cast.period, cast.drafter, NOW, "A list came.")
    assert str(drafted.explanation["sample_characteristics"]["en"]).startswith(
        "10 firms of 10 obliged to report, 10 sites"
    )


def test_a_form_sent_twice_gives_one_draft(cast: Cast) -> None:
    draft, other = (drafting.draft(cast.period, cast.drafter, NOW, "New meters.") for _ in range(2))
    assert draft.pk == other.pk
    assert drafting.draft(cast.period, cast.drafter, NOW, "Other words.").pk != draft.pk


def test_a_version_says_since_which_published_one_it_changed_even_where_the_drafter_wrote_nothing(
    cast: Cast,
) -> None:
    drafting.draft(cast.period, cast.drafter, NOW)  # never published: nobody can compare with it
    first = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW, "Again."),
        cast.approver,
        keys.receipt_key(),
        NOW,
    )
    assert first.explanation["changes"]["en"] == "First version."
    third = drafting.draft(cast.period, cast.drafter, NOW)
    assert (
        third.explanation["changes"]["en"]
        == "Since version 2: the drafter did not describe the change."
    )


def test_drafting_twice_from_the_same_reports_gives_the_same_figures(cast: Cast) -> None:
    """Whoever asks, it is one draft; in other words it is another, of the same figures."""
    draft, same = (drafting.draft(cast.period, by, NOW) for by in (cast.drafter, cast.approver))
    assert (draft.version, same.pk) == (1, draft.pk)
    other = drafting.draft(cast.period, cast.approver, NOW, "Composed again.")
    assert other.version == 2
    assert draft.label == other.label
    assert draft.seed == other.seed


def test_every_decision_is_on_record(cast: Cast) -> None:
    row = publish(cast)
    publishing.withdraw(row, cast.drafter, "One line counted twice.", NOW)
    events = Event.objects.filter(
        subject=f"benchmark cement/cn/dry-process/{PERIOD}/v1"
    ).values_list("actor", "action")
    assert list(events) == [
        ("drafter@example.org", "publication.drafted"),
        ("approver@example.org", "publication.published"),
        ("drafter@example.org", "publication.withdrawn"),
    ]


def test_standings_come_with_rank_intervals_and_only_owner_and_regulator_see_them(
    cast: Cast,
) -> None:
    assert standings.compute(cast.period, "drafter@example.org", NOW) == 10
    owner, other = cast.plants[0], cast.plants[1]
    view = standing_selectors.where_we_stand(owner.owner, owner.site.slug, PERIOD)
    assert view is not None
    assert len(view.steps) == len(owner.report(cast.pack).released.labels)
    for step in view.steps:
        assert step.rank_interval is not None
        assert 1 <= step.rank_interval[0] <= step.rank_interval[1] <= (step.of or 0) == 10
    assert standing_selectors.where_we_stand(cast.approver, owner.site.slug, PERIOD) is not None
    for person in (other.owner, cast.stranger, cast.auditor):
        assert standing_selectors.where_we_stand(person, owner.site.slug, PERIOD) is None


def test_participation_is_seen_by_jurisdiction_and_holds_no_value(cast: Cast) -> None:
    whole = participation(cast.approver, cast.group.pk, PERIOD, NOW)
    part = participation(cast.provincial, cast.group.pk, PERIOD, NOW)
    assert whole is not None
    assert part is not None
    assert (len(whole.participants), whole.count(ReportingState.REPORTED), whole.may_decide) == (
        10,
        10,
        True,
    )
    assert (len(part.participants), part.may_decide) == (5, False)
    assert participation(cast.plants[0].owner, cast.group.pk, PERIOD, NOW) is None
