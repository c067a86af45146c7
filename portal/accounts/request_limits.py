"""How often somebody may ask the API: by key, by device whose signature held, and everybody else by
their network.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle

from portal import rate_counts
from portal.accounts import api_keys
from portal.accounts.client_address import client_network


def count_for_device(request: Request, scope: str, device: UUID) -> None:
    """Count a request for the device that signed it, and no longer for its network: a group's sites
    may share one address.

    Asked only once the signature held, so that nobody spends what another device has left. A device
    that sends more than `DEVICE_RATE` goes on counting for its network.
    """
    rate, network = settings.DEVICE_RATE, getattr(request._request, "rate", None)
    if rate is None or network is None:
        return
    most, seconds = rate
    if rate_counts.count(seconds, "device", scope, str(device)) <= most:
        rate_counts.take_back("rate", scope, client_network(request))


class RateByKey(ScopedRateThrottle):
    """Counts the requests of a key wherever they come from, and of anybody else by their network.

    A number each instead of the framework's list of moments, of which 600 a minute take 5 kB an
    asker.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        self.scope = getattr(view, self.scope_attr, None)
        if self.scope is None or (rate := self.get_rate()) is None:
            return True
        most, seconds = self.parse_rate(rate)
        if most is None or seconds is None:
            return True
        self.duration = seconds
        holder: api_keys.Holder | None = request.auth  # type: ignore[assignment] # the stubs know tokens of their own
        asking = f"key {holder.prefix}" if holder else client_network(request)
        left = most - rate_counts.count(seconds, "rate", self.scope, asking)
        request._request.rate = (most, max(left, 0), seconds)  # type: ignore[attr-defined] # told by `portal.api_views.StrictView`
        return left >= 0

    def wait(self) -> float:
        """A whole window: when this one ends is not kept."""
        return float(self.duration or 0)
