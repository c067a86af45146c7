"""Kept renderings of what is public: the same bytes as without a cache, never of a person, never of another unit, language or state."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from portal import keys
from portal.intake import services as intake
from portal.opening import services as opening
from portal.publication import rows, services
from portal.publication.models import Publication
from portal.standings import services as standings
from portal.web import kept as kept_module
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, Cast, make_cast

pytestmark = [pytest.mark.django_db(databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]

VERSION = f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/"
SURFACES = ("/", "/?sector=cement", VERSION, *(f"{VERSION}benchmark.{end}" for end in ("csv", "json", "pdf", "bib", "ris")))
ASKED = (("en", ""), ("zh-hans", ""), ("en", "unit=MJ"), ("zh-hans", "unit=kWh"))
TOKEN = re.compile(rb'csrfmiddlewaretoken" value="[^"]*"')


@pytest.fixture
def cast() -> Cast:
    made = make_cast(plants=10)
    for number, plant in enumerate(made.plants):
        intake.receive(plant.envelope(made.pack, shift=number - 5), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    standings.compute(made.period, "worker", NOW)
    publish(made)
    return made


def publish(cast: Cast, what_changed: str = "") -> Publication:
    drafted = services.draft(cast.period, cast.drafter, NOW, what_changed)
    return services.publish(drafted, cast.approver, keys.receipt_key(), NOW)


def answers(client: Client) -> Iterator[tuple[str, bytes]]:
    for surface in SURFACES:
        for language, query in ASKED:
            address = f"{surface}{'&' if '?' in surface else '?'}{query}"
            answer = client.get(address, headers={"accept-language": language})
            assert answer.status_code == 200, address
            client.cookies.clear()  # the unit would stay
            yield f"{language} {address}", TOKEN.sub(b"", answer.content)


def test_the_cache_gives_the_bytes_that_come_without_it(cast: Cast, client: Client, settings: Settings) -> None:
    cold, warm = dict(answers(client)), dict(answers(client))
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    rows.forget()
    off = dict(answers(client))
    assert cold == warm == off
    assert len({off[asked] for asked in off if VERSION + "?" in asked}) == len(ASKED), "language and unit each have a page of their own"


def test_a_page_is_rendered_once(cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test above holds equal is kept indeed: the second visit does not come to the renderer."""
    first = client.get(VERSION).content

    def never(*_told: object) -> None:
        raise AssertionError("rendered again")

    monkeypatch.setattr(kept_module, "render_to_string", never)
    assert TOKEN.sub(b"", client.get(VERSION).content) == TOKEN.sub(b"", first)


def test_a_withdrawal_and_a_new_version_show_at_once(cast: Cast, client: Client) -> None:
    assert "Withdrawn" not in client.get(VERSION).content.decode()
    assert VERSION in client.get("/").content.decode()
    services.withdraw(Publication.objects.get(version=1), cast.drafter, "A kiln was counted twice.", NOW)
    assert "A kiln was counted twice." in client.get(VERSION).content.decode()
    assert client.get(f"{VERSION}benchmark.csv").headers["Steplabel-Status"] == "withdrawn"
    assert b",withdrawn," in client.get(f"{VERSION}benchmark.csv").content
    assert VERSION not in client.get("/").content.decode()


def test_nothing_of_a_person_or_of_a_firm_lies_in_the_cache(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads: what was kept was made without the request, and a page about a firm's own figures keeps nothing."""
    stored: list[bytes] = []
    plain = cache.set

    def seen(key: str, value: object, seconds: int) -> None:
        stored.append(repr(value).encode())
        plain(key, value, seconds)

    monkeypatch.setattr(cache, "set", seen)
    cache.clear()
    owner, officer = Client(), Client()
    assert owner.login(username=cast.plants[0].owner.email, password=PASSWORD)
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    private = ("/where-we-stand/", "/submissions/", "/sites/", "/people/")
    for address in private:
        assert owner.get(address).status_code == 200, address
    for address in ("/publications/", f"/publications/{cast.group.pk}/{PERIOD}/", f"/publications/{cast.group.pk}/{PERIOD}/standings/"):
        assert officer.get(address).status_code == 200, address
    assert stored == [], "a private page kept something"
    for client in (owner, officer):
        for address in SURFACES:
            client.get(address)
    text = b"".join(stored)
    assert len(stored) >= 5
    assert b"Industry label" in text
    for word in ("owner1", "approver", "Works 1", "Enterprise 1", "csrfmiddlewaretoken", cast.plants[0].site.slug):
        assert word.encode() not in text, word
    assert "owner1" in owner.get(VERSION).content.decode(), "the masthead names who is signed in, outside of what is kept"
