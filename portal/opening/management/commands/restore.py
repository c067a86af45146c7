"""`manage.py restore DIR`: put both databases back from a backup; web and workers are stopped by the operator before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from benchmarks.phrases import Phrase
from portal.opening import backups
from portal.operator_command import OperatorCommand
from portal.translog import kept_heads


class Command(OperatorCommand):
    needs_vault = True
    help = Phrase(
        "Put both databases back from a backup. Stop web and workers first; what came after the backup is gone from the databases."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--yes", action="store_true", help=Phrase("do it; without, only what would be lost is told"))

    def handle(self, *_args: Any, **options: Any) -> None:
        manifest = backups.read_manifest(options["folder"])
        lost = max(0, kept_heads.shown_so_far().size - manifest.log_size)
        self.answer(
            Phrase(
                "Backup of %(moment)s: %(entries)s entries of the log; %(lost)s that were shown since are not in it.",
                moment=manifest.made_at,
                entries=manifest.log_size,
                lost=lost,
            )
        )
        if not options["yes"]:
            self.answer(Phrase("Nothing was done. Stop web and workers, then give --yes."))
            return
        backups.restore(options["folder"])
        self.answer(Phrase("Restored. Next: `manage.py migrate` (both databases), `apply_grants`, `check_installation`."))
        if lost:
            self.answer(
                Phrase("The log was set back: nothing is added or shown before `manage.py restart_log` (docs/runbook.md, log-set-back).")
            )
