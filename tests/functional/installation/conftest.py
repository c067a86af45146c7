"""A portal as docs/portal.md sets it up for production: two PostgreSQL databases, Redis, roles that
are processes of their own.

What is run is what the container runs (`docker/entrypoint`), under `portal.settings.production`;
only TLS is left to the client, which says as the proxy would that it came by HTTPS.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from benchmarks import packs
from benchmarks.released import ReleasedReport
from benchmarks.routes import Pack
from benchmarks.wire import challenges, commitments, directory, envelope
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.directory import EnrolmentSecret
from benchmarks.wire.pack_conformity import policy_digest
from benchmarks.wire.schema import Header, Report
from benchmarks.wire.sealing import ProcessingPublicKey
from benchmarks.wire.signing import DeviceKey, VerifyingKey
from tests.servers import free_port

ROOT = Path(__file__).parents[3]
ENTRYPOINT = Path("docker") / "entrypoint"
HOST = "portal.example"
PERIOD = "2025"
DATA_ROOT = b"\x01" * 32
SITES = 24
BEHIND_TLS = {"Host": HOST, "X-Forwarded-Proto": "https"}
START_S = 60

REGISTER = """
jurisdictions = [{ path = "cn", name = "China" }]
firms = [{ name = "Firm" }]
organisations = [{ name = "Works", kind = "enterprise", firm = "Firm" }]
peer_groups = [{ pack = "cement", scope = "cn", periods = [{ name = "2025" }] }]
"""
SITE = (
    '[[sites]]\nid = "works-{}"\nname = "Works"\norganisation = "Works"\njurisdiction = '
    '"cn"\npack = "cement"\n'
)


@dataclass(frozen=True)
class Plant:
    """An enrolled device of a registered site."""

    site: str
    device_id: str
    key: DeviceKey
    pack: Pack
    recipient: ProcessingPublicKey
    door: Installation

    def challenge(self, revision: int) -> Challenge:
        """What the portal answers to the commitment, over HTTP; the same again for the same
        revision.
        """
        raw = commitments.commit(
            ReportCommitment(self.site, PERIOD, revision, DATA_ROOT), self.device_id, self.key
        )
        with self.door.client() as client:
            answer = client.post(
                "/api/v1/commitments/", content=raw, headers={"Content-Type": "application/cbor"}
            ).raise_for_status()
        return challenges.read(
            base64.b64decode(answer.json()["challenge"]), self.door.receipt_keys()
        )

    def envelope(
        self,
        shift: int = 0,
        revision: int = 1,
        signer: DeviceKey | None = None,
        pack_digest: bytes = b"",
    ) -> bytes:
        """A sealed report; `shift` makes another one of the same revision."""
        from tests.integration.portal_cast import (
            label_of,
        )  # needs Django, which a trial without pytest does not set up

        labels = tuple(
            label_of(self.pack, step, rule.metric.value, shift)
            for step in self.pack.steps
            for rule in step.metrics
            if rule.released
        )
        released = ReleasedReport(
            self.site, self.pack.id, self.pack.version, PERIOD, revision, labels
        )
        challenge = self.challenge(revision)
        report = Report(
            released,
            pack_digest or packs.digest(self.pack),
            policy_digest(self.pack.policy),
            DATA_ROOT,
            challenge.nonce,
            "steplabel-agent/test",
            bytes(32),
        )
        header = Header(
            self.site,
            PERIOD,
            revision,
            self.recipient.key_id,
            self.device_id,
            challenge.ledger.sequence,
        )
        return envelope.build(report, header, signer or self.key, self.recipient)


@dataclass
class Installation:
    """Its folder, its keys apart by role, and what each role finds in its environment."""

    folder: Path
    default_url: str  # as the web's role; the operator signs in as the owner's
    vault_url: str  # as the worker's role
    more: dict[str, str]  # stores, proxies: what every role finds besides
    address: str = ""
    fingerprint: str = ""  # of the directory's signer, as the last enrolment token named it
    root: Path = ROOT  # of the release that it runs
    plants: list[Plant] = field(default_factory=list)
    owner: str = "steplabel_owner"  # of the tables

    def environment(self, role: str) -> dict[str, str]:
        environment = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TMPDIR")
            if name in os.environ
        }
        environment |= {
            "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
            "DJANGO_SETTINGS_MODULE": "portal.settings.production",
            "STEPLABEL_ROLE": role,
            "STEPLABEL_HOSTS": HOST,
            "STEPLABEL_KEYS": str(self.folder / "keys"),
            "STEPLABEL_VAR": str(self.folder / "var"),
            "DATABASE_URL": self.default_url,
            "STEPLABEL_RATE_FACTOR": "5000",
            **self.more,
        }
        if role != "web":
            environment["VAULT_DATABASE_URL"] = self.vault_url
        if role == "operator":
            environment["DATABASE_URL"] = as_user(self.default_url, self.owner)
        if role == "worker":
            user = urlsplit(self.vault_url).netloc.split("@")[0]
            environment["DATABASE_URL"] = as_user(self.default_url, user)
        return environment

    def make_keys(self) -> None:
        self.operate("make_keys", "--dir", str(self.folder / "made"))
        self.place_keys()

    def place_keys(self) -> None:
        """Each where its role alone finds it, as `./install` puts them."""
        made, keys = self.folder / "made", self.folder / "keys"
        shutil.copy(made / "directory.cbor", keys)
        for role in ("web", "operator"):
            shutil.copy(made / "receipt.pem", keys / role)
        for name in ("processing.pem", "processing.pem.password"):
            shutil.copy(made / name, keys / "worker")

    def operate(self, *arguments: str) -> str:
        """Run an operator's command as the container does; its stdout."""
        ran = subprocess.run(
            [self.root / ENTRYPOINT, *arguments],
            env=self.environment("operator"),
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def program(self, text: str, role: str) -> subprocess.CompletedProcess[str]:
        """Run a few lines of Python as a process of that role."""
        command = [sys.executable, "-c", f"import django; django.setup()\n{text}"]
        return subprocess.run(
            command,
            env=self.environment(role),
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def running(self, role: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        log = self.folder / f"{role}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.root / ENTRYPOINT, role],
                env={**self.environment(role), **more},
                cwd=self.root,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    @contextmanager
    def served(self) -> Iterator[None]:
        """With its web server running, at `address`."""
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        with self.running("web", PORT=str(port)) as process:
            _wait_until_healthy(self, process, port)
            yield

    def web_memory_mb(self, which: str) -> float:
        """Of the web process that holds or held most: `VmRSS` now, `VmHWM` at its peak."""
        memory_kb = 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (
                    b"granian" in (process / "cmdline").read_bytes()
                    and str(self.folder).encode() in (process / "environ").read_bytes()
                ):
                    lines = (process / "status").read_text("ascii").splitlines()
                    memory_kb = max(
                        memory_kb,
                        *(int(line.split()[1]) for line in lines if line.startswith(which)),
                    )
            except OSError:
                continue  # ended while we looked
        assert memory_kb
        return memory_kb / 1024

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=BEHIND_TLS, trust_env=False, timeout=30)

    def enrol(self, site: str) -> Plant:
        """With a token of the operator's, over HTTP."""
        token = EnrolmentSecret.parse(self.operate("issue_token", site).strip())
        key = DeviceKey.generate()
        asked = {
            "secret": token.secret,
            "device_public_key": key.public.hex,
            "seed_commitment": token_hex(32),
        }
        with self.client() as client:
            answer = client.post("/api/v1/enrolments/", json=asked).raise_for_status().json()
        self.fingerprint = token.fingerprint
        recipient = self._directory().processing_key(datetime.now(UTC).date())
        return Plant(site, answer["device_id"], key, packs.load("cement"), recipient, self)

    def receipt_keys(self) -> dict[str, VerifyingKey]:
        return self._directory().receipt_keys()

    def _directory(self) -> directory.Directory:
        return directory.verify(
            (self.folder / "keys" / "directory.cbor").read_bytes(), self.fingerprint
        )

    def state_of(self, digest: str) -> dict[str, str]:
        with self.client() as client:
            state: dict[str, str] = client.get(f"/api/v1/submissions/{digest}/").json()
        return state


def as_user(url: str, user: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}").geturl()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Set up from nothing by the runbook, with its web server running."""
    redis = (
        urlsplit(os.environ["REDIS_URL"])._replace(path="/9").geturl()
    )  # apart from the other tests' queue
    with set_up(tmp_path_factory.mktemp("installation"), {"REDIS_URL": redis}) as installed:
        register = installed.folder / "register.toml"
        register.write_text(
            REGISTER + "".join(SITE.format(number) for number in range(SITES)), "utf-8"
        )
        installed.make_keys()
        installed.operate("register", str(register))
        with installed.served():
            yield installed


@contextmanager
def set_up(
    folder: Path, more: dict[str, str], root: Path = ROOT, owner: str = "steplabel_owner"
) -> Iterator[Installation]:
    """Databases with their tables and rights, style and scripts; without keys, and with nobody in
    it. Of the release at `root`.
    """
    name = f"steplabel_installation_{token_hex(4)}"
    with (
        database("DATABASE_URL", name, owner) as default,
        database("VAULT_DATABASE_URL", f"{name}_vault") as vault,
    ):
        installed = Installation(folder, default, vault, more, root=root, owner=owner)
        make_folders(folder)
        installed.operate("migrate")
        installed.operate("collectstatic", "--no-input")
        yield installed


def make_folders(folder: Path) -> None:
    """Of keys, with the secret of all roles, and of what the portal keeps."""
    secret = token_hex(32)
    for role in ("web", "worker", "operator"):
        (folder / "keys" / role).mkdir(parents=True)
        (folder / "keys" / role / "secret_key").write_text(secret, "ascii")
    (folder / "var" / "heads").mkdir(parents=True)


def _wait_until_healthy(
    installed: Installation, process: subprocess.Popen[bytes], port: int
) -> None:
    """By the container's own health check, once something listens there: a check takes half a
    second of a processor.
    """
    deadline = time.monotonic() + START_S
    command = [sys.executable, "-m", "portal.health_check"]
    environment = {**installed.environment("web"), "PORT": str(port)}
    while (
        not _listens(port)
        or subprocess.run(
            command, env=environment, cwd=installed.root, capture_output=True, check=False
        ).returncode
        != 0
    ):
        assert process.poll() is None, (installed.folder / "web.log").read_text("utf-8")
        assert time.monotonic() < deadline, (installed.folder / "web.log").read_text("utf-8")
        time.sleep(0.2)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def database(variable: str, name: str, owner: str = "") -> Iterator[str]:
    """A database beside the one that the variable names, owned by the role that it names or by
    `owner`; dropped afterwards.
    """
    beside = os.environ[variable]
    address = urlsplit(beside)._replace(path="/postgres").geturl()
    with psycopg.connect(
        as_user(address, owner) if owner else address, autocommit=True
    ) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(beside)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(as_user(address, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@pytest.fixture
def plant(installation: Installation) -> Plant:
    """A newly enrolled device of a site that no other test uses."""
    return _fresh(installation)


@pytest.fixture
def other_plant(installation: Installation) -> Plant:
    return _fresh(installation)


def _fresh(installation: Installation) -> Plant:
    plant = installation.enrol(f"works-{len(installation.plants)}")
    installation.plants.append(plant)
    return plant


def as_json(text: str) -> dict[str, object]:
    """The last line of a program's output."""
    loaded: dict[str, object] = json.loads(text.splitlines()[-1])
    return loaded
