"""The portal's keys for the tests that need them, in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django import conf
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import caches
from django.test import Client
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from portal import keys
from tests.integration.portal_cast import make_portal_keys


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_portal_keys(folder)
    return folder


@pytest.fixture
def portal_keys(key_folder: Path, settings: Settings) -> Iterator[Path]:
    """Keys as the operator of one machine has them: every test process may sign and open."""
    settings.DIRECTORY_FILE = key_folder / "directory.cbor"
    settings.RECEIPT_KEY_FILE = key_folder / "receipt.pem"
    settings.PROCESSING_KEY_FILE = key_folder / "processing.pem"
    keys.forget()
    yield key_folder
    keys.forget()


@pytest.fixture(autouse=True)
def _who_is_signed_in_by_a_test_has_shown_a_second_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """`client.login` passes the pages of signing in by; it stands for all of them. `test_second_factor.py` goes through them."""
    plain = Client._login  # type: ignore[attr-defined] # what `login` and `force_login` both come to

    def with_second_factor(client: Client, user: AbstractBaseUser, backend: str | None = None) -> None:
        plain(client, user, backend)
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "at": timezone.now().timestamp()}]
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
    """A request leaves its language in the thread, where the next test, of another room, would speak it."""
    yield
    translation.deactivate()
