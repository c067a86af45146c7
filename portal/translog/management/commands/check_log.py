"""`manage.py check_log`: recompute the log from its entries and hold it against the stored hashes.
Exit status 1 where they differ.
"""

from __future__ import annotations

from typing import Any

from benchmarks.phrases import Phrase, in_number
from portal.operator_command import OperatorCommand, refused
from portal.translog import selectors


class Command(OperatorCommand):
    help = Phrase(
        "Recompute the transparency log from its entries and say where, if anywhere, it was "
        "altered."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        entries = selectors.size()
        fault = selectors.first_fault()
        if fault is not None:
            raise refused(
                Phrase(
                    "From entry %(entry)s on, the log is not what was signed. Take the portal "
                    "offline, keep the database as it is for "
                    "evidence, and restore the log from the newest backup that holds.",
                    entry=fault,
                )
            )
        self.answer(
            in_number(
                entries,
                "%(entries)s entry, as it was logged.",
                "%(entries)s entries, as they were logged.",
                entries=entries,
            )
        )
