"""The portal's keys for the tests that need them, in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
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
def _a_pages_language_ends_with_its_test() -> Iterator[None]:
    """A request leaves its language in the thread, where the next test, of another room, would speak it."""
    yield
    translation.deactivate()
