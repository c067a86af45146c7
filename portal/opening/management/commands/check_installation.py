"""`manage.py check_installation`: whether databases, log, kept heads, receipts and keys agree. Ends with 1 and what does not by name.

Which keys are looked at follows from the role: the processing keys with STEPLABEL_ROLE=worker, the receipt key otherwise.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.opening.agreement import disagreements


class Command(BaseCommand):
    help = "Say whether main database, vault, log, kept heads, receipts and keys agree; exit status 1 and the name of each that does not."
    requires_system_checks = ()  # they load every page: two seconds

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = list(disagreements())
        for one in found:
            self.stdout.write(f"{one.name}: {one.found}. See docs/runbook.md, {one.name}.")
        if settings.HEADS_FILE is None:
            self.stderr.write("Not checked: kept heads, for STEPLABEL_HEADS_FILE is not set.")
        if found:
            raise CommandError(f"{len(found)} do not agree: {', '.join(one.name for one in found)}.")
        self.stdout.write(f"Main database, vault, log, heads, receipts and the keys of the role {settings.ROLE} agree.")
