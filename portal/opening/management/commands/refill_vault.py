"""`manage.py refill_vault`: write the reports again that the vault lacks, from the envelopes in the main database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from benchmarks.errors import SteplabelError
from portal import keys
from portal.intake.worker_seen import database_now
from portal.opening.refilling import refill


class Command(BaseCommand):
    help = "Open accepted reports again that the vault lacks. Needs STEPLABEL_ROLE=worker and the processing keys they are sealed to."
    requires_system_checks = ()  # they load every page: two seconds

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.ROLE.opens_reports:
            raise CommandError("Only the worker's role opens reports. Run it with STEPLABEL_ROLE=worker.")
        try:
            held = keys.processing_keys()
        except (ImproperlyConfigured, SteplabelError) as error:
            raise CommandError(str(error)) from error
        done = refill(held, database_now())
        self.stdout.write(f"{done.written} reports were written to the vault again.")
        if done.left:
            reasons = ", ".join(f"{code} {number}" for code, number in sorted(done.left.items()))
            raise CommandError(f"{sum(done.left.values())} could not be: {reasons}. See docs/runbook.md, accepted-without-vault-row.")
