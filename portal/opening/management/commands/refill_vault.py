"""`manage.py refill_vault`: write the reports again that the vault lacks, from the envelopes in the
main database.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from benchmarks.phrases import Phrase, enumerated, in_number
from portal import keys
from portal.intake.worker_seen import database_now
from portal.opening.refilling import refill
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    help = Phrase(
        "Open accepted reports again that the vault lacks. Needs STEPLABEL_ROLE=worker and the "
        "processing keys they are sealed to."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.ROLE.opens_reports:
            raise refused(
                Phrase("Only the worker's role opens reports. Run it with STEPLABEL_ROLE=worker.")
            )
        done = refill(keys.processing_keys(), database_now())
        self.answer(
            in_number(
                done.written,
                "%(count)s report was written to the vault again.",
                "%(count)s reports were written to the vault again.",
                count=done.written,
            )
        )
        if done.deleted:
            self.answer(
                in_number(
                    done.deleted,
                    "%(count)s report of a firm that has left was deleted from it again.",
                    "%(count)s reports of firms that have left were deleted from it again.",
                    count=done.deleted,
                )
            )
        if done.left:
            reasons = enumerated(f"{code} {number}" for code, number in sorted(done.left.items()))
            left = sum(done.left.values())
            raise refused(
                Phrase(
                    "%(count)s could not be: %(reasons)s. See docs/runbook.md, "
                    "accepted-without-vault-row.",
                    count=left,
                    reasons=reasons,
                )
            )
