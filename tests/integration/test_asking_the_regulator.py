"""What a firm asks of its regulator: more time for a report, and whether a finding stands. Who
decides, who is told, where it waits.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import Organisation, Role, Site, User
from portal.assurance import auditors, findings, reminding
from portal.assurance.assigning import assign, end_partial, take_back
from portal.assurance.engagements import appeals_regulated
from portal.assurance.models import Finding
from portal.assurance.models.findings import FindingGrade
from portal.auditlog.models import Event
from portal.catalogue import deadlines
from portal.catalogue.models import Extension, ExtensionRequest, ReportingPeriod
from portal.days import scheme_day
from portal.notifications.models import Notice
from portal.problems import RefusedError
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, Cast, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

REASON = "The kiln was rebuilt; its meters are read again from May."
UNTIL = date(2031, 1, 1)
APPEAL = "The scale was calibrated in March; the record is attached."


def build_scene() -> Cast:
    """Works 3 lies in the province; nobody has reported, and reports are due in ten days."""
    cast = make_cast(3)
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(
        due=timezone.now() + timedelta(days=10)
    )
    return cast


def of(user: User, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    assert client.login(username=user.email, password=PASSWORD)
    return client


def read(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return " ".join(re.sub("<[^>]+>", " ", answer.content.decode()).split())


def asking(cast: Cast, index: int = 2) -> str:
    return reverse("web:ask-for-time", args=[cast.plants[index].site.slug, cast.group.pk, PERIOD])


def asked_of(user: User) -> list[str]:
    return list(Notice.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


def refused(code: str, act: object, *args: object, **options: object) -> None:
    with pytest.raises(RefusedError) as raised:
        act(*args, **options)  # type: ignore[operator]
    assert raised.value.code == code


def test_a_firm_asks_for_time_where_it_reads_what_is_due_and_its_regulators_give_it(
    cast: Cast,
) -> None:
    firm, office = of(cast.plants[2].owner), of(cast.provincial)
    assert asking(cast) in firm.get(reverse("web:upload")).content.decode()
    assert asking(cast) in firm.get(reverse("web:site-record", args=["works-3"])).content.decode()
    firm.post(asking(cast), {"until": UNTIL, "reason": REASON})
    firm.post(asking(cast), {"until": UNTIL, "reason": REASON})  # the form sent twice
    (request,) = ExtensionRequest.objects.all()
    assert "More time was requested, until 1 January 2031; the regulator has not decided." in read(
        firm, reverse("web:our-plants")
    )
    assert "已申请延期至 2031 年 1 月 1 日" in read(
        of(cast.plants[2].owner, "zh-hans"), reverse("web:our-plants")
    )
    assert asking(cast) not in firm.get(reverse("web:upload")).content.decode()
    for officer in (cast.provincial, cast.approver):  # of the province and of the nation above it
        assert "1 site asks for more time" in read(of(officer), reverse("web:home"))
        assert asked_of(officer) == ["extension.asked"]
    page = read(office, reverse("web:period", args=[cast.group.pk, PERIOD, "deadlines"]))
    assert "Works 3 asks for more time until 1 January 2031" in page
    assert REASON in page
    office.post(
        reverse("web:decide-time", args=[cast.group.pk, PERIOD, request.pk]), {"act": "grant"}
    )
    (extension,) = Extension.objects.all()
    assert (deadlines.last_day(extension.due), extension.granted_by) == (UNTIL, cast.provincial)
    request.refresh_from_db()
    assert (request.granted, request.decided_by) == (True, cast.provincial)
    assert "asks for more time" not in read(office, reverse("web:home"))
    assert "extension.granted" in asked_of(cast.plants[2].owner)


def test_a_request_of_a_site_that_has_more_time_is_late_only_after_its_own_day(cast: Cast) -> None:
    deadlines.extend(
        cast.period, cast.plants[2].site, UNTIL, REASON, cast.provincial, timezone.now()
    )
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(
        due=timezone.now() - timedelta(days=3)
    )  # that of all others
    of(cast.plants[2].owner).post(
        asking(cast), {"until": UNTIL + timedelta(days=30), "reason": REASON}
    )
    page = read(of(cast.provincial), reverse("web:home"))
    days = (UNTIL - scheme_day()).days
    assert "1 site asks for more time" in page
    assert f"in {days} days" in page


@pytest.mark.parametrize("beyond", [0, 30], ids=["to the day that was asked for", "beyond it"])
def test_time_is_given_after_the_day_of_all_was_moved(cast: Cast, beyond: int) -> None:
    of(cast.plants[2].owner).post(asking(cast), {"until": UNTIL, "reason": REASON})
    deadlines.set_due(cast.period, UNTIL + timedelta(days=beyond), cast.approver, timezone.now())
    request = ExtensionRequest.objects.get()
    decide = reverse("web:decide-time", args=[cast.group.pk, PERIOD, request.pk])
    assert (
        "has been given the time"
        in of(cast.provincial).post(decide, {"act": "grant"}, follow=True).content.decode()
    )
    request.refresh_from_db()
    assert (request.granted, request.answer) == (True, REASON)
    assert not Extension.objects.exists(), "the site has the day of all"
    facts = Notice.objects.get(recipient=cast.plants[2].owner, kind="extension.granted").told
    assert facts["due"] == (UNTIL + timedelta(days=beyond)).isoformat()
    refused("extension-decided", deadlines.grant, request, "", cast.provincial, NOW)


def test_no_firm_asks_for_time_until_a_day_that_is_past(cast: Cast) -> None:
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(due=timezone.now() - timedelta(days=9))
    answer = of(cast.plants[2].owner).post(
        asking(cast), {"until": scheme_day() - timedelta(days=1), "reason": REASON}
    )
    assert (answer.status_code, "That day is past" in answer.content.decode()) == (400, True)
    assert not ExtensionRequest.objects.exists()
    assert (
        of(cast.plants[2].owner)
        .post(asking(cast), {"until": scheme_day(), "reason": REASON})
        .status_code
        == 302
    )


@pytest.mark.parametrize(
    "moved", [0, 2], ids=["", "the day of all was moved beyond it and is past as well"]
)
def test_time_until_a_day_that_has_passed_since_is_not_given(cast: Cast, moved: int) -> None:
    """The officer reads that it would not help, and the request waits for another day or a
    refusal.
    """
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(due=NOW)
    request = deadlines.ask(
        cast.period,
        cast.plants[2].site,
        NOW.date() + timedelta(days=9),
        REASON,
        cast.plants[2].owner,
        NOW,
    )
    if moved:
        deadlines.set_due(cast.period, request.until + timedelta(days=moved), cast.approver, NOW)
    decide = reverse("web:decide-time", args=[cast.group.pk, PERIOD, request.pk])
    page = of(cast.provincial).post(decide, {"act": "grant"}, follow=True).content.decode()
    assert "Give the site a later day, or refuse the request with a reason." in page
    assert "has been given the time" not in page
    request.refresh_from_db()
    assert request.granted is None
    assert "extension.granted" not in asked_of(cast.plants[2].owner)
    deadlines.extend(
        ReportingPeriod.objects.get(), request.site, UNTIL, REASON, cast.provincial, timezone.now()
    )
    assert "extension.granted" in asked_of(cast.plants[2].owner)


def test_an_answer_that_is_too_long_to_be_kept_decides_nothing(cast: Cast) -> None:
    of(cast.plants[2].owner).post(asking(cast), {"until": UNTIL, "reason": REASON})
    request = ExtensionRequest.objects.get()
    decide = reverse("web:decide-time", args=[cast.group.pk, PERIOD, request.pk])
    for act in ("grant", "refuse"):
        page = (
            of(cast.provincial)
            .post(decide, {"act": act, "answer": "x" * 501}, follow=True)
            .content.decode()
        )
        assert "Nothing was decided. Write at most 500 characters." in page
    assert ExtensionRequest.objects.get().granted is None
    refused("text-too-long", deadlines.refuse, request.pk, "x" * 501, cast.provincial, NOW)


@pytest.mark.parametrize("reason", ["Meter exchanged, 2026-13", "Order (4711-20)"])
def test_a_reason_that_looks_like_a_period_leaves_every_record_of_it_readable(
    cast: Cast, reason: str
) -> None:
    firm = of(cast.plants[2].owner)
    assert firm.post(asking(cast), {"until": UNTIL, "reason": reason}).status_code == 302
    house = cast.plants[2].site.organisation_id
    for reader, name, args in (
        (of(cast.approver), "trail", []),
        (of(cast.provincial), "trail", []),
        (of(cast.provincial), "site-record", ["works-3"]),
        (firm, "site-record", ["works-3"]),
        (firm, "record", [house]),
    ):
        assert reason in read(reader, reverse(f"web:{name}", args=args)), name


def test_a_refusal_has_a_reason_which_the_firm_reads_and_it_may_ask_again(cast: Cast) -> None:
    firm, office = of(cast.plants[2].owner), of(cast.provincial)
    firm.post(asking(cast), {"until": UNTIL, "reason": REASON})
    request = ExtensionRequest.objects.get()
    address = reverse("web:decide-time", args=[cast.group.pk, PERIOD, request.pk])
    office.post(address, {"act": "refuse", "answer": " "})
    assert ExtensionRequest.objects.get().granted is None
    office.post(address, {"act": "refuse", "answer": "The meters ran all year."})
    assert ExtensionRequest.objects.get().granted is False
    assert not Extension.objects.exists()
    assert "The meters ran all year." in read(firm, reverse("web:site-record", args=["works-3"]))
    assert "extension.refused" in asked_of(cast.plants[2].owner)
    again = office.post(
        address, {"act": "grant"}, follow=True
    )  # decided already: the old page sent again changes nothing
    assert not Extension.objects.exists()
    assert (
        "Somebody else has decided about it meanwhile; nothing that you chose was recorded."
        in again.content.decode()
    )
    firm.post(asking(cast), {"until": UNTIL, "reason": REASON})
    assert ExtensionRequest.objects.filter(granted=None).count() == 1


def test_nobody_asks_for_anothers_site_or_decides_beyond_their_jurisdiction(cast: Cast) -> None:
    assert of(cast.plants[0].owner).get(asking(cast)).status_code == 404
    firm = of(cast.plants[1].owner)  # works 2 lies outside the province
    early = firm.post(asking(cast, 1), {"until": "2017-01-01", "reason": REASON})
    assert (early.status_code, "not later than" in early.content.decode()) == (400, True)
    firm.post(asking(cast, 1), {"until": UNTIL, "reason": REASON})
    assert firm.post(asking(cast, 1), {"until": UNTIL, "reason": "Another."}).status_code == 400
    request = ExtensionRequest.objects.get()
    refused("not-regulator", deadlines.refuse, request.pk, "No.", cast.provincial, NOW)
    of(cast.provincial).post(
        reverse("web:decide-time", args=[cast.group.pk, PERIOD, request.pk]), {"act": "grant"}
    )
    assert ExtensionRequest.objects.get().granted is None
    assert "asks for more time" not in read(of(cast.provincial), reverse("web:home"))
    deadlines.extend(
        cast.period, cast.plants[1].site, date(2032, 1, 1), "Another day.", cast.approver, NOW
    )  # which settles it
    assert ExtensionRequest.objects.get().granted is True


@pytest.fixture
def finding(cast: Cast) -> Finding:
    assignment = assign(cast.body, cast.plants[2].site, PERIOD, cast.approver, NOW)
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    due = scheme_day() - timedelta(days=3)
    return findings.raise_finding(
        assignment,
        FindingGrade.MAJOR,
        "The scale was not calibrated.",
        "Record 7",
        "",
        due,
        cast.auditor,
        NOW,
    )


def test_an_appeal_waits_for_the_regulator_alone_and_a_finding_that_stands_waits_for_the_plant(
    cast: Cast, finding: Finding
) -> None:
    firm, office, body = of(cast.plants[2].owner), of(cast.provincial), of(cast.auditor)
    parts = [finding.assignment_id, finding.number]
    appeal = reverse("web:appealed-finding", args=parts)
    assert office.get(appeal).status_code == 404, (
        "of a finding nobody brought before it a regulator reads grade and state alone"
    )
    firm.post(reverse("web:audit-finding", args=parts), {"text": APPEAL, "act": "appeal"})
    assert not any("answer finding" in row for row in (read(firm, reverse("web:our-plants")),))
    assert not list(reminding.days_to_tell(scheme_day())), "nobody is told that its answer is late"
    for act, who in ((findings.answer, cast.plants[2].owner), (findings.close, cast.auditor)):
        args = ("Words.", "", who, NOW) if act is findings.answer else ("Words.", who, NOW)
        refused(
            "finding-appealed" if act is findings.answer else "finding-unanswered",
            act,
            finding,
            *args,
        )
    refused("finding-appealed", findings.send_back, finding, "Words.", cast.auditor, NOW)
    assert "The regulator decides on the appeal." in read(
        body, reverse("web:engagement-finding", args=parts)
    )
    assert "Works 3: appeal against finding 1" in read(office, reverse("web:home"))
    assert {"appeal.waits"} == set(asked_of(cast.provincial))
    assert "finding.appealed" in asked_of(cast.auditor)
    assert APPEAL in read(office, appeal)
    assert office.post(appeal, {"act": "confirm", "text": ""}).status_code == 400
    refused("not-your-site", findings.appeal, finding, "Mine.", "", cast.plants[1].owner, NOW)
    office.post(appeal, {"act": "confirm", "text": "The record is of another scale."})
    assert "The record is of another scale." in read(firm, reverse("web:audit-finding", args=parts))
    assert "answer finding 1" in read(firm, reverse("web:our-plants"))
    assert findings.open_majors(finding.assignment) == 1
    refused("appealed-before", findings.appeal, finding, "Again.", "", cast.plants[2].owner, NOW)
    refused(
        "no-appeal", findings.decide_appeal, finding, "Again.", cast.provincial, NOW, annulled=True
    )
    assert {"appeal.decided"} <= set(asked_of(cast.plants[2].owner)) & set(asked_of(cast.auditor))


def test_an_appeal_that_waits_is_decided_after_the_assignment_was_taken_back(
    cast: Cast, finding: Finding
) -> None:
    findings.appeal(finding, APPEAL, "", cast.plants[2].owner, NOW)
    take_back(finding.assignment, "The body advised this plant.", cast.approver, NOW)
    office, appeal = (
        of(cast.approver),
        reverse("web:appealed-finding", args=[finding.assignment_id, finding.number]),
    )
    assert "Works 3: appeal against finding 1" in read(office, reverse("web:home"))
    assert "The finding is cancelled" in read(office, appeal)
    office.post(appeal, {"act": "annul", "text": "Calibrated in March."})
    assert findings.open_majors(finding.assignment) == 0
    assert "Works 3: appeal against finding 1" not in read(office, reverse("web:home"))


@pytest.mark.parametrize(
    "withdrawn", [False, True], ids=["in an engagement that stands", "in one that was withdrawn"]
)
def test_an_appeal_waits_where_the_audit_of_another_body_ended_as_the_site_changed_hands(
    cast: Cast, finding: Finding, withdrawn: bool
) -> None:
    site, buyer = cast.plants[2].site, cast.plants[0].site.organisation
    buyers = Organisation.objects.create(
        name="Buyer's body", kind=Role.CERTIFICATION_BODY, controlling_firm=buyer.controlling_firm
    )
    assign(buyers, site, PERIOD, cast.approver, NOW)
    Site.objects.filter(pk=site.pk).update(organisation=buyer)
    assert end_partial(
        [Site.objects.get(pk=site.pk)], "the site belongs to another firm now", "operator", NOW
    ) == {site.slug}
    findings.appeal(finding, APPEAL, "", cast.plants[0].owner, NOW)
    if withdrawn:
        take_back(finding.assignment, "The body advised this plant.", cast.approver, NOW)
    office, appeal = (
        of(cast.approver),
        reverse("web:appealed-finding", args=[finding.assignment_id, finding.number]),
    )
    assert appeals_regulated(cast.approver) == (finding,)
    assert "The finding is cancelled" in read(office, appeal)
    office.post(appeal, {"act": "annul", "text": "Calibrated in March."})
    assert findings.open_majors(finding.assignment) == 0


@pytest.mark.parametrize(
    "withdrawn", [False, True], ids=["in an engagement that stands", "in one that was withdrawn"]
)
def test_an_appeal_ends_with_the_firm(cast: Cast, finding: Finding, withdrawn: bool) -> None:
    findings.appeal(finding, APPEAL, "", cast.plants[2].owner, NOW)
    if withdrawn:
        take_back(finding.assignment, "The body advised this plant.", cast.approver, NOW)
    findings.end_engagements([cast.plants[2].site], "the firm has left", "worker", NOW)
    office, appeal = (
        of(cast.approver),
        reverse("web:appealed-finding", args=[finding.assignment_id, finding.number]),
    )
    assert "Works 3: appeal against finding 1" not in read(office, reverse("web:home"))
    assert "The finding is cancelled" not in read(office, appeal)
    refused(
        "assignment-taken-back",
        findings.decide_appeal,
        finding,
        "It was.",
        cast.approver,
        NOW,
        annulled=True,
    )


def test_a_finding_that_falls_holds_nothing_up(cast: Cast, finding: Finding) -> None:
    findings.appeal(finding, APPEAL, "", cast.plants[2].owner, NOW)
    refused(
        "not-regulator", findings.decide_appeal, finding, "No.", cast.stranger, NOW, annulled=True
    )
    office = of(cast.approver)
    appeal = reverse("web:appealed-finding", args=[finding.assignment_id, finding.number])
    office.post(appeal, {"act": "annul", "text": "Calibrated in March."})
    assert findings.open_majors(finding.assignment) == 0
    assert "Dismissed on appeal" in read(office, appeal)
    refused("finding-closed", findings.answer, finding, "Words.", "", cast.plants[2].owner, NOW)
    assert Event.objects.filter(action="finding.annulled", actor=cast.approver.email).count() == 1
