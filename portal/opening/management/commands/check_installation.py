"""`manage.py check_installation`: whether databases, log, kept heads, receipts and keys agree. Ends
with 1 and what does not by name.

Which keys are looked at follows from the role: the processing keys with STEPLABEL_ROLE=worker, the
receipt key otherwise.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from benchmarks.phrases import Phrase, enumerated, in_number
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.opening.installation_agreement import disagreements
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    needs_vault = True
    help = Phrase(
        "Say whether main database, vault, log, kept heads, receipts and keys agree; exit status "
        "1 and the name of each that does not."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if settings.HEADS_FILE is None:
            self.remark(Phrase("Not checked: kept heads, which this role does not read."))
        conflicts = list(disagreements())
        for disagreement in conflicts:
            self.answer(
                Phrase(
                    "%(name)s: %(found)s. See docs/runbook.md, %(name)s.",
                    name=disagreement.name,
                    found=disagreement.found,
                )
            )
        role, names = str(settings.ROLE), [conflict.name for conflict in conflicts]
        # for the alarm of who reads no journal: each night the checks are made while nobody looks
        record(
            timezone.now(),
            role,
            Action.INSTALLATION_CHECKED,
            f"installation, as {role}",
            ", ".join(names),
        )
        if conflicts:
            raise refused(
                in_number(
                    len(conflicts),
                    "%(count)s does not agree: %(names)s.",
                    "%(count)s do not agree: %(names)s.",
                    count=len(conflicts),
                    names=enumerated(names),
                )
            )
        self.answer(
            Phrase(
                "Main database, vault, log, heads, receipts and the keys of the role %(role)s "
                "agree.",
                role=role,
            )
        )
