"""`manage.py backup DIR`: both databases as of one moment, into a new folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from benchmarks.errors import SteplabelError
from portal.opening import backups


class Command(BaseCommand):
    help = "Dump both databases as of one moment into a new folder, while the portal works. Keys are in no backup."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            made = backups.backup(options["folder"], timezone.now())
        except SteplabelError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['folder']}: main database and vault with {made.log_size} entries of the log, root {made.log_root}.")
