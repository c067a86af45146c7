"""A regulator assigns a certification body on a page and takes it back with a reason; the partial
are refused, what was found stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from benchmarks.wire import attestations
from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts.models import ControllingFirm, Membership, Organisation, Role, Site, User
from portal.assurance import assigning, attesting, auditors, findings, reminding, sampling
from portal.assurance.assignments import assignments_of_regulator
from portal.assurance.confirming import auditors_of
from portal.assurance.engagements import appeals_regulated, engagement, engagements_of
from portal.assurance.models import Assignment, Attestation, Finding
from portal.assurance.models.findings import FindingGrade
from portal.assurance.reminding import AuditNeed, needs
from portal.assurance.selectors import assigned_submission, assigned_values
from portal.auditlog.models import Event
from portal.days import scheme_day
from portal.intake.models import Submission
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Mail, Notice
from portal.problems import RefusedError
from portal.web.lists.tables import PAGE_ROWS
from tests.integration.audited import make_attestation, promise_of, terms
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    make_plant,
    open_waiting,
    person,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

KEY = AuditorSigningKey.generate()
REASON = "The body asked to be let off."


@dataclass
class Office:
    """A signed-in regulator."""

    client: Client

    @classmethod
    def of(cls, user: User) -> Office:
        client = Client()
        assert client.login(username=user.email, password=PASSWORD)
        return cls(client)

    def text(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, address
        return answer.content.decode()

    def post(self, address: str, answers: Mapping[str, object], status: int = 302) -> str:
        answer = self.client.post(address, answers)
        assert answer.status_code == status, answer.content.decode()[:3000]
        return answer.content.decode()


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    return cast


def assigned(cast: Cast, index: int = 0) -> Assignment:
    return assigning.assign(cast.body, cast.plants[index].site, PERIOD, cast.approver, NOW)


def notice_kinds(user: User) -> list[str]:
    return list(Notice.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


def refusal_of(act: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as refused:
        act()
    return refused.value.code


def test_a_regulator_assigns_on_the_page_and_the_body_is_told_once(cast: Cast) -> None:
    officer = Office.of(cast.provincial)
    text = officer.text(reverse("web:assign") + "?q=firm+works")
    assert "No site of your jurisdiction matches" in text, "no site has both words"
    address = reverse("web:assign-site", args=["works-1"])
    assert address in officer.text(reverse("web:assign") + "?q=enterprise+1")
    due = scheme_day() + timedelta(days=60)
    answers: dict[str, object] = {
        "body": cast.body.pk,
        "period": PERIOD,
        "due": due.isoformat(),
        "sees": "values",
    }
    for wrong, says in (
        ({"body": ""}, "Choose a certification body."),
        ({"body": cast.plants[0].site.organisation_id}, "Choose a certification body."),
        ({"period": "2031"}, "Choose a period."),
        ({"due": "soon"}, "Write the day as"),
        ({"due": scheme_day().isoformat()}, "Choose a day in the future."),
        ({"sees": "all"}, "id_sees_error"),
    ):
        assert says in officer.post(address, answers | wrong, 400), wrong
    assert not Assignment.objects.exists()
    officer.post(address, answers)
    officer.post(address, answers)  # sent twice
    row = Assignment.objects.get()
    assert (row.body, row.site.slug, row.due, row.sees_values, row.assigned_by) == (
        cast.body,
        "works-1",
        due,
        True,
        cast.provincial,
    )
    assert notice_kinds(cast.auditor) == [NoticeKind.ASSIGNMENT_MADE]
    assert Mail.objects.filter(recipient=cast.auditor).count() == 1
    assert Event.objects.filter(action="assignment.made", subject="site works-1").count() == 1
    page = officer.text(reverse("web:assignments"))
    assert "sees protected values" in page
    assert (
        "<b>1</b> site and period of your jurisdiction is assigned to a certification body." in page
    )
    auditor = Office.of(cast.auditor)
    assert f"/assigned/{row.pk}/" in auditor.text("/assigned/")
    assert (
        auditor.client.get(
            f"/notifications/{Notice.objects.get(recipient=cast.auditor).pk}/", follow=True
        ).status_code
        == 200
    )


def test_other_terms_take_the_place_of_those_that_were_and_the_body_is_told_again(
    cast: Cast,
) -> None:
    first = assigned(cast)
    assigning.assign(
        cast.body,
        cast.plants[0].site,
        PERIOD,
        cast.approver,
        NOW,
        date(2017, 9, 1),
        sees_values=True,
    )
    assert Assignment.objects.values_list("pk", "due", "sees_values").get() == (
        first.pk,
        date(2017, 9, 1),
        True,
    )
    assert notice_kinds(cast.auditor) == [NoticeKind.ASSIGNMENT_MADE] * 2


def test_the_sites_of_another_agency_are_not_there(cast: Cast) -> None:
    other = assigned(cast, 1)  # works 2 does not lie in the province
    province = Office.of(cast.provincial)
    for address in (
        reverse("web:assign-site", args=["works-2"]),
        reverse("web:take-assignment-back", args=[other.pk]),
    ):
        assert province.client.get(address).status_code == 404
        assert province.client.post(address, {"reason": REASON}).status_code == 404
    for address in (
        reverse("web:assignments"),
        reverse("web:assignments-csv"),
        reverse("web:assign"),
    ):
        assert "works-2" not in province.text(address)
    with pytest.raises(RefusedError) as refused:
        assigning.take_back(other, REASON, cast.provincial, NOW)
    assert refused.value.code == "not-regulator"
    assert "works-2" in Office.of(cast.approver).text(reverse("web:assignments"))


def test_a_body_of_the_same_group_is_refused_with_a_remedy(cast: Cast) -> None:
    firm = cast.plants[0].site.organisation.controlling_firm
    Organisation.objects.filter(pk=cast.body.pk).update(controlling_firm=firm)
    answers = {"body": cast.body.pk, "period": PERIOD, "due": "", "sees": "outside"}
    page = Office.of(cast.approver).post(reverse("web:assign-site", args=["works-1"]), answers, 400)
    assert (
        "Certifier is controlled by the same firm as the site. Choose a body that belongs to "
        "another group." in page
    )
    assert not Assignment.objects.exists()
    Organisation.objects.filter(pk=cast.body.pk).update(
        controlling_firm=ControllingFirm.objects.create(name="A group of its own")
    )
    Office.of(cast.approver).post(reverse("web:assign-site", args=["works-1"]), answers)
    assert Assignment.objects.count() == 1


def test_a_body_that_comes_into_the_firms_group_later_concludes_and_confirms_nothing(
    cast: Cast,
) -> None:
    assignment, site = assigned(cast), cast.plants[0].site
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    auditors.register(cast.body, AuditorSigningKey.generate().public.hex, cast.auditor, NOW)
    assert auditors_of(site)
    Organisation.objects.filter(pk=cast.body.pk).update(
        controlling_firm=site.organisation.controlling_firm
    )
    with pytest.raises(
        RefusedError, match="has come under the firm that controls this site"
    ) as refused:
        attesting.draw_up(Assignment.objects.get(), terms(NOW), cast.auditor, NOW)
    assert refused.value.code == "body-of-the-same-group"
    assert not auditors_of(site)


def test_a_body_whose_every_auditor_has_an_interest_is_refused_until_somebody_has_none(
    cast: Cast,
) -> None:
    auditors.declare(assigned(cast), cast.auditor, True, "My brother runs the kiln.", NOW)
    for period in ("2015", "2014"):
        with pytest.raises(RefusedError) as refused:
            assigning.assign(cast.body, cast.plants[0].site, period, cast.approver, NOW)
        assert refused.value.code == "body-interested"
    assert "another body" in refused.value.remedy
    assigning.assign(
        cast.body, cast.plants[1].site, PERIOD, cast.approver, NOW
    )  # another firm: no interest was declared
    reads_only = person("reads@example.org", cast.body, Role.CERTIFICATION_BODY)
    reads_only.memberships.update(may_manage=False)
    with pytest.raises(RefusedError, match="has declared an interest"):
        assigning.assign(cast.body, cast.plants[0].site, "2015", cast.approver, NOW)
    person("second@example.org", cast.body, Role.CERTIFICATION_BODY)
    assert assigning.assign(cast.body, cast.plants[0].site, "2015", cast.approver, NOW).pk


def test_an_interest_stays_with_the_group_and_with_the_enterprise_that_it_sells(cast: Cast) -> None:
    """The interest may be in either, and none is in the buyer's other enterprises."""
    sold, sister, buyers = (
        plant.site for plant in (*cast.plants, make_plant(3, cast.nation, cast.pack))
    )
    colleague = person("colleague@example.org", cast.body, Role.CERTIFICATION_BODY)
    Organisation.objects.filter(pk=sister.organisation_id).update(
        controlling_firm=sold.organisation.controlling_firm
    )
    first = assigning.assign(cast.body, sold, PERIOD, cast.approver, NOW)
    auditors.declare(first, cast.auditor, True, "My brother runs this group.", NOW)
    Organisation.objects.filter(pk=sold.organisation_id).update(
        controlling_firm=buyers.organisation.controlling_firm
    )
    sold, sister, buyers = (Site.objects.get(pk=site.pk) for site in (sold, sister, buyers))
    first, second, third = (
        assigning.assign(cast.body, site, PERIOD, cast.approver, NOW)
        for site in (sold, sister, buyers)
    )
    for assignment in (first, second):
        assert (
            refusal_of(partial(auditors.declare, assignment, cast.auditor, False, "", NOW))
            == "interest-stays"
        )
        view = engagement(colleague, assignment.pk, NOW.date())
        assert view is not None
        assert [declaration.text for declaration in view.declarations] == [
            "My brother runs this group."
        ]
    assert not auditors.declare(third, cast.auditor, False, "", NOW).interested
    Membership.objects.filter(user=colleague).delete()
    for site in (sold, sister):
        assigning.take_back(
            Assignment.objects.get(site=site), "Entered in error.", cast.approver, NOW
        )
        assert (
            refusal_of(partial(assigning.assign, cast.body, site, PERIOD, cast.approver, NOW))
            == "body-interested"
        )


