"""What the agent's `verify` writes for the portal is what the portal reads, and holds counts and codes alone."""

from __future__ import annotations

import json

import pytest

from benchmarks.audit.evidence import Outcome, State, same
from portal.assurance.sampling import Summary, read_summary
from portal.problems import RefusedError
from reporting_agent.openings.verdict import Verdict

FOUND = Verdict(
    (
        Outcome("leaves-proven", State.HELD, same("Every record is proven.")),
        Outcome("nothing-left-out", State.NOT_CHECKABLE, same("Several steps share a meter.")),
        Outcome("records-recomputed", State.FAILED, same("Two records differ."), same("Look at them."), (same("7 July 14:10"),), 2),
    )
)


def test_the_portal_reads_the_summary() -> None:
    written = json.dumps(FOUND.summary()).encode()
    assert read_summary(written) == Summary(held=1, failing=1, codes={"records-recomputed": 2})
    assert b"July" not in written


def test_the_portal_refuses_the_report_itself() -> None:
    with pytest.raises(RefusedError) as refused:
        read_summary(json.dumps(FOUND.to_json()).encode())
    assert refused.value.code == "summary-not-counts"
