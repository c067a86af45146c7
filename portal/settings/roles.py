"""Which process this is, and therefore what it may hold. The entrances (wsgi, celery, manage.py)
say it by `STEPLABEL_ROLE`.

| role     | default database | vault | processing key | receipt key |
|----------|------------------|-------|----------------|-------------|
| web      | yes              | no    | no             | yes         |
| worker   | yes              | yes   | yes            | no          |
| operator | yes              | yes   | no             | yes         |

The operator is a person at the machine who runs `manage.py`: migrations, key ceremonies, drafts.
"""

from __future__ import annotations

import os
from enum import StrEnum

from django.core.exceptions import ImproperlyConfigured


class ProcessRole(StrEnum):
    WEB = "web"
    WORKER = "worker"
    OPERATOR = "operator"

    @property
    def sees_vault(self) -> bool:
        return self is not ProcessRole.WEB

    @property
    def opens_reports(self) -> bool:
        return self is ProcessRole.WORKER

    @property
    def signs(self) -> bool:
        return self is not ProcessRole.WORKER


def role_of_this_process() -> ProcessRole:
    """Read `STEPLABEL_ROLE`; a process that does not say is a web process, the one that may hold
    least.
    """
    name = os.environ.get("STEPLABEL_ROLE", ProcessRole.WEB)
    try:
        return ProcessRole(name)
    except ValueError:
        raise ImproperlyConfigured(
            f"STEPLABEL_ROLE is {name!r}; it must be web, worker or operator."
        ) from None


def processing_key_token(role: ProcessRole) -> str | None:
    """The PKCS#11 URI of the key that wraps the processing key's password, where there is one
    (`portal.key_token`); any other process that was given one refuses to start.
    """
    named = os.environ.get("PROCESSING_KEY_TOKEN") or None
    if named is not None and not role.opens_reports:
        raise only_the_worker("PROCESSING_KEY_TOKEN is set", role)
    return named


def only_the_worker(what: str, role: ProcessRole) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{what} for the role {role}. Only the worker may hold the processing key: take it away."
    )