def test_an_interest_stays_with_the_enterprise_that_gives_the_site_away(cast: Cast) -> None:
    """Nobody is partial at the enterprise that gets it; the one that had it may be sold
    afterwards.
    """
    handed, buyers, sister = (
        plant.site for plant in (*cast.plants, make_plant(3, cast.nation, cast.pack))
    )
    seller, audited = handed.organisation, assigned(cast, 1)
    Site.objects.filter(pk=sister.pk).update(organisation=seller)
    auditors.declare(assigned(cast), cast.auditor, True, "My brother runs this group.", NOW)
    auditors.declare(audited, cast.auditor, False, "", NOW)
    Site.objects.filter(pk=handed.pk).update(organisation=buyers.organisation)
    auditors.require_free(Assignment.objects.get(pk=audited.pk), cast.auditor)
    assert assigning.end_partial([Site.objects.get(pk=handed.pk)], "sold", "operator", NOW) == set()
    assert assigning.assign(cast.body, buyers, "2015", cast.approver, NOW).pk
    Organisation.objects.filter(pk=seller.pk).update(
        controlling_firm=ControllingFirm.objects.create(name="Third group")
    )
    sister = Site.objects.get(pk=sister.pk)
    assert (
        refusal_of(partial(assigning.assign, cast.body, sister, PERIOD, cast.approver, NOW))
        == "body-interested"
    )


