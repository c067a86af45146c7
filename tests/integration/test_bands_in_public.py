"""How many sites are sure to lie in which quarter: of the very reports that are published, with
their cell, and nobody by name.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from benchmarks.composition.result import CellRoster, Member
from benchmarks.disclosure import GateResult
from benchmarks.phrases import Name
from benchmarks.ranking import Quarters
from benchmarks.wire import envelope
from benchmarks.wire.schema import Consent
from benchmarks.wire.signing import DeviceKey
from portal import keys
from portal.accounts import enrolling as accounts
from portal.accounts.models import Membership, Organisation, Site
from portal.auditlog.models import Action, Event
from portal.catalogue.models import PeerGroupMember
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.publication import drafting, publishing, scheduling
from portal.publication.counted_before import _tells
from portal.publication.document import BenchmarkScope, document_of
from portal.publication.gating import asked_again
from portal.publication.models import Publication, ScheduledRelease
from portal.register import naming
from portal.standings import computing as standings
from portal.standings.bands import (
    Bands,
    SitesOfOneControl,
    _if_nothing_is_told_of_the_others,
    bands,
)
from portal.standings.cohort import cohort
from portal.standings.models import Standing
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    Plant,
    deliver,
    draft_page,
    make_cast,
    make_plant,
    open_waiting,
    processing_public,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def hand_in(cast: Cast, plants: int, revision: int = 1) -> None:
    for index, plant in enumerate(cast.plants[:plants]):
        raw = plant.envelope(cast.pack, revision=revision, shift=index)
        deliver(raw)
    open_waiting()


def build_scene() -> Cast:
    cast = make_cast(20)
    hand_in(cast, 20)
    standings.compute(cast.period, "worker", NOW)
    return cast


def publish(cast: Cast) -> Publication:
    return publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )


def steps_of(row: Publication) -> list[dict[str, Any]]:
    assert row.document is not None
    return list(row.document["steps"])


def test_every_shown_cell_of_twenty_firms_says_how_many_are_sure_of_their_quarter(
    cast: Cast, client: Client
) -> None:
    steps = steps_of(publish(cast))
    for step in steps:
        counted = {
            quarter: Standing.objects.filter(
                step=step["step"], metric=step["metric"], band=quarter
            ).count()
            for quarter in range(1, 5)
        }
        assert step["bands"]["quarters"] == list(counted.values())
        assert sum(step["bands"]["quarters"]) + step["bands"]["untold"] == 20
    assert any(sum(step["bands"]["quarters"]) for step in steps)
    page = client.get(f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").content.decode()
    assert "Number of sites that are certain to be in each quarter" in page
    assert "Works 1" not in page
    rows = list(
        csv.DictReader(
            io.StringIO(
                client.get(
                    f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/benchmark.csv"
                ).content.decode()
            )
        )
    )
    assert [row["quarter_untold"] for row in rows[: len(steps)]] == [
        str(step["bands"]["untold"]) for step in steps
    ]


def test_without_standings_of_the_very_reports_there_are_none(cast: Cast) -> None:
    hand_in(
        cast, 3, revision=2
    )  # three reports were replaced, and the standings are of the old ones
    assert bands(cast.period, cohort(cast.period), cast.pack, 8) == {}
    assert {step["bands"] for step in steps_of(publish(cast))} == {None}


def test_a_cell_that_is_held_back_or_has_too_few_firms_or_no_curve_shows_no_bands(
    cast: Cast,
) -> None:
    row = drafting.draft(cast.period, cast.drafter, NOW)
    by_cell = bands(cast.period, cohort(cast.period), cast.pack, 8)
    assert len(by_cell) == len(row.gate["published"]["steps"])
    few, withheld = row.gate["published"]["steps"][0], row.gate["cells"][1]
    few["firms"] = 19
    row.gate["published"]["steps"][2]["curve_withheld"] = True
    withheld["shown"] = False
    document = document_of(
        GateResult.from_json(row.gate),
        row.explanation,
        1,
        NOW.date(),
        BenchmarkScope.of(cast.nation),
        by_cell,
    )
    assert [step["bands"] is None for step in document["steps"]] == [True, True, True] + [False] * (
        len(document["steps"]) - 3
    )


def test_what_cannot_be_told_is_what_is_left_over() -> None:
    assert Bands((3, 1, 0, 4), 20).untold == 12


def named_in(row: Publication) -> set[str]:
    return {
        entry["firm"] for step in steps_of(row) for entry in (step["bands"] or {}).get("named", ())
    }


def test_a_firm_that_chose_it_is_named_beside_its_own_quarter_and_nobody_else(
    cast: Cast, client: Client
) -> None:
    first = cast.plants[0]
    assert naming.choose(first.owner, first.site.organisation_id, True, NOW)
    row = publish(cast)
    assert named_in(row) == {"Enterprise 1"}
    for step in steps_of(row):
        named = {(entry["quarter"], entry["firm"]) for entry in step["bands"]["named"]}
        own = Standing.objects.get(
            submission__site=first.site, step=step["step"], metric=step["metric"]
        ).band
        assert named == ({(own, "Enterprise 1")} if own else set())
    page = client.get(f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").content.decode()
    assert "Enterprise 1" in page
    assert "Enterprise 2" not in page
    naming.choose(first.owner, first.site.organisation_id, False, NOW)
    assert named_in(publish_again(cast)) == set(), "from the next version on it is not"


def publish_again(cast: Cast) -> Publication:
    draft = drafting.draft(cast.period, cast.drafter, NOW, "A name is gone.")
    return publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)


def a_further_site(cast: Cast, of: int = 0, number: int = 99) -> Plant:
    """Of the first firm, or the one at that index: it reports, and changes no figure, for one site
    a firm stands behind these.
    """
    first = cast.plants[of]
    site = Site.objects.create(
        slug=f"works-{number}",
        name=f"Works {number}",
        organisation=first.site.organisation,
        jurisdiction=cast.nation,
        pack=cast.pack.id,
    )
    token = accounts.issue_token(site, None, keys.published_directory().fingerprint, NOW)
    key = DeviceKey.generate()
    device = accounts.enrol(
        token.split(".")[1], key.public.hex, f"{number:064x}", "steplabel-agent/test", NOW
    ).device
    PeerGroupMember.objects.create(peer_group=cast.group, site=site)
    return Plant(site, first.owner, device, key)


def reported(cast: Cast, plant: Plant, shift: int) -> None:
    raw = plant.envelope(cast.pack, shift=shift)
    deliver(raw)
    open_waiting()
    standings.compute(cast.period, "worker", NOW)


def counted(row: Publication) -> list[tuple[list[int], int] | None]:
    return [
        (step["bands"]["quarters"], step["bands"]["untold"]) if step["bands"] else None
        for step in steps_of(row)
    ]


def test_the_numbers_do_not_tell_the_quarter_of_a_further_site_that_joins(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every figure stands as published, and beside it one number that is one larger is the quarter
    of the site that joined.
    """
    first = publish(cast)
    reported(cast, a_further_site(cast), 40)
    draft = drafting.draft(cast.period, cast.drafter, NOW, "One more site has reported.")
    second = publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    assert {step["gate"]["code"] for step in steps_of(second)} == {"unchanged"}
    assert all(counted(first))
    assert not any(counted(second))
    monkeypatch.setattr(publishing, "beside_what_was_shown", lambda numbers, *_: numbers)
    counts = [count for count in counted(publish_again(cast)) if count]
    assert counts, "with the comparison off the numbers are out"
    assert all(sum(quarters) + untold == 21 for quarters, untold in counts)


