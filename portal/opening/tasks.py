"""The worker's task that opens the reports that wait; a worker without keys says why, and ends at
its start.

No arguments: it sweeps rows, and may run twice.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from time import monotonic
from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from benchmarks.errors import InputError, SteplabelError
from portal import keys
from portal.celery import nudge
from portal.database_servers import trouble_of_vault
from portal.intake import worker_seen
from portal.intake.receiving import OPENING
from portal.opening import unsealing
from portal.problems import SERVER_AWAY

log = logging.getLogger(__name__)
NO_KEY = (ImproperlyConfigured, SteplabelError)


def tell_why(error: Exception) -> None:
    """That this worker has no key goes where `/readyz` looks; its token's trouble by name."""
    now = worker_seen.database_now()
    worker_seen.write(
        (), timezone.now() - now, now, error.code if isinstance(error, InputError) else ""
    )


@worker_init.connect  # type: ignore[untyped-decorator] # Celery ships no types
def require_keys(**_rest: Any) -> None:
    """A worker that cannot open anything ends at once, loudly: an error in a signal's receiver
    would only be logged.
    """
    try:
        keys.processing_keys()
    except NO_KEY as error:
        log.critical("The worker has no processing key that it can read: %s", error)
        with suppress(*SERVER_AWAY):
            tell_why(error)
        raise SystemExit(1) from error


@shared_task(name="portal.opening.tasks.sweep")  # type: ignore[untyped-decorator] # Celery ships no types
def sweep() -> None:
    """Open what waits, with whichever key its envelope names, for some seconds; what is left then,
    the next sweep does.

    So a worker that is told to end does so within those seconds, whatever the backlog. Times are
    the database's: a machine whose clock is wrong would sign its own into the log.
    """
    apart = timezone.now() - worker_seen.database_now()
    try:
        processing_keys = keys.processing_keys()
    except NO_KEY as error:
        tell_why(error)
        raise
    trouble = trouble_of_vault()
    worker_seen.write(
        [key.key_id for key in processing_keys], apart, timezone.now() - apart, trouble
    )
    if trouble:
        log.error(
            "Nothing is opened: %s.", trouble
        )  # and nothing claimed, so that nothing waits for a claim to age
        return
    begun = monotonic()
    share = settings.SWEEP_FOR_SECONDS / len(
        processing_keys
    )  # so that no key's backlog holds up what is sealed to the next
    left = [
        unsealing.sweep(key, lambda: timezone.now() - apart, begun + index * share).left
        for index, key in enumerate(processing_keys, 1)
    ]
    if any(left):
        nudge(OPENING)
