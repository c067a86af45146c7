"""What runs between machines runs under TLS, to a server that proves its name: databases, Redis,
mail, the collector of traces.

A host is on this machine (a socket, 127.0.0.0/8, ::1, localhost) or named in
`STEPLABEL_PLAIN_HOSTS`, as the containers of one machine are; to any other nothing is sent before
its certificate was checked against the authority that the address names.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured


def stays_on_this_machine(host: str) -> bool:
    """Whether what is sent to it leaves no machine, so that it may go in the clear."""
    if (
        host in ("", "localhost")
        or host.startswith("/")
        or host in os.environ.get("STEPLABEL_PLAIN_HOSTS", "").split(",")
    ):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def require_checked_database(name: str, database: dict[str, Any]) -> None:
    """ImproperlyConfigured: a server elsewhere, and its certificate would not be checked."""
    options = database.get("OPTIONS", {})
    hosts = ",".join(
        filter(
            None,
            (str(database.get("HOST") or ""), options.get("host", ""), options.get("hostaddr", "")),
        )
    ).split(",")
    checked = options.get("sslmode") == "verify-full" and options.get("sslrootcert")
    if (
        away := next((host for host in hosts if not stays_on_this_machine(host)), None)
    ) and not checked:
        raise ImproperlyConfigured(
            f"{name} names {away}, which is not this machine, without a certificate that is "
            "checked. Add "
            "?sslmode=verify-full&sslrootcert=/etc/steplabel/database-ca.pem (docs/portal.md, TLS "
            "inside)."
        )


def require_checked_redis(name: str, url: str) -> str:
    """The same of a Redis server; gives back the address with what each client of ours needs to
    check it.
    """
    parts = urlsplit(url)
    if stays_on_this_machine(parts.hostname or "") and parts.scheme != "rediss":
        return url
    asked = parse_qs(parts.query)
    if (
        parts.scheme != "rediss"
        or not asked.get("ssl_ca_certs")
        or asked.get("ssl_cert_reqs", ["required"]) != ["required"]
    ):
        raise ImproperlyConfigured(
            f"{name} names {parts.hostname}, which is not this machine, without a certificate "
            "that is checked. Write "
            "rediss://…?ssl_ca_certs=/etc/steplabel/redis-ca.pem (docs/portal.md, TLS inside)."
        )
    wanted = {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}
    more = "&".join(f"{key}={value}" for key, value in wanted.items() if key not in asked)
    if asked.get("ssl_check_hostname", ["true"]) != ["true"]:
        raise ImproperlyConfigured(
            f"{name} says ssl_check_hostname={asked['ssl_check_hostname'][0]}: any server of that "
            "authority would do."
        )
    return f"{url}&{more}" if more else url


def require_checked_collector(url: str | None) -> str | None:
    """The same of a collector of traces, and that the library for it is here; nothing where none is
    named.
    """
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and parts.hostname and stays_on_this_machine(parts.hostname)
    ):
        raise ImproperlyConfigured(
            "STEPLABEL_TRACES_URL names no collector on this machine and none by https. Write "
            "http://127.0.0.1:4318/v1/traces or https://…."
        )
    if find_spec("opentelemetry") is None:
        raise ImproperlyConfigured(
            "STEPLABEL_TRACES_URL is set and OpenTelemetry is not installed: run `bin/set-up "
            "portal-all`."
        )
    return url