def test_an_auditor_declares_anew_about_the_firm_that_a_site_is_given_to(cast: Cast) -> None:
    row, buyer = assigned(cast), cast.plants[1].site.organisation
    auditors.declare(row, cast.auditor, False, "", NOW)
    auditors.register(cast.body, KEY.public.hex, cast.auditor, NOW)
    Site.objects.filter(pk=row.site_id).update(organisation=buyer)
    row = Assignment.objects.get(pk=row.pk)
    view = engagement(cast.auditor, row.pk, NOW.date())
    assert view is not None
    assert [need.need for need in needs(view, NOW.date())] == [AuditNeed.DECLARE]
    assert refusal_of(partial(auditors.require_free, row, cast.auditor)) == "interest-undeclared"
    assert not auditors_of(row.site)
    auditors.declare(row, cast.auditor, False, "", NOW)
    auditors.require_free(row, cast.auditor)
    assert auditors_of(row.site)


def test_an_interest_declared_once_is_its_auditors_in_every_engagement_of_the_firm(
    cast: Cast,
) -> None:
    """The body is assigned another period of the site, and another site that the same firm
    controls.
    """
    colleague = person("second@example.org", cast.body, Role.CERTIFICATION_BODY)
    firm = cast.plants[0].site.organisation.controlling_firm
    Organisation.objects.filter(pk=cast.plants[1].site.organisation_id).update(
        controlling_firm=firm
    )
    before = assigning.assign(cast.body, cast.plants[0].site, "2014", cast.approver, NOW)
    auditors.declare(before, cast.auditor, False, "", NOW)
    auditors.declare(assigned(cast), cast.auditor, True, "My brother runs the kiln.", NOW)
    anew = assigning.assign(cast.body, cast.plants[0].site, "2015", cast.approver, NOW)
    for other in (before, anew, assigned(cast, 1)):
        fresh = Assignment.objects.get(pk=other.pk)  # as a request reads it
        raised = partial(
            findings.raise_finding, fresh, FindingGrade.MINOR, "A scale.", "", "", NOW.date()
        )
        assert (
            refusal_of(partial(auditors.declare, fresh, cast.auditor, False, "", NOW))
            == "interest-stays"
        )
        assert refusal_of(partial(raised, cast.auditor, NOW)) == "interest-declared"
        view = engagement(cast.auditor, other.pk, NOW.date())
        assert view is not None
        assert [
            (declaration.interested, declaration.text) for declaration in view.declarations
        ] == [(True, "My brother runs the kiln.")]
        assert view.accepted is None or [need.need for need in needs(view, NOW.date())] == [
            AuditNeed.TAKE_OVER
        ]
        assert "My brother runs the kiln." in Office.of(cast.auditor).text(f"/assigned/{other.pk}/")
        auditors.declare(fresh, colleague, False, "", NOW)
        assert raised(colleague, NOW).number == 1
    stranger = Organisation.objects.create(name="Another certifier", kind=Role.CERTIFICATION_BODY)
    theirs = assigning.assign(stranger, cast.plants[0].site, "2015", cast.approver, NOW)
    other_auditor = person("other@example.org", stranger, Role.CERTIFICATION_BODY)
    elsewhere = engagement(other_auditor, theirs.pk, NOW.date())
    assert elsewhere is not None
    assert elsewhere.declarations == (), "what people of one body declared is for that body"


