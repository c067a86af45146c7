"""What lies in which database. The vault holds what the worker opened, and nothing else; no foreign key crosses."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

VAULT = "vault"
VAULT_APPS = frozenset({"opening"})


class VaultRouter:
    """Sends the models of `VAULT_APPS` to the vault and everything else to the default database, migrations too."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        return VAULT if model._meta.app_label in VAULT_APPS else "default"

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        return self.db_for_read(model)

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool:
        return self.db_for_read(type(one)) == self.db_for_read(type(other))

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        return (db == VAULT) == (app_label in VAULT_APPS)
