"""Groups of sites: made, invited, joined by the firm itself and left; what the runner reads of
members, and nobody else reads anything.
"""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.wire import attestations
from benchmarks.wire.attestations import Opinion
from benchmarks.wire.signing import AuditorSigningKey
from extras.sharing import group_counts, groups
from extras.sharing.group_counts import RecountOutcome, count_again, group_view
from extras.sharing.groups import GroupDescription
from extras.sharing.models import GroupCount, GroupKind, GroupMember, SiteGroup
from portal.accounts.models import Organisation, Role, User
from portal.assurance import attesting
from portal.assurance.assigning import assign
from portal.auditlog.models import AppendOnlyError, Event
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission
from portal.notifications.models import Notice
from portal.problems import RefusedError
from portal.register import siting
from portal.register.bringing import bring_to
from portal.register.register_file import DeclaredOrganisation, Roll
from portal.standings import computing as standings
from tests.integration.audited import make_attestation
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    person,
    signed_in,
)
from tests.integration.test_api_by_role import key_for

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

TODAY = NOW.date()
MEMBERS = 13
PARK = GroupDescription(GroupKind.PARK, "North Park", "北园区")


def build_scene() -> Cast:
    """Thirteen works have reported; every step of the first five is attested."""
    cast = make_cast(MEMBERS)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    steps = tuple(step.id for step in cast.pack.steps)
    for plant in cast.plants[:5]:
        make_attestation(
            assign(cast.body, plant.site, PERIOD, cast.approver, NOW),
            cast.auditor,
            timezone.now(),
            steps=steps,
        )
    return cast


def make_group(cast: Cast, members: int, first: int = 0) -> SiteGroup:
    """The ministry's park, with so many members that are only counted."""
    group = groups.make(PARK, cast.approver.memberships.get().organisation_id, cast.approver, NOW)
    join(cast, group, range(first, first + members))
    return group


def join(cast: Cast, group: SiteGroup, indices: range) -> None:
    groups.invite(group, [cast.plants[index].site.slug for index in indices], cast.approver, NOW)
    for index in indices:
        groups.join(group.pk, cast.plants[index].site.slug, [], cast.plants[index].owner, NOW)


def step_of(cast: Cast, index: int = 0) -> str:
    return sorted(groups.steps_of(cast.plants[index].site))[0]


def test_a_site_is_a_member_by_its_own_firms_consent_alone(cast: Cast) -> None:
    group, plant, other = make_group(cast, 0), cast.plants[0], cast.plants[1]
    assert groups.invite(group, [plant.site.slug], cast.approver, NOW) == 1
    assert groups.invite(group, [plant.site.slug], cast.approver, NOW) == 0  # asked already
    assert Notice.objects.filter(recipient=plant.owner, kind="site-group.invited").count() == 1
    for stranger in (other.owner, cast.approver, cast.provincial):
        with pytest.raises(GroupMember.DoesNotExist):
            groups.join(group.pk, plant.site.slug, [], stranger, NOW)
    with pytest.raises(RefusedError) as refused:
        groups.join(group.pk, plant.site.slug, ["no-step"], plant.owner, NOW)
    assert refused.value.code == "step-not-reported"
    with pytest.raises(GroupMember.DoesNotExist):
        groups.join(group.pk, other.site.slug, [], other.owner, NOW)  # was not asked
    groups.join(group.pk, plant.site.slug, [], plant.owner, NOW)
    assert [row.slug for row in group_view(group, TODAY).members if row.state == "joined"] == [
        "works-1"
    ]
    assert Event.objects.filter(action="site-group.joined", subject="site works-1").count() == 1


def test_an_id_that_no_site_has_looks_like_any_other_to_a_firm_that_invites(cast: Cast) -> None:
    owner = cast.plants[0].owner
    group = groups.make(PARK, cast.plants[0].site.organisation_id, owner, NOW)
    groups.invite(group, ["works-2", "works-none"], owner, NOW)
    page = signed_in(owner).get(reverse("web:site-group", args=[group.pk])).content.decode()
    assert page.count("Invited, no answer yet") == 2
    assert "Works 2" not in page
    assert "you are not told of an id that no site has" in page


