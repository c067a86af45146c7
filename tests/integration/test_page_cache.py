"""Cached renderings of what is public: the same bytes as without a cache, never of a person, never
of another language or state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django.fixtures import Settings

from portal import keys
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.standings import computing as standings
from portal.web import page_cache
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

VERSION = f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/"
SURFACES = (
    "/",
    "/sectors/cement/cn/dry-process/",
    VERSION,
    *(f"{VERSION}benchmark.{end}" for end in ("csv", "json", "pdf", "bib", "ris")),
)
ASKED = ("en", "zh-hans")
TOKEN = re.compile(rb'csrfmiddlewaretoken" value="[^"]*"')


def build_scene() -> Cast:
    cast = make_cast(plants=10)
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=number - 5))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    publish(cast)
    return cast


def publish(cast: Cast, what_changed: str = "") -> Publication:
    drafted = drafting.draft(cast.period, cast.drafter, NOW, what_changed)
    return publishing.publish(drafted, cast.approver, keys.receipt_key(), NOW)


def answers(client: Client) -> Iterator[tuple[str, bytes]]:
    for surface in SURFACES:
        for language in ASKED:
            answer = client.get(surface, headers={"accept-language": language})
            assert answer.status_code == 200, surface
            yield f"{language} {surface}", TOKEN.sub(b"", answer.content)


def test_the_cache_gives_the_bytes_that_come_without_it(
    cast: Cast, client: Client, settings: Settings
) -> None:
    cold, warm = dict(answers(client)), dict(answers(client))
    settings.CACHES = {
        **settings.CACHES,
        "pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    }
    off = dict(answers(client))
    assert cold == warm == off
    assert len({off[f"{language} {VERSION}"] for language in ASKED}) == len(ASKED), (
        "each language has a page of its own"
    )


def test_a_page_is_rendered_once(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above holds equal is kept indeed: the second visit does not come to the
    renderer.
    """
    first = client.get(VERSION).content

    def never(*_told: object) -> None:
        raise AssertionError("rendered again")

    monkeypatch.setattr(page_cache, "render_to_string", never)
    assert TOKEN.sub(b"", client.get(VERSION).content) == TOKEN.sub(b"", first)


def entries() -> int:
    """How many rendered things are in the cache: on Redis or in this process's memory."""
    store: Any = caches["pages"]
    return (
        len(store._cache)
        if hasattr(store, "_expire_info")
        else len(store._cache.get_client().keys("pages:*"))
    )


ODDITIES = (
    {"HTTP_HOST": "testserver:81"},
    {"HTTP_HOST": "localhost"},
    {"QUERY_STRING": "page=999"},
    {"QUERY_STRING": "page=-1"},
    {"QUERY_STRING": "utm_source=a&page=1"},
    {"QUERY_STRING": "unit=furlong"},
    {"HTTP_COOKIE": "unit=furlong; session=x"},
    {"HTTP_ACCEPT_LANGUAGE": "tlh, x-klingon;q=0.9"},
    {"wsgi.url_scheme": "https"},
)


def test_whatever_a_reader_writes_into_a_request_finds_the_pages_that_are_there(
    cast: Cast, client: Client
) -> None:
    plain = {surface: own_part(client.get(surface).content) for surface in SURFACES}
    before = entries()
    for odd in ODDITIES:
        for surface in SURFACES:
            path, _, query = surface.partition("?")
            request: dict[str, Any] = {
                **odd,
                "QUERY_STRING": "&".join(filter(None, (query, odd.get("QUERY_STRING", "")))),
            }
            assert own_part(client.get(path, **request).content) == plain[surface], (odd, surface)
            client.cookies.clear()
    assert entries() == before > 4


def own_part(content: bytes) -> bytes:
    """Of a page what stands between head and foot, where links go back to the address that was
    asked for; a file whole.
    """
    return TOKEN.sub(b"", content.partition(b"<main")[2].partition(b"</main>")[0] or content)


def test_a_sector_that_there_is_not_has_no_page_and_leaves_nothing_in_the_cache(
    cast: Cast, client: Client
) -> None:
    before = entries()
    for address in ("/sectors/gold/cn/dry-process/", "/sectors/steel/cn/bf-bof/"):
        assert client.get(address).status_code == 404
    assert entries() == before


def test_a_page_is_answered_where_the_cache_is_away(
    cast: Cast, client: Client, settings: Settings
) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        **settings.CACHES,
        "pages": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": nowhere},
    }
    assert client.get(VERSION).status_code == 200


def test_a_withdrawal_and_a_new_version_show_at_once(cast: Cast, client: Client) -> None:
    assert "Withdrawn" not in client.get(VERSION).content.decode()
    assert VERSION in client.get("/").content.decode()
    publishing.withdraw(
        Publication.objects.get(version=1), cast.drafter, "A kiln was counted twice.", NOW
    )
    assert "A kiln was counted twice." in client.get(VERSION).content.decode()
    assert client.get(f"{VERSION}benchmark.csv").headers["Steplabel-Status"] == "withdrawn"
    assert b",withdrawn," in client.get(f"{VERSION}benchmark.csv").content
    assert VERSION not in client.get("/").content.decode()


def test_nothing_of_a_person_or_of_a_firm_lies_in_the_cache(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads: what was kept was made without the request, and a page about a firm's own
    figures keeps nothing.
    """
    stored: list[bytes] = []
    plain = caches["pages"].set

    def store(key: str, value: object, seconds: int) -> None:
        stored.append(repr(value).encode())
        plain(key, value, seconds)

    monkeypatch.setattr(caches["pages"], "set", store)
    caches["pages"].clear()
    owner, officer = Client(), Client()
    assert owner.login(username=cast.plants[0].owner.email, password=PASSWORD)
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    private = ("/our-plant/", "/submissions/", "/sites/", "/people/")
    for address in private:
        assert owner.get(address).status_code == 200, address
    for address in (
        "/periods/",
        f"/periods/{cast.group.pk}/{PERIOD}/reports/",
        f"/periods/{cast.group.pk}/{PERIOD}/standings/",
    ):
        assert officer.get(address).status_code == 200, address
    assert stored == [], "a private page kept something"
    for client in (owner, officer):
        for address in SURFACES:
            client.get(address)
    text = b"".join(stored)
    assert len(stored) >= 5
    assert b"Industry label" in text
    for word in (
        "owner1",
        "approver",
        "Works 1",
        "Enterprise 1",
        "csrfmiddlewaretoken",
        cast.plants[0].site.slug,
    ):
        assert word.encode() not in text, word
    assert "owner1" in owner.get(VERSION).content.decode(), (
        "the masthead names who is signed in, outside of what is kept"
    )
