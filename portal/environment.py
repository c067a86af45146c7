"""What a production environment leaves out or misspells and a process can go on without, told by
`manage.py check --deploy` and at start.

A key file that is missing fails the check, and stops no start: pages, feeds and the list of
benchmarks need no key, the file may be put in place while a process runs, and `/readyz` names it
until then. `portal.settings.values` refuses what makes no sense.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from portal.keys import PASSWORD_SUFFIX
from portal.settings.roles import ProcessRole

TAG = "environment"
OURS = "STEPLABEL_"
KNOWN = frozenset(
    OURS + name
    for name in (
        *(
            "ROLE",
            "HOSTS",
            "URL",
            "CONTACT",
            "AGENT_FILES",
            "HEADS_FILE",
            "PLAIN_HOSTS",
            "VAR",
            "DEMO",
            "TRACES_URL",
        ),
        *(
            "CACHE_URL",
            "LIMITS_URL",
            "BROKER_URL",
            "CACHE_URL_FILE",
            "LIMITS_URL_FILE",
            "BROKER_URL_FILE",
        ),
        *(
            "DATABASE_CONNECTIONS",
            "REPLICA_LATE_SECONDS",
            "SWEEP_SECONDS",
            "PROXIES",
            "SECOND_FACTOR_ROLES",
        ),
        *(
            "RATE_SUBMISSIONS",
            "RATE_DEVICE",
            "RATE_ENROLMENTS",
            "RATE_PUBLIC",
            "RATE_KEYS",
            "RATE_PAGES",
            "RATE_FORMS",
        ),
        *(
            "MAIL_HOST",
            "MAIL_PORT",
            "MAIL_FROM",
            "MAIL_USER",
            "MAIL_PASSWORD",
            "MAIL_PASSWORD_FILE",
        ),
        *("WEB_PROCESSES", "WORKER_PROCESSES"),
    )
)
"""Every setting of the portal that begins so; a test compares it with docs/portal.md."""
KEY_FILES = ("DIRECTORY_FILE", "RECEIPT_KEY_FILE", "PROCESSING_KEY_FILE")


@register(TAG)
def check_environment(*_apps: Any, **_options: Any) -> list[CheckMessage]:
    if os.environ.get("DJANGO_SETTINGS_MODULE") != "portal.settings.production":
        return []
    return [*_unknown(), *_mail()]


@register(TAG, deploy=True)  # `migrate` runs every other check, and needs no key
def check_key_files(*_apps: Any, **_options: Any) -> list[CheckMessage]:
    if os.environ.get("DJANGO_SETTINGS_MODULE") != "portal.settings.production":
        return []
    return [*_files()]


def _unknown() -> Iterator[CheckMessage]:
    for name in sorted(name for name in os.environ if name.startswith(OURS) and name not in KNOWN):
        near = get_close_matches(name, sorted(KNOWN), 1)
        yield checks.Warning(
            f"{name} is no setting of the portal: it has no effect.",
            hint=f"Did you mean {near[0]}?"
            if near
            else "Take it out of the environment; docs/portal.md lists the settings.",
            id="steplabel.W008",
        )


def _files() -> Iterator[CheckMessage]:
    for name in KEY_FILES:
        file: Path | None = getattr(settings, name)
        if file is None:
            continue
        if not os.access(file, os.R_OK):
            yield checks.Error(
                f"{name} is {str(file)!r}: there is no file of that name that this user may read.",
                hint="Put the file there (docs/portal.md, step 3) or correct the setting.",
                id="steplabel.E006",
            )
        password = file.with_name(file.name + PASSWORD_SUFFIX)
        if name == "PROCESSING_KEY_FILE" and not os.access(password, os.R_OK):
            yield checks.Error(
                f"{name} is {str(file)!r}: its password is not beside it, in {str(password)!r}, "
                "where this user may read it.",
                hint="Put the file there (docs/portal.md, step 3): without it the worker opens no "
                "report.",
                id="steplabel.E006",
            )


def _mail() -> Iterator[CheckMessage]:
    if settings.ROLE is not ProcessRole.OPERATOR and not settings.EMAIL_HOST:
        yield checks.Warning(
            "STEPLABEL_MAIL_HOST is not set: no mail is sent, and nobody gets a link to a new "
            "password.",
            hint="Name the mail server in the environment of web and worker. Mails wait until "
            "then, at most as long as their links last.",
            id="steplabel.W007",
        )
