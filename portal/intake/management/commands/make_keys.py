"""`manage.py make_keys [--dir DIR] [--years N]`: the keys of a new portal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from benchmarks.errors import InputError
from portal.key_ceremony import make_keys


class Command(BaseCommand):
    help = "Make the portal's keys: the offline key, the processing key (worker), the receipt key (web) and the signed key directory."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dir", type=Path, default=None, help="an empty folder; default: where the settings look for the directory")
        parser.add_argument("--years", type=int, default=2, help="how long the keys are listed as valid")

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path | None = options["dir"] or (settings.DIRECTORY_FILE.parent if settings.DIRECTORY_FILE else None)
        if folder is None:
            raise CommandError("These settings name no DIRECTORY_FILE: say where with --dir.")
        today = timezone.now().date()
        try:
            # from yesterday on: the plants' clocks and ours need not agree on the date
            made = make_keys(folder, today - timedelta(days=1), today + timedelta(days=365 * options["years"]))
        except InputError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Keys are in {made.folder}. Fingerprint for enrolment tokens: {made.fingerprint}")
        self.stderr.write("Take offline.pem off this machine. Give processing.pem and its password to the worker alone.")
