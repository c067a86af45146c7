"""Errors of the API as problem documents (RFC 9457), also for unknown addresses and servers that
are away; refusals counted by code.

A refusal of the core (`benchmarks.errors`) is passed on in its own words; only the HTTP status is
chosen here. `detail` and `remedy` are in the language that was asked for (`Accept-Language`);
`code`, which programs hold on to, and `title`, the code in words, are the same in all.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections import Counter
from threading import Lock
from typing import Any

import psycopg
import redis
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from psycopg.errors import ReadOnlySqlTransaction, UndefinedColumn, UndefinedTable
from rest_framework import exceptions
from rest_framework.response import Response

from benchmarks.errors import SteplabelError
from benchmarks.phrases import Phrase
from portal.sentences import in_words

MEDIA_TYPE = "application/problem+json"
API_VERSION = 1  # as the addresses have it
BUSY_RETRY_S = 5
ASKS_FOR_A_KEY = ("key-missing", "key-unknown")

SERVER_AWAY = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,  # as they come where nobody has made Django's of them
    psycopg.InterfaceError,
    redis.ConnectionError,
    redis.TimeoutError,
    redis.OutOfMemoryError,
    redis.ReadOnlyError,
)
"""The database or a store does not answer, or takes nothing more: ours to repair, and the client's
to try again.
"""

log = logging.getLogger(__name__)

_answered: Counter[str] = Counter()
_counting = Lock()


def answered() -> dict[str, int]:
    """How often this process has refused a request since it started, by code: what the door turns
    away leaves no row to count.
    """
    with _counting:
        return dict(_answered)


def _count(code: str) -> None:
    with _counting:
        _answered[code] += 1


def is_away(error: BaseException) -> bool:
    """Whether it is one of them, a connection that broke off in the middle of an answer, a replica
    that has yet to take the primary's place, or a table that `manage.py migrate` has yet to bring
    to this release (`database-behind`)."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    broke_off = (
        type(cause) is psycopg.DatabaseError
    )  # what libpq says itself has no SQLSTATE, which a narrower kind goes by
    return (
        broke_off
        or isinstance(error, SERVER_AWAY)
        or isinstance(cause, ReadOnlySqlTransaction | UndefinedColumn | UndefinedTable)
    )


class RefusedError(SteplabelError):
    """A refusal of the portal, with the HTTP status that says it."""

    def __init__(self, status: int, code: str, sentence: str, remedy: str) -> None:
        super().__init__(code, sentence, remedy)
        self.status = status


def problem(status: int, code: str, detail: str, remedy: str, **more: Any) -> dict[str, Any]:
    """The document. `type` is a name, not an address: nothing has to be fetched to understand
    it.
    """
    return {
        "type": f"urn:steplabel:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": in_words(detail),
        "code": code,
        "remedy": in_words(remedy),
        **more,
    }


def problem_response(
    status: int, code: str, detail: str, remedy: str, request: HttpRequest
) -> HttpResponse:
    """The document as a plain Django response, for what happens before or outside a view of the
    API; before the language is chosen, too.
    """
    _count(code)
    language = translation.get_language_from_request(request)
    with translation.override(language):
        document = problem(status, code, detail, remedy)
    response = HttpResponse(
        json.dumps(document),
        content_type=MEDIA_TYPE,
        status=status,
        headers={"Content-Language": language},
    )
    patch_vary_headers(response, ("Accept-Language",))
    return response


def busy() -> HttpResponse:
    """For a request whose servers went away before it reached a view of the API."""
    document = _busy()
    _count(document["code"])
    return HttpResponse(
        json.dumps(document),
        content_type=MEDIA_TYPE,
        status=document["status"],
        headers={"Retry-After": str(BUSY_RETRY_S)},
    )


def _busy() -> dict[str, Any]:
    return problem(
        503,
        "portal-busy",
        "The portal cannot reach its own servers just now.",
        "Send the same again soon: it is taken once.",
    )


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's exception handler. What it does not know stays an error of ours, loud
    in the log.
    """
    document = _document(error)
    if document is None:
        return None
    _count(document["code"])
    if document["status"] >= 500:
        log.error("The API answered %s: %r", document["status"], error)
    response = Response(document, status=document["status"], content_type=MEDIA_TYPE)
    wait_s = (
        getattr(error, "wait", None) if isinstance(error, exceptions.Throttled) else None
    )  # the stubs do not know `wait`
    if wait_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(wait_s)))
    elif document["code"] in ASKS_FOR_A_KEY:
        response["WWW-Authenticate"] = 'Bearer realm="steplabel"'
    elif document["status"] == 503:
        response["Retry-After"] = str(BUSY_RETRY_S)
    return response


def _document(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, RefusedError):
        return problem(error.status, error.code, error.sentence, error.remedy)
    if isinstance(error, SteplabelError):
        return problem(400, error.code, error.sentence, error.remedy)
    if is_away(error):
        return _busy()
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(
            404,
            "not-found",
            "There is nothing at this address.",
            "See /api/v1/schema/ for what there is.",
        )
    if isinstance(error, exceptions.ValidationError):
        return problem(
            400,
            "invalid-fields",
            "The request has fields that cannot be used.",
            "See `errors`, field by field.",
            errors=error.detail,
        )
    if isinstance(error, exceptions.Throttled):
        return problem(
            429,
            "too-many-requests",
            "Too many requests from this address.",
            "Wait for Retry-After, then send the same again.",
        )
    if isinstance(error, exceptions.APIException):
        code = str(error.default_code).replace("_", "-")
        return problem(
            error.status_code,
            code,
            str(error.detail),
            "See /api/v1/schema/ for what this address takes.",
        )
    return None


@csrf_exempt  # else a POST is answered with Django's own page
def not_found(request: HttpRequest, rest: str) -> HttpResponse:
    """Addresses under /api/ that nothing answers to, and versions of the API that are not there."""
    version = re.match(r"v([0-9]{1,9})(?:/|\Z)", rest)
    if version is not None and int(version[1]) != API_VERSION:
        return problem_response(
            404,
            "api-version-unknown",
            Phrase("This portal has no version %(version)s of the API.", version=version[1]),
            Phrase("Use /api/v%(version)s/.", version=API_VERSION),
            request,
        )
    return problem_response(
        404,
        "not-found",
        "There is nothing at this address.",
        "See /api/v1/schema/ for what there is.",
        request,
    )