def test_taken_back_the_reports_are_closed_and_what_was_found_and_signed_stays(cast: Cast) -> None:
    assignment = assigning.assign(
        cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, sees_values=True
    )
    digest = Submission.objects.get(site=assignment.site).digest
    attested = make_attestation(assignment, cast.auditor, NOW, key=KEY)
    drawn = attesting.draw_up(
        assignment, terms(NOW + timedelta(days=1)), cast.auditor, NOW + timedelta(days=1)
    )
    findings.raise_finding(
        assignment,
        FindingGrade.MINOR,
        "A scale of unknown date.",
        "",
        "",
        NOW.date(),
        cast.auditor,
        NOW,
    )
    assert assigned_values(cast.auditor, digest)
    Notice.objects.all().delete()

    officer, address = (
        Office.of(cast.approver),
        reverse("web:take-assignment-back", args=[assignment.pk]),
    )
    assert "never withdrawn without a reason" in officer.post(address, {"reason": "  "}, 400)
    officer.post(address, {"reason": REASON})
    officer.post(address, {"reason": "Another reason."})  # sent twice
    assignment.refresh_from_db()
    assert (assignment.taken_back_by, assignment.taken_back_reason) == (cast.approver, REASON)
    assert notice_kinds(cast.auditor) == [NoticeKind.ASSIGNMENT_TAKEN_BACK]
    assert list(
        Event.objects.filter(action="assignment.taken-back").values_list("subject", "detail")
    ) == [("site works-1", f"Certifier, {PERIOD}: {REASON}")]

    # closed
    assert assigned_submission(cast.auditor, digest) is None
    assert assigned_values(cast.auditor, digest) == ()
    auditor = Office.of(cast.auditor)
    assert auditor.client.get(f"/assigned/{digest}/").status_code == 404
    refusals = []
    for act in (
        lambda: findings.raise_finding(
            assignment, FindingGrade.MINOR, "More.", "", "", NOW.date(), cast.auditor, NOW
        ),
        lambda: findings.answer(
            Finding.objects.filter(grade=FindingGrade.MINOR).get(),
            "It was changed.",
            "",
            cast.plants[0].owner,
            NOW,
        ),
        lambda: findings.close(
            Finding.objects.filter(grade=FindingGrade.OBSERVATION).get(), "Seen.", cast.auditor, NOW
        ),
        lambda: attesting.draw_up(assignment, terms(NOW), cast.auditor, NOW),
        lambda: attesting.take(attestations.sign(bytes(drawn.content), KEY), cast.auditor, NOW),
        lambda: auditors.declare(assignment, cast.auditor, True, "Too late.", NOW),
        lambda: sampling.promise(assignment, promise_of(assignment, KEY, NOW), cast.auditor, NOW),
    ):
        with pytest.raises(RefusedError) as refused:
            act()
        refusals.append(refused.value.code)
    assert refusals == ["assignment-taken-back"] * 7
    assert reminding.remind(NOW + timedelta(days=3)) == 0, "no answer is needed any more"

    # readable
    view = engagement(cast.auditor, assignment.pk, NOW.date())
    assert view is not None
    assert (len(view.findings), view.submissions, needs(view, NOW.date())) == (2, (), ())
    page = auditor.text(f"/assigned/{assignment.pk}/")
    for words in (REASON, "A scale of unknown date.", "The regulator withdrew this assignment on"):
        assert words in page
    assert "A scale of unknown date." in auditor.text(f"/assigned/{assignment.pk}/findings/2/")
    assert '<form method="post" novalidate>' not in auditor.text(
        f"/assigned/{assignment.pk}/findings/2/"
    )
    owner = Office.of(cast.plants[0].owner)
    assert REASON in owner.text("/audits/")
    assert "A scale of unknown date." in owner.text(f"/audits/{assignment.pk}/findings/2/")

    # what is signed can still be withdrawn, for everybody may read it
    withdrawal = attesting.draw_up_withdrawal(attested, "A wrong record.", cast.auditor, NOW)
    attesting.take(attestations.sign(bytes(withdrawal.withdrawal or b""), KEY), cast.auditor, NOW)
    attested.refresh_from_db()
    assert attested.state == Attestation.State.WITHDRAWN


