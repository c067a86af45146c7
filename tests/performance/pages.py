"""Pages beside a bare page: seconds in the server over a whole sector, and how soon a reader on a
slow line sees them.

**In the server**: the 99th percentile over many requests for a page, beside a view with the same
middleware, session, person and base template that says one sentence. PostgreSQL, one granian
process, 2,000 enterprises x 20 values x 24 months (`sector`).

**At the reader**: the largest paint in a real Chromium with an empty cache, at 10 Mbit/s and 50 ms,
beside a page with the same style sheets that says one sentence. `size` states what went over the
line at the first visit and at the second.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast

import httpx
import numpy as np

from tests.performance import sector
from tests.performance.intake import _database, _environment
from tests.performance.measurement import Measurement
from tests.servers import chromium, postgres

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REQUESTS = 200
BUDGET = 10
"""A page may take so many times a bare view, at the 99th percentile."""

VISITS = 7
BARE = "/bare-page/"
LINE = {
    "offline": False,
    "latency": 50,
    "downloadThroughput": 10e6 / 8,
    "uploadThroughput": 10e6 / 8,
}
PAINT = """() => new Promise(done => new PerformanceObserver(seen => done(seen.getEntries().at(-1).startTime))
    .observe({type: 'largest-contentful-paint', buffered: true}))"""


def measure() -> Iterator[Measurement]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="steplabel-pages-"))
        folder.chmod(0o755)  # the server's own user has to reach its cluster
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(_environment(stack.enter_context(postgres.serve(folder)).environment))
        stack.enter_context(
            _environment({**stack.enter_context(_database()), "STEPLABEL_VAR": str(folder / "var")})
        )
        built, cookies = _set_up(folder / "var" / "keys")

        from portal.demo.processes import web_server

        address = stack.enter_context(web_server(folder / "var"))
        pages = _pages(built)
        over = []
        for name, (who, path) in pages.items():
            line = _in_the_server(address, name, path, cookies[who])
            yield line
            if line["ratio"] > BUDGET:
                over.append(line["name"])
        browser = stack.enter_context(chromium.serve(folder))
        stack.enter_context(_environment(browser.environment))
        yield from _at_the_reader(address, browser.environment["CHROMIUM"], pages, cookies)
        if over:
            raise RuntimeError(f"more than {BUDGET} times a bare view: {', '.join(over)}")


def _pages(built: sector.Sector) -> dict[str, tuple[str, str]]:
    version = f"/benchmarks/{built.pack}/cn/{built.route}/{built.period}/v1/"
    return {
        "the list": ("public", "/"),
        "a benchmark": ("public", version),
        "its CSV": ("public", f"{version}benchmark.csv"),
        "our plant": ("owner", "/our-plant/"),
        "submissions": ("owner", "/submissions/"),
        "periods": ("officer", "/periods/"),
        "participation": ("officer", f"/periods/{built.group}/{built.period}/reports/"),
        "a draft": ("officer", f"/periods/{built.group}/{built.period}/draft/"),
    }


def _set_up(keys_folder: Path) -> tuple[sector.Sector, dict[str, dict[str, str]]]:
    """Tables, keys and the sector; and a session for each who asks."""
    import django

    django.setup()
    from allauth.account.internal.flows.login import record_authentication
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.test import RequestFactory

    from portal.key_ceremony import make_keys

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    make_keys(
        keys_folder, sector.NOW.date() - timedelta(days=1), sector.NOW.date() + timedelta(days=3650)
    )
    built = sector.build()
    cookies: dict[str, dict[str, str]] = {"public": {}}
    for name, user in (("owner", built.owner), ("officer", built.approver)):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        signed_in = RequestFactory().get("/")
        signed_in.session = session
        record_authentication(signed_in, user, "mfa")  # officers have shown their second factor
        session.create()
        cookies[name] = {settings.SESSION_COOKIE_NAME: cast(str, session.session_key)}
    return built, cookies


def _in_the_server(address: str, name: str, path: str, cookies: dict[str, str]) -> Measurement:
    seconds: dict[str, list[float]] = {path: [], BARE: []}
    with httpx.Client(base_url=address, cookies=cookies, trust_env=False, timeout=60) as client:
        for target in (path, BARE) * 5:
            if (answer := client.get(target)).status_code != httpx.codes.OK:
                raise RuntimeError(f"{target} gave {answer.status_code}: {answer.text[:300]}")
        for _ in range(REQUESTS):
            for target, side_seconds in seconds.items():
                start = time.perf_counter()
                client.get(target)
                side_seconds.append(time.perf_counter() - start)
    ours, bare = (float(np.quantile(side_seconds, 0.99)) for side_seconds in seconds.values())
    usual = median(seconds[path]) / median(seconds[BARE])
    return _line(
        f"page: {name}", f"p99 of {REQUESTS}; medians {usual:.1f} x", ours, "a bare view, p99", bare
    )


def _at_the_reader(
    address: str, program: str, pages: dict[str, Any], cookies: dict[str, dict[str, str]]
) -> Iterator[Measurement]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (who, path) in pages.items():
            if path.endswith(".csv"):
                continue
            visits = [
                (
                    _visit(browser, address, path, cookies[who]),
                    _visit(browser, address, BARE, cookies[who]),
                )
                for _ in range(VISITS)
            ]
            ours, bare = (median(visit[side][0] for visit in visits) for side in (0, 1))
            _, first, after = visits[-1][0]
            yield _line(
                f"paint: {name}",
                f"{first / 1000:.0f} kB at first, {after / 1000:.0f} kB after",
                ours,
                "a bare page",
                bare,
            )
        browser.close()


def _visit(
    browser: Browser, address: str, path: str, cookies: dict[str, str]
) -> tuple[float, int, int]:
    """Seconds to the largest paint with nothing in the cache; bytes over the line then, and when
    the page is asked for again.
    """
    context = browser.new_context()
    context.add_cookies(
        [{"name": name, "value": value, "url": address} for name, value in cookies.items()]
    )
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    over_the_line = [0]
    line.on(
        "Network.loadingFinished",
        lambda event: over_the_line.__setitem__(
            0, over_the_line[0] + int(event["encodedDataLength"])
        ),
    )
    page.goto(address + path, wait_until="networkidle")
    painted_ms = page.evaluate(PAINT)
    first, over_the_line[0] = over_the_line[0], 0
    page.goto(address + path, wait_until="networkidle")
    context.close()
    return painted_ms / 1000, first, over_the_line[0]


def _line(name: str, size: str, ours: float, reference: str, its: float) -> Measurement:
    return {
        "name": name,
        "ours_s": ours,
        "reference": reference,
        "reference_s": its,
        "ratio": ours / its,
        "peak_rss_mb": 0.0,
        "size": size,
    }
