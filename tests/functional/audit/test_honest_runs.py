"""No false alarm: honest plants, with all their faults, opened to draws of all sizes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.audit.evidence import CheckState
from benchmarks.audit.records import DAY_US
from benchmarks.audit.sampling_plan import STANDARD, SamplingPlan, StratumKind, StratumSize
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.audit.openings.extracts import ExtractTaker, recompute, wide_enough
from tests.functional.audit.plants import (
    Reported,
    audited,
    chance_of,
    drawn_by_auditor,
    failures,
    honest,
    write_works,
)
from tests.functional.audit.test_tampering import STEP, Rows, with_log

FEW = SamplingPlan(
    {
        kind: StratumSize(Fraction(3, 4), Fraction(1, 4))
        for kind in StratumKind
        if kind is not StratumKind.EDGE
    },
)
WORKS, WORKS_LONG = 3, 100
DRAWS, DRAWS_LONG = 2, 10
"""Of each works: one by the standard plan, the others of few records; a draw more says the same of
the same plant.
"""
FAULTS = 10  # times the real rates
SECTORS = ("cement", "aluminium")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test a works, so that they share the processors there are."""
    if "works_seed" in metafunc.fixturenames:
        metafunc.parametrize(
            "works_seed", range(WORKS_LONG if metafunc.config.getoption("--long") else WORKS)
        )


def false_alarms(plant: Reported, name: str, plan: SamplingPlan) -> dict[str, str]:
    """What the checks find where nothing is to be found."""
    draw, promise = drawn_by_auditor(plant, plan, nonce=chance_of(name))
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    return {
        code: f"{finding.sentence} {finding.records[:3]}"
        for code, finding in failures(audited(plant, draw, promise, opening)).items()
    }


@pytest.mark.timeout(600)  # ten audits with their recomputation
def test_an_honest_plant_raises_no_alarm(works_seed: int, tmp_path: Path, long: bool) -> None:
    """The short form opens a plant without faults and one of each sector with them."""
    pack = SECTORS[works_seed % len(SECTORS)]
    write_works(tmp_path, pack, seed=works_seed, days=30, rate=FAULTS if works_seed % 5 else 0)
    plant = honest(tmp_path)
    for number in range(DRAWS_LONG if long else DRAWS):
        assert false_alarms(plant, f"{works_seed} {number}", FEW if number else STANDARD) == {}, (
            number
        )


def test_a_sample_of_a_long_record_needs_a_part_of_it_only(works: Path, plant: Reported) -> None:
    few_used = SamplingPlan({StratumKind.USED: StratumSize(Fraction(1, 2), Fraction(1, 4))})
    draw, promise = drawn_by_auditor(plant, few_used, steps=("raw-meal-homogenisation",))
    assembled = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered)
    assert assembled.different == ()
    assert assembled.stretches is not None
    assert (
        0 < sum(stretch.end_us - stretch.start_us for stretch in assembled.stretches) / DAY_US < 30
    )
    shown = {leaf.index for leaf in assembled.opening.leaves}
    assert {drawn.position for drawn in assembled.drawn} <= shown
    assert len(shown) < len(plant.tree)
    findings = audited(plant, draw, promise, assembled.opening)
    assert failures(findings) == {}
    # next to nothing was drawn, no day among it, and the site commits to no scale records
    unsure = [finding.code for finding in findings if finding.state is CheckState.NOT_CHECKABLE]
    assert unsure == ["plan-sufficient", "nothing-left-out", "output-weighed"]


def test_every_proof_is_shorter_than_a_kilobyte(plant: Reported) -> None:
    draw, _ = drawn_by_auditor(plant)
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    assert all(sum(map(len, leaf.proof)) < 1_000 for leaf in opening.leaves)


def test_a_draw_of_padding_alone_shows_no_batch(plant: Reported) -> None:
    draw, promise = drawn_by_auditor(
        plant,
        SamplingPlan({StratumKind.PADDING: STANDARD.sizes[StratumKind.PADDING]}),
        steps=("no-step",),
    )
    assembled = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered)
    assert (assembled.batches, assembled.days) == ((), 0)
    assert failures(audited(plant, draw, promise, assembled.opening)) == {}


def test_an_extract_gives_a_record_as_often_as_the_tree_holds_it(
    works: Path, tmp_path: Path
) -> None:
    """A late row stands twice under the id of an early one: both are left out, and without the
    early row one of them would count.
    """

    def again(rows: Rows) -> Rows:
        mine = [row for row in rows if row["step"] == STEP and not row["state"]]
        late = next(row for row in reversed(mine) if row["variant"] == mine[0]["variant"])
        late["batch_id"] = mine[0]["batch_id"]
        return [*rows, late]

    plant = honest(with_log(works, tmp_path, again))
    leaves = [
        index
        for index, filed in enumerate(plant.tree.batches, start=1)
        if filed.excluded == "duplicate"
    ]
    (record,) = {plant.tree.record(index) for index in leaves}
    extract, _, different = wide_enough(
        plant.tree, plant.site, ExtractTaker.of(plant.site), leaves, [], lambda _: None
    )
    recomputed = recompute(plant.site, plant.tree.contents, extract).of(
        plant.tree.batches[leaves[0] - 1].batch
    )
    assert (len(leaves), recomputed[record], different) == (2, 2, [])
