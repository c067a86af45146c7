"""python -m tests.functional.outages.day [--minutes N] [--agents N] [--sites N] [--a-site N]
[--per-hour N] [--prepared] [--keep].

Reports without an outage, and what they cost. Real agents at a portal as the outages have it.
Processor time of each kind of process per 1,000 reports, bytes they add, how long a report takes
its agent, and every five minutes the memory of web and worker, what waits, and how long the
requests of these minutes took.

With `--per-hour` reports begin at that even rate whether or not the one before is done, and each
waits from the moment it was due: a portal that falls behind shows it. With `--prepared` they are
sealed before the time begins, so that what agents spend on drawing is not in it (`prepared`). A
deadline day three times over is `--prepared --minutes 60 --sites 10000 --a-site 3 --per-hour 30000
--agents 16`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import mean, quantiles

from redis import Redis

from tests.functional.outages.account import settle
from tests.functional.outages.agents import YEARS
from tests.functional.outages.prepared import MOST_A_SITE, Prepared, prepare
from tests.functional.outages.servers import until
from tests.functional.outages.world import EMPTY_S, World, world

PART_MINUTES, LEAST_PARTS = 5.0, 4
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.functional.outages.day", description=__doc__
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--agents",
        type=int,
        default=2,
        help="how many report at once, each the next as soon as it has its receipt",
    )
    parser.add_argument(
        "--sites", type=int, default=0, help="how many are registered, where more than report"
    )
    parser.add_argument("--a-site", type=int, default=len(YEARS), help="reports of each site")
    parser.add_argument(
        "--per-hour",
        type=int,
        help="begin so many reports an hour, evenly; as many as the agents bear where not given",
    )
    parser.add_argument(
        "--prepared",
        action="store_true",
        help="reports that were sealed before: needs --per-hour, and --a-site of at most 7",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="what docs/sizing.md is written from: python -m tests.documents --write",
    )
    asked = parser.parse_args()
    if asked.prepared and not (asked.per_hour and asked.a_site <= MOST_A_SITE):
        parser.error(f"--prepared needs --per-hour, and --a-site of at most {MOST_A_SITE}")
    needed = (
        int(asked.minutes * (asked.per_hour / 60 / asked.a_site if asked.per_hour else 40))
        + asked.agents
    )
    with world(
        sites=max(20, needed), registered=asked.sites, at_once=asked.agents, small_disks=False
    ) as system:
        if asked.prepared:
            sites = prepare(system.installation, needed, asked.a_site)
            system.agents = Prepared(
                system.address,
                system.agents.folder,
                system.agents.tokens,
                asked.agents,
                sites=sites,
            )
        system.agents.a_site, system.agents.every_s = (
            asked.a_site,
            3_600 / asked.per_hour if asked.per_hour else 0.0,
        )
        before, bytes_before = _cpu_s(system), _bytes(system)
        measured_parts: list[dict[str, float]] = []
        start = time.monotonic()
        with system.read():
            system.agents.start()
            parts = max(LEAST_PARTS, math.ceil(asked.minutes / PART_MINUTES))
            for part in range(1, parts + 1):
                before_part = len(system.agents.handed_in)
                time.sleep(max(0.0, start + part * asked.minutes * 60 / parts - time.monotonic()))
                measured_parts.append(
                    {
                        **_memory_mb(system),
                        "waiting": system.waiting(),
                        **_so_far(system, before_part),
                    }
                )
                print(json.dumps(measured_parts[-1]), file=sys.stderr, flush=True)
            system.agents.end()
        seconds = time.monotonic() - start
        empty_s = until(lambda: system.waiting() == 0, EMPTY_S * 5, "the queue at the end")
        reports = len(system.agents.receipts)
        after, added = _cpu_s(system), _bytes(system) - bytes_before
        account = settle(system.installation, system.agents.receipts)
        log_held_ms = _log_held_ms(system)
        agent, request = (
            quantiles(durations, n=100)
            for durations in (system.agents.seconds, system.agents.handed_in)
        )
    statuses = system.pages + system.agents.statuses
    result = {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, agents, portal and databases on it together",
        "load": f"{mean(part['load'] for part in measured_parts):.0f} (means of 15 minutes)",
        "version": f"release {version('steplabel')}",
        "agents": asked.agents,
        "sites": len(system.agents.debits),
        "registered": max(asked.sites, needed),
        "prepared": asked.prepared,
        "offered_per_hour": asked.per_hour,
        "reports": reports,
        "minutes": round(seconds / 60, 1),
        "per_hour": round(reports / seconds * 3_600),
        "lost": len(account.lost),
        "doubled": len(account.doubled),
        "errors": _errors(system),
        "statuses": dict(sorted(statuses.items())),
        "report_p50_s": round(agent[49], 2),
        "report_p99_s": round(agent[98], 2),
        "request_p50_ms": round(request[49] * 1_000),
        "request_p99_ms": round(request[98] * 1_000),
        "cpu_s_per_1000": {
            kind: round((after[kind] - before[kind]) / reports * 1000, 1) for kind in after
        },
        "database_bytes_per_report": round(added / reports),
        "queue_empty_after_s": round(empty_s, 1),
        "log_held_ms": round(log_held_ms, 2),
        "parts": measured_parts,
    }
    print(json.dumps(result))
    if asked.keep:
        KEPT.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return 1 if account.lost or account.doubled or result["errors"] else 0


def _so_far(system: World, before: int) -> dict[str, float]:
    """Reports and errors since the start, and how long the requests that handed in took after so
    many.
    """
    durations = system.agents.handed_in[before:]
    hundredths = quantiles(durations, n=100) if len(durations) > 1 else [0.0] * 99
    return {
        "reports": len(system.agents.receipts),
        "errors": _errors(system),
        "p50_ms": round(hundredths[49] * 1_000),
        "p99_ms": round(hundredths[98] * 1_000),
        "load": os.getloadavg()[2],
    }


def _errors(system: World) -> int:
    statuses = system.pages + system.agents.statuses
    return sum(number for status, number in statuses.items() if status >= 400) + len(
        system.agents.refusals
    )


HELD = """
from hashlib import sha256
from time import perf_counter
from django.db import transaction
from django.utils import timezone
from benchmarks.wire.logged import EntryKind
from portal.translog import log
least = 1.0
for number in range(100):
    with transaction.atomic():
        head = log.lock()
        start = perf_counter()
        log.append(head, EntryKind.DEVICE_KEY, sha256(str(number).encode()).hexdigest(), timezone.now())
    least = min(least, perf_counter() - start)
