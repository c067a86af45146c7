"""Production: PostgreSQL (two databases, three roles), one Redis, HTTPS in front.

`STEPLABEL_HOSTS` is needed. Everything else has a default that fits one machine, as `./install`
sets it up: PostgreSQL by its socket, each process as the database's role of its own; Redis; what is
secret in files below `STEPLABEL_KEYS`, in the folder of the role; what the portal keeps and serves
below `STEPLABEL_VAR`.

    STEPLABEL_KEYS/directory.cbor
    STEPLABEL_KEYS/ROLE/   secret_key, receipt.pem (web, operator), processing.pem (worker);
                           database_password, vault_password, mail_password where one is asked for

Where no folder has the role's name, as in a container, which is given its own files alone, they lie
in `STEPLABEL_KEYS` itself.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403 - settings are layered, that is what the star is for
from portal.settings.base import LOGGING, REST_FRAMEWORK, ROLE
from portal.settings.in_transit import (
    require_checked_collector,
    require_checked_database,
    require_checked_redis,
    stays_on_this_machine,
)
from portal.settings.redis_caches import redis_caches
from portal.settings.roles import ProcessRole, only_the_worker
from portal.settings.shared_connections import shared_connections
from portal.settings.values import hosts, https_address, mail_server

_DATABASE = re.compile(r"postgres(ql)?://")
_CONNECTIONS = 8  # of a web process: what its threads share
_OWN_ROLE = {
    ProcessRole.WEB: "steplabel_web",
    ProcessRole.WORKER: "steplabel_worker",
    ProcessRole.OPERATOR: "steplabel_owner",
}

KEYS = Path(os.environ.get("STEPLABEL_KEYS", "/etc/steplabel"))
VAR = Path(os.environ.get("STEPLABEL_VAR", "/var/lib/steplabel"))
_OWN = KEYS / ROLE if (KEYS / ROLE).is_dir() else KEYS


def _secret(name: str) -> str:
    """Of the role's file of that name; empty where there is none."""
    file = _OWN / name
    try:
        return file.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{file} must be a file of text: {error}.") from None


def _database(
    setting: str, name: str, user: str, password: str, wait_s: float = 10, **sooner: int
) -> dict[str, Any]:
    """By the address in the setting, which may leave out the database's name, its role and the
    password.
    """
    address = os.environ.get(setting, "postgres:///")
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
            f"{setting} is no address of a PostgreSQL server; it must be such as "
            "postgres://db.portal.example/?sslmode=verify-full&sslrootcert=/etc/steplabel/ca.pem."
        )
    parsed["NAME"] = parsed["NAME"] or name
    parsed["USER"] = parsed["USER"] or user
    parsed["PASSWORD"] = parsed["PASSWORD"] or _secret(password)
    require_checked_database(setting, parsed)
    if ROLE is ProcessRole.WEB:
        # the threads of a web process share few connections: a thread that waits for a slow body
        # holds none
        pool = shared_connections(_CONNECTIONS, wait_s)
        parsed["OPTIONS"] = {**parsed.get("OPTIONS", {}), "pool": pool}
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


if not ROLE.opens_reports and os.access(_OWN / "processing.pem", os.R_OK):
    raise only_the_worker(f"{_OWN / 'processing.pem'} is there", ROLE)
SECRET_KEY = _secret("secret_key")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        f"The role {ROLE} needs {_OWN / 'secret_key'}: a long random text, the same for all roles. "
        "`./install` draws it."
    )
if "STEPLABEL_HOSTS" not in os.environ:
    raise ImproperlyConfigured("Production needs STEPLABEL_HOSTS: the name of the portal's host.")
ALLOWED_HOSTS = hosts("STEPLABEL_HOSTS")
_HOST = ALLOWED_HOSTS[0].lstrip(".")
PORTAL_URL = https_address("STEPLABEL_URL", f"https://{_HOST}")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

DATABASES = {
    "default": _database("DATABASE_URL", "steplabel", _OWN_ROLE[ROLE], "database_password")
}
if ROLE.sees_vault:
    DATABASES["vault"] = _database(
        "VAULT_DATABASE_URL", "steplabel_vault", _OWN_ROLE[ProcessRole.WORKER], "vault_password"
    )
elif "VAULT_DATABASE_URL" in os.environ:
    raise ImproperlyConfigured(
        "VAULT_DATABASE_URL is set for the web role. Only worker and operator may reach the vault."
    )

if ROLE is ProcessRole.WEB and "REPLICA_DATABASE_URL" in os.environ:
    # public pages do not wait for it as long as for the primary, which can answer them too
    DATABASES["replica"] = _database(
        "REPLICA_DATABASE_URL",
        "steplabel",
        _OWN_ROLE[ROLE],
        "database_password",
        wait_s=2,
        connect_timeout=2,
        tcp_user_timeout=5_000,
    )

TRACES_URL = require_checked_collector(os.environ.get("STEPLABEL_TRACES_URL"))

# pages, counts and messages, told apart by the beginnings of their names
_REDIS = require_checked_redis("REDIS_URL", os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
CACHES = redis_caches(_REDIS)
CELERY_BROKER_URL = _REDIS

EMAIL_HOST_USER, EMAIL_HOST, EMAIL_PORT = mail_server("STEPLABEL_MAIL")
EMAIL_HOST_PASSWORD = _secret("mail_password")
# mails hold links that let their reader in
EMAIL_USE_TLS = EMAIL_PORT == 587 or (EMAIL_PORT != 465 and not stays_on_this_machine(EMAIL_HOST))
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_TIMEOUT = 20
if EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
DEFAULT_FROM_EMAIL = os.environ.get("STEPLABEL_MAIL_FROM") or f"steplabel@{_HOST}"

DIRECTORY_FILE = KEYS / "directory.cbor"
RECEIPT_KEY_FILE = _OWN / "receipt.pem" if ROLE.signs else None
PROCESSING_KEY_FILE = _OWN / "processing.pem" if ROLE.opens_reports else None
HEADS_FILE = VAR / "heads" / "heads.log" if ROLE.signs else None
AGENT_FILES = VAR / "agent"
STATIC_ROOT = VAR / "static"

REST_FRAMEWORK = {**REST_FRAMEWORK, "NUM_PROXIES": 1}
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^(healthz|livez|readyz|metrics)$"]  # asked from the machine itself
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"

LOGGING = {**LOGGING, "formatters": {"line": {"()": "portal.logs.JsonFormatter"}}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
