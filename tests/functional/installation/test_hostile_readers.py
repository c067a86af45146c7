"""A flood of hostile anonymous requests at a real portal on real Redis: pages, sign-in and API go
on, and nothing fills up.

2,000 requests, 20,000 in the long form, to this machine alone. They come from many networks, so
that the rate of pages, which would turn most of them away, is met by one network only: what answers
the others is the whole portal.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, product
from statistics import median
from threading import Event

import httpx
import pytest
import redis

from tests.functional.installation.conftest import BEHIND_TLS, HOST, Installation, set_up
from tests.integration.portal_cast import PASSWORD, make_portal_keys
from tests.servers.redis import started

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.xdist_group("hostile-readers"),
    pytest.mark.timeout(2_400),
]

REQUESTS, LONG_REQUESTS = 2_000, 20_000
AT_ONCE = 16
NETWORKS = 400
LONGEST_S = 1_500
GROWTH = 1.10
OWNER = "owner1@example.org"
VERSION = "/benchmarks/cement/cn/dry-process/2016/v1/"
FILES = tuple(f"{VERSION}benchmark.{end}" for end in ("csv", "json", "pdf", "bib", "ris"))
PAGES = (
    "/",
    "/sectors/cement/cn/dry-process/",
    VERSION,
    *FILES,
    "/about/",
    "/status/",
    "/verify/",
    "/register/",
    "/sign-in/",
)

Asked = tuple[str, str, dict[str, str], dict[str, object]]
"""A request: method, path, headers, the rest."""

RECEIVED = """
from portal import keys
from portal.intake import receiving as intake
from tests.integration.portal_cast import NOW, make_cast
cast = make_cast(plants=10)
for number, plant in enumerate(cast.plants):
    intake.receive(plant.envelope(cast.pack, shift=number - 5), keys.published_directory(), keys.receipt_key(), NOW)
"""
OPENED = """
from portal import keys
from portal.opening import unsealing as opening
from tests.integration.portal_cast import NOW
opening.sweep(keys.processing_key(), lambda: NOW)
"""
PUBLISHED = """
from portal import keys
from portal.accounts.models import User
from portal.catalogue.models import ReportingPeriod
from portal.publication import drafting, publishing
from portal.standings import computing as standings
from tests.integration.portal_cast import NOW
drafter, approver = (User.objects.get(email=f"{name}@example.org") for name in ("drafter", "approver"))
standings.compute(ReportingPeriod.objects.get(), "operator", NOW)
draft = drafting.draft(ReportingPeriod.objects.get(), drafter, NOW, "")
publishing.publish(draft, approver, keys.receipt_key(), NOW)
"""


@dataclass
class Sample:
    """What a person and a program met: seconds and statuses of whole sign-ins and of API
    requests.
    """

    sign_in_s: list[float] = field(default_factory=list)
    api_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} x {what}" for what, count in sorted(self.statuses.items()))
        return (
            f"sign-in {median(self.sign_in_s) * 1000:.0f} ms, API {median(self.api_s) * 1000:.0f} "
            f"ms ({counts})"
        )


def used_mb(url: str) -> float:
    """What the store keeps, without the buffers of whoever is connected at the moment."""
    with redis.Redis.from_url(url) as client:
        memory = client.info("memory")
        return (float(memory["used_memory"]) - float(memory["mem_clients_normal"])) / 1e6


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Redis as `deploy/redis.conf` starts it, and smaller."""
    limited = ("--maxmemory", "32mb", "--maxmemory-policy", "noeviction")
    with started(tmp_path_factory.mktemp("store"), *limited) as url:
        yield url


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[Installation]:
    """A portal from nothing, with one published version and the people of the integration tests."""
    more = {"REDIS_URL": store, "STEPLABEL_RATE_FACTOR": "1"}
    with set_up(tmp_path_factory.mktemp("hostile"), more) as portal:
        make_portal_keys(portal.folder / "made")
        portal.place_keys()
        for text, role in ((RECEIVED, "operator"), (OPENED, "worker"), (PUBLISHED, "operator")):
            ran = portal.program(text, role)
            assert ran.returncode == 0, ran.stderr
        with portal.served():
            yield portal


def from_network(number: int) -> dict[str, str]:
    """As the one proxy of ours would say where a request is from."""
    return {
        **BEHIND_TLS,
        "X-Forwarded-For": f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}",
    }


@contextmanager
def asking(portal: Installation) -> Iterator[Callable[..., httpx.Response]]:
    with httpx.Client(base_url=portal.address, trust_env=False, timeout=60) as client:

        def ask(method: str, path: str, headers: dict[str, str], **more: object) -> httpx.Response:
            client.cookies.clear()
            return client.request(method, path, headers=headers, **more)  # type: ignore[arg-type] # of `data` and `cookies`

        yield ask


def sampled(portal: Installation, into: Sample) -> None:
    """One sign-in of a person, in a browser that the portal does not know, and one request to the
    API.
    """
    with httpx.Client(
        base_url=portal.address, headers=from_network(60_000), trust_env=False, timeout=60
    ) as client:
        start = time.monotonic()
        page = client.get("/sign-in/")
        token = (
            page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
            if page.status_code == 200
            else ""
        )
        form = {"username": OWNER, "password": PASSWORD, "csrfmiddlewaretoken": token}
        cookies = "; ".join(
            f"{name}={value}" for name, value in client.cookies.items()
        )  # Secure ones, over plain HTTP behind the proxy
        answer = client.post(
            "/sign-in/",
            data=form,
            headers={"Cookie": cookies, "Referer": f"https://{HOST}/sign-in/"},
        )
        into.sign_in_s.append(time.monotonic() - start)
        into.statuses[f"sign-in {answer.status_code}"] += 1
        start = time.monotonic()
        answer = client.get("/api/v1/benchmarks/")
        into.api_s.append(time.monotonic() - start)
        into.statuses[f"API {answer.status_code}"] += 1


