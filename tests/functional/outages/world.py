"""A portal as docs/portal.md and docs/runbook.md set it up: two web behind nginx, a worker, two
PostgreSQL servers and a replica.

The main database lies on a small disk, the vault on another and behind a cable of its own; both
only where root runs the trial.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import randbelow

import httpx

from tests.functional.installation.conftest import (
    BEHIND_TLS,
    HOST,
    Installation,
    make_folders,
)
from tests.functional.installation.supervised import Supervised
from tests.functional.outages import procedures, servers
from tests.functional.outages.agents import YEARS, Reporting
from tests.functional.outages.servers import Cluster, RestartableRedis, until
from tests.servers import free_port, nginx

BACK_S, EMPTY_S, TOLD_S = 10.0, 120.0, 120.0
PAGES = (
    "/",
    "/verify/",
    "/status/",
    "/sign-in/",
    "/about/",
    "/api/v1/log/head/",
    "/api/v1/directory/",
    "/api/v1/benchmarks/",
)

REGISTER = """
jurisdictions = [{{ path = "cn", name = "China" }}]
firms = [{{ name = "Firm" }}]
organisations = [{{ name = "Works", kind = "enterprise", firm = "Firm" }}]
peer_groups = [{{ pack = "steel", scope = "cn", periods = [{periods}] }}]
"""
SITE = (
    '[[sites]]\nid = "works-{}"\nname = "Works"\norganisation = "Works"\njurisdiction = '
    '"cn"\npack = "steel"\n'
)
TOKENS = """
from django.utils import timezone
from portal import keys
from portal.accounts.models import Site
from portal.accounts.enrolling import issue_token
for site in Site.objects.order_by("pk")[:{}]:
    print(issue_token(site, None, keys.published_directory().fingerprint, timezone.now()))
"""


class Web(Supervised):
    def __init__(self, installation: Installation, port: int) -> None:
        self.port = port
        log = installation.folder / f"web-{self.port}.log"
        super().__init__(
            "steplabel-web@.service", installation.environment("web"), log, str(self.port)
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class World:
    folder: Path
    main: Cluster
    replica: Cluster
    vault: Cluster
    redis: RestartableRedis
    installation: Installation
    web: list[Web]
    worker: Supervised
    address: str  # of nginx
    agents: Reporting
    pages: Counter[int] = field(default_factory=Counter)  # statuses that readers got
    faulty: list[str] = field(default_factory=list)  # what answered 500

    def client(self, source: str = "127.0.0.1") -> httpx.Client:
        transport = httpx.HTTPTransport(verify=False, local_address=source)
        return httpx.Client(transport=transport, headers={**BEHIND_TLS, "Host": HOST}, timeout=60)

    def healthy(self) -> bool:
        with self.client() as asking, suppress(httpx.TransportError):
            return asking.get(f"{self.address}/healthz").status_code == 200
        return False

    def wrong(self) -> set[str]:
        """What `/readyz` of a web process that answers says; `web-away` where none does, as
        Prometheus would have it.
        """
        with self.client() as asking:
            for web in self.web:
                with suppress(httpx.TransportError, ValueError):
                    return set(asking.get(f"{web.address}/readyz").json()["wrong"])
        return {"web-away"}

    def told(self, name: str) -> bool:
        """Whether `/readyz`, `/metrics` and the page of the status all name it; without a web
        process nginx says it is being started.
        """
        with self.client() as asking:
            if name == "web-away":
                return (
                    self.wrong() == {name}
                    and "being started" in asking.get(f"{self.address}/status/").text
                )
            for web in self.web:
                with suppress(httpx.TransportError):
                    if name not in asking.get(f"{web.address}/readyz").text:
                        return False
                    if (
                        f'steplabel_wrong{{name="{name}"}} 1.0'
                        not in asking.get(f"{web.address}/metrics").text
                    ):
                        return False
                    return f"<code>{name}</code>" in asking.get(f"{self.address}/status/").text
        return False

    def waiting(self) -> int:
        with self.main_now().connect("steplabel") as connection:
            row = connection.execute(
                "SELECT count(*) FROM intake_submission WHERE state IN ('received', 'opening')"
            ).fetchone()
        assert row is not None
        return int(str(row[0]))

    def main_now(self) -> Cluster:
        """The server that takes writes."""
        for cluster in (self.main, self.replica):
            with suppress(Exception), cluster.connect() as connection:
                if connection.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,):
                    return cluster
        raise AssertionError("no server takes writes")

    def procedure(self, heading: str, *, swapped: bool = False, **more: str) -> None:
        """One of docs/runbook.md; `swapped` where the replica of before is the primary now."""
        primary, replica = (self.replica, self.main) if swapped else (self.main, self.replica)
        procedures.run(
            heading, primary, replica, self.folder / "archive", self.folder / "base", **more
        )

    def restart_web(self, **more: str) -> None:
        """With more in its environment, which it keeps."""
        for web in self.web:
            web.environment = {**web.environment, **more}
            web.process.terminate()
        until(self.healthy, 60, "web after a restart")

    def restart_worker(self, **more: str) -> None:
        self.worker.environment = {**self.worker.environment, **more}
        self.worker.process.terminate()

    @contextmanager
    def read(self) -> Iterator[None]:
        """Somebody reads pages all the time."""
        over = threading.Event()

        def read() -> None:
            with self.client("127.0.3.1") as asking:
                number = 0
                while not over.wait(0.2):
                    page = PAGES[number % len(PAGES)]
                    number += 1
                    with suppress(httpx.TransportError):
                        answer = asking.get(f"{self.address}{page}")
                        self.pages[answer.status_code] += 1
                        if answer.status_code == 500:
                            self.faulty.append(page)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield
        finally:
            over.set()
            reader.join(70)


@contextmanager
def world(
    sites: int,
    at_once: int = 2,
    pause_s: float = 0.0,
    *,
    registered: int = 0,
    small_disks: bool = True,
    **more: str,
) -> Iterator[World]:
    """Set up from nothing, running, with agents that have not begun yet.

    Args:
        sites: that agents may report for.
        registered: in all, where more are there than report.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(servers.folder_for_servers())
        ours = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steplabel-outages-")))
        ours.chmod(0o755)
        main, replica, vault = _clusters(stack, folder, small_disks=small_disks)
        for cluster in (main, vault):
            cluster.make()
            stack.callback(cluster.end)
            cluster.start()
            _roles(cluster)
        stack.callback(replica.end)
        for name in ("archive", "base"):
            (folder / name).mkdir(mode=0o700)
            if servers.ROOT_IS_HERE:
                shutil.chown(folder / name, "nobody", "nogroup")
        archive = folder / "archive", folder / "base"
        procedures.run("An archive", main, replica, *archive)
        procedures.run("A replica", main, replica, *archive)
        redis = RestartableRedis(ours)
        stack.callback(redis.end)
        installation = _installed(
            ours, main, replica, vault, redis.url, max(sites, registered), more
        )
        tokens = installation.program(TOKENS.format(sites), "operator")
        assert tokens.returncode == 0, tokens.stderr
        web = [Web(installation, free_port()) for _ in range(2)]
        stack.callback(_end, web)
        worker = Supervised(
            "steplabel-worker.service", installation.environment("worker"), ours / "worker.log"
        )
        stack.callback(worker.end)
        proxy = ours / "nginx"
        proxy.mkdir()
        address = stack.enter_context(nginx.serve(proxy, *(process.port for process in web)))
        (ours / "agents").mkdir()
        agents = Reporting(address, ours / "agents", iter(tokens.stdout.split()), at_once, pause_s)
        system = World(
            folder, main, replica, vault, redis, installation, web, worker, address, agents
        )
        until(lambda: system.wrong() <= {"worker-not-seen"}, 120, "a web process at its start")
        until(lambda: not system.wrong(), 120, "everything at its start")
        yield system