print(least)
"""
"""The least of a hundred: what a transaction holds the log's head for, its commit on both servers
with it, with nothing beside it.
"""


def _log_held_ms(system: World) -> float:
    """Once the account is settled: it adds entries that no report made."""
    ran = system.installation.program(HELD, "operator")
    assert ran.returncode == 0, ran.stderr
    return float(ran.stdout.splitlines()[-1]) * 1_000


KEPT = Path(__file__).with_name("measured.json")


def _processes(system: World) -> dict[str, list[int]]:
    """Numbers of the processes of each kind."""
    by_kind: dict[str, list[int]] = {
        "web": [number for web in system.web for number in web.processes()],
        "worker": system.worker.processes(),
        "database": [],
        "proxy": _with_children(
            int((system.installation.folder / "nginx" / "nginx.pid").read_text("ascii"))
        ),
        "redis": [int(Redis.from_url(system.redis.url).info("server")["process_id"])],
    }
    for cluster in (system.main, system.vault):
        postmaster = int((cluster.data / "postmaster.pid").read_text("ascii").split()[0])
        by_kind["database"] += _with_children(postmaster)
    return by_kind


def _with_children(number: int) -> list[int]:
    return [
        number,
        *map(int, Path(f"/proc/{number}/task/{number}/children").read_text("ascii").split()),
    ]


def _cpu_s(system: World) -> dict[str, float]:
    """Seconds of processor since each began, with those of children that ended; of the main
    database and the vault, not of the replica.
    """
    spent: dict[str, float] = defaultdict(float)
    for kind, numbers in _processes(system).items():
        for number in numbers:
            with suppress(
                FileNotFoundError
            ):  # a child that ended since they were listed counts with its parent
                fields = Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()
                spent[kind] += sum(map(int, fields[11:15])) / TICKS
    return spent


def _memory_mb(system: World) -> dict[str, float]:
    memory_mb: dict[str, float] = defaultdict(float)
    for kind, numbers in _processes(system).items():
        if kind in ("web", "worker"):
            for number in numbers:
                lines = Path(f"/proc/{number}/status").read_text("ascii").splitlines()
                memory_mb[kind] += round(
                    next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
                )
    return memory_mb


def _bytes(system: World) -> int:
    """Of both databases, tables and indexes."""
    total = 0
    for cluster, name in ((system.main, "steplabel"), (system.vault, "steplabel_vault")):
        with cluster.connect() as connection:
            row = connection.execute("SELECT pg_database_size(%s)", (name,)).fetchone()
            assert row is not None
            total += int(str(row[0]))
    return total


if __name__ == "__main__":
    sys.exit(main())
