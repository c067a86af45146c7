"""What the agent's `verify` writes for the portal is what the portal reads: codes and counts alone,
of one report and draw.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import cast

import pytest

from benchmarks.audit.evidence import CheckOutcome, CheckState, Evidence, not_asked, same
from benchmarks.audit.sample_file import OF_A_SAMPLE, ON_SITE, CheckKind
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from benchmarks.wire.attestations import EvidenceLimit, VerdictState
from benchmarks.wire.commitments import ReportCommitment
from portal.assurance.summaries import read_summary
from portal.problems import RefusedError
from reporting_agent.audit.openings.verdict import AuditVerdict

DRAW = "ab" * 32
OF = SimpleNamespace(commitment=ReportCommitment("works-1", "2025", 3, bytes(32)), digest=DRAW)
EVIDENCE = cast(Evidence, SimpleNamespace(draw=OF, by_batch=False, batches={}))
"""Of what a summary is: nothing else of the evidence goes into it."""

FOUND = (
    CheckOutcome("leaves-proven", CheckState.HELD, same("Every record is proven.")),
    CheckOutcome(
        "nothing-left-out", CheckState.NOT_CHECKABLE, same("Several steps share a meter.")
    ),
    CheckOutcome(
        "records-recomputed",
        CheckState.FAILED,
        same("Two records differ."),
        same("Look at them."),
        (same("7 July 14:10"),),
        2,
    ),
    not_asked(ON_SITE, Phrase("Not on site."), Phrase("Go there.")),
)


def written(*findings: CheckOutcome) -> bytes:
    return json.dumps(AuditVerdict(findings, EVIDENCE).summary()).encode()


def test_the_portal_reads_the_summary_and_counts_what_it_does_not_name_as_not_made() -> None:
    raw = written(*FOUND)
    summary = read_summary(raw)
    assert (summary.site, summary.period, summary.revision, summary.draw) == (
        "works-1",
        "2025",
        3,
        DRAW,
    )
    verdict = summary.verdict
    assert (verdict.held, dict(summary.failed)) == (1, {"records-recomputed": 2})
    assert set(verdict.not_checkable) == OF_A_SAMPLE.keys() - {
        "leaves-proven",
        "records-recomputed",
    }
    assert verdict.limits == (EvidenceLimit.SINGLE_RECORDS,)
    assert not verdict.bound
    assert b"July" not in raw


def test_all_is_bound_only_where_every_check_that_binds_is_named_as_held() -> None:
    on_site = not_asked(ON_SITE, Phrase("Not on site."), Phrase("Go there."))
    all_held = [CheckOutcome(code, CheckState.HELD, same("So it is.")) for code in OF_A_SAMPLE]
    verdict = read_summary(written(*all_held, on_site)).verdict
    assert (verdict.state, verdict.bound) == (VerdictState.PASSED, True)
    binding = [outcome for outcome in all_held if outcome.kind is CheckKind.BOUND]
    for left_out in binding:
        raw = written(*(one for one in all_held if one is not left_out), on_site)
        verdict = read_summary(raw).verdict
        assert (verdict.bound, verdict.not_checkable) == (False, (left_out.code,))


def test_a_limit_excuses_only_the_checks_that_are_its_own() -> None:
    """A summary that names a limit and a result of a check that this limit leaves out contradicts
    itself.
    """
    summary = json.loads(written(*FOUND))
    for limits in (["energy-by-batch"], ["no-such-limit"], ["energy-by-batch"] * 9):
        with pytest.raises(RefusedError) as refused:
            read_summary(json.dumps(summary | {"limits": limits}).encode())
        assert refused.value.code == "summary-not-counts"


def test_the_portal_refuses_the_report_itself() -> None:
    with pytest.raises(RefusedError) as refused:
        read_summary(
            json.dumps(
                {"held": False, "checks": [{"code": "leaves-proven", "records": ["7 July 14:10"]}]}
            ).encode()
        )
    assert refused.value.code == "summary-not-counts"


def test_there_is_no_summary_without_an_opening() -> None:
    with pytest.raises(InputError) as refused:
        AuditVerdict(FOUND[:1]).summary()
    assert refused.value.code == "audit-file-lacking"
