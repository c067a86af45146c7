"""`/readyz`: whether work can be done here, and by name what prevents it; `/livez`: that this
process answers; `/metrics` from inside.

A name says nothing that helps a stranger, so anybody may ask. Names for the operator alone (which
machine, how long) are in `metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from time import monotonic

import redis
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from benchmarks.errors import SteplabelError
from portal import keys, read_replica
from portal.database_servers import answers, has_room, waits_for_replica
from portal.intake import worker_seen
from portal.intake.selectors import waiting_since, waits_for_another_key
from portal.problems import SERVER_AWAY, RefusedError
from portal.translog import kept_heads, selectors

CLOCKS_APART_S = 5.0
KEYS_END_WITHIN = timedelta(days=60)
TOO_LONG = timedelta(minutes=10)
ROOM_IS_KNOWN_S = 15.0


@never_cache
@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; asks nobody."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 where nothing is wrong, else 503; either way what is, by name."""
    troubles = wrong(timezone.now())
    return JsonResponse({"ready": not troubles, "wrong": troubles}, status=503 if troubles else 200)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For the machine's own network: whoever comes through the proxy, which adds X-Forwarded-For,
    finds nothing here.
    """
    if "HTTP_X_FORWARDED_FOR" in request.META:
        raise Http404
    from portal.web.sight.metrics import exposition  # its library is loaded where somebody scrapes

    return exposition()


def wrong(now: datetime) -> list[str]:
    """What is wrong, in the order in which it is to be mended."""
    return list(_wrong(now))


def _wrong(now: datetime) -> Iterator[str]:
    if not answers():
        yield "database-away"
        return
    if not _answers(waiting_since):
        yield "replica-away" if waits_for_replica() else "database-away"
        return
    if is_behind():
        yield "database-behind"
        return
    if waits_for_replica():
        yield "replica-away"
    if not room(int(monotonic() / ROOM_IS_KNOWN_S)):
        yield "database-full"
    yield from _keys()
    yield from _log()
    yield from _worker(now)
    if abs((now - worker_seen.database_now()).total_seconds()) > CLOCKS_APART_S:
        yield "clock-apart"
    if not _answers(lambda: caches["pages"].get("readyz")):
        yield "redis-away"
    if trouble := read_replica.trouble():
        yield trouble


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (*SERVER_AWAY, redis.RedisError):
        return False
    return True


@lru_cache(maxsize=1)
def room(_moment: int) -> bool:
    """Not asked anew within a moment: whoever asks may be anybody."""
    return has_room("default")


def is_behind() -> bool:
    """Whether `manage.py migrate` has yet to bring the database to this release; one that was made
    without it is not.
    """
    applied = MigrationRecorder(connection).applied_migrations().keys()
    return bool(applied) and not _newest_migrations() <= applied


@lru_cache(maxsize=1)
def _newest_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _keys() -> Iterator[str]:
    try:
        keys.published_directory()
    except (ImproperlyConfigured, SteplabelError):
        yield "directory-unreadable"
        return
    try:
        keys.receipt_key()
        whole = keys.newest_receipt_key_is_held()
    except (ImproperlyConfigured, SteplabelError):
        whole = False
    if not whole:
        yield "receipt-key-missing"


def _log() -> Iterator[str]:
    """Of the head that would be shown now; nothing is written down, for nothing is told."""
    try:
        selectors.require_kept()
    except RefusedError as refusal:
        yield refusal.code
    if not kept_heads.can_be_kept():
        yield "heads-not-kept"


def _keys_lacked(key_ids: set[str], now: datetime) -> bool:
    """Whether reports are or were sealed to a key that no worker holds; of a directory that cannot
    be read, only whether one waits.
    """
    if not key_ids or waits_for_another_key(key_ids):
        return True
    try:
        return not keys.published_directory().sealed_to(now.date()) <= key_ids
    except (ImproperlyConfigured, SteplabelError):
        return False


def _worker(now: datetime) -> Iterator[str]:
    workers = [
        worker
        for worker in worker_seen.workers()
        if worker.seen_ago_s <= worker_seen.SEEN_WITHIN.total_seconds()
    ]
    if not workers:
        yield "worker-not-seen"
    elif _keys_lacked({key_id for worker in workers for key_id in worker.key_ids}, now):
        yield "processing-key-missing"
    yield from sorted({worker.trouble for worker in workers if worker.trouble})
    if any(abs(worker.clock_apart_s) > CLOCKS_APART_S for worker in workers):
        yield "worker-clock-apart"
    waiting = waiting_since()
    if waiting is not None and now - waiting > TOO_LONG:
        yield "waiting-too-long"