def test_a_regulator_of_the_nation_is_told_of_an_id_that_no_site_has_and_of_who_was_asked_before(
    cast: Cast,
) -> None:
    group, runner = make_group(cast, 0), signed_in(cast.approver)
    here = reverse("web:site-group", args=[group.pk])
    wrong = runner.post(here, {"sites": "works-1\nworks-none"})
    assert wrong.status_code == 400
    assert "No site has the id “works-none”." in wrong.content.decode()
    assert not GroupMember.objects.exists()
    assert (
        "Invitations sent: 1."
        in runner.post(here, {"sites": "works-1"}, follow=True).content.decode()
    )
    assert (
        "Invited already, or members: 1."
        in runner.post(here, {"sites": "works-1 works-1"}, follow=True).content.decode()
    )


def test_a_correction_of_an_earlier_period_that_comes_later_hides_no_newer_report(
    cast: Cast,
) -> None:
    group, plant, step = make_group(cast, 0), cast.plants[0], step_of(cast)
    groups.invite(group, [plant.site.slug], cast.approver, NOW)
    before, start = "2015", cast.period.start
    ReportingPeriod.objects.create(
        peer_group=cast.group,
        name=before,
        start=start - timedelta(days=365),
        end=start,
        due=NOW + timedelta(days=365),
    )
    deliver(plant.envelope(cast.pack, period=before))
    open_waiting()
    Submission.objects.filter(site=plant.site, period=before).update(
        covers=""
    )  # that year the step made too little
    groups.join(group.pk, plant.site.slug, [step], plant.owner, NOW)
    (shown,) = group_view(group, TODAY).shown
    assert (shown.labels.period, set(shown.attested)) == (PERIOD, {step})


def test_the_runner_reads_what_the_member_shows_until_it_leaves_and_nobody_else_does(
    cast: Cast,
) -> None:
    group, plant, step = make_group(cast, 2), cast.plants[0], step_of(cast)
    groups.join(group.pk, plant.site.slug, [step], plant.owner, NOW)
    (shown,) = group_view(group, TODAY).shown
    assert {row.step for row in shown.labels.rows} == {step}
    assert set(shown.attested) == {step}
    address, csv = (
        reverse(f"web:{name}", args=[group.pk]) for name in ("site-group", "site-group-csv")
    )
    runner = signed_in(cast.approver)
    assert "Labels that members show" in runner.get(address).content.decode()
    assert b"works-1" in runner.get(csv).content
    for reader in (plant.owner, cast.plants[1].owner, cast.plants[2].owner, cast.provincial):
        assert signed_in(reader).get(address).status_code == 404
        assert signed_in(reader).get(csv).status_code == 404
    groups.leave(group.pk, plant.site.slug, plant.owner, NOW)
    groups.leave(group.pk, plant.site.slug, plant.owner, NOW)  # the form sent twice
    assert group_view(group, TODAY).shown == ()
    assert b"works-1" not in runner.get(csv).content
    assert Event.objects.filter(action="site-group.left").count() == 1


def test_what_ends_or_is_retired_shows_nothing(cast: Cast) -> None:
    group, plant = make_group(cast, 1), cast.plants[0]
    groups.join(group.pk, plant.site.slug, [step_of(cast)], plant.owner, NOW)
    siting.retire(plant.owner, plant.site.slug, NOW)
    assert group_view(group, TODAY).shown == ()
    groups.end(group, cast.approver, NOW)
    assert (
        signed_in(cast.approver).get(reverse("web:site-group-csv", args=[group.pk])).status_code
        == 404
    )
    assert (
        "The group has ended."
        in signed_in(cast.approver).get(reverse("web:site-group", args=[group.pk])).content.decode()
    )
    with pytest.raises(RefusedError) as refused:
        groups.invite(SiteGroup.objects.get(pk=group.pk), ["works-2"], cast.approver, NOW)
    assert refused.value.code == "group-ended"


def test_counts_wait_for_enough_firms_and_stand_until_enough_have_changed(cast: Cast) -> None:
    group = make_group(cast, 7)
    assert count_again(group, cast.approver, NOW) is RecountOutcome.TOO_FEW
    assert group_view(group, TODAY).counts is None
    join(cast, group, range(7, 8))
    assert count_again(group, cast.approver, NOW) is RecountOutcome.COUNTED
    counts = group_view(group, TODAY).counts
    assert counts is not None
    assert set(counts.values()) == {3}, "five of the eight are attested: at least three"
    assert count_again(group, cast.approver, NOW) is RecountOutcome.STANDS
    join(cast, group, range(8, 10))
    assert count_again(group, cast.approver, NOW) is RecountOutcome.STANDS
    join(cast, group, range(10, 11))
    assert count_again(group, cast.approver, NOW) is RecountOutcome.COUNTED
    with pytest.raises(AppendOnlyError):
        GroupCount.objects.update(told={})


