"""`manage.py apply_grants`: who may do what in the two databases. Run it after every `migrate`: new
tables need it too.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections, transaction

from benchmarks.phrases import Phrase
from portal import extras
from portal.operator_command import OperatorCommand, refused
from portal.routers import VAULT
from portal.wall import policies

GRANTS = settings.BASE_DIR / "portal" / "grants.sql"


class Command(OperatorCommand):
    needs_vault = True
    help = Phrase(
        "Apply portal/grants.sql to both databases: shuts the web role out of the vault, keeps "
        "records append-only."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        for alias in ("default", VAULT):
            if connections[alias].vendor != "postgresql":
                raise refused(
                    Phrase(
                        "The database %(name)s is no PostgreSQL: only there do roles and grants "
                        "exist.",
                        name=alias,
                    )
                )
        statements = GRANTS.read_text(encoding="utf-8")
        for alias in ("default", VAULT):
            with transaction.atomic(alias), connections[alias].cursor() as cursor:
                cursor.execute(statements)
                if alias == "default":
                    for file in extras.files(GRANTS.name):
                        cursor.execute(file.read_text(encoding="utf-8"))
                    cursor.execute(policies())
            self.remark(
                Phrase(
                    "%(name)s: granted as portal/grants.sql says.",
                    name=str(connections[alias].settings_dict["NAME"]),
                )
            )
