"""`manage.py check_worker`: whether the worker of this machine was at work of late, with a key; for a container's own check."""

from __future__ import annotations

from typing import Any

from benchmarks.phrases import Phrase
from portal.intake import worker_seen
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    help = Phrase("Say whether the worker of this machine was at work of late, with a processing key; exit status 1 where not.")

    def handle(self, *_args: Any, **_options: Any) -> None:
        name = worker_seen.this_machine()
        seen = next((worker for worker in worker_seen.seen() if worker.name == name), None)
        if seen is None or seen.seen_ago_s > worker_seen.SEEN_WITHIN.total_seconds():
            raise refused(Phrase("worker-not-seen: the worker of %(name)s was not at work of late.", name=name))
        if not seen.key_ids:
            raise refused(Phrase("processing-key-missing: the worker of %(name)s has no processing key.", name=name))
        self.answer(Phrase("The worker of %(name)s was at work %(seconds)s s ago.", name=name, seconds=f"{seen.seen_ago_s:.0f}"))
