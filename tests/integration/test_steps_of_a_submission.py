"""The last steps of a submission, on its page and in the API: published, withdrawn in version N;
nothing before the public knows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import keys
from portal.accounts import api_keys, second_factor
from portal.accounts.models import User
from portal.accounts.scopes import Scope
from portal.assurance.assigning import assign
from portal.intake.models import Submission
from portal.publication import drafting, publishing, scheduling
from tests.integration.portal_cast import NOW, PASSWORD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

VERSION = "/benchmarks/cement/cn/dry-process/2016/v1/"


def build_scene() -> Cast:
    cast = make_cast(9)
    hand_in(cast, 9)
    return cast


def hand_in(cast: Cast, plants: int, revision: int = 1) -> None:
    for index, plant in enumerate(cast.plants[:plants]):
        deliver(plant.envelope(cast.pack, revision, index + revision))
    open_waiting()


def page_of(user: User, revision: int = 1) -> str:
    client = Client()
    assert client.login(username=user.email, password=PASSWORD)
    digest = Submission.objects.get(
        site__organisation__memberships__user=user, revision=revision
    ).digest
    return client.get(reverse("web:submission", args=[digest])).content.decode()


def api_of(user: User) -> list[dict[str, Any]]:
    if not second_factor.has_one(user):
        second_factor.give(user)
    house = api_keys.houses_of(user).get()
    key = api_keys.make(
        user,
        house.pk,
        "Steps",
        {Scope.SUBMISSIONS},
        timedelta(days=30),
        personal=False,
        now=timezone.now(),
    )
    answer = Client().get("/api/v1/reports/", headers={"Authorization": f"Bearer {key.text}"})
    assert answer.status_code == 200
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def test_a_report_says_in_which_version_it_was_published_and_that_it_was_withdrawn(
    cast: Cast,
) -> None:
    owner = cast.plants[0].owner
    draft = drafting.draft(cast.period, cast.drafter, NOW)
    assert "accepted" in page_of(owner)
    assert "version 1" not in page_of(owner)
    assert [row["entered"] for row in api_of(owner)] == [[]]
    release = scheduling.schedule(
        draft, cast.approver, NOW + timedelta(days=2), keys.receipt_key(), NOW, ""
    )
    assert "version 1" not in page_of(owner), "an approval for a set time is not public"
    assert [row["entered"] for row in api_of(owner)] == [[]]
    scheduling.cancel(draft, cast.drafter, NOW)
    assert release.publication_id == draft.pk

    publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    assert f'<a class="govuk-link" href="{VERSION}">Published in version 1</a>' in page_of(owner)
    entry = {
        "version": 1,
        "url": f"/api/v1{VERSION}",
        "published_on": "2017-06-01",
        "withdrawn_on": None,
    }
    assert [row["entered"] for row in api_of(owner)] == [[entry]]
    assert Client().get(f"/api/v1{VERSION}").status_code == 200

    draft.refresh_from_db()
    publishing.withdraw(draft, cast.approver, "One line twice.", NOW + timedelta(days=1))
    page = page_of(owner)
    assert (
        page.index("Opened, checked and accepted")
        < page.index("Published in version 1")
        < page.index("Withdrawn in version 1")
    )
    assert [row["entered"] for row in api_of(owner)] == [[{**entry, "withdrawn_on": "2017-06-02"}]]


def test_a_report_names_the_versions_that_it_entered_and_no_other(cast: Cast) -> None:
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    hand_in(cast, 9, revision=2)
    second = drafting.draft(cast.period, cast.drafter, NOW, "Corrected reports.")
    owner = cast.plants[0].owner
    publishing.publish(second, cast.approver, keys.receipt_key(), NOW)
    assert "Published in version 1" in page_of(owner, 1)
    assert "version 2" not in page_of(owner, 1)
    assert "Published in version 2" in page_of(owner, 2)
    assert "version 1" not in page_of(owner, 2)
    assert [[entry["version"] for entry in row["entered"]] for row in api_of(owner)] == [[1], [2]]


def test_a_certification_body_reads_the_outside_without_the_versions(cast: Cast) -> None:
    """Which versions a report entered is told to its owner."""
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    assign(cast.body, cast.plants[0].site, "2016", cast.approver, NOW)
    digest = Submission.objects.get(site=cast.plants[0].site).digest
    client = Client()
    client.force_login(cast.auditor)
    page = client.get(reverse("web:assigned-submission", args=[digest])).content.decode()
    assert "Opened, checked and accepted" in page
    assert "version 1" not in page


def test_the_list_of_reports_asks_no_more_of_the_database_for_more_versions(cast: Cast) -> None:
    owner = cast.plants[0].owner

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            api_of(owner)
        return len(asked)

    cost()  # the first makes the second factor
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    before = cost()
    hand_in(cast, 9, revision=2)
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW, "Corrected."),
        cast.approver,
        keys.receipt_key(),
        NOW,
    )
    assert cost() == before
