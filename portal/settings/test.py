"""Settings of the tests: the servers the environment names, else SQLite files in a folder of their
own. Loads without any environment.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from portal.settings import sqlite
from portal.settings.base import *  # noqa: F403 - settings are layered, that is what the star is for
from portal.settings.base import REST_FRAMEWORK
from portal.settings.redis_caches import redis_caches
from portal.settings.roles import ProcessRole

ROLE = ProcessRole.OPERATOR
_FOLDER = tempfile.TemporaryDirectory(
    prefix="steplabel-test-"
)  # a process's own; it vanishes with it
VAR = Path(_FOLDER.name)

PORTAL_URL = "http://testserver"
SECRET_KEY = "only for tests"  # noqa: S105 - guards nothing
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

if "DATABASE_URL" in os.environ:
    DATABASES: dict[str, Any] = {
        "default": dj_database_url.parse(os.environ["DATABASE_URL"]),
        "vault": dj_database_url.parse(os.environ["VAULT_DATABASE_URL"]),
    }
else:
    DATABASES = {
        "default": sqlite.database(VAR / "portal.sqlite"),
        "vault": sqlite.database(VAR / "vault.sqlite"),
    }
# from the models, which is quicker: an installation and the demo go through the migrations
for _database in DATABASES.values():
    _database["TEST"] = {"MIGRATE": False}

if "REDIS_URL" in os.environ:
    # a numbered database a process of the tests, from 1 on: one clears its counts while another
    # counts
    _number = (
        1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15
    )  # of the 16 that Redis has
    _cache = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{_number}").geturl()
    CACHES = redis_caches(_cache)
    CELERY_BROKER_URL = os.environ["REDIS_URL"]
else:
    CELERY_BROKER_URL = "memory://"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # quick: the tests sign in often
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ACCOUNT_RATE_LIMITS = False  # all tests ask from one address
PAGE_RATES = {"read": None, "send": None}  # type: ignore[dict-item] # none at all, as operators cannot say
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = VAR / "static"
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]),
}
