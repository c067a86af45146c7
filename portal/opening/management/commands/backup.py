"""`manage.py backup DIR`: both databases as of one moment, into a new folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.phrases import Phrase, in_number
from portal.opening import backups
from portal.operator_command import OperatorCommand


class Command(OperatorCommand):
    needs_vault = True
    help = Phrase(
        "Dump both databases as of one moment into a new folder, while the portal works. Keys are "
        "in no backup."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *_args: Any, **options: Any) -> None:
        manifest = backups.backup(options["folder"], timezone.now())
        self.answer(
            in_number(
                manifest.log_size,
                "%(folder)s: main database and vault with %(entries)s entry of the log, root "
                "%(root)s.",
                "%(folder)s: main database and vault with %(entries)s entries of the log, root "
                "%(root)s.",
                folder=options["folder"],
                entries=manifest.log_size,
                root=manifest.log_root,
            )
        )
