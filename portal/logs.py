"""Logs as one JSON object a line, in UTC, with the id of the request, and nothing in them that a
report or a database row could hold.

Of an exception stand its kind, its code where it is a refusal of ours, and the lines it came
through: a database's message quotes rows. Celery puts what a task raised, was given and returned
into its sentences; the kind stands there instead.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponseBase

from benchmarks.errors import SteplabelError
from portal.request_sizes import GetResponse

HEADER = "X-Request-ID"
REQUEST: ContextVar[str] = ContextVar("id of the request", default="")
_OF_TASKS = ("celery.app.trace", "celery.worker.request")
_KIND = re.compile(
    r"(?:Retry\b[^:(]*: )?[A-Za-z_]\w*(?=\()"
)  # of `IntegrityError('new row …')`, also as the reason of a retry
_NOT_SHOWN = "(not shown)"
_GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Takes the proxy's id or draws one, and gives it back with the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = request.headers.get(HEADER, "")
        token = REQUEST.set(request_id if _GIVEN.fullmatch(request_id) else uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response.headers[HEADER] = REQUEST.get()
        finally:
            REQUEST.reset(token)
        return response


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            "process": record.process,
        }
        if request := REQUEST.get():
            line["request"] = request
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line["error"] = type(error).__qualname__
            if isinstance(error, SteplabelError):
                line["code"] = error.code
            frames = traceback.extract_tb(error.__traceback__)
            line["through"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-20:]
            ]
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    """The sentence of the record; one about a task without what the task raised, was given or
    returned.
    """
    if record.name not in _OF_TASKS or not record.args:
        return record.getMessage()
    if isinstance(record.args, Mapping):
        return record.msg % {name: _of_task(name, value) for name, value in record.args.items()}
    return record.msg % tuple(
        type(value).__qualname__ if isinstance(value, BaseException) else value
        for value in record.args
    )


def _of_task(name: str, value: object) -> object:
    if name == "exc":
        kind = _KIND.match(str(value))
        return kind[0] if kind else _NOT_SHOWN
    return (
        _NOT_SHOWN
        if name in ("args", "kwargs", "return_value", "traceback")
        and value not in ("None", "()", "{}")
        else value
    )
