"""A relevant variable that is one for all runs moves the label unseen: what it would be without is
told beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting_agent.report import summary
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

BURNT = [
    took("coke", 50, "kg", 27.5),
    took("coke-oven-gas", 3, "Nm3", 17.4),
    took("electricity", 40, "kWh"),
]


@pytest.mark.parametrize(("laterite", "is_told"), [(20.0, True), (0.0, False)])
def test_laterite_of_all_runs_is_told_with_the_label_without_it(
    tmp_path: Path, laterite: float, is_told: bool
) -> None:
    strand = Ran(8000, BURNT, {"rare_earth_pct": 0.0, "vti_pct": 0.0, "laterite_pct": laterite})
    label = of(labelled(works(tmp_path, "steel", {"sintering": strand})), "sintering")
    sentences = [
        proviso.en
        for proviso in label.provisos
        if proviso.en.startswith("laterite_pct is 20 % in all or nearly all runs")
    ]
    assert label.best.value is not None
    assert len(sentences) == is_told
    if is_told:
        assert f"the label would be {label.mean:.4g} kgce/t." in sentences[0]  # as measured
        assert label.best.value < 0.99 * (label.mean or 0.0)


def test_variants_that_the_pack_knows_are_named_where_none_is_met(tmp_path: Path) -> None:
    kiln = Ran(4000, [took("coal", 125, "kg", 22.0), took("electricity", 26, "kWh")], {}, "gray")
    shown = summary.as_text(labelled(works(tmp_path, "cement", {"clinker-burning": kiln})))
    assert "variants that the pack knows: grey" in shown


def test_gas_of_which_nothing_is_usual_is_said_in_words(tmp_path: Path) -> None:
    unused = '[steps.hot-rolling]\nnot_used = ["coke-oven-gas", "blast-furnace-gas"]\n'
    rolled = {
        "hot-rolling": Ran(
            900, [took("electricity", 90, "kWh"), took("mixed-gas", 250, "Nm3", 7.4)]
        )
    }
    findings = labelled(works(tmp_path, "steel", rolled, unused)).findings
    assert any(
        "(it has no usual value)" in str(finding.sentence)
        for finding in findings
        if finding.code == "heating-value-unusual"
    )
