"""Failed sign-ins are counted, so that passwords cannot be guessed by the thousand.

An attempt takes its place in every count *before* the password is looked at, and a success gives the places back: a burst
of requests at once cannot slip between the looking and the counting. Three counts, for three kinds of guesser:

    account and address   somebody at one machine tries one account
    address               one machine tries many accounts
    account               many machines try one account; set so high that nobody is locked out by a joker at one machine

Counts live in the cache, under digests, and end by themselves. An account is never closed: who waits may try again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache

WINDOW = timedelta(minutes=15)
PER_ACCOUNT_AND_ADDRESS = 5
PER_ADDRESS = 30
PER_ACCOUNT = 100


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in as `account` (an email address) from `address` (of the network)."""

    account: str
    address: str

    def begin(self) -> bool:
        """Take a place in every count; False where one of them is full, and the password is then not to be looked at."""
        room = [_count(key) <= most for key, most in self._counts()]  # every count counts, even after a full one
        return all(room)

    def succeeded(self) -> None:
        """Only failures are kept."""
        for key, _most in self._counts():
            try:
                cache.decr(key)
            except ValueError:  # the window ended between beginning and success
                continue

    def _counts(self) -> tuple[tuple[str, int], ...]:
        account = self.account.strip().lower()
        return (
            (_key("both", account, self.address), PER_ACCOUNT_AND_ADDRESS),
            (_key("address", self.address), PER_ADDRESS),
            (_key("account", account), PER_ACCOUNT),
        )


def _count(key: str) -> int:
    """The count with this attempt in it. The first of a window sets its end; later ones do not put it off."""
    seconds = int(WINDOW.total_seconds())
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # it ended just now
        cache.set(key, 1, seconds)
        return 1


def _key(*parts: str) -> str:
    """Names no person: a digest, also because addresses may hold what a cache's key may not."""
    return "sign-in:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()
