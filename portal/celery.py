"""The Celery application. `celery -A portal.celery worker` is the worker, the only process that can open a report.

Work is a row with a named state; a task sweeps what is pending, takes no arguments and may run twice. A nudge is sent
by the task's name, so that no service has to import a task; a lost nudge loses time, never data.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.embedded")
os.environ.setdefault("STEPLABEL_ROLE", "worker")

import logging
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from django.conf import settings
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

app = Celery("steplabel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def nudge(task_name: str) -> None:
    """Ask for a sweep soon. The row already says that there is work: a broker that cannot be reached is only noted."""
    try:
        app.send_task(task_name, retry=False)
    except OperationalError as error:
        log.warning("The broker did not take the nudge for %s (%s); the next sweep will find the work.", task_name, error)


@worker_ready.connect  # type: ignore[untyped-decorator] # Celery ships no types
def sweep_what_was_left(sender: Any, **_rest: Any) -> None:
    """Sweep when a worker starts, and from the worker's own timer ever after: no further process that could be missing or dead."""
    for name in settings.SWEEPS:
        nudge(name)
        if settings.SWEEP_EVERY_SECONDS is not None:
            sender.timer.call_repeatedly(settings.SWEEP_EVERY_SECONDS, nudge, (name,))
