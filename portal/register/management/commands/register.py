"""`manage.py register FILE [--dry-run]`: jurisdictions, firms, organisations, people, sites, peer
groups, periods, assignments.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from benchmarks.phrases import Phrase, in_number, listed
from portal.operator_command import OperatorCommand
from portal.register.bringing import bring_to, no_longer_named
from portal.register.register_file import read

NAMED = 10
"""People whom one remark names."""


class Command(OperatorCommand):
    help = Phrase(
        "Bring the portal to what a register file declares: all of it or nothing; running it "
        "again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, help=Phrase("the register, in TOML; docs/register.toml is one")
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help=Phrase("say what would change, and change nothing"),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        roll = read(options["file"])
        with transaction.atomic():
            changes = bring_to(roll, timezone.now())
            transaction.set_rollback(options["dry_run"])
        for change in changes:
            self.answer(change.words)
        if not changes:
            self.remark(Phrase("Everything is as the file says."))
        elif options["dry_run"]:
            self.remark(
                in_number(
                    len(changes),
                    "%(count)s entry would be changed.",
                    "%(count)s entries would be changed.",
                    count=len(changes),
                )
            )
        else:
            self.remark(
                in_number(
                    len(changes),
                    "%(count)s entry changed.",
                    "%(count)s entries changed.",
                    count=len(changes),
                )
            )
        if roll.people and (people := no_longer_named(roll)):
            self.remark(_left_out(people, len(people) if options["verbosity"] > 1 else NAMED))


def _left_out(people: Sequence[str], most: int) -> Phrase:
    """Who is not in the file, the first of them by name: a register in several files leaves out,
    each time, the people of the others.
    """
    if len(people) <= most:
        return Phrase(
            "Not in this file, and they act as before: %(people)s. Set `active = false` in a "
            "person's entry to end it.",
            people=listed(people),
        )
    return in_number(
        len(people) - most,
        "Not in this file, and they act as before: %(people)s, and %(count)s other (`--verbosity "
        "2` names "
        "all). Set `active = false` in a person's entry to end it.",
        "Not in this file, and they act as before: %(people)s, and %(count)s others (`--verbosity "
        "2` names all). Set `active = false` in a "
        "person's entry to end it.",
        people=listed(people[:most]),
        count=f"{len(people) - most:,}",
    )
