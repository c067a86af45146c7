"""A running portal with a world in it, and a real Chromium that notices everything that goes wrong
on a page.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test.utils import override_settings
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from portal import keys
from tests.functional.browser.reader import Reader
from tests.functional.browser.world import World, build
from tests.integration.portal_cast import make_portal_keys

ARGUMENTS = [
    "--no-sandbox",  # as root there is no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(
    timeout=30_000
)  # as long as a page may take; five seconds are too few on a machine at work


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every journey once in the short form, the next one on the next of its screens (language and
    width); on all of them with `--long`.
    """
    if config.getoption("--long"):
        return
    screens: dict[str, list[pytest.Item]] = {}
    for item in items:
        if (
            isinstance(item, pytest.Function)
            and Path(__file__).parent in item.path.parents
            and "screen" in getattr(item, "fixturenames", ())
        ):
            screens.setdefault(f"{item.path}::{item.originalname}", []).append(item)
    for turn, same in enumerate(screens.values()):
        for index, item in enumerate(same):
            if index != turn % len(same):
                item.add_marker(pytest.mark.skip(reason="another screen: run with --long"))


@pytest.fixture
def _django_db_helper() -> None:
    """No transaction around these tests: the world is really written, once a module, and the
    server's threads must see it.
    """


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """Built once a module and really written, so that the server's threads see it; removed
    afterwards.

    A test that is parametrised with `world` (indirect) names another builder.
    """
    builder: Callable[[], object] = getattr(request, "param", build)
    folder = tmp_path_factory.mktemp("keys")
    make_portal_keys(folder)
    files = {
        "DIRECTORY_FILE": folder / "directory.cbor",
        "RECEIPT_KEY_FILE": folder / "receipt.pem",
        "PROCESSING_KEY_FILE": folder / "processing.pem",
    }
    with django_db_blocker.unblock(), override_settings(**files):
        keys.forget()
        try:
            yield builder()
        finally:
            for database in ("default", "vault"):
                call_command(
                    "flush", verbosity=0, interactive=False, database=database, allow_cascade=True
                )
            keys.forget()


@pytest.fixture(scope="module")
def portal_url(world: World) -> Iterator[str]:
    server = LiveServer("localhost")
    with override_settings(PORTAL_URL=server.url):
        yield server.url
    server.stop()


@pytest.fixture(scope="module")
def chromium(portal_url: str) -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def screenshots() -> Path | None:
    """`STEPLABEL_SCREENSHOTS` names a folder for a picture of every page that is looked at."""
    named = os.environ.get("STEPLABEL_SCREENSHOTS")
    if named is None:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def reader(chromium: Browser, portal_url: str, screenshots: Path | None) -> Iterator[type[Reader]]:
    """Makes readers: `reader("en", 360, email)`."""
    yield from Reader.made_for(chromium, portal_url, screenshots)
