"""How many pages a network is answered that is not signed in, and what who asks for more is
told.
"""

from __future__ import annotations

import pytest
import redis
from django.test import Client
from pytest_django.fixtures import Settings

from portal import rate_counts, redis_store
from portal.accounts.attempts import PER_ACCOUNT_AND_NETWORK
from portal.accounts.models import User
from portal.settings.redis_caches import redis_caches
from tests.integration.portal_cast import PASSWORD

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = "203.0.113.5", "203.0.113.6"


@pytest.fixture(autouse=True)
def few(settings: Settings) -> None:
    settings.PAGE_RATES = {"read": (3, 60), "send": (2, 60)}


def reads(client: Client, address: str = HERE) -> int:
    return client.get("/about/", REMOTE_ADDR=address).status_code


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Wait 60 seconds, then load this page again."), ("zh-hans", "请等 60 秒")],
)
def test_who_reads_too_much_is_told_how_long_to_wait(
    client: Client, language: str, sentence: str
) -> None:
    assert [reads(client) for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("/about/", REMOTE_ADDR=HERE, headers={"accept-language": language})
    assert refused.headers["Retry-After"] == "60"
    assert sentence in refused.content.decode()
    assert reads(client, ELSEWHERE) == 200
    assert client.get("/healthz", REMOTE_ADDR=HERE).status_code == 200
    assert client.get("/api/v1/benchmarks/", REMOTE_ADDR=HERE).status_code == 200


def test_no_header_of_the_askers_makes_another_asker_of_him(client: Client) -> None:
    statuses = [
        client.get(
            "/about/", REMOTE_ADDR=HERE, headers={"x-forwarded-for": f"10.0.0.{number}"}
        ).status_code
        for number in range(4)
    ]
    assert statuses == [200, 200, 200, 429]


def test_forms_count_apart_and_a_cookie_of_ones_own_making_helps_nobody(client: Client) -> None:
    client.cookies["device-0123456789abcdef"] = "made-up"
    client.cookies["sessionid"] = "made-up"
    statuses = [
        client.post("/sign-in/", {"username": "", "password": ""}, REMOTE_ADDR=HERE).status_code
        for _ in range(3)
    ]
    assert statuses == [400, 400, 429]
    assert [reads(client) for _ in range(4)] == [200, 200, 200, 429]


def test_who_is_signed_in_reads_on_and_a_browser_that_was_is_counted_by_itself(
    client: Client,
) -> None:
    User.objects.create_user("reader@example.org", PASSWORD)
    sign_in = {"username": "reader@example.org", "password": PASSWORD}
    assert client.post("/sign-in/", sign_in, REMOTE_ADDR=HERE).status_code == 302
    assert {reads(client) for _ in range(8)} == {200}
    client.post("/sign-out/", REMOTE_ADDR=HERE)
    stranger = Client()
    assert [reads(stranger) for _ in range(4)] == [200, 200, 200, 429]
    other_browser = Client()
    assert other_browser.post("/sign-in/", sign_in, REMOTE_ADDR=ELSEWHERE).status_code == 302
    other_browser.post("/sign-out/", REMOTE_ADDR=ELSEWHERE)
    assert [reads(other_browser) for _ in range(4)] == [200, 200, 200, 429]


def test_where_the_counts_are_away_each_process_counts_by_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages, the API and signing in go on, each with its limit, and come back to the store."""
    redis_store._own.clear()
    monkeypatch.setattr(redis_store, "_away_until", 0.0)
    settings.CACHES = redis_caches("redis://127.0.0.1:1/0")
    asker = Client()
    assert asker.get("/api/v1/benchmarks/", REMOTE_ADDR=HERE).status_code == 200
    assert [reads(asker) for _ in range(4)] == [200, 200, 200, 429]
    wrong = {"username": "reader@example.org", "password": "guessed wrong"}
    settings.PAGE_RATES = {"read": None, "send": None}
    tries = [
        asker.post("/sign-in/", wrong, REMOTE_ADDR=HERE).status_code
        for _ in range(PER_ACCOUNT_AND_NETWORK + 1)
    ]
    assert tries == [*[400] * PER_ACCOUNT_AND_NETWORK, 429]
    answered = rate_counts.count(60, "asked again")
    assert (answered, rate_counts.count(60, "asked again")) == (1, 2)
    rate_counts.take_back("asked again")
    assert rate_counts.count(60, "asked again") == 2
    settings.CACHES = {"default": {"BACKEND": "portal.redis_store.ProcessStore"}}
    monkeypatch.setattr(redis_store, "_away_until", 0.0)
    assert rate_counts.count(60, "asked again") == 1


def test_a_store_that_does_not_answer_is_not_asked_at_each_request(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each asking may wait two seconds for a server that is gone."""
    asked = 0

    def away(*_store: object) -> int:
        nonlocal asked
        asked += 1
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(redis_store, "_away_until", 0.0)
    monkeypatch.setattr(redis_store, "_counting", away)
    settings.CACHES = redis_caches("redis://127.0.0.1:1/0")
    for _ in range(10):
        rate_counts.count(60, "anything")
    assert asked == 1
    monkeypatch.setattr(redis_store, "_away_until", 0.0)
