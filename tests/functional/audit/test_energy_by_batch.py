"""A site without meters can be bound like any other; what its readings would show is not asked, and
is said first to be unproven.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.audit import checks
from benchmarks.audit.evidence import CheckState, Evidence
from benchmarks.audit.kinds import OF_READINGS
from benchmarks.audit.sampling_plan import STANDARD, smallest
from fixtures.simulator import Sector
from portal.assurance.summaries import read_summary
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.audit.openings.examining import AuditorFiles, examine
from reporting_agent.audit.openings.verdict import BY_BATCH, AuditVerdict
from tests.functional.audit.plants import PORTAL, drawn_by_auditor, honest, public_of

PLAN = smallest(STANDARD)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("by-batch")
    Sector("cement", 1).plant(0).write(folder, 0, "csv")
    plant = honest(folder)
    draw, promise = drawn_by_auditor(plant, PLAN)
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
        *OF_READINGS,
        "output-weighed",
    }
    assert (verdict.bound, verdict.holds, verdict.to_json()["unproven"]) == (True, True, [BY_BATCH])
    for lang, sentence in (
        ("en", "NOT PROVEN: the energy of each batch."),
        ("zh", "未证明：每个批次的能耗。"),
    ):
        assert sentence in telling.lines(verdict, lang).splitlines()[0]
        assert sentence in telling.markdown(verdict, lang).splitlines()[2]


def test_the_portal_takes_it_for_bound_and_names_what_was_not_made(evidence: Evidence) -> None:
    summary = AuditVerdict(checks.run(evidence), evidence).summary()
    read = read_summary(json.dumps(summary).encode())
    assert (read.is_bound, frozenset(read.missing)) == (True, OF_READINGS)
    left_out = summary | {"not_checkable": []}  # what a summary does not name is no excuse
    assert not read_summary(json.dumps(left_out).encode()).is_bound


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
