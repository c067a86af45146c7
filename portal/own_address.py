"""The portal's own address, as it is configured (`STEPLABEL_URL`, `STEPLABEL_HOSTS`), and the whole
addresses of its pages for links.

Every link that leaves a request is made from it.

Never from the request: its Host header, port included, is whatever the asker writes, and a link in
a mail to somebody else, a file or a cached page would carry it on.
"""

from __future__ import annotations

from django.conf import settings


def own_address() -> str:
    """Without a slash at its end: `https://portal.example`."""
    return str(settings.PORTAL_URL).rstrip("/")


def absolute(path: str) -> str:
    """The whole address of a page of ours, by its path from `reverse`."""
    return own_address() + path
