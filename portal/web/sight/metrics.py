"""What `/metrics` says, in the form of Prometheus: counts and ages, read from the database at each
scrape, and what this process refused.

No name of a firm and no value of a report: of witnesses and workers the names, of refusals the
codes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from benchmarks.errors import SteplabelError
from portal import keys, read_replica, wall
from portal.auditlog.models import Action
from portal.auditlog.selectors import last_recorded_at, newest_of_each_actor
from portal.intake import worker_seen
from portal.intake.models import SubmissionState
from portal.intake.selectors import counted_by_state, refusals_by_reason, waiting_since
from portal.problems import SERVER_AWAY, answered
from portal.translog import kept_heads, selectors, witnesses
from portal.web.sight import readiness


@wall.opened()
def exposition() -> HttpResponse:
    """Everything that is measured, as of now."""
    registry = CollectorRegistry()
    registry.register(cast(Any, _Installation(timezone.now())))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Installation:
    """What the installation shows at one moment."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def describe(self) -> list[Metric]:
        """Nothing: registering asks no database."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield _answered()
        faults = readiness.wrong(self._now)
        yield _gauge(
            "steplabel_wrong",
            "1 for each name that /readyz says",
            "name",
            dict.fromkeys(faults, 1.0),
        )
        if "database-away" in faults:
            return
        try:
            yield from self._reports()
            yield from self._workers()
            yield from self._log()
            yield from self._keys()
            yield from self._backup()
            yield from self._checks()
            yield from _replica()
        except (
            *SERVER_AWAY,
            ImproperlyConfigured,
            SteplabelError,
        ):  # away since, or no directory to read: what was read stands
            return

    def _reports(self) -> Iterator[Metric]:
        states = {str(state): 0.0 for state in SubmissionState} | {
            state: float(count) for state, count in counted_by_state().items()
        }
        yield _gauge("steplabel_reports", "Reports by state", "state", states)
        yield _gauge(
            "steplabel_refused_reports",
            "Refused reports by reason",
            "reason",
            dict(refusals_by_reason()),
        )
        waiting = waiting_since()
        age = 0.0 if waiting is None else (self._now - waiting).total_seconds()
        yield GaugeMetricFamily(
            "steplabel_oldest_waiting_seconds",
            "How long the oldest report waits to be opened",
            value=age,
        )

    def _workers(self) -> Iterator[Metric]:
        workers = worker_seen.workers()
        yield _gauge(
            "steplabel_worker_seen_seconds",
            "Since a worker was seen",
            "worker",
            {worker.name: worker.seen_ago_s for worker in workers},
        )
        # of a machine that is gone nobody sets the clock
        apart = {
            worker.name: worker.clock_apart_s
            for worker in workers
            if worker.seen_ago_s <= worker_seen.SEEN_WITHIN.total_seconds()
        }
        yield _gauge(
            "steplabel_worker_clock_apart_seconds", "Its clock less the database's", "worker", apart
        )
        web = (self._now - worker_seen.database_now()).total_seconds()
        yield GaugeMetricFamily(
            "steplabel_web_clock_apart_seconds",
            "This process's clock less the database's",
            value=web,
        )

    def _log(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "steplabel_log_entries", "Entries of the log", value=selectors.size()
        )
        yield GaugeMetricFamily(
            "steplabel_log_kept_entries",
            "Entries that the kept heads say were shown",
            value=kept_heads.shown_so_far().size,
        )
        ages = {  # of one that never came it is no number: without a value no alarm would miss it
            witness.name: inf if witness.at is None else (self._now - witness.at).total_seconds()
            for witness in witnesses.witnesses(keys.published_directory())
        }
        yield _gauge("steplabel_witness_seen_seconds", "Since a witness cosigned", "witness", ages)
        file: Path | None = settings.HEADS_FILE
        if file is not None:
            with suppress(OSError):  # not mounted: `steplabel_wrong` tells that
                disk = os.statvfs(file.parent)
                yield GaugeMetricFamily(
                    "steplabel_heads_disk_free_bytes",
                    "Room for kept heads",
                    value=disk.f_bavail * disk.f_frsize,
                )

    def _keys(self) -> Iterator[Metric]:
        """Days until the last listed key of a kind ends: the rest are on their way out."""
        content = keys.published_directory().content
        today = self._now.astimezone(UTC).date()
        for kind, listed in (("processing", content.processing), ("receipt", content.receipts)):
            days = max((key.valid_to - today).days for key in listed)
            yield _gauge(
                "steplabel_key_days_left",
                "Days until the newest listed key ends",
                "kind",
                {kind: float(days)},
            )

    def _backup(self) -> Iterator[Metric]:
        """Nothing where none was made yet: the alarm asks for that too."""
        made_at = last_recorded_at(Action.BACKUP_MADE)
        if made_at is not None:
            age_s = (self._now - made_at).total_seconds()
            yield GaugeMetricFamily(
                "steplabel_backup_age_seconds", "Since the last backup was finished", value=age_s
            )

    def _checks(self) -> Iterator[Metric]:
        """What the newest check of each role found; nothing where none was made yet."""
        checks = newest_of_each_actor(Action.INSTALLATION_CHECKED)
        counts = {check.actor: float(len(check.detail.split())) for check in checks}
        yield _gauge(
            "steplabel_disagreements",
            "Names that the newest check_installation of a role ended with",
            "role",
            counts,
        )


def _replica() -> Iterator[Metric]:
    """Nothing where none is named or it does not answer: `steplabel_wrong` tells that."""
    behind_s = read_replica.watch.behind_s() if read_replica.is_named() else None
    if behind_s is not None:
        yield GaugeMetricFamily(
            "steplabel_read_replica_behind_seconds",
            "What the replica of public pages has yet to replay",
            value=behind_s,
        )


def _answered() -> CounterMetricFamily:
    """Of this process alone, unlike the rest: Prometheus adds the processes up, and knows a start
    by the count that falls.
    """
    family = CounterMetricFamily(
        "steplabel_api_refusals", "Requests that the API refused, by code", labels=["code"]
    )
    for code, number in sorted(answered().items()):
        family.add_metric([code], number)
    return family


def _gauge(name: str, what: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