def hostile(number: int) -> Asked:
    """The request of that number, the same in every run."""
    chance = random.Random(number)  # noqa: S311 - no secret
    headers = from_network(chance.randrange(NETWORKS))
    word = f"{chance.getrandbits(64):x}"
    if number % 500 == 499:  # forty wrong passwords in 20,000
        return (
            "POST",
            "/sign-in/",
            headers,
            {"data": {"username": f"{word}@example.org", "password": word}},
        )
    path = chance.choice(PAGES)
    parts = [
        f"sector={chance.choice(('cement', word))}",
        f"page={chance.randrange(-5, 10**6)}",
        f"unit={chance.choice(('MJ', 'kWh', 'kgce', word))}",
        f"{word}={word}",
        "sector=cement&sector=steel",
        f"sort={word}&lang={word}",
    ]
    query = "&".join(chance.sample(parts, chance.randrange(1, 4)))
    headers["Host"] = chance.choice((f"{HOST}:{chance.randrange(1, 65536)}", HOST))
    headers["Accept-Language"] = chance.choice(
        ("zh-CN", "en", word[:8], f"{word[:2]}-{word[2:4]},zh;q=0.1")
    )
    headers["Cookie"] = chance.choice(
        (
            f"unit={word}",
            f"__Host-session={word}",
            f"__Host-device-{word[:16]}={word}",
            "django_language=en",
        )
    )
    return "GET", with_query(path, query), headers, {}


def with_query(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


@pytest.mark.long
def test_hostile_readers_fill_nothing_and_stop_nobody(
    published: Installation,
    store: str,
    long: bool,
    record_property: Callable[[str, object], None],
) -> None:
    def ask_all(requests: list[Asked]) -> Counter[int]:
        statuses: Counter[int] = Counter()
        ends = time.monotonic() + LONGEST_S

        def ask_some(part: list[Asked]) -> list[int]:
            with asking(published) as ask:
                return [
                    ask(method, path, headers, **more).status_code
                    for method, path, headers, more in part
                    if time.monotonic() < ends
                ]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for part in pool.map(ask_some, [requests[first::AT_ONCE] for first in range(AT_ONCE)]):
                statuses.update(part)
        return statuses

    every = cycle(product(PAGES, ("", "unit=MJ", "unit=kWh", "unit=kgce"), ("en", "zh-CN")))
    ordinary: list[
        Asked
    ] = [  # every page from the same number of networks: what is hostile is what is asked for
        ("GET", with_query(path, unit), {**from_network(number), "Accept-Language": language}, {})
        for number, (path, unit, language) in zip(range(NETWORKS), every, strict=False)
    ]

    def sample_until(over: Event) -> None:
        while not over.wait(1):
            sampled(published, during)

    assert set(ask_all(ordinary)) == {200}
    before, during, after = Sample(), Sample(), Sample()
    for _ in range(5):
        sampled(published, before)
    memory_before, web_before = used_mb(store), published.web_memory_mb("VmRSS")

    count = LONG_REQUESTS if long else REQUESTS
    over = Event()
    with ThreadPoolExecutor(1) as beside:
        bystander = beside.submit(sample_until, over)
        start = time.monotonic()
        statuses = ask_all([hostile(number) for number in range(count)])
        seconds = time.monotonic() - start
        over.set()
        bystander.result()
    memory_after, web_after = used_mb(store), published.web_memory_mb("VmRSS")
    for _ in range(5):
        sampled(published, after)

    record_property(
        "hostile requests",
        f"{statuses.total()} in {seconds:.0f} s: {dict(sorted(statuses.items()))}",
    )
    record_property("memory of Redis, MB", f"before {memory_before}, after {memory_after}")
    record_property(
        "memory of the web processes, MB", f"before {web_before:.0f}, after {web_after:.0f}"
    )
    for name, sample in (("before", before), ("during", during), ("after", after)):
        record_property(f"{name} the flood", str(sample))
    assert statuses.total() == count, "the time that was allowed was over first"
    assert not [status for status in statuses if status >= 500]
    assert statuses[200] > count / 3, "what was asked for reached the pages"
    assert memory_after <= GROWTH * memory_before, (memory_before, memory_after)
    for sample in (before, during, after):
        assert set(sample.statuses) == {"sign-in 302", "API 200"}, sample.statuses
    assert median(after.sign_in_s) < 3 * median(before.sign_in_s) + 0.5
    assert median(after.api_s) < 3 * median(before.api_s) + 0.5


@pytest.mark.long
def test_one_network_that_reads_too_much_is_told_so_and_others_read_on(
    published: Installation,
) -> None:
    with asking(published) as ask:
        statuses = Counter(
            ask("GET", "/about/", from_network(40_000)).status_code for _ in range(330)
        )
        assert statuses[429] in range(20, 331), statuses  # a window may end meanwhile
        refused = ask("GET", "/about/", {**from_network(40_000), "Accept-Language": "zh-CN"})
        if refused.status_code == 429:
            assert refused.headers["Retry-After"] == "60"
            assert "您所在的网络" in refused.text
        assert ask("GET", "/about/", from_network(40_001)).status_code == 200
        assert ask("GET", "/healthz", from_network(40_000)).status_code == 200
