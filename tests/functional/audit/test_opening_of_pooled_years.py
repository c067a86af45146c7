"""The opening of a report whose labels cover an earlier year: an honest one raises no alarm, and
that year's readings are bound as well.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.audit import checks, computed
from benchmarks.audit.evidence import CheckState, Evidence
from benchmarks.measurements import Period
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.config import load_site
from reporting_agent.sending.planning import Subject
from reporting_agent.sending.report_material import gather_again
from tests.functional.audit.plants import (
    SOFTWARE,
    chance_of,
    drawn_by_auditor,
    examined,
    failures,
    reported,
)

YEAR, BEFORE = "2026", 2025
WINDOWS = {"clinker-burning": 2, "cement-grinding": 2}


@pytest.fixture(scope="module")
def evidence(works: Path) -> Evidence:
    """Of a report of the year after the one in which all batches ran."""
    site, seed = load_site(works / "site.toml"), chance_of("pooled seed")
    plan = gather_again(site, Period.parse(YEAR, site.zone), WINDOWS).plan(
        Subject(site.id, YEAR, 1, False)
    )
    plant = reported(site, plan, plan.tree(plan.key(seed), SOFTWARE), seed)
    draw, promise = drawn_by_auditor(plant)
    return examined(
        plant, draw, promise, assemble(draw, plant.tree, site, plant.pack, plant.answered).opening
    )


def test_an_honest_opening_of_an_earlier_year_raises_no_alarm(evidence: Evidence) -> None:
    assert {batch.start.year for batch in evidence.batches.values()} <= {
        BEFORE - 1,
        BEFORE,
    }  # the clock of the site is ahead of UTC
    assert len(evidence.shown) > 100
    assert {
        code: finding.records[:3] for code, finding in failures(checks.run(evidence)).items()
    } == {}


def test_every_day_of_an_earlier_year_that_is_shown_has_its_leaf(evidence: Evidence) -> None:
    for index, day in (min(evidence.days.items()), max(evidence.days.items())):
        fewer = {leaf: other for leaf, other in evidence.days.items() if leaf != index}
        finding = computed.readings_committed(replace(evidence, days=fewer))
        assert (finding.state, finding.count) == (CheckState.FAILED, 1), day
        assert finding.records[0].startswith(f"{day.meter}, ")
