"""What audits do to a publication: nothing unless the group's regulators decided so; then who
enters, who leaves, and what is told.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from benchmarks.composition import Roster
from benchmarks.declared import Words
from benchmarks.wire import attestations
from benchmarks.wire.attestations import Assurance, Opinion
from portal import keys
from portal.accounts.models import Organisation
from portal.assurance import attesting, auditors, sampling
from portal.assurance.assigning import assign
from portal.assurance.models import Attestation
from portal.assurance.summaries import read_summary
from portal.catalogue.models import PeerGroupMember
from portal.catalogue.policies import set_policy
from portal.notifications import telling
from portal.notifications.kinds import MailFrequency, NoticeKind
from portal.notifications.models import Notice
from portal.problems import RefusedError
from portal.publication import drafting, history, publishing, scheduling
from portal.publication.audited import verification
from portal.publication.models import Publication
from portal.standings import computing as standings
from portal.standings.cohort import cohort
from portal.standings.models import Standing
from tests.integration.audited import make_sample_of, summary_bytes
from tests.integration.audited_sector import KEY, audit, decide, reported
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    Plant,
    deliver,
    draft_page,
    make_plant,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PLANTS = 18


def build_scene() -> Cast:
    return reported(PLANTS)


def drafted(cast: Cast, words: str = "") -> Publication:
    return drafting.draft(cast.period, cast.drafter, NOW, words)


def exclusions(row: Publication) -> str:
    return str(row.explanation["exclusions"]["en"])


def test_unless_decided_otherwise_audits_change_nothing(cast: Cast) -> None:
    audit(cast, cast.plants[0], Opinion.ADVERSE)
    assert len(drafted(cast).participants) == PLANTS


def test_an_adverse_opinion_leaves_the_next_version_and_is_told(cast: Cast) -> None:
    first = publishing.publish(drafted(cast), cast.approver, keys.receipt_key(), NOW)
    decide(cast, adverse_leaves=True)
    bad = audit(cast, cast.plants[0], Opinion.ADVERSE)
    row = drafted(cast, "Audited.")
    assert set(first.participants) - set(row.participants) == {
        bad.submission and bad.submission.digest
    }
    assert row.explanation["changes"]["en"] == (
        "Since version 1: Audited. 1 site left this version after an adverse opinion of a "
        "certification body."
    )
    assert "1 report, with an adverse opinion of a certification body" in exclusions(row)
    assert "否定意见" in row.explanation["changes"]["zh"]
    assert standings.compute(cast.period, "worker", NOW) == PLANTS  # it keeps its place
    attestation = attesting.draw_up_withdrawal(bad, "It was the other works.", cast.auditor, NOW)
    assert attestation.withdrawal is not None
    attesting.take(attestations.sign(bytes(attestation.withdrawal), KEY), cast.auditor, NOW)
    assert len(drafted(cast, "Taken back.").participants) == PLANTS


def test_an_adverse_opinion_stops_a_draft_that_still_holds_the_site(cast: Cast) -> None:
    decide(cast, adverse_leaves=True)
    draft = drafted(cast)
    audit(cast, cast.plants[0], Opinion.ADVERSE)
    with pytest.raises(RefusedError) as refused:
        publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    assert refused.value.code == "draft-outdated"


@pytest.mark.parametrize("looked_at", [True, False])
def test_an_attestation_of_one_step_that_ends_stops_the_draft_that_used_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, looked_at: bool
) -> None:
    """The report stays, so its digest cannot tell; without a look at who stands behind each value,
    the version would go out.
    """
    decide(cast, attested_only=True)
    for plant in cast.plants[:9]:
        audit(cast, plant)
    first, *others = (step.id for step in cast.pack.steps)
    audit(cast, cast.plants[9], steps=(first,))
    ends = audit(cast, cast.plants[9], steps=tuple(others))
    draft = drafted(cast)
    attestation = attesting.draw_up_withdrawal(
        ends, "The record was of another scale.", cast.auditor, NOW
    )
    attesting.take(attestations.sign(bytes(attestation.withdrawal or b""), KEY), cast.auditor, NOW)
    assert list(cohort(cast.period, NOW.date()).digests) == draft.participants
    if not looked_at:
        monkeypatch.setattr(history, "roster_of", lambda *_what: Roster.from_json(draft.roster))
        assert (
            publishing.publish(draft, cast.approver, keys.receipt_key(), NOW).status == "published"
        )
        return
    with pytest.raises(RefusedError) as refused:
        publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    assert refused.value.code == "draft-outdated"
    assert drafted(cast).pk != draft.pk, "drafted again, it is another draft"


def test_where_the_policy_leaves_everybody_out_the_refusal_says_so(cast: Cast) -> None:
    """In its first weeks a group has reports and no attestation: waiting for reports would not
    help.
    """
    decide(cast, attested_only=True)
    with pytest.raises(RefusedError) as refused:
        drafted(cast)
    assert refused.value.code == "all-left-out"
    assert f"{PLANTS} reports were accepted" in str(refused.value)


def test_only_attested_reports_set_the_values_where_that_is_decided(cast: Cast) -> None:
    decide(cast, attested_only=True)
    attested = [audit(cast, plant) for plant in cast.plants[:9]]
    row = drafted(cast)
    assert row.participants == sorted(
        attestation.submission.digest for attestation in attested if attestation.submission
    )
    assert f"{PLANTS - 9} reports, not attested" in exclusions(row)
    assert len(cohort(cast.period, attested[0].valid_until).submissions) == 9
    late = attested[0].valid_until.replace(year=attested[0].valid_until.year + 1)
    assert cohort(cast.period, late).submissions == {}  # expired
    assert len(cohort(cast.period).submissions) == PLANTS  # for standings


@pytest.mark.parametrize(
    ("attested", "share"),
    [
        (9, "9 of 18 sites"),
        (PLANTS, "18 of 18 sites"),
        (3, "no share stated"),  # three firms could be guessed
        (PLANTS - 3, "no share stated"),  # so could the three that are not
    ],
)
def test_the_public_reads_which_share_is_attested_and_by_whom_but_no_count_that_points_at_firms(
    cast: Cast, attested: int, share: str
) -> None:
    for plant in cast.plants[:attested]:
        audit(cast, plant)
    explanation = drafted(cast).explanation["verification_of_data"]
    assert share in explanation["en"]
    assert (
        "Attested by Certifier (the first attestation to expire is valid until 2018-06-01)"
        in explanation["en"]
    )
    assert "鉴证" in explanation["zh"]
    if share == "no share stated":
        assert f"{attested} of" not in explanation["en"]


def test_only_a_regulator_of_the_whole_group_decides(cast: Cast) -> None:
    with pytest.raises(RefusedError) as refused:
        set_policy(cast.group, attested_only=True, adverse_leaves=True, by=cast.provincial, now=NOW)
    assert refused.value.code == "not-regulator"


def test_a_firm_attested_among_the_best_is_asked_once_a_version_and_not_where_it_wishes_not_to_be(
    cast: Cast,
) -> None:
    standings.compute(cast.period, "worker", NOW)
    first_step = cast.pack.steps[0].id
    best = {
        standing.submission.site.slug
        for standing in Standing.objects.filter(period=cast.period, step=first_step, band=1)
    }
    among = [plant for plant in cast.plants if plant.site.slug in best]
    behind = next(plant for plant in cast.plants if plant.site.slug not in best)
    asked, unwilling, unaudited = among[:3]
    for plant in (asked, unwilling, behind):
        audit(cast, plant, steps=(first_step,))
    telling.wish(unwilling.owner.pk, {NoticeKind.PRACTICE_ASKED: MailFrequency.NEVER}, "en")

    publishing.publish(drafted(cast), cast.approver, keys.receipt_key(), NOW)
    assert [asks(plant) for plant in (asked, unwilling, unaudited, behind)] == [1, 0, 0, 0]
    publishing.publish(drafted(cast, "Audited."), cast.approver, keys.receipt_key(), NOW)
    assert asks(asked) == 2, "once a version"
    notice = Notice.objects.filter(recipient=asked.owner, kind=NoticeKind.PRACTICE_ASKED).latest(
        "pk"
    )
    assert notice.told["step"] == first_step
    for language, words in (
        ("en", "what do you do at crushing and prehomogenisation?"),
        ("zh-hans", "有何做法？"),
    ):
        client = Client(headers={"accept-language": language})
        assert client.login(username=asked.owner.email, password=PASSWORD)
        assert words in client.get("/notifications/").content.decode()
        assert (
            client.get(f"/notifications/{notice.pk}/", follow=True).redirect_chain[-1][0]
            == "/practice-entries/offer/"
        )


def asks(plant: Plant) -> int:
    return Notice.objects.filter(recipient=plant.owner, kind=NoticeKind.PRACTICE_ASKED).count()


def opened(cast: Cast, plant: Plant) -> None:
    """The records that were drawn of its report were opened, and each of them held."""
    assignment = assign(cast.body, plant.site, PERIOD, cast.approver, NOW)
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    drawn = make_sample_of(assignment, cast.auditor, KEY, NOW)
    sampling.note(drawn, read_summary(summary_bytes(drawn, {})), cast.auditor, NOW)


def test_the_public_is_not_told_that_no_sample_was_opened_where_attestations_rest_on_opened_ones(
    cast: Cast,
) -> None:
    for plant in cast.plants[:9]:
        opened(cast, plant)
        assert audit(cast, plant, assurance=Assurance.REASONABLE).assurance == Assurance.REASONABLE
    row = publishing.publish(drafted(cast), cast.approver, keys.receipt_key(), NOW)
    words = row.explanation["verification_of_data"]
    assert "9 of 18 sites" in words["en"]
    assert "No sample has been opened" not in words["en"]
    assert (
        "How many sites opened a random sample to a certification body is not counted here"
        in words["en"]
    )
    assert "尚无向认证机构开放的样本" not in words["zh"]


@pytest.mark.parametrize(("name", "name_zh"), [("Certifier", "北方认证"), ("Certifier North", "")])
def test_a_body_is_told_once_as_its_newest_statement_names_it(
    cast: Cast, name: str, name_zh: str
) -> None:
    audit(cast, cast.plants[0])
    before = verification(cohort(cast.period, NOW.date()))
    Organisation.objects.filter(pk=cast.body.pk).update(name=name, name_zh=name_zh)
    assert verification(cohort(cast.period, NOW.date())) == before, (
        "a new name alone would stop a release at a set time"
    )
    cast.body.refresh_from_db()
    audit(cast, cast.plants[1])
    after = verification(cohort(cast.period, NOW.date()))
    assert (after.bodies, after.names) == (1, (Words(en=name, zh=name_zh or name),))


def withdrawn(cast: Cast, row: Attestation) -> None:
    drawn = attesting.draw_up_withdrawal(row, "The record was of another scale.", cast.auditor, NOW)
    attesting.take(attestations.sign(bytes(drawn.withdrawal or b""), KEY), cast.auditor, NOW)


@pytest.mark.parametrize("changed", ["nothing", "all withdrawn", "an adverse opinion"])
def test_a_release_is_stopped_where_what_was_signed_of_attestations_no_longer_holds(
    cast: Cast, changed: str
) -> None:
    issued = [audit(cast, plant) for plant in cast.plants[:9]]
    at = NOW + timedelta(hours=1)
    waiting = scheduling.schedule(drafted(cast), cast.approver, at, keys.receipt_key(), NOW)
    assert "9 of 18 sites" in waiting.explanation["verification_of_data"]["en"]
    if changed == "all withdrawn":
        for row in issued:
            withdrawn(cast, row)
    elif changed == "an adverse opinion":
        audit(cast, cast.plants[0], Opinion.ADVERSE)
    assert scheduling.release_due(lambda: at) == (1 if changed == "nothing" else 0)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason_code) == (
        ("released", "") if changed == "nothing" else ("stopped", "attestations-changed")
    )
    page = signed_in(cast.approver).get(draft_page(waiting.publication)).content.decode()
    assert ("what it says of attestations has changed since the approval" in page) == (
        changed != "nothing"
    )


def test_a_release_is_stopped_where_another_report_is_left_out_than_was_signed(cast: Cast) -> None:
    decide(cast, attested_only=True)
    for plant in cast.plants[:12]:
        audit(cast, plant)
    at = NOW + timedelta(hours=1)
    waiting = scheduling.schedule(drafted(cast), cast.approver, at, keys.receipt_key(), NOW)
    assert f"{PLANTS - 12} reports, not attested" in exclusions(waiting.publication)
    late = make_plant(PLANTS + 1, cast.nation, cast.pack)
    PeerGroupMember.objects.create(peer_group=cast.group, site=late.site)
    deliver(late.envelope(cast.pack, shift=3))
    open_waiting()
    assert scheduling.release_due(lambda: at) == 0
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason_code) == ("stopped", "explanation-changed")
    page = signed_in(cast.approver).get(draft_page(waiting.publication)).content.decode()
    assert "a sentence of its explanation no longer holds" in page
