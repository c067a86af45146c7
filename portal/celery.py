"""The Celery application: sweeps when a worker starts and by its timer, what is missing told at
start, and nudges for a sweep soon.

`celery -A portal.celery worker` is the worker, the only process that can open a report.

Work is a row with a named state; a task sweeps what is pending, takes no arguments and may run
twice. A nudge is sent by the task's name, so that no service has to import a task; a lost nudge
loses time, never data.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.embedded")
os.environ.setdefault("STEPLABEL_ROLE", "worker")

import logging
from threading import Lock, Timer
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_ready
from django.conf import settings
from django.core.checks import run_checks
from django.db import close_old_connections
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

app = Celery("steplabel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def nudge(task_name: str) -> None:
    """Ask for a sweep soon. The row already says that there is work: a broker that cannot be
    reached is only noted.
    """
    try:
        app.send_task(task_name, retry=False)
    except OperationalError as error:
        log.warning(
            "The broker did not take the nudge for %s (%s); the next sweep will find the work.",
            task_name,
            error,
        )


SOON_S = 0.2
_soon: set[str] = set()
_soon_lock = Lock()


def nudge_soon(task_name: str) -> None:
    """As `nudge`, from a thread of its own a moment later: those who ask for the same in that
    moment share one message.
    """
    with _soon_lock:
        if task_name in _soon:
            return
        _soon.add(task_name)
    timer = Timer(SOON_S, _nudge_now, (task_name,))
    timer.daemon = True
    timer.start()


def _nudge_now(task_name: str) -> None:
    with _soon_lock:
        _soon.discard(task_name)
    nudge(task_name)


@task_prerun.connect  # type: ignore[untyped-decorator] # Celery ships no types
@task_postrun.connect  # type: ignore[untyped-decorator] # Celery ships no types
def keep_what_answers(sender: Any, **_rest: Any) -> None:
    """As Django does between requests: a connection is kept for `CONN_MAX_AGE`, and asked whether
    it answers before it is used again.

    Celery would close it after every task (`CELERY_DB_REUSE_MAX` tells it not to), and a new one
    for each report took the databases more than the report.
    """
    if not sender.request.is_eager:
        close_old_connections()


@worker_ready.connect  # type: ignore[untyped-decorator] # Celery ships no types
def tell_what_is_missing(**_rest: Any) -> None:
    """Celery runs Django's checks when a worker starts, and drops what they find."""
    for finding in run_checks(tags=["stores", "environment"], include_deployment_checks=True):
        log.warning("%s", finding)


@worker_ready.connect  # type: ignore[untyped-decorator] # Celery ships no types
def sweep_what_was_left(sender: Any, **_rest: Any) -> None:
    """Sweep when a worker starts, and from the worker's own timer ever after: no further process
    that could be missing or dead.
    """
    for name in settings.SWEEPS:
        nudge(name)
        sender.timer.call_repeatedly(settings.SWEEP_EVERY_SECONDS, nudge, (name,))
