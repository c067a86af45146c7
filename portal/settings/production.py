"""Production: PostgreSQL (two databases, two roles), Redis, HTTPS in front. Everything comes from the environment.

Needed: `SECRET_KEY` or `SECRET_KEY_FILE`, `STEPLABEL_HOSTS`, `DATABASE_URL`, `REDIS_URL`, `DIRECTORY_FILE`;
for web and operator `RECEIPT_KEY_FILE`; for worker and operator `VAULT_DATABASE_URL`; for the worker alone `PROCESSING_KEY_FILE`.
"""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403 - settings are layered, that is what the star is for
from portal.settings.base import BASE_DIR, ROLE, SWEEPS
from portal.settings.roles import processing_key_file


def _needed(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ImproperlyConfigured(f"Production needs {name} in the environment of the role {ROLE}.") from None


SECRET_KEY = Path(os.environ["SECRET_KEY_FILE"]).read_text("ascii").strip() if "SECRET_KEY_FILE" in os.environ else _needed("SECRET_KEY")
ALLOWED_HOSTS = _needed("STEPLABEL_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

DATABASES = {"default": dj_database_url.parse(_needed("DATABASE_URL"), conn_max_age=600, conn_health_checks=True)}
if ROLE.sees_vault:
    DATABASES["vault"] = dj_database_url.parse(_needed("VAULT_DATABASE_URL"), conn_max_age=600, conn_health_checks=True)
elif "VAULT_DATABASE_URL" in os.environ:
    raise ImproperlyConfigured("VAULT_DATABASE_URL is set for the web role. Only worker and operator may reach the vault.")

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _needed("REDIS_URL")}}
CELERY_BROKER_URL = _needed("REDIS_URL")
CELERY_BEAT_SCHEDULE = {f"what was left: {name}": {"task": name, "schedule": 60.0} for name in SWEEPS}

DIRECTORY_FILE = Path(_needed("DIRECTORY_FILE"))
RECEIPT_KEY_FILE = Path(_needed("RECEIPT_KEY_FILE")) if ROLE.signs else None
PROCESSING_KEY_FILE = processing_key_file(ROLE)

STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "staticfiles"))

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
