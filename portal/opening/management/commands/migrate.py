"""Django's `migrate`, in half the time: migrations that the router keeps out of a database are
noted there, and no models made for them.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

Plan = list[tuple[Migration, bool]]


class Executor(MigrationExecutor):
    def _migrate_all_forwards(
        self, state: ProjectState, plan: Plan, full_plan: Plan, *how: Any, **more: Any
    ) -> ProjectState:
        wanted = {migration for migration, _ in plan}
        for migration, backwards in full_plan:
            if migration not in wanted:
                continue
            if router.allow_migrate(self.connection.alias, migration.app_label):
                step = [(migration, backwards)]
                state = super()._migrate_all_forwards(state, step, step, *how, **more)  # type: ignore[misc]
            else:
                state.__dict__.pop(
                    "apps", None
                )  # models, which would be made anew after each operation
                state = migration.mutate_state(state, preserve=False)
                self.record_migration(migration)  # type: ignore[call-arg, arg-type] # its stub is of an older Django
        return state


class Command(migrate.Command):
    def handle(self, *arguments: Any, **options: Any) -> None:
        migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]
        super().handle(*arguments, **options)
