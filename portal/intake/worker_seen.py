"""That a worker lives, holds its keys, and what its clock says: a row for each machine, written
while it sweeps, read by the web.

The web tier reaches no worker and needs none to answer; but a queue that nobody opens looks like an
idle one until it is late.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from portal.intake.models import WorkerSeen

SEEN_WITHIN = timedelta(seconds=80)
"""A worker sweeps each minute; who was not seen for longer is gone. With scrape and alarm (30 s)
that is told within two minutes.
"""


@dataclass(frozen=True, slots=True)
class WorkerView:
    name: str
    seen_ago_s: float
    clock_apart_s: float  # the worker's clock less the database's
    key_ids: tuple[str, ...]
    trouble: str


def database_now() -> datetime:
    """What time the database has: the one clock that all processes share. SQLite has this
    machine's.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def this_machine() -> str:
    return socket.gethostname()[:100]


def write(
    key_ids: Collection[str], clock_apart: timedelta, now: datetime, trouble: str = ""
) -> None:
    """Say that the worker of this machine is at work, and what it finds wrong; `now` by the
    database's clock.
    """
    columns = {
        "seen_at": now,
        "clock_apart_s": clock_apart.total_seconds(),
        "key_ids": " ".join(sorted(key_ids)),
        "trouble": trouble,
    }
    WorkerSeen.objects.update_or_create(name=this_machine(), defaults=columns)


def workers() -> tuple[WorkerView, ...]:
    """Every machine that a worker ran on, the one seen last first."""
    now = database_now()
    rows = WorkerSeen.objects.order_by("-seen_at")
    return tuple(
        WorkerView(
            row.name,
            (now - row.seen_at).total_seconds(),
            row.clock_apart_s,
            tuple(row.key_ids.split()),
            row.trouble,
        )
        for row in rows
    )
