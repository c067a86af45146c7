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
        "ROLE",
        "HOSTS",
        "URL",
        "CONTACT",
        "MAIL",
        "MAIL_FROM",
        "KEYS",
        "VAR",
        "PLAIN_HOSTS",
        "RATE_FACTOR",
        "TRACES_URL",
        "DEMO",
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
        files = [file]
        if name == "PROCESSING_KEY_FILE":  # its password is beside it
            files.append(file.with_name(file.name + PASSWORD_SUFFIX))
        for needed in files:
            if not os.access(needed, os.R_OK):
                yield checks.Error(
                    f"There is no file {str(needed)!r} that this user may read.",
                    hint="Put it there: docs/portal.md, Keys, says where each comes from.",
                    id="steplabel.E006",
                )


def _mail() -> Iterator[CheckMessage]:
    if settings.ROLE is not ProcessRole.OPERATOR and not settings.EMAIL_HOST:
        yield checks.Warning(
            "STEPLABEL_MAIL is not set: no mail is sent, and nobody gets a link to a new password.",
            hint="Name the mail server in /etc/steplabel/portal.env. Mails wait until "
            "then, at most as long as their links last.",
            id="steplabel.W007",
        )
