"""The embedded portal, on PostgreSQL where `DATABASE_URL` names a database of this measurement's
own, with bare views beside it.

Static files as in production: collected, compressed, fingerprinted.
"""

from __future__ import annotations

import os

import dj_database_url

from portal.settings.base import ROLE
from portal.settings.base import STORAGES as STORAGES_OF_PRODUCTION
from portal.settings.embedded import *  # noqa: F403 - settings are layered, as the portal's are
from portal.settings.embedded import DATABASES, REST_FRAMEWORK
from portal.settings.embedded import INSTALLED_APPS as PORTAL_APPS

INSTALLED_APPS = [*PORTAL_APPS, "tests.performance.bare_portal"]
ROOT_URLCONF = "tests.performance.bare_portal.urls"

STORAGES = STORAGES_OF_PRODUCTION
WHITENOISE_USE_FINDERS = False

if "DATABASE_URL" in os.environ:
    DATABASES["default"] = {
        **dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600)
    }  # as in production

if "VAULT_DATABASE_URL" in os.environ and ROLE.sees_vault:
    DATABASES["vault"] = {
        **dj_database_url.parse(os.environ["VAULT_DATABASE_URL"], conn_max_age=600)
    }
if "REDIS_URL" in os.environ:
    CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT, CELERY_BROKER_TRANSPORT_OPTIONS = (
        os.environ["REDIS_URL"],
        "redis",
        {},
    )

REST_FRAMEWORK = {**REST_FRAMEWORK, "NUM_PROXIES": 1}  # nginx, where one is measured
PAGE_RATES = {
    "read": (10**9, 60),
    "send": (10**9, 60),
}  # counted as everywhere, and never refused: a measurement asks from one address
