"""Notifications in the API: a person's own key reads their own, marks them read, and never anybody
else's.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts import api_keys, second_factor
from portal.accounts.models import ApiKey, User
from portal.accounts.scopes import Scope
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.notifications.telling import tell
from portal.problems import RefusedError
from tests.integration.portal_cast import NOW, Cast, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

BOTH = (Scope.NOTIFICATIONS, Scope.WRITE_NOTIFICATIONS)


def build_scene() -> Cast:
    cast = make_cast(2)
    Notice.objects.all().delete()
    for number, plant in enumerate(cast.plants):
        for n in range(3):
            details = {"site": plant.site.slug, "period": f"202{n}", "due": "2027-01-31"}
            kind = NoticeKind.REPORT_REMINDED if n else NoticeKind.EXTENSION_GRANTED
            tell(
                kind,
                [plant.owner.pk],
                "web:submissions",
                {},
                details,
                NOW + timedelta(minutes=number),
            )
    return cast


def key_of(user: User, *scopes: str, personal: bool = True) -> str:
    if not second_factor.has_one(user):
        second_factor.give(user)
    house = api_keys.houses_of(user).get()
    return api_keys.make(
        user,
        house.pk,
        "a program",
        scopes,
        timedelta(days=30),
        personal=personal,
        now=timezone.now(),
    ).text


def asked(key: str, query: str = "") -> dict[str, Any]:
    answer = Client().get(
        f"/api/v1/notifications/{query}", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200, answer.content
    page: dict[str, Any] = answer.json()
    return page


def marked(key: str, *numbers: object) -> tuple[int, dict[str, Any]]:
    answer = Client().post(
        "/api/v1/notifications/read/",
        json.dumps({"notifications": numbers}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    return answer.status_code, answer.json()


def test_a_person_reads_their_own_notifications_page_by_page(cast: Cast) -> None:
    owner = cast.plants[0].owner
    key = key_of(owner, Scope.NOTIFICATIONS)
    rows = asked(key)["results"]
    assert [row["id"] for row in rows] == list(
        Notice.objects.filter(recipient=owner).order_by("pk").values_list("pk", flat=True)
    )
    assert rows[0] == {
        "id": rows[0]["id"],
        "kind": "extension.granted",
        "told": {"site": "works-1", "period": "2020", "due": "2027-01-31"},
        "url": "/submissions/",
        "at": "2017-06-01T09:00:00Z",
        "read": False,
    }
    assert "works-2" not in json.dumps(rows)
    paged, page = [], asked(key, "?limit=2")
    while True:
        paged += page["results"]
        if page["next"] is None:
            break
        page = asked(key, "?" + page["next"].partition("?")[2])
    assert paged == rows
    assert [row["kind"] for row in asked(key, "?kind=extension.granted")["results"]] == [
        "extension.granted"
    ]


def test_notifications_are_marked_read_all_or_none_and_only_ones_own(cast: Cast) -> None:
    owner, other = (plant.owner for plant in cast.plants)
    key = key_of(owner, *BOTH)
    mine = [row["id"] for row in asked(key)["results"]]
    theirs = Notice.objects.filter(recipient=other).values_list("pk", flat=True)[0]
    status, problem = marked(key, mine[0], theirs)
    assert (status, problem["code"]) == (404, "not-found")
    assert [row["id"] for row in asked(key, "?unread=true")["results"]] == mine
    assert marked(key, mine[0], mine[2]) == (200, {"marked": 2})
    assert marked(key, mine[0], mine[2]) == (200, {"marked": 0})
    assert [row["id"] for row in asked(key, "?unread=true")["results"]] == [mine[1]]
    assert [row["read"] for row in asked(key)["results"]] == [True, False, True]
    assert Notice.objects.filter(recipient=other, read_at=None).count() == 3


@pytest.mark.parametrize("numbers", [(), ("1",), (0,), (True,), (1.5,), (2**70,), ([1],)])
def test_ids_that_are_none_are_refused(cast: Cast, numbers: tuple[object, ...]) -> None:
    status, problem = marked(key_of(cast.plants[0].owner, *BOTH), *numbers)
    assert (status, problem["code"]) == (400, "invalid-fields")


def test_who_may_only_read_marks_nothing(cast: Cast) -> None:
    key = key_of(cast.plants[0].owner, Scope.NOTIFICATIONS)
    status, problem = marked(key, asked(key)["results"][0]["id"])
    assert (status, problem["code"]) == (403, "scope-missing")
    assert not Notice.objects.exclude(read_at=None).exists()


def test_a_key_of_the_organisation_is_nobody_and_reads_nobodys(cast: Cast) -> None:
    owner = cast.plants[0].owner
    with pytest.raises(RefusedError) as refused:
        key_of(owner, Scope.SITES, Scope.NOTIFICATIONS, personal=False)
    assert (refused.value.status, refused.value.code) == (400, "scope-of-a-person")
    key = key_of(owner, *BOTH)
    ApiKey.objects.update(person=None)  # as if one had been made all the same
    answer = Client().get("/api/v1/notifications/", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert marked(key, 1)[0] == 403
