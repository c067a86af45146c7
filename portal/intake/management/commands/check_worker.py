"""`manage.py check_worker`: whether the worker of this machine was at work of late, with a key; for
a container's own check.
"""

from __future__ import annotations

from typing import Any

from benchmarks.phrases import Phrase
from portal.intake import worker_seen
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    help = Phrase(
        "Say whether the worker of this machine was at work of late, with a processing key; exit "
        "status 1 where not."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        name = worker_seen.this_machine()
        own_worker = next((worker for worker in worker_seen.workers() if worker.name == name), None)
        if own_worker is None or own_worker.seen_ago_s > worker_seen.SEEN_WITHIN.total_seconds():
            raise refused(
                Phrase(
                    "worker-not-seen: the worker of %(name)s was not at work of late.", name=name
                )
            )
        if not own_worker.key_ids:
            raise refused(
                Phrase(
                    "processing-key-missing: the worker of %(name)s has no processing key.",
                    name=name,
                )
            )
        self.answer(
            Phrase(
                "The worker of %(name)s was at work %(seconds)s s ago.",
                name=name,
                seconds=f"{own_worker.seen_ago_s:.0f}",
            )
        )
