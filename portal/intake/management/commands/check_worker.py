"""`manage.py check_worker`: whether the worker of this machine was at work of late, with a key; for a container's own check."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.intake import worker_seen


class Command(BaseCommand):
    help = "Say whether the worker of this machine was at work of late, with a processing key; exit status 1 where not."
    requires_system_checks = ()  # they load every page: two seconds

    def handle(self, *_args: Any, **_options: Any) -> None:
        name = worker_seen.this_machine()
        seen = next((one for one in worker_seen.seen() if one.name == name), None)
        if seen is None or seen.seen_ago_s > worker_seen.SEEN_WITHIN.total_seconds():
            raise CommandError(f"worker-not-seen: the worker of {name} was not at work of late.")
        if not seen.key_ids:
            raise CommandError(f"processing-key-missing: the worker of {name} has no processing key.")
        self.stdout.write(f"The worker of {name} was at work {seen.seen_ago_s:.0f} s ago.")
