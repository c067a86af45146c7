"""Firm and body are told of what happens in an audit at once, and of its days once each, whatever
dies in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.db.models import QuerySet
from django.test import Client

from benchmarks.wire import attestations
from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts.models import User
from portal.assurance import attesting, findings, reminding
from portal.assurance.assigning import assign, take_back
from portal.assurance.assignments import AssignmentStanding, assignments_of_regulator
from portal.assurance.models import Assignment, Attestation, Finding, Reminded
from portal.assurance.models.findings import FindingGrade
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.web.presenters.notices import KINDS_OF
from tests.integration.audited import engaged, terms, two_reported
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

KEY = AuditorSigningKey.generate()
TODAY = NOW.date()
build_scene = two_reported


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    engagement = engaged(cast, KEY)
    Notice.objects.all().delete()
    return engagement


def issue(assignment: Assignment, auditor: User, at: datetime = NOW) -> Attestation:
    drawn = attesting.draw_up(assignment, terms(at), auditor, at)
    return attesting.take(attestations.sign(bytes(drawn.content), KEY), auditor, at)


def find(assignment: Assignment, auditor: User, due: date = TODAY) -> Finding:
    return findings.raise_finding(
        assignment, FindingGrade.MINOR, "A scale of unknown date.", "", "", due, auditor, NOW
    )


def notice_kinds(user: User) -> list[str]:
    return list(Notice.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


def test_each_act_is_told_once_to_whom_it_concerns_and_leads_to_a_page(
    cast: Cast, assignment: Assignment
) -> None:
    owner, other, auditor = cast.plants[0].owner, cast.plants[1].owner, cast.auditor
    finding = find(assignment, auditor)
    assert find(assignment, auditor) == finding, "sent twice"
    findings.answer(finding, "It was changed.", "", owner, NOW)
    findings.send_back(finding, "When?", auditor, NOW)
    findings.answer(finding, "On 3 May.", "", owner, NOW)
    findings.close(finding, "Seen.", auditor, NOW)
    issued = issue(assignment, auditor)
    drawn = attesting.draw_up_withdrawal(issued, "A wrong record.", auditor, NOW)
    attesting.take(attestations.sign(bytes(drawn.withdrawal or b""), KEY), auditor, NOW)
    of_firm = [
        NoticeKind.FINDING_MADE,
        NoticeKind.FINDING_RETURNED,
        NoticeKind.FINDING_CLOSED,
        NoticeKind.CONCLUSION_GIVEN,
        NoticeKind.CONCLUSION_WITHDRAWN,
    ]
    assert (notice_kinds(owner), notice_kinds(auditor), notice_kinds(other)) == (
        of_firm,
        [NoticeKind.FINDING_ANSWERED] * 2,
        [],
    )
    assert "scale" not in str(list(Notice.objects.values_list("told", flat=True))), (
        "what was written stays on its page"
    )
    leads_to_pages(owner, auditor)


def leads_to_pages(*users: User) -> None:
    for user in users:
        client = Client()
        client.force_login(user)
        for row in Notice.objects.filter(recipient=user):
            assert client.get(f"/notifications/{row.pk}/", follow=True).status_code == 200, row


def test_the_days_of_an_attestation_are_told_once_each_to_firm_and_body(
    cast: Cast, assignment: Assignment
) -> None:
    owner, auditor = cast.plants[0].owner, cast.auditor
    issued = issue(assignment, auditor)
    Notice.objects.all().delete()
    visit, end = issued.surveillance_on, issued.valid_until
    assert visit is not None
    for day, count in (
        (NOW, 0),
        (NOW + timedelta(days=149), 0),
        (NOW + timedelta(days=150), 1),  # the visit is on day 180
        (NOW + timedelta(days=151), 0),
        (NOW + timedelta(days=274), 0),
        (NOW + timedelta(days=275), 1),  # the last day is 365
        (NOW + timedelta(days=365), 0),
        (NOW + timedelta(days=400), 0),
    ):
        assert reminding.remind(day) == count, day
    assert (
        notice_kinds(owner)
        == notice_kinds(auditor)
        == [NoticeKind.SURVEILLANCE_COMES, NoticeKind.VALIDITY_ENDS]
    )
    days = list(
        Notice.objects.filter(recipient=owner).order_by("pk").values_list("told__due", flat=True)
    )
    assert days == [visit.isoformat(), end.isoformat()]
    assert notice_kinds(cast.plants[1].owner) == []
    leads_to_pages(owner, auditor)


def test_what_was_withdrawn_or_followed_by_another_is_told_of_no_more(
    cast: Cast, assignment: Assignment
) -> None:
    issue(assignment, cast.auditor)
    late = NOW + timedelta(days=200)
    newer = issue(assignment, cast.auditor, late)
    assert reminding.remind(NOW + timedelta(days=300)) == 0
    drawn = attesting.draw_up_withdrawal(newer, "A wrong record.", cast.auditor, late)
    attesting.take(attestations.sign(bytes(drawn.withdrawal or b""), KEY), cast.auditor, late)
    assert reminding.remind(NOW + timedelta(days=300)) == 1, "the older one is what holds"


def test_a_late_answer_is_told_of_until_the_plant_has_answered(
    cast: Cast, assignment: Assignment
) -> None:
    owner, auditor = cast.plants[0].owner, cast.auditor
    first, two = (
        find(assignment, auditor),
        find(assignment, auditor, NOW.date() + timedelta(days=5)),
    )
    findings.answer(two, "It was changed.", "", owner, NOW)
    Notice.objects.all().delete()
    assert reminding.remind(NOW) == 0, "the day itself is not over"
    assert reminding.remind(NOW + timedelta(days=1)) == 1
    assert reminding.remind(NOW + timedelta(days=9)) == 0, "an answer waits for the auditor"
    findings.send_back(two, "When?", auditor, NOW)
    assert reminding.remind(NOW + timedelta(days=9)) == 1
    numbers = [
        row.place_parts["number"]
        for row in Notice.objects.filter(recipient=owner, kind=NoticeKind.FINDING_OVERDUE).order_by(
            "pk"
        )
    ]
    assert numbers == [first.number, two.number]
    assert notice_kinds(auditor) == [NoticeKind.FINDING_OVERDUE] * 2
    leads_to_pages(owner, auditor)


def test_a_conclusion_that_is_wanted_is_told_of_once_ahead_and_once_when_it_is_late(
    cast: Cast, assignment: Assignment
) -> None:
    owner, auditor = cast.plants[0].owner, cast.auditor
    day = TODAY + timedelta(days=60)
    assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, day)
    Notice.objects.all().delete()
    for after, count in ((29, 0), (30, 1), (60, 0), (61, 1), (90, 0)):
        assert reminding.remind(NOW + timedelta(days=after)) == count, after
    assert notice_kinds(auditor) == [NoticeKind.CONCLUSION_COMES, NoticeKind.CONCLUSION_LATE]
    assert notice_kinds(owner) == [NoticeKind.CONCLUSION_LATE], (
        "what only comes is the body's business"
    )
    leads_to_pages(owner, auditor)


@pytest.mark.parametrize("ended", ["concluded", "taken back", "no day"])
def test_of_what_is_concluded_taken_back_or_has_no_day_nothing_is_late(
    cast: Cast, assignment: Assignment, ended: str
) -> None:
    if ended != "no day":
        assign(
            cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, TODAY + timedelta(days=60)
        )
    if ended == "concluded":
        issue(assignment, cast.auditor)
    if ended == "taken back":
        take_back(assignment, "Another body comes.", cast.approver, NOW)
    Notice.objects.all().delete()
    assert reminding.remind(NOW + timedelta(days=70)) == 0


def test_after_another_revision_firm_body_and_regulator_are_told_that_the_conclusion_is_late(
    cast: Cast, assignment: Assignment
) -> None:
    day = TODAY + timedelta(days=60)
    assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, day)
    issue(assignment, cast.auditor)

    def course(today: date) -> AssignmentStanding:
        return next(
            row.course
            for row in assignments_of_regulator(cast.approver, today)
            if row.id == assignment.pk
        )

    assert course(day + timedelta(days=400)) is AssignmentStanding.CONCLUDED, (
        "expired, and yet in time"
    )
    deliver(cast.plants[0].envelope(cast.pack, revision=2))
    open_waiting()
    Notice.objects.all().delete()
    assert reminding.remind(NOW + timedelta(days=61)) == 1
    assert (
        notice_kinds(cast.plants[0].owner)
        == notice_kinds(cast.auditor)
        == [NoticeKind.CONCLUSION_LATE]
    )
    assert (course(day), course(day + timedelta(days=1))) == (
        AssignmentStanding.UNDER_WAY,
        AssignmentStanding.LATE,
    )
    assert reminding.remind(NOW + timedelta(days=280)) == 0, (
        "nobody arranges a visit, or another audit, for a statement that was replaced"
    )


class DiedError(Exception):
    """The worker is gone."""


@contextmanager
def dying_after_the_firm_was_told(patch: pytest.MonkeyPatch) -> Iterator[None]:
    def die(*_what: object) -> None:
        raise DiedError

    with patch.context() as patched:
        patched.setattr(reminding, "tell_body", die)
        yield


def test_a_sweep_that_dies_leaves_nothing_half_told(
    cast: Cast, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(assignment, cast.auditor)
    Notice.objects.all().delete()
    tomorrow = NOW + timedelta(days=1)
    with dying_after_the_firm_was_told(monkeypatch), pytest.raises(DiedError):
        reminding.remind(tomorrow)
    assert (notice_kinds(cast.plants[0].owner), Reminded.objects.count()) == ([], 0)
    assert (reminding.remind(tomorrow), reminding.remind(tomorrow)) == (1, 0)
    assert (
        notice_kinds(cast.plants[0].owner)
        == notice_kinds(cast.auditor)
        == [NoticeKind.FINDING_OVERDUE]
    )


@pytest.mark.parametrize("unique", [True, False])
def test_of_two_sweeps_at_once_the_second_finds_the_row(
    cast: Cast, assignment: Assignment, monkeypatch: pytest.MonkeyPatch, unique: bool
) -> None:
    """Both look before either writes: only the unique key keeps the second from telling. Without
    it, it tells again.
    """
    find(assignment, cast.auditor)
    Notice.objects.all().delete()
    tomorrow = NOW + timedelta(days=1)
    monkeypatch.setattr(QuerySet, "exists", lambda _rows: False)  # what the second saw
    if not unique:
        monkeypatch.setattr(QuerySet, "get_or_create", lambda _rows, **_key: (None, True))
    assert (reminding.remind(tomorrow), reminding.remind(tomorrow)) == (
        (1, 0) if unique else (1, 1)
    )
    assert len(notice_kinds(cast.auditor)) == (1 if unique else 2)


def test_the_worker_sweeps_and_everybody_may_choose_how_to_be_told() -> None:
    assert "portal.assurance.tasks.remind" in settings.SWEEPS
    both = {NoticeKind.FINDING_OVERDUE, NoticeKind.SURVEILLANCE_COMES, NoticeKind.VALIDITY_ENDS}
    assert both | {NoticeKind.FINDING_ANSWERED} <= set(KINDS_OF["certification-body"])
    assert both | {
        NoticeKind.FINDING_RETURNED,
        NoticeKind.FINDING_CLOSED,
        NoticeKind.CONCLUSION_WITHDRAWN,
    } <= set(KINDS_OF["enterprise"])
