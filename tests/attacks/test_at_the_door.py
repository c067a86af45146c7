"""Strangers without an account: who read until the portal is full, lock others out, or write
through its mails.

Each once more with its defence off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import caches
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django.fixtures import Settings
from redis.exceptions import OutOfMemoryError

from portal import keys, own_address, rate_counts, redis_store
from portal.accounts import attempts
from portal.accounts.models import User
from portal.notifications.mailing import Letter
from portal.publication import drafting, publishing
from portal.settings.redis_caches import redis_caches
from portal.standings import computing as standings
from portal.web import page_cache
from portal.web.views import registering
from portal.web.words import mails as mail_texts
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
)
from tests.integration.post import send_all
from tests.servers.redis import started

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

VERSION = f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/"
READS = 400
FULL_AFTER = 20  # reads of which the store took none: it is full

FIRM = {
    "kind": "enterprise",
    "name": "Visit evil.example",
    "controlling_firm": "Claim now at Prizegiver",
    "contact": "Jane Jackpotter",
    "jurisdiction": "cn",
    "credit_code": "91110000600037341L",
    "email": "victim@example.org",
}


# Reading fills the portal


@pytest.fixture
def published() -> Cast:
    cast = make_cast(plants=10)
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=number - 5))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    return cast


@pytest.fixture
def one_small_redis(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """As deploy/redis.conf starts it, and smaller."""
    with started(tmp_path, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction") as url:
        settings.CACHES = redis_caches(url)
        yield


def read_oddly(number: int, address: Callable[[str], None]) -> None:
    host = f"testserver:{1000 + number}"
    address(host)
    query = (
        {"page": str(number), "sector": "cement"}
        if number % 2
        else {"unit": "MJ", f"x{number}": "y"}
    )
    assert (
        Client().get("/" if number % 2 else VERSION, query, headers={"host": host}).status_code
        == 200
    )


def entries() -> int:
    store: Any = caches["pages"]
    return len(store._cache.get_client().keys("pages:*"))


def fill_what_no_page_fits_into() -> None:
    """What is left is less than a page: as much as its length happens to leave, which counters
    would take up in time.
    """
    store: Any = caches["pages"]
    client = store._cache.get_client()
    with suppress(OutOfMemoryError):
        for number in range(100_000):
            client.set(f"counter:{number}", "1")


def signs_in(browser: Client, user: User, network: str = "2001:db8:f::1") -> bool:
    answer = browser.post(
        "/sign-in/", {"username": user.email, "password": PASSWORD}, REMOTE_ADDR=network
    )
    return answer.status_code == 302


@pytest.mark.redis
@pytest.mark.usefixtures("one_small_redis")
def test_reading_does_not_fill_the_portal(
    stated: State, published: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, browser = published.plants[0].owner, Client(raise_request_exception=False)
    for number in (0, 1):
        read_oddly(number, lambda _host: None)
    before = entries()
    for number in range(READS):
        read_oddly(number, lambda _host: None)
    added = entries() - before
    assert added == 0
    assert signs_in(browser, owner)

    monkeypatch.setattr(redis_store, "PAGES_SHARE", 2.0)  # nor is there a share of theirs
    asked_for = [""]
    monkeypatch.setattr(
        page_cache, "own_address", lambda: asked_for[0]
    )  # the page's name has the Host header in it, as it had
    filled, took = before, range(READS)
    for number in took:
        read_oddly(number, lambda host: asked_for.__setitem__(0, host))
        if number % FULL_AFTER == FULL_AFTER - 1:
            if (holds := entries()) == filled:
                break
            filled = holds
    assert before + 20 < filled < number < took[-1], "it was full before all had read"

    fill_what_no_page_fits_into()

    def counted_beside_a_reader(number: int) -> bool:
        """Redis frees a little by itself, so a full store takes a counter now and then; not while
        others go on reading.
        """
        read_oddly(READS + number, lambda host: asked_for.__setitem__(0, host))
        assert signs_in(Client(raise_request_exception=False), owner)
        monkeypatch.setattr(redis_store, "_away_until", 0.0)
        rate_counts.count(60, f"asked:{number}")
        return redis_store._away_until == 0.0

    assert not all(counted_beside_a_reader(number) for number in range(20))

    stated(
        Row(
            "reading",
            f"{READS} anonymous requests with a Host, page and query of their own each, at one "
            "Redis of 4 MB that does not evict",
            "cached pages found by known values alone; half of the memory at most",
            "0 entries more",
            f"{added} entries more; sign-in goes on",
            "Host in the key: full before the last, and each process counts by itself",
        )
    )


# Locking others out


def forty_failures(network: str) -> None:
    """Wrong passwords for accounts that do not matter, from one network."""
    for number in range(40):
        Client().post(
            "/sign-in/",
            {"username": f"{number}@nobody.example", "password": "wrong"},
            REMOTE_ADDR=network,
        )


@pytest.mark.usefixtures("here")
def test_failures_on_a_network_lock_nobody_else_behind_it(
    stated: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = [
        User.objects.create_user(f"colleague{number}@example.org", PASSWORD) for number in range(10)
    ]
    target = User.objects.create_user("target@example.org", PASSWORD)
    own_browser = Client()
    assert signs_in(own_browser, target, "2001:db8:1::1")
    own_browser.post("/sign-out/")
    forty_failures("2001:db8:a::1")
    locked = sum(not signs_in(Client(), user, "2001:db8:a::1") for user in behind)
    for number in range(attempts.PER_ACCOUNT + 1):
        Client().post(
            "/sign-in/",
            {"username": target.email, "password": "wrong"},
            REMOTE_ADDR=f"2001:db8:b{number:x}::1",
        )
    assert not signs_in(Client(), target, "2001:db8:c::1"), (
        "all the world is attacking: strangers wait"
    )
    assert signs_in(own_browser, target, "2001:db8:c::1")
    own_browser.post("/sign-out/")

    monkeypatch.setattr(
        attempts, "LEFT_ON_NOISY_NETWORK", 0
    )  # the network's failures close it, as they did
    monkeypatch.setattr(attempts, "device_of", lambda _request, _account: "")
    forty_failures("2001:db8:d::1")
    locked_off = sum(not signs_in(Client(), user, "2001:db8:d::1") for user in behind)
    owner_off = signs_in(own_browser, target, "2001:db8:c::1")
    assert (locked, locked_off, owner_off) == (0, 10, False)

    stated(
        Row(
            "lock-out",
            "40 wrong passwords from the network of ten others; 101 for one account from "
            "everywhere",
            "failures counted by account and device",
            "0 locked out; the owner's own browser gets in",
            f"{locked} of 10 locked out; the owner's own browser gets in",
            f"counted by network, no device known: {locked_off} of 10 locked out, and the owner "
            "too",
        )
    )


# Mails to others


def written_by_a_stranger(host: str) -> list[EmailMessage]:
    """All that the portal sends, to addresses that have not answered, for somebody who names this
    host.
    """
    caches["default"].clear()
    send_all()  # what waited before
    mail.outbox = []
    visitor = Client(headers={"host": host})
    assert visitor.post("/register/", FIRM).status_code == 302
    assert visitor.post("/password/forgotten/", {"email": "owner1@example.org"}).status_code == 302
    send_all()
    return list(mail.outbox)


@pytest.mark.usefixtures("here")
def test_a_host_header_gets_into_no_link_and_a_strangers_words_into_no_first_mail(
    stated: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cast(plants=1)
    host = "testserver:8443"
    sent = written_by_a_stranger(host)
    assert len(sent) == 2
    links = [
        link for message in sent for link in re.findall(r"https?://[^/\s]+", str(message.body))
    ]
    words = [FIRM[name].split()[-1] for name in ("name", "controlling_firm", "contact")]
    foreign = sum(link != "http://testserver" for link in links)
    spoken = sum(word in f"{message.subject} {message.body}" for message in sent for word in words)
    assert (len(links), foreign, spoken) == (2, 0, 0)

    monkeypatch.setattr(
        own_address, "own_address", lambda: f"http://{host}"
    )  # from the request, as it was
    links_off = [
        link
        for message in written_by_a_stranger(host)
        for link in re.findall(r"https?://[^/\s]+", str(message.body))
    ]
    foreign_off = sum(link == f"http://{host}" for link in links_off)
    assert foreign_off == 2
    stated(
        Row(
            "host",
            "a registration and a new password asked for under a Host header of the asker's, with "
            "its port",
            "every link from the configured address",
            "0 links to another address",
            f"{foreign} of {len(links)} links in mails to others",
            f"address of the request: {foreign_off} of {len(links_off)}",
        )
    )

    posted = mail_texts.post_link

    def with_firm(
        letter: str, to: str, language: str, facts: dict[str, Any], link: str = "", **how: Any
    ) -> None:
        posted(letter, to, language, {**facts, "firm": FIRM["name"]}, link, **how)

    monkeypatch.setattr(registering, "post_link", with_firm)
    plain = mail_texts._letter
    naming = lambda kind, facts: (  # noqa: E731
        Letter(f"Confirm that you register {facts['firm']}", "")
        if "firm" in facts
        else plain(kind, facts)
    )
    monkeypatch.setattr(mail_texts, "_letter", naming)
    spoken_off = sum("evil.example" in message.subject for message in written_by_a_stranger(host))
    assert spoken_off == 1
    stated(
        Row(
            "first-mail",
            "words of a stranger's, sent by the portal to any address: firm, controlling firm and "
            "person of a registration",
            "a first mail names nobody; three an hour to an address",
            "0 words",
            f"{spoken} of {len(words)} in {len(sent)} mails",
            "firm named: in the subject",
        )
    )