def test_numbers_that_are_those_of_before_stand(cast: Cast) -> None:
    first = publish(cast)
    assert all(counted(first))
    assert counted(publish_again(cast)) == counted(first)


@pytest.mark.parametrize(
    ("quarters", "of", "changed", "out"),
    [
        ((5, 5, 5, 5), 20, 0, True),
        ((5, 5, 5, 4), 20, 0, False),  # a further site corrected
        ((5, 5, 5, 6), 21, 0, False),  # or joined
        ((5, 5, 5, 6), 21, 3, False),  # beside three that corrected
        ((5, 5, 5, 5), 22, 3, False),
        ((5, 5, 6, 7), 23, 3, True),
        ((4, 6, 5, 4), 20, 3, True),
    ],
)
def test_which_numbers_may_stand_beside_those_of_before(
    quarters: tuple[int, ...], of: int, changed: int, out: bool
) -> None:
    """Of 18 firms with two further sites between them, of which so many firms report anew."""
    before = CellRoster(
        "cell",
        tuple(
            Member(f"{number}", f"site-{number}", (670, number, number), "first")
            for number in range(18)
        ),
    )
    members = [
        replace(member, report="second") if index < changed else member
        for index, member in enumerate(before.members)
    ]
    now = CellRoster("cell", tuple(members))
    assert (
        _tells(Bands(quarters, of), now, {"quarters": [5, 5, 5, 5], "untold": 0}, before, 3) != out
    )


