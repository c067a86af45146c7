"""The portal's keys for the tests that need them, in a folder of their own; and what stands in the
portal when a module's tests begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django import conf
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client, override_settings
from django.utils import timezone, translation
from pytest_django.plugin import DjangoDbBlocker

from benchmarks import packs
from portal import keys
from portal.wall import policies
from portal.web.words import terms
from tests.integration.portal_cast import Cast, make_portal_keys


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a scene run in one process, which builds it once."""
    for item in items:
        module = item.getparent(pytest.Module)
        if module is not None and hasattr(module.obj, "build_scene"):
            item.add_marker(pytest.mark.xdist_group(module.nodeid))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The wall stands in every test: a page that asks for more than its reader's rows finds
    less.
    """
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(policies())


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_portal_keys(folder)
    return folder


@contextmanager
def keys_of(folder: Path) -> Iterator[None]:
    """Keys as the operator of one machine has them: this process may sign and open."""
    files = {
        "DIRECTORY_FILE": "directory.cbor",
        "RECEIPT_KEY_FILE": "receipt.pem",
        "PROCESSING_KEY_FILE": "processing.pem",
    }
    with override_settings(**{name: folder / file for name, file in files.items()}):
        keys.forget()
        yield
    keys.forget()


@pytest.fixture
def two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cement pack as it is, and beside it a second version whose name is another."""
    text = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
    (tmp_path / "cement-1.toml").write_text(text, encoding="utf-8")
    second = text.replace('version = "1"', 'version = "2"', 1).replace('en = "', 'en = "New ', 1)
    (tmp_path / "cement.toml").write_text(second, encoding="utf-8")
    monkeypatch.setattr(packs, "HOME", tmp_path)
    yield
    terms._loaded.cache_clear()  # the next test has the packs as they are


@pytest.fixture
def portal_keys(key_folder: Path) -> Iterator[Path]:
    with keys_of(key_folder):
        yield key_folder


@pytest.fixture(scope="module")
def built_scene(
    request: pytest.FixtureRequest,
    key_folder: Path,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Any]:
    """What `build_scene` of the module makes, once, in transactions that end with the module.

    Each test runs in a savepoint of its own within them, and finds the scene as it was built. A
    module whose tests have to commit builds its scene in a fixture of its own, for each of them.
    """
    with ExitStack() as stack:
        with django_db_blocker.unblock():
            for database in conf.settings.DATABASES:
                stack.enter_context(transaction.atomic(using=database))
                stack.callback(transaction.set_rollback, True, using=database)
            with keys_of(key_folder):
                built = request.module.build_scene()
        yield built
        with django_db_blocker.unblock():
            stack.close()


@pytest.fixture
def scene(built_scene: Any, portal_keys: Path) -> Any:
    """A copy for one test: what it assigns to a row or appends to a list, the next one does not
    see.
    """
    return deepcopy(built_scene, {id(pack): pack for pack in map(packs.load, packs.available())})


@pytest.fixture
def cast(scene: Cast) -> Cast:
    return scene


@pytest.fixture(autouse=True)
def _who_is_signed_in_by_a_test_has_shown_a_second_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """`client.login` passes the pages of signing in by; it stands for all of them.
    `test_second_factor.py` goes through them.
    """
    plain = Client._login  # type: ignore[attr-defined] # what `login` and `force_login` both come to

    def with_second_factor(
        client: Client, user: AbstractBaseUser, backend: str | None = None
    ) -> None:
        plain(client, user, backend)
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "mfa", "at": timezone.now().timestamp()}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()

    monkeypatch.setattr(Client, "_login", with_second_factor)


@pytest.fixture(autouse=True)
def _what_is_kept_ends_with_its_test() -> None:
    """Rows of the next test may bear the same numbers and the same hand-made moments."""
    for store in conf.settings.CACHES:
        caches[store].clear()


@pytest.fixture(autouse=True)
def _a_pages_language_ends_with_its_test() -> Iterator[None]:
    """A request leaves its language in the thread, where the next test, of another room, would
    speak it.
    """
    yield
    translation.deactivate()
