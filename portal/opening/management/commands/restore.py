"""`manage.py restore DIR`: put both databases back from a backup; web and workers are stopped by
the operator before.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.phrases import Phrase, in_number
from portal.opening import backups
from portal.operator_command import OperatorCommand, refused
from portal.translog import kept_heads


class Command(OperatorCommand):
    needs_vault = True
    help = Phrase(
        "Put both databases back from a backup. Stop web and workers first; what came after the "
        "backup is gone from the databases."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--yes",
            action="store_true",
            help=Phrase("do it; without, only what would be lost is told"),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        manifest = backups.read_manifest(options["folder"])
        lost = max(0, kept_heads.shown_so_far().size - manifest.log_size)
        made_at = datetime.fromisoformat(manifest.made_at)
        hours = f"{(timezone.now() - made_at).total_seconds() / 3600:.1f}"
        if kept_heads.are_kept():
            self.answer(
                in_number(
                    lost,
                    "Backup of %(moment)s (%(hours)s hours ago): %(entries)s entries of the log; "
                    "%(lost)s that was shown "
                    "since is not in it.",
                    "Backup of %(moment)s (%(hours)s hours ago): %(entries)s entries of the log; "
                    "%(lost)s that were shown since are not in "
                    "it.",
                    moment=manifest.made_at,
                    hours=hours,
                    entries=manifest.log_size,
                    lost=lost,
                )
            )
        else:
            self.answer(
                Phrase(
                    "Backup of %(moment)s (%(hours)s hours ago): %(entries)s entries of the log. "
                    "No heads of the log are kept here "
                    "(HEADS_FILE), so nobody here knows how many were shown since: agents and "
                    "witnesses that saw more will refuse the log.",
                    moment=manifest.made_at,
                    hours=hours,
                    entries=manifest.log_size,
                )
            )
        newer = backups.newer_than(made_at)
        if newer is None:
            self.answer(
                Phrase(
                    "The databases have no tables of this release, so what a restore would lose "
                    "was not counted."
                )
            )
        else:
            self.answer(
                Phrase(
                    "In the databases now and newer than the backup, so gone after a restore: "
                    "reports %(reports)s, people %(people)s, "
                    "lines of the audit trail %(events)s.",
                    reports=newer.reports,
                    people=newer.people,
                    events=newer.events,
                )
            )
            for event in newer.undone:
                self.answer(
                    Phrase(
                        "Undone by a restore, so keep this line and do it again afterwards: "
                        "%(moment)s %(action)s, %(subject)s, %(detail)s",
                        moment=event.at.isoformat(timespec="seconds"),
                        action=event.action,
                        subject=event.subject,
                        detail=event.detail,
                    )
                )
        if not options["yes"]:
            raise refused(Phrase("Nothing was done. Stop web and workers, then give --yes."))
        backups.restore(options["folder"])
        self.answer(
            Phrase(
                "Restored. Next: `manage.py migrate` (both databases), `apply_grants`, "
                "`check_installation`."
            )
        )
        if lost:
            self.answer(
                Phrase(
                    "The log was set back: nothing is added or shown before `manage.py "
                    "restart_log` (docs/runbook.md, log-set-back)."
                )
            )
