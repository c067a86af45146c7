"""The first page of each role: what waits, by due date and with its action; and nothing of anybody
else.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal import keys
from portal.accounts.models import Role, User
from portal.accounts.selectors import roles_of
from portal.assurance import auditors, findings
from portal.assurance.assigning import assign
from portal.assurance.models.findings import FindingGrade
from portal.catalogue.models import ReportingPeriod
from portal.days import scheme_day
from portal.practices import reviewing
from portal.publication import drafting, publishing
from portal.publication.sectors import groups_in_force
from portal.standings import computing as standings
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
)
from tests.integration.test_practices import HOT, edit

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

HOME = reverse("web:home")


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    """Works 1 has reported, the others have not; reports are due in ten days."""
    scene = make_cast(3)
    ReportingPeriod.objects.filter(pk=scene.period.pk).update(
        due=timezone.now() + timedelta(days=10)
    )
    deliver(scene.plants[0].envelope(scene.pack))
    open_waiting()
    return scene


def page_of(user: User, language: str = "en") -> str:
    client = Client(headers={"Accept-Language": language})
    assert client.login(username=user.email, password=PASSWORD)
    answer = client.get(HOME if roles_of(user) != {Role.ENTERPRISE} else reverse("web:our-plants"))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def waits(page: str) -> list[str]:
    block = re.search(r'<ol class="sl-waits">(.*?)</ol>', page)
    return (
        []
        if block is None
        else [
            " ".join(re.sub("<[^>]+>", " ", entry).split())
            for entry in re.findall("<li>(.*?)</li>", block[1])
        ]
    )


def test_a_regulator_reads_who_has_not_reported_ahead_of_the_day_and_who_is_late(
    cast: Cast,
) -> None:
    (row,) = waits(page_of(cast.approver))
    assert (
        "in 9 days 2 of 3 obliged sites have not reported yet" in row
        or "in 10 days 2 of 3 obliged sites have not reported yet" in row
    )
    assert "Remind 2" in row
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(due=timezone.now() - timedelta(days=3))
    (row,) = waits(page_of(cast.approver))
    assert re.search(r"[34] days late 2 of 3 obliged sites are late with their reports", row)
    assert "逾期" in page_of(cast.approver, "zh-hans")


def test_who_reviews_and_who_is_the_second_person_reads_what_waits_for_them(cast: Cast) -> None:
    def of(user: User) -> list[str]:
        return [row for row in waits(page_of(user)) if "obliged sites" not in row]

    owner = cast.plants[0].owner
    entry = reviewing.offer(owner, cast.plants[0].site.organisation_id, HOT, named=False, now=NOW)
    assert [row for row in of(cast.drafter) if "1 practice waits for a reviewer" in row]
    assert not [row for row in waits(page_of(owner)) if "practice" in row], "a firm reviews nothing"
    edit(entry, cast.drafter)
    assert of(cast.drafter) == []
    (row,) = of(cast.approver)
    assert "1 practice to publish" in row
    assert "A second person decides." in row


def test_a_firm_reads_its_own_reports_and_findings_and_nobody_elses(cast: Cast) -> None:
    assert [row for row in waits(page_of(cast.plants[0].owner)) if "submit the report" in row] == []
    (row,) = [row for row in waits(page_of(cast.plants[1].owner)) if "submit the report" in row]
    assert "Works 2" in row
    assignment = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    (row,) = waits(page_of(cast.auditor))
    assert "Works 1" in row
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    findings.raise_finding(
        assignment,
        FindingGrade.MAJOR,
        "A meter.",
        "Log.",
        "",
        scheme_day() + timedelta(days=2),
        cast.auditor,
        NOW,
    )
    assert any(
        "answer finding 1" in row and "in 2 days" in row
        for row in waits(page_of(cast.plants[0].owner))
    )
    assert not any("finding" in row for row in waits(page_of(cast.plants[1].owner)))


def test_the_public_page_shows_what_is_in_force_and_names_who_publishes(
    portal_keys: object,
) -> None:
    cast = make_cast(plants=10)
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=number))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    row = drafting.draft(cast.period, cast.drafter, NOW)
    assert groups_in_force() == ()
    assert any("your decision" in row for row in waits(page_of(cast.approver)))
    assert not any(
        "your decision" in row for row in waits(page_of(cast.drafter))
    )  # who drafted decides not
    publishing.publish(row, cast.approver, keys.receipt_key(), NOW)
    public = Client().get("/").content.decode()
    assert cast.approver.memberships.get().organisation.name in public
    assert "Cement plants" in public
    assert "How the figure comes about" in public
    publishing.withdraw(row, cast.approver, "A meter was counted twice.", NOW)
    assert "How the figure comes about" not in Client().get("/").content.decode()
