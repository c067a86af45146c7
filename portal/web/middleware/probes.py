"""Probes by the machine itself, which know its address and not the portal's name: Prometheus and
load balancers send what they were given.

`ALLOWED_HOSTS` keeps links from being built with a stranger's name. The answers to probes contain
no link.
"""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from portal.request_sizes import GetResponse

PROBES = frozenset({"/livez", "/healthz", "/readyz", "/metrics"})


class LocalProbesMiddleware:
    """Gives a probe from this machine the portal's name, whatever its `Host` says. Everything else
    keeps its own.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in PROBES and _from_this_machine(request):
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        return self.get_response(request)


def _from_this_machine(request: HttpRequest) -> bool:
    """Not through the proxy, which may be on this machine too and adds the header."""
    if "HTTP_X_FORWARDED_FOR" in request.META:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
