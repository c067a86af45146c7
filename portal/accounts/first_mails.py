"""How often a stranger may have a mail sent to an address that has not answered yet: a
registration, a link to a new password.

Such mails carry no word of whoever asked for them, and the same is counted and answered whether the
address is known here or not.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest

from portal import rate_counts
from portal.accounts.client_address import client_network
from portal.accounts.devices import device_of

WINDOW = timedelta(hours=1)
PER_MAIL_ADDRESS = 3
REGISTRATIONS_PER_NETWORK = 10


def may_register(request: HttpRequest, email: str) -> bool:
    """Whether a mail that asks this address to confirm a registration may be sent; asking
    counts.
    """
    of_network = rate_counts.count(_SECONDS, "registrations from network", client_network(request))
    return _counted("registrations", email) and of_network <= REGISTRATIONS_PER_NETWORK


def may_send_link(request: HttpRequest, email: str) -> bool:
    """Whether one more link to a new password may go to this address; asking counts.

    Apart from registrations, and for a browser that has signed in to the account before apart from
    strangers: whoever fills the count of an address by other means keeps nobody from a new
    password.
    """
    return _counted("links to a new password", email, device_of(request, email))


def _counted(purpose: str, email: str, device: str = "") -> bool:
    return rate_counts.count(_SECONDS, purpose, email.strip().lower(), device) <= PER_MAIL_ADDRESS


_SECONDS = int(WINDOW.total_seconds())
