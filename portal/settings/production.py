"""Production: PostgreSQL (two databases, two roles), Redis, HTTPS in front. Everything comes from
the environment.

Needed: `SECRET_KEY`, `STEPLABEL_HOSTS`, `DATABASE_URL`, `DIRECTORY_FILE`, and a Redis server each
for pages, counts and broker: `STEPLABEL_CACHE_URL`, `STEPLABEL_LIMITS_URL`, `STEPLABEL_BROKER_URL`,
where `REDIS_URL` stands for those that are not named; for web and operator `RECEIPT_KEY_FILE`; for
worker and operator `VAULT_DATABASE_URL`; for the worker alone `PROCESSING_KEY_FILE`. What is secret
may come as a file instead: `SECRET_KEY_FILE`, `DATABASE_URL_FILE`, `VAULT_DATABASE_URL_FILE`,
`STEPLABEL_CACHE_URL_FILE`, `STEPLABEL_LIMITS_URL_FILE`, `STEPLABEL_BROKER_URL_FILE`,
`REDIS_URL_FILE`, and the passwords of the two database roles alone as `DATABASE_PASSWORD_FILE` and
`VAULT_DATABASE_PASSWORD_FILE`. The web alone may have a `REPLICA_DATABASE_URL`, with the same ways
to give it (`REPLICA_DATABASE_URL_FILE`, `REPLICA_DATABASE_PASSWORD_FILE`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403 - settings are layered, that is what the star is for
from portal.settings.base import BASE_DIR, LOGGING, ROLE
from portal.settings.in_transit import (
    require_checked_collector,
    require_checked_database,
    require_checked_redis,
)
from portal.settings.redis_caches import redis_caches
from portal.settings.roles import ProcessRole, processing_key_file
from portal.settings.shared_connections import shared_connections
from portal.settings.values import hosts, https_address, seconds, text_of_file, whole_number

_DATABASE = re.compile(r"postgres(ql)?://.*/.")


def _needed(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ImproperlyConfigured(
            f"Production needs {name} in the environment of the role {ROLE}."
        ) from None


def _secret(name: str) -> str:
    """From the file that `<name>_FILE` names, else from the variable itself."""
    if os.environ.get(f"{name}_FILE"):
        return text_of_file(f"{name}_FILE")
    return _needed(name)


def _database(name: str, wait_s: float = 10, **sooner: int) -> dict[str, Any]:
    address = _secret(f"{name}_URL")
    try:
        parsed: dict[str, Any] = (
            {**dj_database_url.parse(address, conn_health_checks=True)}
            if _DATABASE.match(address)
            else {}
        )
    except ValueError:
        parsed = {}
    if not parsed:  # the address is not shown: it may hold a password
        raise ImproperlyConfigured(
            f"{name}_URL is no address of a PostgreSQL database; it must be such as "
            "postgres://ROLE@HOST/DATABASE."
        )
    if f"{name}_PASSWORD_FILE" in os.environ:
        parsed["PASSWORD"] = _secret(f"{name}_PASSWORD")
    require_checked_database(name, parsed)
    if ROLE is ProcessRole.WEB:
        # the threads of a web process share few connections: a thread that waits for a slow body
        # holds none
        most = whole_number("STEPLABEL_DATABASE_CONNECTIONS", 8, least=1, most=1_000)
        parsed["OPTIONS"] = {**parsed.get("OPTIONS", {}), "pool": shared_connections(most, wait_s)}
    else:
        parsed["CONN_MAX_AGE"] = (
            # so long, at most, a worker goes on with a server from which an operator has moved the
            # name away
            60
        )
    # PgBouncer in transaction mode gives each statement whichever server is free, and a cursor
    # lives on one
    parsed["DISABLE_SERVER_SIDE_CURSORS"] = ROLE is not ProcessRole.OPERATOR
    # a server that a cut network hides is given up in seconds: without these a thread waits for it
    # a quarter of an hour
    waits = {
        "connect_timeout": 5,
        "tcp_user_timeout": 15_000,
        "keepalives_idle": 5,
        "keepalives_interval": 5,
        "keepalives_count": 2,
    }
    parsed["OPTIONS"] = {**waits, **sooner, **parsed.get("OPTIONS", {})}
    return parsed


def _redis(name: str) -> str:
    """The server of that name, else the one for all that are not named."""
    name = name if name in os.environ or f"{name}_FILE" in os.environ else "REDIS_URL"
    return require_checked_redis(name, _secret(name))


SECRET_KEY = _secret("SECRET_KEY")
_needed("STEPLABEL_HOSTS")
ALLOWED_HOSTS = hosts("STEPLABEL_HOSTS")
PORTAL_URL = https_address("STEPLABEL_URL", f"https://{ALLOWED_HOSTS[0].lstrip('.')}")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

DATABASES = {"default": _database("DATABASE")}
if ROLE.sees_vault:
    DATABASES["vault"] = _database("VAULT_DATABASE")
elif vault_settings := sorted(name for name in os.environ if name.startswith("VAULT_DATABASE_")):
    raise ImproperlyConfigured(
        f"{vault_settings[0]} is set for the web role. Only worker and operator may reach the "
        "vault."
    )

if ROLE is ProcessRole.WEB and (
    "REPLICA_DATABASE_URL" in os.environ or "REPLICA_DATABASE_URL_FILE" in os.environ
):
    # public pages do not wait for it as long as for the primary, which can answer them too
    DATABASES["replica"] = _database(
        "REPLICA_DATABASE", wait_s=2, connect_timeout=2, tcp_user_timeout=5_000
    )
REPLICA_LATE_S = seconds("STEPLABEL_REPLICA_LATE_SECONDS", 10.0, least=0.1)

TRACES_URL = require_checked_collector(os.environ.get("STEPLABEL_TRACES_URL"))

CACHES = redis_caches(counts=_redis("STEPLABEL_LIMITS_URL"), pages=_redis("STEPLABEL_CACHE_URL"))
CELERY_BROKER_URL = _redis("STEPLABEL_BROKER_URL")
SWEEP_EVERY_SECONDS = seconds(
    "STEPLABEL_SWEEP_SECONDS", 60.0, least=0.1, most=60.0
)  # `worker_seen.SEEN_WITHIN`

DIRECTORY_FILE = Path(_needed("DIRECTORY_FILE"))
RECEIPT_KEY_FILE = Path(_needed("RECEIPT_KEY_FILE")) if ROLE.signs else None
PROCESSING_KEY_FILE = processing_key_file(ROLE)
HEADS_FILE = (
    Path(os.environ["STEPLABEL_HEADS_FILE"]) if os.environ.get("STEPLABEL_HEADS_FILE") else None
)

STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "staticfiles"))

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^(healthz|livez|readyz|metrics)$"]  # asked from the machine itself
REFUSE_UNKNOWN_PROXY = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"

LOGGING = {**LOGGING, "formatters": {"line": {"()": "portal.logs.JsonFormatter"}}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
