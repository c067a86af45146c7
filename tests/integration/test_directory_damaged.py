"""A key directory whose content is damaged or that is away is the portal's fault, and never the
plants'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal import keys
from portal.intake.models import Submission
from tests.integration.portal_cast import make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "cut short": lambda raw: raw[: len(raw) // 2],
    "away": lambda raw: raw,
    "a bit turned": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
}


@pytest.fixture(params=DAMAGES)
def damaged(
    request: pytest.FixtureRequest, portal_keys: Path, settings: Settings, tmp_path: Path
) -> Iterator[bytes]:
    cast = make_cast(1)
    raw = cast.plants[0].envelope(cast.pack)
    settings.DIRECTORY_FILE = tmp_path / "directory.cbor"
    settings.DIRECTORY_FILE.write_bytes(
        DAMAGES[request.param]((portal_keys / "directory.cbor").read_bytes())
    )
    if request.param == "away":
        settings.DIRECTORY_FILE.unlink()
    keys.forget()
    yield raw
    keys.forget()


def test_a_damaged_directory_is_the_portals_fault_and_not_the_plants(
    damaged: bytes, client: Client
) -> None:
    """docs/runbook.md, directory-unreadable: seen as 503 with this code at intake, on the log and
    at the directory's address.
    """
    client.raise_request_exception = False
    answers = {
        "directory": client.get("/api/v1/directory/"),
        "log": client.get("/api/v1/log/checkpoint/"),
        "intake": client.post("/api/v1/submissions/", damaged, content_type="application/cbor"),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "directory": 503,
        "log": 503,
        "intake": 503,
    }
    assert {answer.json()["code"] for answer in answers.values()} == {"directory-unreadable"}
    assert not Submission.objects.exists()