def test_a_step_that_no_auditor_audited_is_attested_nowhere(cast: Cast) -> None:
    """Of nine members that are only counted and one that shows two steps, auditors looked at one
    step alone.
    """
    audited, other, plant = "clinker-burning", "cement-grinding", cast.plants[12]
    for each in cast.plants[5:]:
        make_attestation(
            assign(cast.body, each.site, PERIOD, cast.approver, NOW),
            cast.auditor,
            timezone.now(),
            steps=(audited,),
        )
    group = groups.make(PARK, cast.approver.memberships.get().organisation_id, cast.approver, NOW)
    join(cast, group, range(4, 13))
    groups.join(group.pk, plant.site.slug, [audited, other], plant.owner, NOW)
    (shown,) = group_view(group, TODAY).shown
    assert {row.step for row in shown.labels.rows} == {audited, other}
    assert set(shown.attested) == {audited}
    runner = signed_in(cast.approver)
    assert "Not attested" in runner.get(reverse("web:site-group", args=[group.pk])).content.decode()
    table = csv.DictReader(
        StringIO(
            runner.get(reverse("web:site-group-csv", args=[group.pk])).content.decode("utf-8-sig")
        )
    )
    assert {(row["step"], row["attested_by"]) for row in table} == {
        (audited, "Certifier"),
        (other, ""),
    }
    key = f"Bearer {key_for(cast.approver)}"
    answer = Client().get(f"/api/v1/groups/{group.pk}/", headers={"Authorization": key}).json()
    assert {(row["step"], row["attested_by"]) for row in answer["labels"]} == {
        (audited, "Certifier"),
        (other, None),
    }
    assert count_again(group, cast.approver, NOW) is RecountOutcome.COUNTED
    counts = group_view(group, TODAY).counts
    assert counts is not None
    assert {step: number for step, number in counts.items() if number} == {
        f"cement/{audited}": 6
    }, "eight; of the other step one"


def test_an_adverse_opinion_of_another_body_outweighs_an_attestation_until_it_is_withdrawn(
    cast: Cast,
) -> None:
    group, plant, key = make_group(cast, 1), cast.plants[0], AuditorSigningKey.generate()
    step = step_of(cast)
    groups.join(group.pk, plant.site.slug, [step], plant.owner, NOW)
    assert set(group_view(group, TODAY).shown[0].attested) == {step}
    body = Organisation.objects.create(name="Another certifier", kind=Role.CERTIFICATION_BODY)
    auditor = person("other@example.org", body, Role.CERTIFICATION_BODY)
    adverse = make_attestation(
        assign(body, plant.site, PERIOD, cast.approver, NOW),
        auditor,
        timezone.now(),
        Opinion.ADVERSE,
        key,
    )
    assert group_view(group, TODAY).shown[0].attested == {}
    drawn = attesting.draw_up_withdrawal(adverse, "A wrong record.", auditor, timezone.now())
    attesting.take(attestations.sign(bytes(drawn.withdrawal or b""), key), auditor, timezone.now())
    assert set(group_view(group, TODAY).shown[0].attested) == {step}


def test_a_group_that_is_sent_twice_is_one_and_its_name_is_free_again_once_it_has_ended(
    cast: Cast,
) -> None:
    house = cast.approver.memberships.get().organisation_id
    first = groups.make(PARK, house, cast.approver, NOW)
    assert groups.make(PARK, house, cast.approver, NOW) == first
    assert SiteGroup.objects.count() == Event.objects.filter(action="site-group.made").count() == 1
    groups.end(first, cast.approver, NOW)
    assert groups.make(PARK, house, cast.approver, NOW) != first