def test_what_was_taken_back_is_assigned_anew_beside_what_stood(cast: Cast) -> None:
    first = assigned(cast)
    findings_of_first = [make_attestation(first, cast.auditor, NOW, key=KEY).pk]
    assigning.take_back(first, REASON, cast.approver, NOW)
    second = assigned(cast)
    assert second.pk != first.pk
    assert (
        list(Attestation.objects.filter(assignment=first).values_list("pk", flat=True))
        == findings_of_first
    )
    views = {view.id: view for view in engagements_of(cast.auditor, NOW.date())}
    assert (views[first.pk].submissions, len(views[second.pk].submissions)) == ((), 1)
    assert (
        assigned_submission(cast.auditor, Submission.objects.get(site=first.site).digest)
        is not None
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(
            body=cast.body,
            site=first.site,
            period=PERIOD,
            assigned_by=cast.approver,
            assigned_at=NOW,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.filter(pk=second.pk).update(
            taken_back_at=NOW, taken_back_by=cast.approver
        )


def test_a_major_finding_waits_in_the_engagement_that_the_same_body_is_given_anew(
    cast: Cast,
) -> None:
    first, owner, tomorrow = assigned(cast), cast.plants[0].owner, NOW + timedelta(days=1)
    auditors.declare(first, cast.auditor, False, "", NOW)
    auditors.register(cast.body, KEY.public.hex, cast.auditor, NOW)
    major = findings.raise_finding(
        first,
        FindingGrade.MAJOR,
        "The scale is out of order.",
        "",
        "",
        NOW.date(),
        cast.auditor,
        NOW,
    )
    assigning.take_back(first, REASON, cast.approver, NOW)
    assert "you need not answer any more" in " ".join(Office.of(owner).text("/audits/").split())
    second = assigned(cast)
    auditors.declare(second, cast.auditor, False, "", NOW)
    assert (
        refusal_of(lambda: attesting.draw_up(second, terms(NOW), cast.auditor, NOW)) == "major-open"
    )

    # read where it is worked on
    view = engagement(cast.auditor, second.pk, tomorrow.date())
    assert view is not None
    assert (view.findings, [finding.text for finding in view.every_finding], view.open_majors) == (
        (),
        [major.text],
        1,
    )
    assert [need.need for need in needs(view, tomorrow.date())] == [AuditNeed.LATE_ANSWERS]
    assert f"/assigned/{first.pk}/findings/1/" in Office.of(cast.auditor).text(
        f"/assigned/{second.pk}/"
    )
    assert {row.id: row.majors for row in assignments_of_regulator(cast.approver, NOW.date())} == {
        first.pk: 1,
        second.pk: 1,
    }
    assert "open findings still need your answer" in " ".join(
        Office.of(owner).text("/audits/").split()
    )
    Notice.objects.all().delete()
    assert reminding.remind(tomorrow) == 1
    assert notice_kinds(owner) == notice_kinds(cast.auditor) == [NoticeKind.FINDING_OVERDUE]

    # and answered, appealed, decided and closed there
    Office.of(owner).post(
        f"/audits/{first.pk}/findings/1/", {"text": "It was calibrated.", "act": "appeal"}
    )
    assert [row.pk for row in appeals_regulated(cast.approver)] == [major.pk]
    findings.decide_appeal(major, "It was out of order.", cast.approver, NOW, annulled=False)
    findings.answer(major, "It was replaced.", "", owner, NOW)
    Office.of(cast.auditor).post(
        f"/assigned/{first.pk}/findings/1/", {"text": "Seen on site.", "act": "close"}
    )
    assert (
        findings.raise_finding(
            second, FindingGrade.OBSERVATION, "A label.", "", "", NOW.date(), cast.auditor, NOW
        ).number
        == 2
    )
    drawn = attesting.draw_up(second, terms(NOW), cast.auditor, NOW)
    assert (
        attesting.take(attestations.sign(bytes(drawn.content), KEY), cast.auditor, NOW).state
        == Attestation.State.ISSUED
    )


def test_another_body_answers_for_its_own_findings_alone(cast: Cast) -> None:
    first = assigned(cast)
    auditors.declare(first, cast.auditor, False, "", NOW)
    findings.raise_finding(
        first,
        FindingGrade.MAJOR,
        "The scale is out of order.",
        "",
        "",
        NOW.date(),
        cast.auditor,
        NOW,
    )
    body = Organisation.objects.create(name="Another certifier", kind=Role.CERTIFICATION_BODY)
    auditor = person("other@example.org", body, Role.CERTIFICATION_BODY)
    second = assigning.assign(body, first.site, PERIOD, cast.approver, NOW)
    assert make_attestation(second, auditor, NOW).state == Attestation.State.ISSUED
    view = engagement(auditor, second.pk, NOW.date())
    assert view is not None
    assert [finding.grade for finding in view.every_finding] == [FindingGrade.OBSERVATION]


def test_the_table_is_narrowed_searched_sorted_paged_and_goes_out_by_the_same_words(
    cast: Cast,
) -> None:
    late = assigning.assign(
        cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, date(2017, 6, 2)
    )
    make_attestation(assigned(cast, 1), cast.auditor, NOW, key=KEY)
    assigning.take_back(
        assigning.assign(cast.body, cast.plants[1].site, "2015", cast.approver, NOW),
        REASON,
        cast.approver,
        NOW,
    )
    officer, csv = Office.of(cast.approver), reverse("web:assignments-csv")
    page = officer.text(reverse("web:assignments"))
    assert "<b>1</b> conclusion is late." in page
    for query, rows in (
        ("", ["2015 taken-back", "2016 concluded", "2016 late"]),
        ("?show=late", ["2016 late"]),
        ("?show=taken-back", ["2015 taken-back"]),
        ("?show=nothing", ["2015 taken-back", "2016 concluded", "2016 late"]),
        ("?q=WORKS-2", ["2015 taken-back", "2016 concluded"]),
        ("?q=works+certifier+2015", ["2015 taken-back"]),
        ("?sort=site", ["2016 late", "2016 concluded", "2015 taken-back"]),
    ):
        lines = officer.text(csv + query).lstrip("\ufeff").splitlines()[1:]
        listed = [f"{cells[3]} {cells[6]}" for cells in (line.split(",") for line in lines)]
        assert sorted(listed) == sorted(rows), query
        if "sort" in query:
            assert listed[0] == rows[0]
        assert csv in officer.text(reverse("web:assignments") + query)
    Assignment.objects.bulk_create(
        Assignment(
            body=cast.body,
            site=late.site,
            period=str(year),
            assigned_by=cast.approver,
            assigned_at=NOW,
        )
        for year in range(1900, 1900 + PAGE_ROWS)
    )
    assert "page=2" in officer.text(reverse("web:assignments"))


def test_a_body_is_assigned_to_several_sites_and_who_may_not_be_checked_by_it_is_named(
    cast: Cast,
) -> None:
    office, address = Office.of(cast.approver), reverse("web:assign-several")
    answers = {"body": cast.body.pk, "period": PERIOD, "due": "", "sees": "outside"}
    assert "Choose at least one site." in office.post(address, answers, 400)
    assert "Choose a certification body." in office.post(
        address, {**answers, "body": "", "site": ["works-1"]}, 400
    )
    Organisation.objects.filter(pk=cast.body.pk).update(
        controlling_firm=cast.plants[1].site.organisation.controlling_firm
    )
    group = cast.plants[1].site.organisation.controlling_firm
    third = make_plant(3, cast.nation, cast.pack)
    Organisation.objects.filter(pk=third.site.organisation_id).update(controlling_firm=group)
    office.post(address, {**answers, "site": ["works-1", "works-2", "works-3", "no-such"]})
    assert list(Assignment.objects.values_list("site__slug", flat=True)) == ["works-1"]
    page = office.text(reverse("web:assignments"))
    assert "1 site is assigned." in page
    assert (
        "Not assigned: works-2, works-3. Certifier is controlled by the same firm as the site."
        in page
    ), "one reason is told once"


def test_boxes_that_were_unticked_by_hand_stay_so_whatever_the_address_ticked(cast: Cast) -> None:
    make_plant(3, cast.nation, cast.pack)
    office, address = Office.of(cast.approver), f"{reverse('web:assign-several')}?choose=all"
    assert office.text(address).count(" checked>") == 3
    answers = {"body": cast.body.pk, "period": PERIOD, "due": "", "sees": "outside"}
    page = office.post(address, answers, 400)
    assert "Choose at least one site." in page
    assert " checked>" not in page
    assert not Assignment.objects.exists()
