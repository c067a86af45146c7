"""The page of one step: to everybody what is published, and to a firm its own value, which no cache keeps."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from portal import keys
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.register.models import Viewing
from portal.standings import computing as standings
from portal.web import page_cache
from tests.integration.portal_cast import (
    NOW,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PAGE = "/sectors/cement/cn/dry-process/clinker-burning/"


@pytest.fixture
def cast() -> Cast:
    cast = make_cast(plants=10)
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=number))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    drafted = drafting.draft(cast.period, cast.drafter, NOW)
    publishing.publish(drafted, cast.approver, keys.receipt_key(), NOW)
    return cast


def never(*_told: object) -> None:
    raise AssertionError("what is public was rendered again, for a person")


def test_anybody_reads_a_step_and_a_firm_its_own_value(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = client.get(PAGE)
    text = public.content.decode()
    assert "Clinker burning could use" in text
    assert "<li>coal</li>" in text, "what crosses its boundary"
    assert "/practices/" in text, "what helps"
    assert "Your plant" not in text
    monkeypatch.setattr(page_cache, "render_to_string", never)
    owner = signed_in(cast.plants[3].owner)
    answer = owner.get(PAGE)
    own = answer.content.decode()
    assert "Your plant" in own
    assert cast.plants[3].site.name in own
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Your plant" not in Client().get(PAGE).content.decode()
    assert "Your plant" not in signed_in(cast.drafter).get(PAGE).content.decode(), "no firm's"
    assert Viewing.objects.filter(subject__contains=cast.plants[3].site.slug).exists(), "noted"


def test_a_source_is_cited_by_its_act_and_the_numbers_own_page_alone_says_where_it_was_read(
    cast: Cast, client: Client
) -> None:
    listed = client.get("/methods/cement/1/?role=limit").content.decode()
    assert "GB 16780-2021" in listed
    assert "ECQuota" not in listed
    number = re.search(r'href="(/methods/cement/1/[^"]*gb16780[^"]*)"', listed)
    assert number is not None
    own = client.get(number[1]).content.decode()
    assert "Read in" in own
    assert "ECQuota" in own
    version = Publication.objects.get(period=cast.period)
    assert "ECQuota" not in json.dumps(version.document, ensure_ascii=False)


def test_a_step_that_a_sector_has_not_is_not_found(cast: Cast, client: Client) -> None:
    for step in ("electrolysis", "no-such-step"):
        assert client.get(f"/sectors/cement/cn/dry-process/{step}/").status_code == 404
    assert client.get("/sectors/steel/cn/bf-bof/clinker-burning/").status_code == 404
