"""API keys at the door: who asks, and how often each key may."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle

from portal import rate_counts, wall
from portal.accounts import api_keys
from portal.accounts.client_address import client_network
from portal.accounts.models import User
from portal.problems import RefusedError


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer slk_…`. Nothing else is a key: not an address, where it would stand in logs, and not a session."""

    def authenticate(self, request: Request) -> tuple[User, api_keys.Holder] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        try:
            (text,) = (word.decode("ascii") for word in words[1:])
        except ValueError as error:
            raise RefusedError(
                401, "key-unknown", "The API key is unknown, expired or revoked.", "Ask the manager of your organisation for a new one."
            ) from error
        holder = api_keys.holder_of(text, timezone.now())
        wall.asks_with_key(holder.organisation, holder.role)
        return holder.user, holder


def count_for_device(request: Request, scope: str, device: UUID) -> None:
    """Count a request for the device that signed it, and no longer for its network: a group's sites may share one address.

    Asked only once the signature held, so that nobody spends what another device has left. A device that sends more than
    `DEVICE_RATE` goes on counting for its network.
    """
    rate, network = settings.DEVICE_RATE, getattr(request._request, "rate", None)
    if rate is None or network is None:
        return
    most, seconds = rate
    if rate_counts.count(seconds, "device", scope, str(device)) <= most:
        rate_counts.take_back("rate", scope, client_network(request))


class RateByKey(ScopedRateThrottle):
    """Counts the requests of a key wherever they come from, and of anybody else by their network.

    A number each instead of the framework's list of moments, of which 600 a minute take 5 kB an asker.
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
        request._request.rate = (most, max(left, 0), seconds)  # type: ignore[attr-defined] # told by `portal.schema.StrictView`
        return left >= 0

    def wait(self) -> float:
        """A whole window: when this one ends is not kept."""
        return float(self.duration or 0)
