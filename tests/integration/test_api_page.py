"""The examples of docs/api.md do what the page says, with a key and with none."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone

from portal import keys
from portal.accounts import api_keys, second_factor
from portal.accounts.scopes import SCOPES_OF, Scope
from portal.intake import services as intake
from portal.intake.models import Submission
from portal.opening import services as opening
from reporting_agent.client import session as sessions
from tests.documents.refusals import ROOT
from tests.integration.partners_cast import make_partners
from tests.integration.portal_cast import NOW, PERIOD, make_cast

pytestmark = [pytest.mark.django_db(databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r'curl -H "Authorization: Bearer \$KEY" "?https://portal\.example(/\S+?)"?$', re.MULTILINE)


def test_every_example_with_a_key_is_answered() -> None:
    owner = make_cast(1).plants[0].owner
    second_factor.give(owner)
    house = api_keys.houses_of(owner).get()
    key = api_keys.make(owner, house.pk, "x", SCOPES_OF[house.kind], timedelta(days=30), personal=True, now=timezone.now()).text
    examples = EXAMPLE.findall(PAGE)
    assert len(examples) >= 2
    for path in examples:
        assert Client().get(path).status_code == 401, path
        assert Client().get(path, headers={"Authorization": f"Bearer {key}"}).status_code == 200, path


def test_the_table_names_every_scope_and_whose_it_is() -> None:
    scopes = {scope for row in re.findall(r"^\| (`\w+:.+?) \|", PAGE, flags=re.MULTILINE) for scope in re.findall(r"`([\w:]+)`", row)}
    assert scopes == {scope.value for scope in Scope}


def test_the_delivery_of_the_page_is_taken() -> None:
    cast = make_cast(2)
    partners = make_partners(cast)
    supplier = partners.people["supplier"]
    second_factor.give(supplier)
    scopes = [Scope.WRITE_DELIVERIES, Scope.DELIVERIES]
    key = api_keys.make(supplier, partners.houses["supplier"].pk, "x", scopes, timedelta(days=30), personal=True, now=timezone.now()).text
    asked = re.search(r"-d '(\{.+?\})'", PAGE)
    assert asked
    address = "/api/v1/deliveries/"
    headers = {"Authorization": f"Bearer {key}"}
    answer = Client().post(address, asked[1], content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["quantity"]) == (201, "120000.000")
    assert asked[1].count("works-1") == 1
    listed = Client().get(f"{address}?period=2026", headers=headers).json()["results"]
    assert [row["declared_by"] for row in listed] == [answer.json()["declared_by"]]
    elsewhere = asked[1].replace("works-1", "works-2")
    assert Client().post(address, elsewhere, content_type="application/json", headers=headers).status_code == 404


def test_the_program_of_the_page_prints_its_own_houses_reports(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast(2)
    for plant in cast.plants:
        intake.receive(plant.envelope(cast.pack), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    owner = cast.plants[0].owner
    second_factor.give(owner)
    house = api_keys.houses_of(owner).get()
    key = api_keys.make(owner, house.pk, "x", SCOPES_OF[house.kind], timedelta(days=30), personal=True, now=timezone.now()).text
    monkeypatch.setattr(sessions, "session", partial(sessions.session, transport=httpx.WSGITransport(get_wsgi_application())))
    program = re.search(r"```python\n(.+?)```", PAGE, flags=re.DOTALL)
    assert program
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        exec(program[1].replace("https://portal.example", "http://testserver"), {"key": key})  # noqa: S102 - the page's own text
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
    place = Submission.objects.get(site=cast.plants[0].site).log_index
    assert capsys.readouterr().out.split("\n") == ["Enterprise 1", f"works-1 {PERIOD} {place}", ""]


def test_a_refusal_reaches_a_program_in_the_portals_words() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(403, json={"code": "scope-missing", "detail": "No.", "remedy": "Ask."}))
    with sessions.session("https://portal.example", "slk_x", transport) as api, pytest.raises(sessions.RefusedByPortalError) as refused:
        api.sites()
    assert (refused.value.status, refused.value.code, refused.value.remedy) == (403, "scope-missing", "Ask.")


def test_pages_of_a_list_are_followed_to_the_end() -> None:
    answers = {"": {"results": [1], "next": "/api/v1/sites/?cursor=b&limit=1"}, "b": {"results": [2], "next": None}}
    transport = httpx.MockTransport(lambda asked: httpx.Response(200, json=answers[asked.url.params.get("cursor", "")]))
    with sessions.session("https://portal.example", "slk_x", transport) as api:
        assert list(sessions.every(api.sites, limit="1")) == [1, 2]
