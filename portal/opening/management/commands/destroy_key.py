"""`STEPLABEL_ROLE=worker manage.py destroy_key KEY_ID`: destroy an old processing key, or without
an id tell which are at hand.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.errors import SteplabelError
from benchmarks.phrases import Phrase, enumerated, in_number
from portal import keys
from portal.opening import destruction
from portal.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = Phrase(
        "Destroy an old processing key once its window is over and every report sealed to it is "
        "opened or refused (as worker)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "key", nargs="?", help=Phrase("the key's id; without it the keys at hand are listed")
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        directory = keys.published_directory().content
        files = keys.processing_files()
        for folder in {file.parent for file in files.values()}:
            if begun := destruction.finish(folder):
                self.remark(
                    Phrase(
                        "What an earlier run had begun to destroy is destroyed now: %(files)s.",
                        files=enumerated(begun),
                    )
                )
        if options["key"] is None:
            for key_id in files:
                self.answer(self._standing(key_id, len(files)))
            return
        done = destruction.destroy(options["key"], files, directory, now)
        keys.forget()
        self.answer(
            in_number(
                done.reports,
                "The processing key %(key)s is destroyed; %(reports)s report had been sealed to "
                "it.",
                "The processing key %(key)s is destroyed; %(reports)s reports had been sealed to "
                "it.",
                key=done.key_id,
                reports=done.reports,
            )
        )
        self.remark(destruction.NOT_GUARANTEED)

    def _standing(self, key_id: str, key_count: int) -> Phrase:
        try:
            destruction.require_destructible(
                key_id, keys.published_directory().content, key_count, timezone.now()
            )
        except SteplabelError as refusal:
            return Phrase("%(key)s stays: %(reason)s", key=key_id, reason=refusal.sentence)
        return Phrase("%(key)s may be destroyed", key=key_id)
