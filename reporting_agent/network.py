"""How this machine reaches the outside: through which proxy, and whose certificates it trusts.

Both are what somebody said, by `--proxy` and `--ca-file` or by STEPLABEL_PROXY and
STEPLABEL_CA_FILE, never what the environment happens to hold for other programs: a report must not
take a way that nobody chose for it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.errors import InputError, UsageError
from benchmarks.phrases import Phrase


@dataclass(frozen=True, slots=True)
class Network:
    """A proxy to go through, if any; a PEM file of authorities to trust instead of the public
    ones.
    """

    proxy: str | None = None
    ca_file: Path | None = None

    def of_client(self) -> dict[str, Any]:
        """What an httpx client is made with.

        Raises:
            UsageError: `proxy-address`. InputError: `ca-file`.
        """
        return {"trust_env": False, "proxy": _checked(self.proxy), "verify": _trust(self.ca_file)}


USUAL = Network()
"""No proxy, the public authorities."""


def _checked(proxy: str | None) -> httpx.Proxy | None:
    """httpx's own form of it. What was given is not repeated: it may hold a password."""
    if proxy is None:
        return None
    try:
        parsed = httpx.Proxy(proxy)
    except (ValueError, httpx.InvalidURL):
        parsed = None
    if parsed is None or parsed.url.scheme not in ("http", "https") or not parsed.url.host:
        raise UsageError(
            "proxy-address",
            "The proxy's address is none.",
            "Give --proxy or STEPLABEL_PROXY as http://proxy.example:3128; with a user as "
            "http://USER:PASSWORD@proxy.example:3128.",
        )
    return parsed


def _trust(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            "ca-file",
            Phrase("%(file)s contains no readable certificates.", file=ca_file),
            "Give a PEM file.",
            found=str(error),
        ) from error
