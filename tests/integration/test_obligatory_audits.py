"""When obliged sites owe an audit: for regulator, firm and body alike, told once each, by
statements and certificates on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from benchmarks.wire import attestations
from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts.models import Jurisdiction, Role, User
from portal.assurance import attesting, reminding, systems
from portal.assurance.assigning import assign
from portal.assurance.assigning import take_back as take_assignment_back
from portal.assurance.models import Assignment, Reminded, SystemCertificate
from portal.assurance.next_audit import Duty, after_years
from portal.assurance.obliged_sites import (
    ObligedView,
    obliged_checked,
    obliged_own,
    obliged_regulated,
)
from portal.assurance.systems import CertificatePaper
from portal.auditlog.models import Event
from portal.catalogue import obliged_list as lists
from portal.catalogue.obliged_rows import ObligedSite
from portal.days import scheme_day
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Mail, Notice
from portal.problems import RefusedError
from portal.web.presenters.notices import KINDS_OF
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

KEY = AuditorSigningKey.generate()
TODAY = scheme_day(NOW)
EVIDENCE = "cd" * 32


def paper(
    first: date = TODAY, days: int = 1095, evidence: str = EVIDENCE, standard: str = "iso-50001"
) -> CertificatePaper:
    return CertificatePaper(
        standard, "EnMS 7", "Somebody Certifies", first, first + timedelta(days=days), evidence
    )


def build_scene() -> Cast:
    cast = make_cast(3)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    Notice.objects.all().delete()
    Mail.objects.all().delete()
    return cast


def duties(views: tuple[ObligedView, ...]) -> dict[str, tuple[str, date | None]]:
    return {view.site: (view.due.duty.value, view.due.day) for view in views}


def notice_kinds(user: User) -> list[str]:
    return list(Notice.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


def test_over_the_api_every_obliged_site_is_read_and_one_by_its_id(cast: Cast) -> None:
    address, key = reverse("api:obligatory-audits"), f"Bearer {key_for(cast.approver)}"

    def sites(**asked: str) -> list[str]:
        return [
            row["site"]
            for row in Client()
            .get(address, asked, headers={"Authorization": key})
            .json()["results"]
        ]

    assert sites() == ["works-1", "works-2", "works-3"]
    assert sites(site="works-2") == ["works-2"]
    assert sites(duty="unknown") == ["works-1", "works-2", "works-3"]
    assert sites(site="works-9") == []


def test_a_statement_sets_the_day_and_a_withdrawn_one_counts_no_more(cast: Cast) -> None:
    assignment = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    assert duties(obliged_own(cast.plants[0].owner, TODAY)) == {"works-1": ("unknown", None)}
    attested = make_attestation(assignment, cast.auditor, NOW, key=KEY)
    expected = {"works-1": ("later", after_years(TODAY, 4))}
    assert duties(obliged_own(cast.plants[0].owner, TODAY)) == expected
    assert duties(obliged_checked(cast.auditor, TODAY)) == expected
    drawn = attesting.draw_up_withdrawal(attested, "A wrong record.", cast.auditor, NOW)
    attesting.take(attestations.sign(bytes(drawn.withdrawal or b""), KEY), cast.auditor, NOW)
    assert duties(obliged_own(cast.plants[0].owner, TODAY)) == {"works-1": ("unknown", None)}


def test_each_sees_its_own_sites_and_only_the_obliged(cast: Cast) -> None:
    assert set(duties(obliged_regulated(cast.approver, TODAY))) == {"works-1", "works-2", "works-3"}
    assert set(duties(obliged_regulated(cast.provincial, TODAY))) == {"works-1", "works-3"}
    assert (obliged_checked(cast.auditor, TODAY), obliged_own(cast.stranger, TODAY)) == ((), ())
    assignment = assign(cast.body, cast.plants[1].site, PERIOD, cast.approver, NOW)
    assert set(duties(obliged_checked(cast.auditor, TODAY))) == {"works-2"}
    take_assignment_back(assignment, "Another body comes.", cast.approver, NOW)
    assert obliged_checked(cast.auditor, TODAY) == ()
    lists.amend(cast.group, ObligedSite("works-3", False), cast.approver, NOW)
    assert set(duties(obliged_regulated(cast.approver, TODAY))) == {"works-1", "works-2"}
    assert set(duties(obliged_regulated(cast.approver, TODAY, "works-2"))) == {"works-2"}


def test_the_firm_puts_its_certificate_on_record_and_it_exempts_until_it_is_taken_back(
    cast: Cast,
) -> None:
    owner = signed_in(cast.plants[0].owner)
    address = reverse("web:obliged-audit", args=["works-1"])
    page = owner.get(address).content.decode()
    assert "The due date of the next audit is not known." in page
    assert "ask your regulator to assign a certification body" in page
    today = scheme_day()
    answers: Mapping[str, str] = {
        "standard": "iso-50001",
        "number": "EnMS 7",
        "certifier": "Somebody Certifies",
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=1000)).isoformat(),
        "evidence": EVIDENCE,
    }
    for wrong, says in (
        ({"standard": "iso-9001"}, "Choose a standard."),
        ({"number": ""}, "Copy the number from the certificate."),
        ({"certifier": ""}, "Name the body that certified."),
        ({"valid_from": "soon"}, "Write the day as"),
        (
            {"valid_until": (today - timedelta(days=1)).isoformat()},
            "The last day is before the first.",
        ),
        (
            {"valid_until": (today + timedelta(days=2000)).isoformat()},
            "valid for more than five years",
        ),
        ({"evidence": "abc"}, "This is not a SHA-256"),
    ):
        answer = owner.post(address, {**answers, **wrong})
        assert (answer.status_code, says in answer.content.decode()) == (400, True), wrong
    assert not SystemCertificate.objects.exists()
    for _twice in range(2):
        assert owner.post(address, answers).status_code == 302
    row = SystemCertificate.objects.get()
    assert (row.recorded_by, row.evidence) == (cast.plants[0].owner, EVIDENCE)
    assert (
        Event.objects.filter(action="certified-system.recorded", subject="site works-1").count()
        == 1
    )
    assert (
        "This certificate is already on record"
        in owner.post(address, {**answers, "number": "EnMS 8"}).content.decode()
    )
    assert duties(obliged_own(cast.plants[0].owner, today)) == {
        "works-1": ("exempt", today + timedelta(days=1000))
    }
    assert EVIDENCE in signed_in(cast.provincial).get(address).content.decode()

    officer, back = (
        signed_in(cast.approver),
        reverse("web:take-system-back", args=["works-1", row.pk]),
    )
    assert officer.post(back, {"reason": ""}).status_code == 400
    for _twice in range(2):
        assert officer.post(back, {"reason": "The paper is of another site."}).status_code == 302
    assert (
        Event.objects.filter(action="certified-system.taken-back", subject="site works-1").count()
        == 1
    )
    assert duties(obliged_own(cast.plants[0].owner, today)) == {"works-1": ("unknown", None)}
    assert "The paper is of another site." in owner.get(address).content.decode()


def test_who_neither_regulates_nor_acts_for_the_site_records_nothing(cast: Cast) -> None:
    assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    reads_only = person("reads@example.org", cast.plants[0].site.organisation, Role.ENTERPRISE)
    reads_only.memberships.update(may_manage=False)
    of_the_body = (
        signed_in(cast.auditor).get(reverse("web:obliged-audit", args=["works-1"])).content.decode()
    )
    assert "No audit and no certificate is on record." in of_the_body
    assert "assign a certification body" not in of_the_body, (
        "a body is not told to do what a regulator does"
    )
    for user in (cast.plants[1].owner, cast.auditor, cast.stranger, reads_only):
        with pytest.raises(RefusedError) as refused:
            systems.put_on_record(cast.plants[0].site, paper(), user, NOW)
        assert refused.value.code == "not-your-site"
    with pytest.raises(RefusedError) as refused:
        systems.put_on_record(cast.plants[1].site, paper(), cast.provincial, NOW)
    assert refused.value.code == "not-your-site"
    row = systems.put_on_record(cast.plants[0].site, paper(), cast.provincial, NOW)
    with pytest.raises(RefusedError):
        systems.take_back(row, "Not mine.", cast.plants[1].owner, NOW)
    address = reverse("web:obliged-audit", args=["works-1"])
    assert signed_in(reads_only).get(address).status_code == 200
    assert signed_in(reads_only).post(address, {}).status_code == 404
    assert (
        '<form method="post" novalidate>'
        not in signed_in(cast.auditor).get(address).content.decode()
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (paper(standard="iso-9001"), "standard-unknown"),
        (paper(days=-1), "certificate-days-wrong"),
        (paper(days=systems.LONGEST + 1), "certificate-days-wrong"),
        (paper(evidence="AB" * 32), "evidence-not-a-digest"),
    ],
    ids=["standard", "ends before", "too long", "no digest"],
)
def test_what_is_no_certificate_is_refused(cast: Cast, wrong: CertificatePaper, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        systems.put_on_record(cast.plants[0].site, wrong, cast.approver, NOW)
    assert refused.value.code == code
    assert systems.put_on_record(cast.plants[0].site, paper(days=0), cast.approver, NOW).pk


def test_the_firm_is_told_ahead_and_when_it_is_late_once_each_and_anew_of_another_day(
    cast: Cast,
) -> None:
    owner, other = cast.plants[0].owner, cast.plants[1].owner
    systems.put_on_record(cast.plants[0].site, paper(), owner, NOW)
    end = TODAY + timedelta(days=1095)

    def sweep(day: date) -> int:
        return reminding.remind(datetime.combine(day, NOW.timetz()))

    assert [sweep(day) for day in (TODAY, end - timedelta(days=181))] == [0, 0]
    assert [sweep(day) for day in (end - timedelta(days=180), end - timedelta(days=100), end)] == [
        1,
        0,
        0,
    ]
    assert [sweep(day) for day in (end + timedelta(days=1), end + timedelta(days=300))] == [1, 0]
    assert notice_kinds(owner) == [NoticeKind.AUDIT_COMES, NoticeKind.AUDIT_OVERDUE]
    assert notice_kinds(other) == [], "of an unknown day nobody is told"
    assert set(Notice.objects.filter(recipient=owner).values_list("told__due", flat=True)) == {
        end.isoformat()
    }
    assert Mail.objects.filter(recipient=owner).count() == 2
    late = end + timedelta(days=301)
    systems.put_on_record(cast.plants[0].site, paper(late, 200, "ef" * 32), owner, NOW)
    assert [sweep(late), sweep(late + timedelta(days=20)), sweep(late + timedelta(days=21))] == [
        0,
        1,
        0,
    ]
    assert notice_kinds(owner)[2:] == [NoticeKind.AUDIT_COMES]
    assert {NoticeKind.AUDIT_COMES, NoticeKind.AUDIT_OVERDUE} <= set(KINDS_OF["enterprise"])
    client = signed_in(owner)
    for row in Notice.objects.filter(recipient=owner):
        assert client.get(f"/notifications/{row.pk}/", follow=True).status_code == 200


def test_a_sweep_that_dies_leaves_nothing_half_told(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    systems.put_on_record(
        cast.plants[0].site, paper(TODAY - timedelta(days=100), 50), cast.approver, NOW
    )

    def die(*_what: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(reminding, "tell_of_duty", die)
        with pytest.raises(ConnectionError):
            reminding.remind(NOW)
    assert (notice_kinds(cast.plants[0].owner), Reminded.objects.count()) == ([], 0)
    assert (reminding.remind(NOW), reminding.remind(NOW)) == (1, 0)


def test_the_table_is_narrowed_searched_sorted_and_goes_out_by_the_same_words(cast: Cast) -> None:
    today = scheme_day()
    assignment = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    make_attestation(assignment, cast.auditor, NOW, key=KEY)  # of 2017
    systems.put_on_record(cast.plants[1].site, paper(today, 1000), cast.approver, NOW)
    officer = signed_in(cast.approver)
    page, csv = reverse("web:obliged-audits"), reverse("web:obliged-audits-csv")
    text = officer.get(page).content.decode()
    assert "<b>1</b> of 3 obliged sites is late with its audit." in text
    assert "Energy Conservation Law of China" in text
    for query, rows in (
        ("", ["works-1 overdue", "works-3 unknown", "works-2 exempt"]),
        ("?sort=-site", ["works-3 unknown", "works-2 exempt", "works-1 overdue"]),
        ("?show=overdue", ["works-1 overdue"]),
        ("?show=unknown", ["works-3 unknown"]),
        ("?show=soon", []),
        ("?q=enterprise+2", ["works-2 exempt"]),
    ):
        lines = officer.get(csv + query).content.decode().lstrip("\ufeff").splitlines()[1:]
        assert [
            f"{cells[0]} {cells[2]}" for cells in (line.split(",") for line in lines)
        ] == rows, query
        assert officer.get(page + query).status_code == 200
    assert (
        f"works-1,Enterprise 1,overdue,{after_years(TODAY, 4)},{TODAY},"
        in officer.get(csv).content.decode()
    )
    assert "Obligatory audits" in signed_in(cast.plants[0].owner).get("/audits/").content.decode()
    assert (
        "When the audits of these sites are due"
        in signed_in(cast.auditor).get("/assigned/").content.decode()
    )
    assert Assignment.objects.count() == 1
    assert Duty.OVERDUE in {view.due.duty for view in obliged_checked(cast.auditor, today)}


def test_pages_cite_the_rule_of_the_jurisdiction(cast: Cast) -> None:
    """No directive of the EU in China; one of a member state reads it, and may not record a
    certificate that does not count there.
    """
    site = cast.plants[1].site
    address = reverse("web:obliged-audit", args=[site.slug])
    owner = signed_in(cast.plants[1].owner)
    page = owner.get(address).content.decode()
    assert "Energy Conservation Law of China" in page
    assert "2012/27/EU" not in page
    assert "GB/T 23331" in page
    Jurisdiction.objects.filter(pk=site.jurisdiction_id).update(
        path="de"
    )  # works-2 lies in the nation alone
    page = owner.get(address).content.decode()
    assert "2012/27/EU" in page
    assert "GB/T 23331" not in page
