"""Out of a plant by its proxy, to a portal whose certificate a private authority signed: real
sockets, a real CONNECT, real TLS.

The portal's name is known to the proxy alone, so that whoever reaches it went through; and its
certificate is good for who was given the authority's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.errors import Unreachable
from reporting_agent.network import Network
from reporting_agent.sending.transport import Portal
from tests.functional.test_submit_survives_kill import ROOT, Server, write_plant
from tests.servers.way_out import NAME, WayOut, opened
from tests.unit.agent_send.cast import SOFTWARE

ADDRESS = f"https://{NAME}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def way(server: Server, tmp_path: Path) -> Iterator[WayOut]:
    folder = tmp_path / "way"
    folder.mkdir()
    with opened(folder, int(server.url.rpartition(":")[2])) as way:
        yield way


def test_a_service_names_proxy_and_authority_once_and_every_command_goes_that_way(
    server: Server, way: WayOut, tmp_path: Path
) -> None:
    write_plant(tmp_path)
    environment = {
        **os.environ,
        "STEPLABEL_STATE": str(tmp_path / "state"),
        "STEPLABEL_PROXY": way.proxy,
        "STEPLABEL_CA_FILE": str(way.ca_file),
    }

    def agent(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reporting_agent", *arguments, "--json"]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    enrolled = agent("enrol", "--portal", ADDRESS, "--token", server.portal.token.text())
    assert enrolled.returncode == 0, enrolled.stderr
    submitted = agent("submit", "--site", str(tmp_path / "site.toml"), "--period", "2016")
    assert submitted.returncode == 0, submitted.stderr
    assert json.loads(submitted.stdout)["state"] == "received"
    assert set(way.asked) == {f"CONNECT {NAME}:443"}


def _directory(network: Network) -> bytes:
    with Portal(
        ADDRESS, sleep=lambda _s: None, software=SOFTWARE, network=network, pauses=()
    ) as portal:
        return portal.directory()


@pytest.mark.parametrize(
    "authority", [None, "other"], ids=["public-authorities", "another-authority"]
)
def test_a_certificate_of_an_authority_that_was_not_given_is_not_taken(
    way: WayOut, authority: str | None
) -> None:
    assert _directory(Network(way.proxy, way.ca_file))  # the way itself is open
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        _directory(Network(way.proxy, way.other_ca_file if authority else None))


def test_what_the_environment_holds_for_other_programs_opens_no_way(
    way: WayOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", way.proxy)
    monkeypatch.setenv("SSL_CERT_FILE", str(way.ca_file))
    with pytest.raises(Unreachable):
        _directory(Network())
    assert way.asked == []
