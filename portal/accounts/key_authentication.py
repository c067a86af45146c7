"""API keys at the door: who asks, and for which organisation."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from portal import wall
from portal.accounts import api_keys
from portal.accounts.models import User
from portal.problems import RefusedError


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer slk_…`. Nothing else is a key: not an address, where it would stand in
    logs, and not a session.
    """

    def authenticate(self, request: Request) -> tuple[User, api_keys.Holder] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        try:
            (text,) = (word.decode("ascii") for word in words[1:])
        except ValueError as error:
            raise RefusedError(
                401,
                "key-unknown",
                "The API key is unknown, expired or revoked.",
                "Ask the manager of your organisation for a new one.",
            ) from error
        holder = api_keys.holder_of(text, timezone.now())
        wall.asks_with_key(holder.organisation, holder.role)
        return holder.user, holder
