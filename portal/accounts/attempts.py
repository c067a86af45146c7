"""How many failed sign-ins a browser, a network and an account are allowed, so that passwords and
codes cannot be guessed by the thousand.

An attempt takes its place in every count *before* the password is looked at, and a success gives
the places back: a burst of requests at once cannot slip between the looking and the counting. A
browser that signed in to the account before (`devices`) has tries of its own; everybody else is a
stranger, and strangers' failures are counted three times:

    account and network   somebody on one network tries one account account               many
    networks try one account; set so high that nobody is locked out by a joker on one network
    network               one network tries many accounts: it is then left one try for each

No count closes a network or an account. However many attempts failed on a network, every other
account behind it has a try left there, and the owner of an account that all the world attacks signs
in from a browser that did so before. A browser that uses up its own tries becomes a stranger.
Counts end by themselves: who waits may try again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from django.http import HttpRequest

from portal import rate_counts
from portal.accounts.client_address import client_network
from portal.accounts.devices import device_of

Counted = tuple[str, ...]

WINDOW = timedelta(minutes=15)
PER_DEVICE = 10
PER_ACCOUNT_AND_NETWORK = 5
PER_ACCOUNT = 100
NOISY_NETWORK = 30
LEFT_ON_NOISY_NETWORK = 1
"""From so many failures on, a network has so many tries an account."""


class AttemptKind(StrEnum):
    """What is tried: wrong passwords take no tries from codes, nor codes from passwords."""

    PASSWORD = "password"  # noqa: S105 - a name
    CODE = "code"


@dataclass(slots=True)
class Attempt:
    """One attempt to sign in as `account` from `network`; `device` is the browser's number where
    the account knows it, else empty.
    """

    account: str
    network: str
    device: str = ""
    secret: AttemptKind = AttemptKind.PASSWORD
    _counted: list[Counted] = field(default_factory=list, init=False)

    def begin(self) -> bool:
        """Take a place in every count; False where one of them is full, and the password is then
        not to be looked at.
        """
        if self.device and self._take("device", self._named(), self.device) <= PER_DEVICE:
            return True
        of_both = self._take(
            "account and network", self._named(), self.network
        )  # every count counts, even after a full one
        of_account = self._take("account", self._named())
        of_network = self._take("network", self.network)
        return of_account <= PER_ACCOUNT and of_both <= (
            LEFT_ON_NOISY_NETWORK if of_network > NOISY_NETWORK else PER_ACCOUNT_AND_NETWORK
        )

    def succeeded(self) -> None:
        """Only failures are kept."""
        for what in self._counted:
            rate_counts.take_back(*what)
        self._counted.clear()

    def _take(self, *what: str) -> int:
        self._counted.append(what)
        return rate_counts.count(int(WINDOW.total_seconds()), *what)

    def _named(self) -> str:
        return f"{self.secret} {self.account.strip().lower()}"


def attempt_at(
    request: HttpRequest, account: str, secret: AttemptKind = AttemptKind.PASSWORD
) -> Attempt:
    return Attempt(account, client_network(request), device_of(request, account), secret)