def _clusters(
    stack: ExitStack, folder: Path, *, small_disks: bool
) -> tuple[Cluster, Cluster, Cluster]:
    programs, port = servers.programs(folder), free_port()
    near = f"127.{randbelow(200) + 20}.{randbelow(250) + 1}"
    main = Cluster(programs, folder / "main", f"{near}.1", port)
    vault = Cluster(programs, folder / "vault", f"{near}.3", port)
    if servers.ROOT_IS_HERE:
        for cluster in (main, vault) if small_disks else ():
            cluster.disk = stack.enter_context(
                servers.small_disk(folder / f"{cluster.data.name}-disk")
            )
            cluster.data = cluster.disk / cluster.data.name
            cluster.wal = folder / f"{cluster.data.name}-wal"
        vault.namespace, vault.address = stack.enter_context(servers.namespace())
    return main, Cluster(programs, folder / "replica", f"{near}.2", port), vault


def _roles(cluster: Cluster) -> None:
    with cluster.connect() as connection:
        for role in ("steplabel_owner", "steplabel_web", "steplabel_worker"):
            connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute("CREATE DATABASE steplabel OWNER steplabel_owner")
        connection.execute("CREATE DATABASE steplabel_vault OWNER steplabel_worker")


def _installed(
    ours: Path,
    main: Cluster,
    replica: Cluster,
    vault: Cluster,
    redis: str,
    sites: int,
    more: dict[str, str],
) -> Installation:
    """Tables, rights, keys, and who takes part."""
    make_folders(ours)
    both = f"host={main.address},{replica.address}&port={main.port},{replica.port}&target_session_attrs=read-write"
    settings = {
        "REDIS_URL": redis,
        "STEPLABEL_HOSTS": f"{HOST},127.0.0.1",
        "STEPLABEL_PLAIN_HOSTS": vault.address,  # in a namespace of this machine
        **more,
    }
    url = f"postgres://steplabel_web@/steplabel?{both}"
    installation = Installation(
        ours, url, vault.url("steplabel_worker", "steplabel_vault"), settings
    )
    installation.operate("migrate")
    installation.operate("collectstatic", "--no-input")
    installation.make_keys()
    register = ours / "register.toml"
    periods = ", ".join(f'{{ name = "{year}" }}' for year in YEARS)
    register.write_text(
        REGISTER.format(periods=periods) + "".join(SITE.format(number) for number in range(sites)),
        "utf-8",
    )
    installation.operate("register", str(register))
    return installation


def _end(web: list[Web]) -> None:
    """Those that are there at the end: an outage may have put others in their places."""
    for process in web:
        process.end()
