"""What became of every report that an agent holds a receipt for, counted in both databases: nothing
lost, nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from tests.functional.installation.conftest import Installation

COUNT = """
import json
from collections import Counter
from portal.auditlog.models import Event
from portal.intake.models import Submission
from portal.opening.models import OpenedReport
from portal.standings.models import ProtectedValue
from portal.translog.models import LogEntry
accepted = Event.objects.filter(action="submission.accepted").values_list("subject", flat=True)
revisions = Counter(Submission.objects.values_list("site", "period", "revision"))
print(json.dumps({
    "states": dict(Submission.objects.values_list("digest", "state")),
    "in_log": dict(Counter(LogEntry.objects.filter(kind="envelope").values_list("digest", flat=True))),
    "in_vault": dict(Counter(OpenedReport.objects.values_list("envelope_digest", flat=True))),
    "values": dict(Counter(ProtectedValue.objects.values_list("submission__digest", flat=True))),
    "accepted": dict(Counter(subject.split()[1] for subject in accepted)),
    "doubled_revisions": sum(number > 1 for number in revisions.values()),
}))
"""


@dataclass(frozen=True)
class Account:
    """Digests of what was lost and of what is there more than once."""

    receipts: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unknown: tuple[str, ...]  # held by the portal, though no agent has its receipt


def settle(installation: Installation, receipts: Collection[str]) -> Account:
    """Compare what agents hold with both databases; of the whole, not of a sample."""
    ran = installation.program(COUNT, "worker")
    assert ran.returncode == 0, ran.stderr
    counts = json.loads(ran.stdout.splitlines()[-1])
    once = (counts["in_log"], counts["in_vault"], counts["accepted"])
    usual = (
        max(set(counts["values"].values()), key=list(counts["values"].values()).count)
        if counts["values"]
        else 0
    )
    lost = [
        digest
        for digest in receipts
        if counts["states"].get(digest) != "accepted"
        or any(digest not in part for part in once)
        or digest not in counts["values"]
    ]
    doubled = [
        digest for digest in counts["states"] if any(part.get(digest, 0) > 1 for part in once)
    ]
    doubled += [digest for digest, number in counts["values"].items() if number != usual]
    doubled += ["a revision"] * counts["doubled_revisions"]
    unknown = sorted(set(counts["states"]) - set(receipts))
    return Account(len(receipts), tuple(lost), tuple(doubled), tuple(unknown))
