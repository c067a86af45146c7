"""A proxy that `STEPLABEL_PROXIES` does not tell of: noted by a check at start, refused at the
first request that came through one.

Better on the day of the installation than on the day of the deadline.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register
from django.http import HttpRequest, HttpResponseBase

from portal.problems import problem_response
from portal.request_sizes import GetResponse
from portal.settings.roles import ProcessRole

TAG = "proxies"
CODE = "proxies-not-set"

log = logging.getLogger(__name__)


@register(TAG)
def check_proxies(*_apps: Any, **_options: Any) -> list[CheckMessage]:
    if (
        settings.REFUSE_UNKNOWN_PROXY
        and settings.ROLE is ProcessRole.WEB
        and not settings.REST_FRAMEWORK["NUM_PROXIES"]
    ):
        return [
            checks.Warning(
                "STEPLABEL_PROXIES is 0: requests that come through a proxy are refused.",
                hint="Set it to how many proxies of yours stand in front, 1 with the sample of "
                "deploy/nginx.conf.",
                id="steplabel.W004",
            )
        ]
    return []


class UnknownProxyMiddleware:
    """503 for a request that says it came through a proxy where none was declared."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        undeclared = (
            "HTTP_X_FORWARDED_FOR" in request.META and not settings.REST_FRAMEWORK["NUM_PROXIES"]
        )
        if not (undeclared and settings.REFUSE_UNKNOWN_PROXY):
            return self.get_response(request)
        log.critical(
            "A request came through a proxy (X-Forwarded-For) and STEPLABEL_PROXIES is 0: "
            "docs/runbook.md, %s.",
            CODE,
        )
        return problem_response(
            503,
            "proxies-not-set",
            "The request came through a proxy that this portal was not told of.",
            "The operator sets STEPLABEL_PROXIES: docs/runbook.md, proxies-not-set.",
            request,
        )
