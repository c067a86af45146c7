"""Which machine of the network asks, by the same rule for the API's rates, failed sign-ins and the
list of sessions.
"""

from __future__ import annotations

import ipaddress
from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

UNKNOWN = "0.0.0.0"  # noqa: S104 - no address to listen on: the one that says "none"
IPV6_SITE_BITS = 64
"""What one line is given at least (RFC 6177): who has it chooses among 2^64 addresses."""


def client_address(request: HttpRequest) -> str:
    """As the API's throttle finds it, which knows how many proxies stand in front; `UNKNOWN` where
    that is no address.
    """
    address = BaseThrottle().get_ident(cast(Request, request)) or ""
    try:
        return str(ipaddress.ip_address(address.strip()))
    except ValueError:
        return UNKNOWN


def client_network(request: HttpRequest) -> str:
    """What is counted as one asker: an IPv4 address, or the /64 that an IPv6 address is of."""
    address = ipaddress.ip_address(client_address(request))
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_SITE_BITS), strict=False))
