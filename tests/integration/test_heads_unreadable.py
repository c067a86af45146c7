"""A file of kept heads that cannot be read has its name in every answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal.translog import kept_heads
from tests.integration.portal_cast import make_cast
from tests.integration.test_translog import logged_entries, served_head

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def another_owner(settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root copied it to another disk, and it is root's there."""
    opened = Path.open

    def refuse(self: Path, *how: Any, **more: Any) -> Any:
        if self == file:
            raise PermissionError(13, "Permission denied", str(file))
        return opened(self, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)


def a_folder(settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an engine of containers makes where the file that it is to bind is not there."""
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("fault", [another_owner, a_folder])
def test_a_file_of_heads_that_cannot_be_read_is_named_and_nobody_gets_a_fault_of_ours(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    cast = make_cast(1)
    settings.HEADS_FILE = tmp_path / "heads.log"
    logged_entries(3)
    served_head(client)
    raw = cast.plants[0].envelope(cast.pack)
    fault(settings, settings.HEADS_FILE, monkeypatch)
    monkeypatch.setattr(
        kept_heads, "_last_look", None
    )  # another process, or this one after its start
    client.raise_request_exception = False
    answers = {
        "log": client.get("/api/v1/log/head/"),
        "intake": client.post("/api/v1/submissions/", raw, content_type="application/cbor"),
    }
    ready = client.get("/readyz")
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "log": 503,
        "intake": 503,
    }, ready.status_code
    assert {answer.json()["code"] for answer in answers.values()} == {"heads-not-kept"}
    assert "heads-not-kept" in ready.json()["wrong"]
