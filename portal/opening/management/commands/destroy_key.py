"""`STEPLABEL_ROLE=worker manage.py destroy_key KEY_ID`: destroy an old processing key. Without an id: which keys are at hand."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from benchmarks.errors import SteplabelError
from portal import keys
from portal.opening import destruction


class Command(BaseCommand):
    help = "Destroy an old processing key once its window is over and every report sealed to it is opened or refused (as worker)."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", nargs="?", help="the key's id; without it the keys at hand are listed")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        directory = keys.published_directory().content
        try:
            files = keys.processing_files()
            for folder in {file.parent for file in files.values()}:
                destruction.finish(folder)
            if options["key"] is None:
                for key_id in files:
                    self.stdout.write(f"{key_id} {self._standing(key_id, len(files))}")
                return
            done = destruction.destroy(options["key"], files, directory, now)
        except (SteplabelError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        keys.forget()
        self.stdout.write(f"The processing key {done.key_id} is destroyed; {done.reports} reports had been sealed to it.")
        self.stderr.write(destruction.NOT_GUARANTEED)

    def _standing(self, key_id: str, held: int) -> str:
        try:
            destruction.require_destructible(key_id, keys.published_directory().content, held, timezone.now())
        except SteplabelError as refusal:
            return f"stays: {refusal.sentence}"
        return "may be destroyed"
