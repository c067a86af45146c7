"""`manage.py restore DIR`: put both databases back from a backup; web and workers are stopped by the operator before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from benchmarks.errors import SteplabelError
from portal.opening import backups
from portal.translog import kept_heads


class Command(BaseCommand):
    help = "Put both databases back from a backup. Stop web and workers first; what came after the backup is gone from the databases."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--yes", action="store_true", help="do it; without, only what would be lost is told")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            manifest = backups.read_manifest(options["folder"])
            lost = max(0, kept_heads.kept().size - manifest.log_size)
            self.stdout.write(
                f"Backup of {manifest.made_at}: {manifest.log_size} entries of the log; {lost} that were shown since are not in it."
            )
            if not options["yes"]:
                self.stdout.write("Nothing was done. Stop web and workers, then give --yes.")
                return
            backups.restore(options["folder"])
        except SteplabelError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. Next: `manage.py migrate` (both databases), `apply_grants`, `check_installation`.")
        if lost:
            self.stdout.write(
                "The log was set back: nothing is added or shown before `manage.py restart_log` (docs/runbook.md, log-set-back)."
            )
