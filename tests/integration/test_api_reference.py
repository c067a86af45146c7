"""The API as a page: every operation with a call that is answered, what is left of a rate, and
every version as one table.
"""

from __future__ import annotations

import csv
import io
import shlex

import pytest
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.throttling import ScopedRateThrottle

from portal.api_views import RATE_HEADERS
from portal.own_address import own_address
from portal.publication import selectors
from portal.web.api_page import groups
from tests.integration.portal_cast import deliver, make_cast, open_waiting
from tests.integration.test_queries_of_pages import published_and_draft

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def test_every_operation_stands_on_the_page_with_a_call() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # the library has no types
    wanted = {
        operation["operationId"]
        for operations in schema["paths"].values()
        for operation in operations.values()
    }
    shown = [operation for group in groups() for operation in group.operations]
    assert {operation.id for operation in shown} == wanted
    assert len(shown) == len(wanted)
    assert all(operation.summary for operation in shown)
    for language, title in (("en", "Data and API"), ("zh-hans", "数据与接口")):
        client = Client()
        client.cookies["django_language"] = language
        page = client.get(reverse("web:api")).content.decode()
        assert title in page
        assert all(f'id="{operation.id}"' in page for operation in shown)


def test_the_calls_that_need_no_key_and_name_what_there_is_are_answered() -> None:
    make_cast(1)
    tried = 0
    for operation in (operation for group in groups() for operation in group.operations):
        if operation.method != "GET" or operation.key or "{" in operation.path:
            continue
        address = shlex.split(operation.call)[-1].removeprefix(own_address())
        if "=" in address or operation.id.endswith("of_device"):
            continue  # what it names is to be filled in
        assert Client().get(address).status_code == 200, operation.call
        tried += 1
    assert tried >= 6


def test_each_answer_says_how_many_requests_are_left_and_a_refusal_that_none_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"public": "2/min"})
    answers = [Client().get("/api/v1/benchmarks/") for _turn in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    rates = [tuple(int(answer[name]) for name in RATE_HEADERS) for answer in answers]
    assert rates == [(2, 1, 60), (2, 0, 60), (2, 0, 60)]


def test_every_version_is_in_one_table_for_anybody() -> None:
    cast = make_cast(5)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    first, draft = published_and_draft(cast)
    answer = Client().get(reverse("web:every-version-csv"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    (only,) = selectors.every_published()
    assert rows
    assert {row["version"] for row in rows} == {str(first.version)} == {str(only.version)}
    assert draft.version != first.version