def test_a_member_that_shows_itself_and_the_runners_own_hide_nobody(cast: Cast) -> None:
    group = make_group(cast, 9)
    for index in (0, 1):
        groups.join(
            group.pk,
            cast.plants[index].site.slug,
            [step_of(cast, index)],
            cast.plants[index].owner,
            NOW,
        )
    assert count_again(group, cast.approver, NOW) is RecountOutcome.TOO_FEW
    own = groups.make(PARK, cast.plants[0].site.organisation_id, cast.plants[0].owner, NOW)
    groups.invite(own, [works.site.slug for works in cast.plants[:8]], cast.plants[0].owner, NOW)
    for plant in cast.plants[:8]:
        groups.join(own.pk, plant.site.slug, [], plant.owner, NOW)
    assert count_again(own, cast.plants[0].owner, NOW) is RecountOutcome.TOO_FEW
    assert group_view(own, TODAY).counted == 7, "the runner's own is none of those that are counted"


def test_the_grade_that_an_officer_confirmed_is_shown_beside_the_labels(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an extra that keeps grades says."""
    group, plant = make_group(cast, 1), cast.plants[0]
    groups.join(group.pk, plant.site.slug, [step_of(cast)], plant.owner, NOW)
    confirmed: list[tuple[int, str]] = []
    monkeypatch.setattr(group_counts, "CONFIRMED", lambda _sites: confirmed)
    assert group_view(group, TODAY).shown[0].grade == ""
    confirmed.append((plant.site.pk, "grade 1"))
    assert group_view(group, TODAY).shown[0].grade == "grade 1"


def test_by_the_pages_from_invitation_to_leaving_in_both_languages(cast: Cast) -> None:
    runner, firm = signed_in(cast.plants[1].owner), signed_in(cast.plants[0].owner, "zh-hans")
    empty = runner.get(reverse("web:site-groups")).content.decode()
    assert empty.count("You run no group.") == empty.count("No group has invited your sites.") == 1
    assert "Groups that you run" not in empty
    form = {
        "runner": str(cast.plants[1].site.organisation_id),
        "kind": "chain",
        "name": "Suppliers",
        "name_zh": "",
    }
    wrong = runner.post(reverse("web:new-site-group"), form)
    assert wrong.status_code == 400
    assert "Name the group in Chinese." in wrong.content.decode()
    address = runner.post(reverse("web:new-site-group"), {**form, "name_zh": "供应商"})["Location"]
    assert runner.post(address, {"sites": "Works 1"}).status_code == 400
    assert (
        "Invitations sent: 1."
        in runner.post(address, {"sites": "works-1"}, follow=True).content.decode()
    )
    assert "Nobody has joined yet." in runner.get(address).content.decode()
    group = SiteGroup.objects.get()
    here = reverse("web:join-group", args=[group.pk, "works-1"])
    assert "供应商" in firm.get(reverse("web:site-groups")).content.decode()
    assert "同意并加入" in firm.get(here).content.decode()
    assert (
        "您的决定已保存。"
        in firm.post(here, {"steps": [step_of(cast)]}, follow=True).content.decode()
    )
    page = runner.get(address).content.decode()
    assert "Labels that members show" in page
    assert "1 of 1" in page
    assert "by Certifier, valid until" in page
    assert (
        "生产厂区已退出群组。"
        in firm.post(
            reverse("web:leave-group", args=[group.pk, "works-1"]), follow=True
        ).content.decode()
    )
    assert "Labels that members show" not in runner.get(address).content.decode()
    assert firm.get(here).status_code == 404
    assert runner.get(here).status_code == 404


def test_who_only_reads_is_shown_what_the_firm_agreed_to_and_decides_nothing(cast: Cast) -> None:
    group, plant = make_group(cast, 0), cast.plants[0]
    user = person("reads@example.org", plant.site.organisation, Role.ENTERPRISE)
    user.memberships.update(may_manage=False)
    reader = signed_in(user)
    groups.invite(group, [plant.site.slug], cast.approver, NOW)
    here, away = (
        reverse(f"web:{name}", args=[group.pk, plant.site.slug])
        for name in ("join-group", "leave-group")
    )
    assert here in reader.get(reverse("web:site-groups")).content.decode()
    notice = Notice.objects.get(recipient=user, kind="site-group.invited")
    page = reader.get(reverse("web:notification", args=[notice.pk]), follow=True).content.decode()
    assert "Who manages your firm decides about this." in page
    assert "Agree and join" not in page
    assert away not in page
    assert [reader.post(address).status_code for address in (here, away)] == [404, 404]
    groups.join(group.pk, plant.site.slug, ["clinker-burning"], plant.owner, NOW)
    assert "Clinker burning" in reader.get(here).content.decode()


def test_by_the_api_the_runner_reads_what_its_page_shows_and_a_member_its_own_sites(
    cast: Cast,
) -> None:
    group, plant, step = make_group(cast, 9), cast.plants[0], step_of(cast)
    groups.join(group.pk, plant.site.slug, [step], plant.owner, NOW)
    count_again(group, cast.approver, NOW)

    def asked(user: User, address: str) -> Any:
        return Client().get(
            f"/api/v1/groups/{address}", headers={"Authorization": f"Bearer {key_for(user)}"}
        )

    answer = asked(cast.approver, f"{group.pk}/").json()
    assert {row["state"] for row in answer["members"]} == {"joined"}
    assert [row["steps"] for row in answer["members"] if row["site"] == "works-1"] == [[step]]
    shown = {name: str(value) for name, value in answer["labels"][0].items()}
    table = csv.DictReader(
        StringIO(
            signed_in(cast.approver)
            .get(reverse("web:site-group-csv", args=[group.pk]))
            .content.decode("utf-8-sig")
        )
    )
    assert {
        name: shown[name] for name in ("site", "step", "attested_by", "report_sha256")
    }.items() <= next(table).items()
    assert {count["at_least"] for count in answer["counts"]} == {3}
    (own,) = asked(plant.owner, "").json()["results"]
    assert (own["runs"], own["own_sites"]) == (
        False,
        [{"site": "works-1", "state": "joined", "steps": [step]}],
    )
    assert asked(cast.plants[1].owner, f"{group.pk}/").status_code == 404
    groups.end(group, cast.approver, NOW)
    ended = (
        Client()
        .get(
            f"/api/v1/groups/{group.pk}/",
            headers={"Authorization": f"Bearer {key_for(cast.drafter)}"},
        )
        .json()
    )
    assert (ended["labels"], ended["counts"]) == ([], [])


def test_a_member_again_is_counted_under_its_name_of_before(cast: Cast) -> None:
    """Three that leave and come back are no three others: the count of before stands."""
    group = make_group(cast, 9)
    assert count_again(group, cast.approver, NOW) is RecountOutcome.COUNTED
    for index in range(3):
        groups.leave(group.pk, cast.plants[index].site.slug, cast.plants[index].owner, NOW)
    join(cast, group, range(3))
    assert count_again(group, cast.approver, NOW + timedelta(days=1)) is RecountOutcome.STANDS


def take_over(second: str, firm: str) -> None:
    """The register: the organisation is controlled by that firm now."""
    bring_to(
        Roll(organisations=(DeclaredOrganisation(name=second, kind=Role.ENTERPRISE, firm=firm),)),
        NOW,
    )


def test_a_firm_that_took_another_over_counts_once(cast: Cast) -> None:
    """Eight firms are wanted behind a count: eight members are seven firms then."""
    group = make_group(cast, 8)
    firm = str(cast.plants[0].site.organisation.controlling_firm)
    take_over("Enterprise 2", firm)
    assert group_view(group, TODAY).counted == 7
    assert count_again(group, cast.approver, NOW) is RecountOutcome.TOO_FEW
    groups.join(group.pk, cast.plants[1].site.slug, [step_of(cast)], cast.plants[1].owner, NOW)
    assert group_view(group, TODAY).counted == 6, "what one of its sites shows makes the firm known"


def test_that_two_firms_became_one_is_no_change_of_what_was_counted(cast: Cast) -> None:
    group = make_group(cast, 10)
    assert count_again(group, cast.approver, NOW) is RecountOutcome.COUNTED
    take_over("Enterprise 9", str(cast.plants[7].site.organisation.controlling_firm))
    join(cast, group, range(10, 12))
    assert count_again(group, cast.approver, NOW) is RecountOutcome.STANDS, "two have joined"
    join(cast, group, range(12, 13))
    assert count_again(group, cast.approver, NOW) is RecountOutcome.COUNTED


def test_that_all_firms_have_a_thing_is_not_shown_of_an_earlier_count_either(cast: Cast) -> None:
    group = make_group(cast, 3)
    GroupCount.objects.create(
        group=group,
        at=NOW,
        contributions={f"mark {n}": ["grade"] for n in range(9)},
        told={"grade": 9},
    )
    assert group_view(group, TODAY).counts == {"grade": 6}
