"""A site without meters can be bound like any other; what its readings would show is not asked, and
is said first to be unproven.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.audit import checks
from benchmarks.audit.evidence import CheckState, Evidence
from benchmarks.audit.sample_file import NOT_ASKED
from benchmarks.wire.attestations import EvidenceLimit, VerdictState
from fixtures.simulator import Sector
from portal.assurance.summaries import read_summary
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.audit.openings.examining import AuditorFiles, examine
from reporting_agent.audit.openings.verdict import AuditVerdict
from tests.functional.audit.plants import PORTAL, drawn_by_auditor, honest, public_of

LIMITS = (
    EvidenceLimit.ENERGY_BY_BATCH,
    EvidenceLimit.OUTPUT_FROM_ROWS,
    EvidenceLimit.SINGLE_RECORDS,
)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("by-batch")
    Sector("cement", 1).plant(0).write(folder, 0, "csv")
    plant = honest(folder)
    draw, promise = drawn_by_auditor(plant)
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    return examine(
        opening,
        AuditorFiles(draw, public_of(plant, promise), {PORTAL.key_id: PORTAL.public}),
        folder,
    )


def test_it_is_bound_and_what_stays_unproven_is_said_first(evidence: Evidence) -> None:
    verdict = AuditVerdict(checks.run(evidence), evidence)
    assert [
        finding.code
        for finding in verdict.findings
        if finding.asked and finding.state is not CheckState.HELD
    ] == []
    assert {finding.code for finding in verdict.findings if not finding.asked} == {
        *NOT_ASKED[EvidenceLimit.ENERGY_BY_BATCH],
        "output-weighed",
    }
    assert (verdict.bound, verdict.holds) == (True, True)
    assert verdict.limits == LIMITS
    for lang, sentence in (
        ("en", "This evidence cannot show: the energy of each batch, which only the plant's own"),
        ("zh", "这些证据不能表明：各批次的能耗"),
    ):
        assert sentence in telling.lines(verdict, lang).splitlines()[0]
        assert sentence in telling.markdown(verdict, lang).splitlines()[2]


def test_the_portal_reads_the_same_verdict(evidence: Evidence) -> None:
    verdict = AuditVerdict(checks.run(evidence), evidence)
    summary = verdict.summary()
    read = read_summary(json.dumps(summary).encode()).verdict
    assert read == verdict.of_opening
    assert (read.state, read.not_checkable) == (VerdictState.PASSED, ())
    said_less = summary | {"limits": []}  # what a summary does not name is no excuse
    assert not read_summary(json.dumps(said_less).encode()).verdict.bound


def test_a_site_with_readings_is_asked_for_them(evidence: Evidence) -> None:
    verdict = AuditVerdict(checks.run(replace(evidence, by_batch=False)), evidence)
    assert {
        finding.code
        for finding in verdict.findings
        if finding.asked and finding.state is CheckState.NOT_CHECKABLE
    } == {
        "nothing-left-out",
        "edges-at-rest",
    }
    assert not verdict.holds
