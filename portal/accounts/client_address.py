"""Which machine of the network asks, by the same rule for the API's rates, failed sign-ins and the list of sessions."""

from __future__ import annotations

import ipaddress
from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

UNKNOWN = "0.0.0.0"  # noqa: S104 - no address to listen on: the one that says "none"


def client_address(request: HttpRequest) -> str:
    """As the API's throttle finds it, which knows how many proxies stand in front; `UNKNOWN` where that is no address."""
    told = BaseThrottle().get_ident(cast(Request, request)) or ""
    try:
        return str(ipaddress.ip_address(told.strip()))
    except ValueError:
        return UNKNOWN