def test_nobody_is_named_where_fewer_would_stay_unnamed_than_a_value_needs(cast: Cast) -> None:
    for plant in cast.plants[:13]:
        naming.choose(plant.owner, plant.site.organisation_id, True, NOW)
    present = cohort(cast.period)
    assert {
        cell: band.named
        for cell, band in bands(cast.period, present, cast.pack, 8).items()
        if band.named
    } == {}, "seven of twenty are left"
    naming.choose(cast.plants[0].owner, cast.plants[0].site.organisation_id, False, NOW)
    assert any(band.named for band in bands(cast.period, present, cast.pack, 8).values())


@pytest.mark.parametrize(
    ("last", "names"),
    [((2, 2, 2, 2), 24), ((0, 0, 0, 8), 0), ((0, 0, 2, 6), 24), ((0, 0, 1, 7), 0)],
)
def test_nobody_is_named_where_the_names_tell_the_quarter_of_the_others(
    last: tuple[int, ...], names: int
) -> None:
    """Eight of 32 firms stay unnamed, all sure to lie in some quarter: of `last` so many in
    each.
    """
    quarters_of_named = [
        quarter for quarter, others in enumerate(last, start=1) for _ in range(8 - others)
    ]
    willing = {
        str(number): SitesOfOneControl(1, Counter([quarter]), {Name(f"firm {number}")})
        for number, quarter in enumerate(quarters_of_named)
    }
    firms = {str(number) for number in range(32)}
    named = _if_nothing_is_told_of_the_others(willing, firms, Quarters((8, 8, 8, 8), 32), 8)
    assert len(named) == names


def test_every_site_of_who_is_named_is_taken_out_before_the_others_are_counted(cast: Cast) -> None:
    """Seven of 28 sites lie in each quarter. Fourteen firms with twenty of them let themselves be
    named; of the eight others, with one site each, seven lie in the last quarter."""
    cast.plants += [make_plant(number, cast.nation, cast.pack) for number in (21, 22)]
    for plant in cast.plants[20:]:
        PeerGroupMember.objects.create(peer_group=cast.group, site=plant.site)
    quarter_of = [1] * 4 + [2] * 4 + [3] * 7 + [4] * 7
    reports = [
        (plant, 2 if index < 20 else 1, quarter_of[index])
        for index, plant in enumerate(cast.plants)
    ]
    reports += [
        (a_further_site(cast, index, 100 + index), 1, quarter_of[index])
        for index in (0, 1, 2, 4, 5, 6)
    ]
    for plant, revision, quarter in reports:
        deliver(plant.envelope(cast.pack, revision=revision, shift=12 * quarter))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    for plant in cast.plants[:14]:
        naming.choose(plant.owner, plant.site.organisation_id, True, NOW)
    shown = bands(cast.period, cohort(cast.period), cast.pack, 8)
    assert {(cell.quarters, cell.of) for cell in shown.values()} == {((7, 7, 7, 7), 28)}
    assert {cell.named for cell in shown.values()} == {()}
    for plant in cast.plants[8:11]:
        naming.choose(plant.owner, plant.site.organisation_id, False, NOW)
    few = bands(cast.period, cohort(cast.period), cast.pack, 8)
    assert {len(cell.named) for cell in few.values()} == {11}, "seven of eleven are no secret"


