"""Each outage: how it is made and ended, and the names by which the portal tells it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.functional.installation.supervised import Supervised
from tests.functional.outages.servers import ROOT_IS_HERE
from tests.functional.outages.world import Web, World
from tests.servers import debian


@dataclass(frozen=True)
class Fault:
    name: str
    made: Callable[[World], AbstractContextManager[None]]
    told: tuple[str, ...] = ()  # each by that name, within two minutes
    lasts_s: float = 0.0  # at least
    impossible: str = ""  # why it cannot be made here


def kills(number: int) -> Callable[[World], AbstractContextManager[None]]:
    """So many times `kill -9`, of web and worker by turns, each time the parent or one of its
    own.
    """

    @contextmanager
    def outage(world: World) -> Iterator[None]:
        for turn in range(number):
            process: Supervised = world.worker if turn % 2 else world.web[turn // 2 % 2]
            process.kill(-(turn // 4 % 2))
            time.sleep(1.5)
        yield

    return outage


def restarts(number: int) -> Callable[[World], AbstractContextManager[None]]:
    """So many restarts of main database and vault by turns, clean and as after a crash."""

    @contextmanager
    def outage(world: World) -> Iterator[None]:
        for turn in range(number):
            server = world.vault if turn % 2 else world.main
            server.stop("immediate" if turn // 2 % 2 else "fast")
            server.start()
            time.sleep(4.0)
        yield

    return outage


@contextmanager
def _stopped(world: World, which: str) -> Iterator[None]:
    server = getattr(world, which)
    server.stop("immediate")
    try:
        yield
    finally:
        server.start()


@contextmanager
def worker_gone(world: World) -> Iterator[None]:
    environment, log = world.worker.environment, world.worker.log
    world.worker.end()
    yield
    world.worker.__init__("steplabel-worker.service", environment, log)  # type: ignore[misc]  # whoever ends it ends the new one


@contextmanager
def web_gone(world: World) -> Iterator[None]:
    for web in world.web:
        web.end()
    yield
    ports = [web.port for web in world.web]
    world.web[:] = [Web(world.installation, port) for port in ports]


def clocks(web_s: int, worker_s: int) -> Callable[[World], AbstractContextManager[None]]:
    """Clocks of the web machine and of the worker's, seconds off."""

    @contextmanager
    def outage(world: World) -> Iterator[None]:
        off = {"LD_PRELOAD": str(_faketime()), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        world.restart_worker(**off, FAKETIME=f"{worker_s:+d}")
        world.restart_web(**off, FAKETIME=f"{web_s:+d}")
        yield
        world.restart_worker(FAKETIME="+0")
        world.restart_web(FAKETIME="+0")

    return outage


def _faketime() -> Path:
    """The library that gives a process a clock of its own: this machine's, else Debian's package,
    unpacked and not installed.
    """
    here = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return here[0] if here else debian.library(["libfaketime"], "libfaketime.so.1")[0]


@contextmanager
def failover(world: World) -> Iterator[None]:
    """The primary is lost, and the runbook followed once that was told."""
    world.main.stop("immediate")
    yield
    world.procedure("Failover")


@contextmanager
def back_to_a_moment(world: World) -> Iterator[None]:
    """Somebody dropped tables by mistake, which a replica repeats; web and worker are stopped, as
    the runbook says first.
    """
    with web_gone(world), worker_gone(world):
        time.sleep(1.0)
        with world.main.connect("steplabel") as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            assert row is not None
            time.sleep(1.0)
            connection.execute("DROP TABLE intake_submission CASCADE")
        world.procedure("Back to a moment", MOMENT=str(row[0]))
        world.replica.end()
        empty(world.replica.data)
        world.procedure("A replica")
        yield


def empty(folder: Path) -> None:
    """Whatever lies in a server's folder of files, which stays."""
    for item in folder.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()


NO_ROOT = "" if ROOT_IS_HERE else "needs root: a disk and a network of its own"


def all_faults(*, long: bool) -> tuple[Fault, ...]:
    vault_full = Fault(
        "vault disk full",
        lambda world: world.vault.full(),
        ("vault-full",),
        20 if long else 0,
        NO_ROOT,
    )
    lost = Fault("failover to the replica", failover, ("database-away",))
    if not long:
        return Fault("kill -9 of web and worker, 4 times", kills(4)), vault_full, lost
    return (
        Fault("kill -9 of web and worker, 100 times", kills(100)),
        Fault("10 restarts of PostgreSQL", restarts(10)),
        Fault(
            "main database stopped", lambda world: _stopped(world, "main"), ("database-away",), 20
        ),
        Fault("vault stopped", lambda world: _stopped(world, "vault"), ("vault-away",), 20),
        Fault("replica stopped", lambda world: _stopped(world, "replica"), ("replica-away",), 20),
        Fault("Redis away", lambda world: world.redis.away(), ("redis-away",), 60),
        vault_full,
        Fault("main disk full", lambda world: world.main.full(), ("database-full",), 20, NO_ROOT),
        Fault(
            "web 5 minutes ahead, worker 5 behind",
            clocks(300, -300),
            ("clock-apart", "worker-clock-apart"),
            20,
        ),
        Fault(
            "web 5 minutes behind, worker 5 ahead",
            clocks(-300, 300),
            ("clock-apart", "worker-clock-apart"),
            20,
        ),
        Fault(
            "vault cut off the network",
            lambda world: world.vault.cut_off(),
            ("vault-away",),
            30,
            NO_ROOT,
        ),
        Fault("worker gone", worker_gone, ("worker-not-seen",)),
        Fault("web gone", web_gone, ("web-away",), 10),
        Fault("back to a moment", back_to_a_moment, ("web-away",)),
        lost,
    )
