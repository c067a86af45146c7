"""`manage.py check_log`: recompute the log from its entries and hold it against the stored hashes. Exit status 1 where they differ."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.translog import selectors


class Command(BaseCommand):
    help = "Recompute the transparency log from its entries and say where, if anywhere, it was altered."
    requires_system_checks = ()  # they load every page: two seconds

    def handle(self, *_args: Any, **_options: Any) -> None:
        fault = selectors.first_fault()
        if fault is not None:
            raise CommandError(
                f"From entry {fault} on, the log is not what was signed. Take the portal offline, keep the database as it is for evidence, "
                "and restore the log from the newest backup that holds."
            )
        self.stdout.write(f"{selectors.size()} entries, as they were logged.")
