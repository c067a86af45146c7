"""`manage.py register FILE [--dry-run]`: jurisdictions, firms, organisations, people, sites, peer groups, periods, assignments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from benchmarks.errors import SteplabelError
from portal.register.bringing import bring_to
from portal.register.register_file import read


class Command(BaseCommand):
    help = "Bring the portal to what a register file declares: all of it or nothing; running it again changes nothing."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the register, in TOML; docs/register.toml is one")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                changes = bring_to(read(options["file"]), timezone.now())
                transaction.set_rollback(options["dry_run"])
        except SteplabelError as error:
            raise CommandError(str(error)) from error
        for change in changes:
            self.stdout.write(str(change))
        said = "would be changed" if options["dry_run"] else "changed"
        self.stderr.write(f"{len(changes)} entries {said}." if changes else "Everything is as the file says.")
