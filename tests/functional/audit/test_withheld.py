"""What a report withholds: borne out by the opening, contradicted by it, or told with what would
show it.
"""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.audit import checks, withheld
from benchmarks.audit.evidence import CheckOutcome, CheckState, Evidence, check_held
from benchmarks.audit.sampling_plan import STANDARD, SamplingPlan
from benchmarks.audit.withheld import withheld_of
from benchmarks.phrases import Phrase
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.audit.openings.declared import unbounded
from reporting_agent.audit.openings.examining import AuditorFiles, examine
from reporting_agent.audit.openings.verdict import AuditVerdict
from reporting_agent.audit.openings.verifying import settled
from reporting_agent.audit.whole_label_on_site import recompute
from reporting_agent.config import load_site
from reporting_agent.sources import BATCHES
from reporting_agent.sources.reading_log import Extract
from tests.functional.audit.plants import (
    PORTAL,
    Reported,
    drawn_by_auditor,
    honest,
    material_of,
    plan_of,
    public_of,
)
from tests.functional.audit.test_tampering import SEED, withholding
from tests.statistical import lines

STEP = "clinker-burning"


def evidence_of(plant: Reported, plan: SamplingPlan = STANDARD) -> Evidence:
    draw, promise = drawn_by_auditor(plant, plan)
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    return examine(
        opening,
        AuditorFiles(draw, public_of(plant, promise), {PORTAL.key_id: PORTAL.public}),
        plant.site.folder,
    )


def withheld_by(works: Path, reason: str, metric: str | None = None) -> Evidence:
    site, material = material_of(works)
    return evidence_of(withholding(site, plan_of(site, material), STEP, reason, metric))


def outcome_of(evidence: Evidence) -> CheckOutcome:
    return withheld.withheld_justified(evidence)


def test_an_honest_plant_is_borne_out_and_every_label_withheld_is_told(plant: Reported) -> None:
    evidence = evidence_of(plant)
    assert outcome_of(evidence).state is CheckState.HELD
    reasons = {
        (label.step, label.metric): (label.reason, label.borne_out)
        for label in withheld_of(evidence)
    }
    assert reasons == {
        (step, metric): (reason, True) for step, metric, reason in plant.report.released.withheld
    }
    assert reasons


@pytest.mark.parametrize("reason", ["too-few-batches", "metric-incomplete", "metric-limit"])
@pytest.mark.parametrize("metric", [None, "total"])
def test_a_step_with_enough_batches_is_withheld_for_no_reason_of_their_number(
    reason: str, metric: str | None, works: Path
) -> None:
    outcome = outcome_of(withheld_by(works, reason, metric))
    assert outcome.state is CheckState.FAILED
    assert f"withheld: {STEP}, total, {reason}, 60 used batches" in outcome.records[0]


def test_a_second_metric_that_the_opened_batches_have_is_not_incomplete(works: Path) -> None:
    assert outcome_of(withheld_by(works, "metric-incomplete", "thermal")).state is CheckState.FAILED


def test_a_variant_left_out_without_a_word_is_found(works: Path) -> None:
    site, material = material_of(works)
    plan = plan_of(site, material)
    released = [release for release in plan.releases if release.label.step == "cement-grinding"]
    assert len(released) > 1
    evidence = evidence_of(
        withholding(
            site,
            replace(
                plan,
                releases=tuple(release for release in plan.releases if release is not released[0]),
            ),
            "",
            "",
        )
    )
    outcome = outcome_of(evidence)
    assert outcome.state is CheckState.FAILED
    assert "no-reason-given" in outcome.records[0]


FILLED = '[mapping.batches]\nfill_down = ["equipment"]\n'


def test_a_missing_bound_is_computed_again_from_opened_batches_that_overlap(
    works: Path, tmp_path: Path
) -> None:
    """The real pipeline withholds it; where the opened batches did not show why, only the whole
    would settle it.
    """
    folder = shutil.copytree(works, tmp_path / "works")
    log = folder / "batches.csv"
    log.write_text(overlapping(log.read_text(encoding="utf-8")), encoding="utf-8")
    plant = honest(folder)
    assert (STEP, "total", "no-bound") in plant.report.released.withheld
    evidence = evidence_of(plant)
    (label,) = [
        candidate
        for candidate in withheld_of(evidence)
        if (candidate.step, candidate.metric) == (STEP, "total")
    ]
    assert label.borne_out is True
    assert "the opening confirms it" in label.words.en
    (blind,) = [
        candidate
        for candidate in withheld_of(replace(evidence, unbounded=frozenset()))
        if (candidate.step, candidate.metric) == (STEP, "total")
    ]
    assert blind.borne_out is None


def test_settings_that_leave_no_bound_are_read_as_such(works: Path, tmp_path: Path) -> None:
    site, material = material_of(works)
    rows = Extract({BATCHES.name: ()}, None, frozenset())
    assert unbounded(site, material.pack, rows, [], by_batch=False) == frozenset()
    folder = shutil.copytree(works, tmp_path / "works")
    settings = folder / "site.toml"
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n{FILLED}", encoding="utf-8")
    assert unbounded(load_site(settings), material.pack, rows, [], by_batch=False) == {
        step.id for step in material.pack.steps
    }


def overlapping(text: str) -> str:
    """Every batch of the step ends half an hour after the next one on its line has begun."""
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        if row["step"] == STEP and not row["state"]:
            row["end"] = (lines.moment(row["end"]) + timedelta(minutes=30)).isoformat()
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_what_no_opening_shows_is_told_first_and_only_the_whole_settles_it(works: Path) -> None:
    evidence = withheld_by(works, "no-bound")
    outcome = outcome_of(evidence)
    assert (outcome.state, outcome.asked) == (CheckState.NOT_CHECKABLE, True)
    sentence = (
        f"withheld: {STEP}, total, no-bound, 60 used batches; only recomputing the whole label on "
        "site shows whether this is true"
    )
    assert sentence in outcome.records

    findings = checks.run(evidence)
    verdict = AuditVerdict(findings, evidence)
    assert not verdict.holds
    assert sentence in telling.lines(verdict).splitlines()[1:4]
    assert sentence in telling.markdown(verdict)
    assert sentence in telling.page(verdict, "en", datetime(2026, 2, 3, tzinfo=UTC))
    labels = {(label["step"], label["metric"]): label for label in verdict.to_json()["withheld"]}
    assert labels[STEP, "total"] == {
        "step": STEP,
        "metric": "total",
        "reason": "no-bound",
        "used_batches": 60,
        "borne_out": None,
    }

    (after,) = [
        finding
        for finding in settled(findings, check_held("whole-recomputed", Phrase("The same.")))
        if finding.code == outcome.code
    ]
    assert after.state is CheckState.HELD


def test_the_whole_recomputation_names_what_is_withheld_for_no_reason(works: Path) -> None:
    site, material = material_of(works)
    plan = plan_of(site, material)
    plant = withholding(site, plan, STEP, "metric-incomplete", "total")
    sentences = [
        difference.found
        for difference in recompute(plant.site, plant.report, plan.key(SEED)).differences
    ]
    assert f"{STEP} total: withheld as metric-incomplete, but the files give no reason" in sentences
