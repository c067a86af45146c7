"""The default: the whole portal on one machine, in one folder, without a server of any kind.

`STEPLABEL_VAR` names the folder (default: `var/` in the checkout): two SQLite files, the broker's
folders, the keys.
"""

from __future__ import annotations

import os
from pathlib import Path

from portal.settings import sqlite
from portal.settings.base import *  # noqa: F403 - settings are layered, that is what the star is for
from portal.settings.base import BASE_DIR, INSTALLED_APPS, ROLE
from portal.settings.secret import secret_kept_in

INSTALLED_APPS = [*INSTALLED_APPS, "portal.demo"]

VAR = Path(os.environ.get("STEPLABEL_VAR", BASE_DIR / "var")).resolve()
for _folder in (
    VAR,
    VAR / "broker" / "messages",
    VAR / "broker" / "processed",
    VAR / "broker" / "control",
    VAR / "keys",
    VAR / "static",
):
    _folder.mkdir(parents=True, exist_ok=True, mode=0o700)

PORTAL_URL = os.environ.get("STEPLABEL_URL", "http://localhost:8000")
SECRET_KEY = secret_kept_in(VAR / "keys" / "secret_key")
ALLOWED_HOSTS = os.environ.get("STEPLABEL_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

DATABASES = {"default": sqlite.database(VAR / "portal.sqlite")}
if ROLE.sees_vault:
    DATABASES["vault"] = sqlite.database(VAR / "vault.sqlite")

CELERY_BROKER_URL = "filesystem://localhost"
CELERY_BROKER_TRANSPORT = "portal.broker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # one folder for both directions: the broker is this folder
    "data_folder_in": str(VAR / "broker" / "messages"),
    "data_folder_out": str(VAR / "broker" / "messages"),
    "processed_folder": str(VAR / "broker" / "processed"),
    "control_folder": str(
        VAR / "broker" / "control"
    ),  # or kombu makes one wherever the process was started
    "polling_interval": 0.05,  # the default waits a second before the first nudge is seen
}
OPENING_LEASE_SECONDS = 15

DIRECTORY_FILE = VAR / "keys" / "directory.cbor"
RECEIPT_KEY_FILE = VAR / "keys" / "receipt.pem" if ROLE.signs else None
PROCESSING_KEY_FILE = VAR / "keys" / "processing.pem" if ROLE.opens_reports else None
HEADS_FILE = VAR / "heads.log"

EMAIL_BACKEND = (
    "django.core.mail.backends.filebased.EmailBackend"  # nobody to send them: they lie here
)
EMAIL_FILE_PATH = VAR / "mail"

STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # nothing to collect before the first start