def test_a_firm_whose_sites_lie_in_several_quarters_stands_beside_none(cast: Cast) -> None:
    reported(cast, a_further_site(cast), 40)
    first = cast.plants[0]
    naming.choose(first.owner, first.site.organisation_id, True, NOW)
    shown = bands(cast.period, cohort(cast.period), cast.pack, 8)
    own = Standing.objects.filter(
        submission__site__organisation=first.site.organisation_id
    ).exclude(band=None)
    several = {
        cell for cell in shown if own.filter(**cell._asdict()).values("band").distinct().count() > 1
    }
    assert several
    assert not any(shown[cell].named for cell in several)


def test_firms_under_one_control_are_named_where_each_of_them_chose_it(cast: Cast) -> None:
    """The name of the one would tell in which quarter the other lies."""
    first, other = (plant.site.organisation for plant in cast.plants[:2])
    other.controlling_firm = first.controlling_firm
    other.save()
    naming.choose(cast.plants[0].owner, first.pk, True, NOW)
    assert not any(
        cell.named for cell in bands(cast.period, cohort(cast.period), cast.pack, 8).values()
    )
    naming.choose(cast.plants[1].owner, other.pk, True, NOW)
    shown = bands(cast.period, cohort(cast.period), cast.pack, 8)
    assert {entry.firm for cell in shown.values() for entry in cell.named} == {
        "Enterprise 1",
        "Enterprise 2",
    }


LATER = NOW + timedelta(hours=1)


def release_with_names(cast: Cast, *names: str) -> ScheduledRelease:
    waiting = scheduling.schedule(
        drafting.draft(cast.period, cast.drafter, NOW),
        cast.approver,
        LATER,
        keys.receipt_key(),
        NOW,
    )
    assert {
        entry["firm"]
        for step in waiting.document["steps"]
        for entry in (step["bands"] or {}).get("named", ())
    } == set(names)
    return waiting


def assert_stopped_by_its_names(waiting: ScheduledRelease) -> None:
    assert scheduling.release_due(lambda: LATER) == 0
    waiting.refresh_from_db()
    assert waiting.reason_code == "naming-changed"


def test_a_release_with_a_name_that_was_taken_back_is_stopped(cast: Cast) -> None:
    first = cast.plants[0]
    naming.choose(first.owner, first.site.organisation_id, True, NOW)
    waiting = release_with_names(cast, "Enterprise 1")
    naming.choose(first.owner, first.site.organisation_id, False, NOW)
    assert_stopped_by_its_names(waiting)


def test_a_release_is_stopped_where_another_firm_under_the_same_control_took_its_choice_back(
    cast: Cast,
) -> None:
    """Only one of them lies in a quarter that can be told, and stands there by name because both
    chose it.
    """
    further = make_plant(21, cast.nation, cast.pack)
    PeerGroupMember.objects.create(peer_group=cast.group, site=further.site)
    deliver(further.envelope(cast.pack, shift=20))
    for plant in cast.plants[
        8:13
    ]:  # alike, around the middle: nobody can tell in which quarter each of them lies
        deliver(plant.envelope(cast.pack, revision=2, shift=10))
    open_waiting()
    first, sister = cast.plants[0], cast.plants[10]
    other = sister.site.organisation
    other.controlling_firm = first.site.organisation.controlling_firm
    other.save()
    standings.compute(cast.period, "worker", NOW)
    for plant in (first, sister):
        naming.choose(plant.owner, plant.site.organisation_id, True, NOW)
    waiting = release_with_names(cast, "Enterprise 1")
    naming.choose(sister.owner, sister.site.organisation_id, False, NOW)
    assert_stopped_by_its_names(waiting)


def test_a_release_that_names_a_firm_by_an_earlier_name_is_stopped_and_says_so(cast: Cast) -> None:
    first = cast.plants[0]
    naming.choose(first.owner, first.site.organisation_id, True, NOW)
    waiting = release_with_names(cast, "Enterprise 1")
    Organisation.objects.filter(pk=first.site.organisation_id).update(name="Enterprise One, Ltd.")
    assert_stopped_by_its_names(waiting)
    page = signed_in(cast.approver).get(draft_page(waiting.publication)).content.decode()
    assert "or the firm was renamed" in page


