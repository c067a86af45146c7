"""What lies in which database: the models of the vault's apps in the vault, all else in the default
database, migrations too.

The vault holds what the worker opened, and nothing else; no foreign key crosses.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model

VAULT = "vault"
VAULT_APPS = frozenset({"opening"})


class VaultRouter:
    """Sends the models of `VAULT_APPS` to the vault and everything else to the default database,
    migrations too.
    """

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        return _home(model)

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        return _home(model)

    def allow_relation(self, first: Model, other: Model, **_hints: Any) -> bool:
        return _home(first) == _home(other)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        return (db == VAULT) == (app_label in VAULT_APPS)


def _home(model: type[Model] | Model) -> str:
    """By `_meta` and never by `type()`: a row may be one of Django's lazy stand-ins, as
    `request.user` is.
    """
    return VAULT if model._meta.app_label in VAULT_APPS else "default"
