"""A newer version of the agent: announced at the offline key, offered by the portal, told at the
plant, and never installed.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from benchmarks.wire.agent_releases import FILE
from benchmarks.wire.signing import DirectoryKey
from reporting_agent.cli import main
from reporting_agent.software import VERSION
from tests.functional.test_submit_survives_kill import Plant
from tests.integration.test_agent_at_portal import plant, site

__all__ = ["plant", "site"]
pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
    pytest.mark.xdist_group("live-portal"),
]
LINUX = "steplabel-agent-linux-python3.13.pyz"
Told = Callable[..., tuple[int, dict[str, object]]]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "offered"
    folder.mkdir()
    settings.AGENT_FILES = folder
    return folder


@pytest.fixture
def updates(plant: Plant, capsys: pytest.CaptureFixture[str]) -> Told:
    def updates(*arguments: str) -> tuple[int, dict[str, object]]:
        capsys.readouterr()
        code = main(["updates", "--state", str(plant.state), "--json", *arguments])
        return code, json.loads(capsys.readouterr().out)

    return updates


def announce(folder: Path, version: str, keys: Path) -> bytes:
    with zipfile.ZipFile(folder / LINUX, "w") as file:
        file.writestr(
            "parts/any/reporting_agent/software.py", f'"""What it is."""\n\nVERSION = "{version}"\n'
        )
    call_command(
        "announce_agent",
        str(folder),
        "--dir",
        str(keys),
        "--changes",
        "en",
        "Reads OPC UA.",
        "--changes",
        "zh",
        "可读取 OPC UA。",
    )
    return (folder / FILE).read_bytes()


def test_a_plant_is_told_of_a_newer_version_and_nothing_is_installed(
    folder: Path, portal_keys: Path, plant: Plant, updates: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    code, none = updates()
    assert (code, none["error"]["code"]) == (1, "portal-404")  # type: ignore[index]
    announce(folder, "0.2.0", portal_keys)
    code, update = updates("--downloaded", str(folder / LINUX))
    assert (code, update["agent"], update["newest"], update["newer"], update["downloaded"]) == (
        0,
        VERSION,
        "0.2.0",
        True,
        LINUX,
    )
    status = json.loads(plant.agent("status").stdout)
    assert (status["agent"], status["newest_agent"]) == (VERSION, "0.2.0")
    assert main(["updates", "--state", str(plant.state), "--lang", "zh"]) == 0
    output = capsys.readouterr().out
    assert "可读取 OPC UA。" in output
    assert "未安装" in output

    (folder / LINUX).write_bytes(b"something else")
    code, refused = updates("--downloaded", str(folder / LINUX))
    assert (code, refused["error"]["code"]) == (1, "file-not-released")  # type: ignore[index]


def test_the_version_that_runs_is_told_as_the_newest(
    folder: Path, portal_keys: Path, plant: Plant, updates: Told
) -> None:
    announce(folder, VERSION, portal_keys)
    assert updates()[1]["newer"] is False
    assert json.loads(plant.agent("status").stdout)["newest_agent"] is None


def test_an_older_announcement_and_one_of_another_key_are_refused_and_change_nothing(
    folder: Path, portal_keys: Path, plant: Plant, updates: Told, tmp_path: Path
) -> None:
    first = announce(folder, "0.2.0", portal_keys)
    second = announce(folder, "0.3.0", portal_keys)
    assert updates()[1]["newest"] == "0.3.0"
    (folder / FILE).write_bytes(first)
    code, refused = updates()
    assert (code, refused["error"]["code"]) == (1, "agent-release-outdated")  # type: ignore[index]

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "offline.pem").write_bytes(DirectoryKey.generate().to_pem())
    (folder / FILE).unlink()
    announce(folder, "9.0.0", elsewhere)
    code, refused = updates()
    assert (code, refused["error"]["code"]) == (1, "agent-release-signature-invalid")  # type: ignore[index]
    assert json.loads(plant.agent("status").stdout)["newest_agent"] == "0.3.0"

    by_hand = tmp_path / "carried.cbor"
    by_hand.write_bytes(second)
    assert updates("--file", str(by_hand))[1]["newest"] == "0.3.0"


def test_the_files_address_offers_the_announcement_and_nothing_else_of_the_folder(
    folder: Path, portal_keys: Path
) -> None:
    assert Client().get(f"/agent/files/{FILE}").status_code == 404
    announced = announce(folder, "0.2.0", portal_keys)
    (folder / "notes.txt").write_text("not for everybody", "utf-8")
    assert b"".join(Client().get(f"/agent/files/{FILE}").streaming_content) == announced  # type: ignore[attr-defined]
    assert Client().get("/agent/files/notes.txt").status_code == 404


def test_files_that_are_none_or_of_two_versions_are_not_announced(
    folder: Path, portal_keys: Path
) -> None:
    with pytest.raises(CommandError, match="holds no file of the agent"):
        call_command("announce_agent", str(folder), "--dir", str(portal_keys))
    announce(folder, "0.2.0", portal_keys)
    (folder / LINUX).rename(folder / "steplabel-agent-macos-python3.13.pyz")
    with pytest.raises(CommandError, match=r"of several versions: 0\.2\.0, 0\.3\.0"):
        announce(folder, "0.3.0", portal_keys)
