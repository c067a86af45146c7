"""A road to the API for programs that ask with a key: HTTPS, the key in a header, and the portal's own sentence where it says no.

    with session("https://portal.example", key) as api:
        for row in every(api.reports, state="accepted"):
            print(row["site"], row["period"])

The agent has a road of its own (`reporting_agent.reporting.transport`), which knows devices and no keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from benchmarks.errors import SteplabelError
from reporting_agent.client.operations import Operations

TIMEOUT_S = 60.0


class RefusedByPortalError(SteplabelError):
    """The portal said no: its code, sentence and remedy, and the status."""

    def __init__(self, status: int, code: str, sentence: str, remedy: str) -> None:
        super().__init__(code, sentence, remedy)
        self.status = status


@contextmanager
def session(base_url: str, key: str | None = None, transport: httpx.BaseTransport | None = None) -> Iterator[Operations]:
    """The API of one portal, asked with a key, or with none for what is public. `transport` is for tests."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT_S, transport=transport) as client:

        def send(
            method: str,
            path: str,
            wanted: frozenset[int],
            *,
            query: Mapping[str, str],
            headers: Mapping[str, str],
            json: object = None,
            content: bytes | None = None,
        ) -> tuple[int, object]:
            response = client.request(method, path, params=dict(query), headers=dict(headers), json=json, content=content)
            if response.status_code not in wanted:
                raise _refusal(response)
            return response.status_code, response.json() if "json" in response.headers["Content-Type"] else response.content

        yield Operations(send)


def every(operation: Callable[..., Any], **filters: str) -> Iterator[Any]:
    """Every row of a list, page after page; `operation` is a method of `Operations` that has a cursor."""
    cursor: str | None = None
    while True:
        page = operation(**filters, cursor=cursor)
        yield from page["results"]
        if page["next"] is None:
            return
        (cursor,) = parse_qs(urlsplit(page["next"]).query)["cursor"]


def _refusal(response: httpx.Response) -> RefusedByPortalError:
    try:
        told = response.json()
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    sentence = str(told.get("detail") or f"The portal answered {response.status_code}.")
    remedy = str(told.get("remedy") or "Ask the portal's operator.")
    return RefusedByPortalError(response.status_code, str(told.get("code") or f"portal-{response.status_code}"), sentence, remedy)
