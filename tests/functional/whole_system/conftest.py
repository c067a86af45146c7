"""A live portal with its keys, and simulated plants that run the real agent as a program of its
own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from fixtures.simulator import Plant, Sector
from portal import keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import ControllingFirm, Jurisdiction, Organisation, Role, Site
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.opening import unsealing as opening
from tests.functional.whole_system.relay import Relay, relay_to
from tests.integration.portal_cast import make_portal_keys

YEAR = "2025"


@dataclass(frozen=True)
class AgentAtPlant:
    """One plant's folder and the agent on it."""

    plant: Plant
    folder: Path
    address: str
    token: str

    @property
    def site_toml(self) -> str:
        return str(self.folder / "site.toml")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the agent; `--json`, site, period and state are given as the subcommand wants
        them.
        """
        command, *rest = arguments
        if command == "enrol":
            rest += ["--portal", self.address, "--token", self.token]
        if command not in {"enrol", "status"}:
            rest += ["--site", self.site_toml, "--period", YEAR]
        if command != "label":
            rest += ["--state", str(self.folder / "state")]
        return subprocess.run(
            [sys.executable, "-m", "reporting_agent", command, *rest, "--json"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )

    def answer(self, *arguments: str) -> dict[str, Any]:
        """The JSON answer of a run that must succeed."""
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stderr
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer


@pytest.fixture(scope="session")
def whole_system_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portal-keys")
    make_portal_keys(folder)
    return folder


@pytest.fixture
def portal_relay(
    live_server: LiveServer, transactional_db: None, settings: Settings, whole_system_keys: Path
) -> Iterator[Relay]:
    """The portal behind a relay that keeps what the agents send."""
    settings.DIRECTORY_FILE = whole_system_keys / "directory.cbor"
    settings.RECEIPT_KEY_FILE = whole_system_keys / "receipt.pem"
    settings.PROCESSING_KEY_FILE = whole_system_keys / "processing.pem"
    keys.forget()
    with relay_to(live_server.thread.host, live_server.thread.port) as relay:
        yield relay
    keys.forget()


@pytest.fixture
def plant_of(portal_relay: Relay, tmp_path: Path) -> Callable[..., AgentAtPlant]:
    """Make the first plant of a simulated sector, register its site with an open period, and write
    its files.
    """

    def make(pack: str, **writing: Any) -> AgentAtPlant:
        plant = Sector(pack, seed=1, enterprises=1).plants[0]
        plant.write(tmp_path, **writing)
        nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
        firm = ControllingFirm.objects.create(name=plant.firm)
        enterprise = Organisation.objects.create(
            name=plant.name, kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
        )
        site = Site.objects.create(
            slug=plant.site,
            name=plant.name,
            organisation=enterprise,
            jurisdiction=nation,
            pack=pack,
        )
        open_period(make_peer_group(pack, nation, [site]), YEAR, "test", datetime.now(UTC))
        token = issue_token(site, None, keys.published_directory().fingerprint, timezone.now())
        return AgentAtPlant(plant, tmp_path, portal_relay.address, token)

    return make


@pytest.fixture
def worker_sweeps() -> Callable[[], object]:
    """What the worker's task does, with its own key."""
    return lambda: opening.sweep(keys.processing_key(), timezone.now)
