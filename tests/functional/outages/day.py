"""python -m tests.functional.outages.day [--minutes N] [--agents N] [--sites N] [--a-site N] [--per-hour N] [--keep].

Reports without an outage, and what they cost. Real agents at a portal as the outages have it. Processor time of each kind of process per
1,000 reports, bytes they add, how long a report takes its agent, and each sixth of the time the memory of web and worker and what waits.

With `--per-hour` reports begin at that even rate whether or not the one before is done, and each waits from the moment it was due: a
portal that falls behind shows it. A deadline day three times over is `--minutes 60 --sites 10000 --a-site 3 --per-hour 30000`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import mean, quantiles

from tests.functional.outages.account import settle
from tests.functional.outages.agents import YEARS
from tests.functional.outages.servers import until
from tests.functional.outages.world import EMPTY_S, World, world

PARTS = 6
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.functional.outages.day", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--agents", type=int, default=2, help="how many report at once, each the next as soon as it has its receipt")
    parser.add_argument("--sites", type=int, default=0, help="how many are registered, where more than report")
    parser.add_argument("--a-site", type=int, default=len(YEARS), help="reports of each site")
    parser.add_argument("--per-hour", type=int, help="begin so many reports an hour, evenly; as many as the agents bear where not given")
    parser.add_argument("--keep", action="store_true", help="what docs/sizing.md is written from: python -m tests.documents --write")
    asked = parser.parse_args()
    needed = int(asked.minutes * (asked.per_hour / 60 / asked.a_site if asked.per_hour else 40)) + asked.agents
    with world(sites=max(20, needed), registered=asked.sites, at_once=asked.agents, small_disks=False) as made:
        made.agents.a_site, made.agents.every_s = asked.a_site, 3_600 / asked.per_hour if asked.per_hour else 0.0
        before, bytes_before = _cpu_s(made), _bytes(made)
        held: list[dict[str, float]] = []
        start = time.monotonic()
        with made.read():
            made.agents.start()
            for part in range(1, PARTS + 1):
                time.sleep(max(0.0, start + part * asked.minutes * 60 / PARTS - time.monotonic()))
                held.append(
                    {**_memory_mb(made), "waiting": made.waiting(), "reports": len(made.agents.receipts), "load": os.getloadavg()[2]}
                )
                print(json.dumps(held[-1]), file=sys.stderr, flush=True)
            made.agents.end()
        seconds = time.monotonic() - start
        empty_s = until(lambda: made.waiting() == 0, EMPTY_S * 5, "the queue at the end")
        reports = len(made.agents.receipts)
        after, added = _cpu_s(made), _bytes(made) - bytes_before
        account = settle(made.installation, made.agents.receipts)
        log_held_ms = _log_held_ms(made)
        agent, request = (quantiles(taken, n=100) for taken in (made.agents.seconds, made.agents.handed_in))
    statuses = made.pages + made.agents.statuses
    result = {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, agents, portal and databases on it together",
        "load": f"{mean(part['load'] for part in held):.0f} (means of 15 minutes)",
        "version": f"release {version('steplabel')}",
        "agents": asked.agents,
        "sites": len(made.agents.debits),
        "registered": max(asked.sites, needed),
        "offered_per_hour": asked.per_hour,
        "reports": reports,
        "minutes": round(seconds / 60, 1),
        "per_hour": round(reports / seconds * 3_600),
        "lost": len(account.lost),
        "doubled": len(account.doubled),
        "errors": sum(number for status, number in statuses.items() if status >= 400) + len(made.agents.refusals),
        "statuses": dict(sorted(statuses.items())),
        "report_p50_s": round(agent[49], 2),
        "report_p99_s": round(agent[98], 2),
        "request_p50_ms": round(request[49] * 1_000),
        "request_p99_ms": round(request[98] * 1_000),
        "cpu_s_per_1000": {kind: round((after[kind] - before[kind]) / reports * 1000, 1) for kind in after},
        "database_bytes_per_report": round(added / reports),
        "queue_empty_after_s": round(empty_s, 1),
        "log_held_ms": round(log_held_ms, 2),
        "parts": held,
    }
    print(json.dumps(result))
    if asked.keep:
        KEPT.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return 1 if account.lost or account.doubled or result["errors"] else 0


HELD = """
from hashlib import sha256
from time import perf_counter
from django.db import transaction
from django.utils import timezone
from benchmarks.wire.logged import Kind
from portal.translog import log
least = 1.0
for number in range(100):
    with transaction.atomic():
        head = log.lock()
        start = perf_counter()
        log.append(head, Kind.DEVICE_KEY, sha256(str(number).encode()).hexdigest(), timezone.now())
    least = min(least, perf_counter() - start)
print(least)
"""
"""The least of a hundred: what a transaction holds the log's head for, its commit on both servers with it, with nothing beside it."""


def _log_held_ms(made: World) -> float:
    """Once the account is settled: it adds entries that no report made."""
    ran = made.installation.program(HELD, "operator")
    assert ran.returncode == 0, ran.stderr
    return float(ran.stdout.splitlines()[-1]) * 1_000


KEPT = Path(__file__).with_name("measured.json")


def _processes(made: World) -> dict[str, list[int]]:
    """Numbers of the processes of each kind."""
    found: dict[str, list[int]] = {
        "web": [number for web in made.web for number in web.processes()],
        "worker": made.worker.processes(),
        "database": [],
    }
    for cluster in (made.main, made.vault):
        postmaster = int((cluster.data / "postmaster.pid").read_text("ascii").split()[0])
        found["database"].append(postmaster)
        found["database"] += map(int, Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text("ascii").split())
    return found


def _cpu_s(made: World) -> dict[str, float]:
    """Seconds of processor since each began, with those of children that ended; of the main database and the vault, not of the replica."""
    spent: dict[str, float] = defaultdict(float)
    for kind, numbers in _processes(made).items():
        for number in numbers:
            fields = Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()
            spent[kind] += sum(map(int, fields[11:15])) / TICKS
    return spent


def _memory_mb(made: World) -> dict[str, float]:
    held: dict[str, float] = defaultdict(float)
    for kind, numbers in _processes(made).items():
        if kind != "database":
            for number in numbers:
                lines = Path(f"/proc/{number}/status").read_text("ascii").splitlines()
                held[kind] += round(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024)
    return held


def _bytes(made: World) -> int:
    """Of both databases, tables and indexes."""
    total = 0
    for cluster, name in ((made.main, "steplabel"), (made.vault, "steplabel_vault")):
        with cluster.connect() as connection:
            row = connection.execute("SELECT pg_database_size(%s)", (name,)).fetchone()
            assert row is not None
            total += int(str(row[0]))
    return total


if __name__ == "__main__":
    sys.exit(main())