def test_a_release_that_names_a_firm_by_an_earlier_chinese_name_is_stopped(cast: Cast) -> None:
    first = cast.plants[0]
    firm = Organisation.objects.filter(pk=first.site.organisation_id)
    firm.update(name_zh="甲厂")
    naming.choose(first.owner, first.site.organisation_id, True, NOW)
    waiting = release_with_names(cast, "Enterprise 1")
    firm.update(name_zh="乙厂")
    assert_stopped_by_its_names(waiting)


def test_a_firm_that_chose_to_be_named_after_the_approval_stops_no_release(cast: Cast) -> None:
    first, second = cast.plants[:2]
    naming.choose(first.owner, first.site.organisation_id, True, NOW)
    waiting = release_with_names(cast, "Enterprise 1")
    naming.choose(second.owner, second.site.organisation_id, True, NOW)
    assert scheduling.release_due(lambda: LATER) == 1
    assert Publication.objects.get().document == waiting.document


def test_a_release_is_stopped_where_another_group_has_shown_numbers_of_a_further_site_since(
    cast: Cast,
) -> None:
    """The gate's answer is set to that of the hour, as where enough other firms stand behind the
    values: the numbers alone stop it.
    """
    waiting = release_with_names(cast)
    others = [
        *(make_plant(number, cast.nation, cast.pack) for number in (21, 22, 23)),
        a_further_site(cast),
    ]
    cast.group.members.filter(site=others[-1].site).delete()
    group = make_peer_group(
        cast.pack.id, cast.province, [plant.site for plant in (*cast.plants[:17], *others)]
    )
    period = open_period(group, PERIOD, "test", NOW)
    for position, plant in enumerate(others, 20):
        deliver(plant.envelope(cast.pack, shift=position))
    open_waiting()
    standings.compute(period, "worker", NOW)
    other = publishing.publish(
        drafting.draft(period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    assert any(counted(other))
    row = Publication.objects.get(pk=waiting.publication_id)
    waiting.gate = asked_again(row, LATER)[1].to_json()
    waiting.save(update_fields=["gate"])
    assert scheduling.release_due(lambda: LATER) == 0
    waiting.refresh_from_db()
    assert waiting.reason_code == "gate-changed"


def test_only_who_manages_the_firm_chooses_and_each_choice_is_on_record(
    cast: Cast, client: Client
) -> None:
    first = cast.plants[0]
    path = f"/firms/{first.site.organisation_id}/"
    client.force_login(cast.plants[1].owner)
    assert client.post(path, {"named": "yes"}).status_code == 404
    client.force_login(first.owner)
    client.post(path, {"named": "yes"})
    client.post(path, {"named": "yes"})
    assert Event.objects.filter(action=Action.NAMING_CHOSEN, subject="site works-1").count() == 1
    Membership.objects.filter(user=first.owner).update(may_manage=False)
    assert client.get(path).status_code == 200
    assert client.post(path, {"named": "no"}).status_code == 404


def test_what_a_report_agreed_to_stands_on_its_firms_page(cast: Cast, client: Client) -> None:
    first = cast.plants[0]
    consent = Consent(
        "scheme-1", b"\x07" * 32, "industry-label", "no-enforcement", "not-named-in-public", 10
    )
    report = replace(first.report(cast.pack, revision=2), consent=consent)
    raw = envelope.build(report, first.header(revision=2), first.key, processing_public())
    deliver(raw)
    open_waiting()
    client.force_login(first.owner)
    page = client.get(f"/firms/{first.site.organisation_id}/").content.decode()
    for wanted in (
        "no fine, quota, inspection or price",
        "not named in anything public",
        "10 years",
        "07" * 32,
    ):
        assert wanted in page
    client.force_login(cast.plants[1].owner)
    assert client.get(f"/firms/{first.site.organisation_id}/").status_code == 404
