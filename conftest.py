"""What every test may use: the `--long` switch, and markers that skip with the reason where a real
server is missing.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Collection, Generator
from contextlib import suppress
from importlib import import_module
from typing import TypeVar

import pytest
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from hypothesis import settings

from benchmarks import shelf
from reporting_agent.console import LANGUAGE

# a slow example is a busy machine, not a finding: speed is measured elsewhere
for form in ("short", "long"):
    settings.register_profile(form, deadline=None)

Answer = TypeVar("Answer")
NEEDS = {
    "browser": "CHROMIUM",
    "postgres": "DATABASE_URL",
    "redis": "REDIS_URL",
    "mosquitto": "MOSQUITTO",
}


class WhereATestMayAsk:
    """The portal's packs for tests that have a database; where pytest-django lets nobody ask one,
    those that come with Steplabel alone.
    """

    def __init__(self, beneath: shelf.Shelf) -> None:
        self._beneath = beneath

    def versions(self) -> Collection[tuple[str, str]]:
        return self._asked(lambda: self._beneath.versions(), ())

    def pack(self, pack: str, version: str) -> str | None:
        return self._asked(lambda: self._beneath.pack(pack, version), None)

    def factors(self, version: str) -> str | None:
        return self._asked(lambda: self._beneath.factors(version), None)

    def practices(self) -> str:
        return self._beneath.practices()

    @staticmethod
    def _asked(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
        try:
            return ask()
        except RuntimeError as refused:
            if "Database access not allowed" not in str(refused):
                raise
            return otherwise


def pytest_configure(config: pytest.Config) -> None:
    """Before a test module is read, so that it may take fewer examples in the short form."""
    settings.load_profile("long" if config.getoption("--long") else "short")


def pytest_sessionstart() -> None:
    """After Django was set up and the portal put its shelf there, before a test is collected."""
    shelf.use(WhereATestMayAsk(shelf.approved()))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What is collected stays to the end: nobody looks for garbage in thousands of tests again,
    while they are gathered or run.
    """
    gc.disable()
    try:
        _compile_a_share(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _compile_a_share(config: pytest.Config) -> None:
    """Each worker begins with other modules, whose bytecode the others find then: all would compile
    the same ones at the same moment.

    What cannot be imported is met again, and told, where it is collected.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1 or sys.dont_write_bytecode:
        return
    own = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    root = config.rootpath
    asked = [root / argument.partition("::")[0] for argument in config.args]
    files = sorted(
        {file for path in asked for file in (path.rglob("test_*.py") if path.is_dir() else [path])}
    )
    for file in files[own % workers :: workers]:
        with suppress(
            Exception, pytest.skip.Exception, pytest.fail.Exception
        ):  # the two of pytest are no `Exception`
            import_module(".".join(file.relative_to(root).with_suffix("").parts))


def _shares_with_its_module(item: pytest.Item) -> bool:
    """Whether it uses something that is made once for its module: in one process, or each worker
    would make it again.
    """
    if not isinstance(item, pytest.Function):
        return False
    used = [
        fixture for defined in item._fixtureinfo.name2fixturedefs.values() for fixture in defined
    ]
    return any(
        fixture.scope == "module" and fixture.func.__module__ == item.module.__name__
        for fixture in used
    )


@pytest.fixture(autouse=True)
def _terminal_in_english() -> None:
    """The language in which an earlier test had a command speak was that test's own."""
    LANGUAGE.set("en")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="run the long form of checks that have one"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    in_parallel = config.pluginmanager.hasplugin("xdist")
    for item in items:
        if (
            in_parallel
            and _shares_with_its_module(item)
            and not item.get_closest_marker("xdist_group")
        ):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        if item.get_closest_marker("long") and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason="long form: run with --long"))
        for marker, variable in NEEDS.items():
            if item.get_closest_marker(marker) and variable not in os.environ:
                item.add_marker(
                    pytest.mark.skip(
                        reason=f"{variable} is not set: run through bin/test, which finds or "
                        "starts the server"
                    )
                )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Figures that tests state with `record_property`, whichever process ran them."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, figure in report.user_properties:
                terminalreporter.line(f"{name}: {figure}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Nothing here asks for Django's own permissions and kinds of content, which it writes anew
    whenever a test left the tables empty.
    """
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether the long form of a check was asked for."""
    return bool(pytestconfig.getoption("--long"))
