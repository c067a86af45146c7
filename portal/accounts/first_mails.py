"""How often a stranger may have a mail sent to an address that has not answered yet: a registration, a link to a new password.

Such mails carry no word of whoever asked for them, and the same is counted and answered whether the address is known here or not.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest

from portal import counts
from portal.accounts.client_address import client_network

WINDOW = timedelta(hours=1)
PER_MAIL_ADDRESS = 3
REGISTRATIONS_PER_NETWORK = 10


def may_register(request: HttpRequest, email: str) -> bool:
    """Whether a mail that asks this address to confirm a registration may be sent; asking counts."""
    of_network = counts.count(_SECONDS, "registrations from network", client_network(request))
    return may_write_to(email) and of_network <= REGISTRATIONS_PER_NETWORK


def may_write_to(email: str) -> bool:
    """Whether one more mail that a stranger asked for may go to this address; asking counts."""
    return counts.count(_SECONDS, "first mails to", email.strip().lower()) <= PER_MAIL_ADDRESS


_SECONDS = int(WINDOW.total_seconds())
