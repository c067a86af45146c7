"""A blast furnace credits its gas: its stoves burnt some of it, or of another gas, and the run that
says otherwise counts nowhere.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult, own_gas
from tests.unit.agent_read.small_works import Ran, gave, labelled, of, took, works

SITE = (
    '[site]\nid = "works"\ntimezone = "UTC"\npack = "steel"\n[inputs]\nbatches = '
    '"batches.csv"\nenergy = "energy.csv"\n'
)
PER_T = (
    ("coke", 370, "kg", 28.435, "import"),
    ("coal", 145, "kg", 27.0, "import"),
    ("electricity", 35, "kWh", "", "import"),
    ("blast", 1100, "Nm3", "", "import"),
    ("blast-furnace-gas", 1550, "Nm3", 3.35, "recovered"),
)


def furnace(folder: Path, stoves: tuple[object, ...] | None) -> LabelResult:
    """Thirty days of 5,000 t of hot metal; `stoves` is a row of what they burn, None where the site
    says that they burn nothing.
    """
    runs = [
        "batch_id,step,start,end,output_quantity,output_unit,var.feed_fe_pct,var.rare_earth_pct,var.vti_pct,var.laterite_pct"
    ]
    energy = ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit,direction"]
    for day in range(1, 31):
        runs.append(
            f"b{day},blast-furnace,2026-09-{day:02}T00:00,2026-09-{day:02}T23:59,5000,t,58,0,0,0"
        )
        for carrier, quantity, unit, lhv, direction in (
            *PER_T,
            *(() if stoves is None else (stoves,)),
        ):
            per = f"MJ/{unit}" if lhv else ""
            energy.append(
                f"b{day},blast-furnace,{carrier},{5000 * float(str(quantity))},{unit},{lhv},{per},{direction}"
            )
    declaration = '[steps.blast-furnace]\nnot_used = ["blast-furnace-gas"]\n'
    unused = stoves is None or stoves[0] != "blast-furnace-gas"
    (folder / "site.toml").write_text(SITE + (declaration if unused else ""), encoding="utf-8")
    (folder / "batches.csv").write_text("\n".join(runs) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("\n".join(energy) + "\n", encoding="utf-8")
    return pipeline.label(load_site(folder / "site.toml"), Period.parse("2026", UTC))


def used(result: LabelResult) -> int:
    return next(label.used for label in result.site_label.steps if label.metric is Metric.TOTAL)


@pytest.mark.parametrize(
    "stoves",
    [
        None,
        ("blast-furnace-gas", 1, "Nm3", 3.35, "import"),
        ("coke-oven-gas", 0.01, "Nm3", "", "import"),
        ("blast-furnace-gas", 270, "Nm3", 3.35, "import"),
    ],
)
def test_a_furnace_that_credits_its_gas_and_burns_none_has_no_label_and_sends_none(
    tmp_path: Path, stoves: tuple[object, ...] | None
) -> None:
    result = furnace(tmp_path, stoves)
    assert used(result) == 0
    assert [finding.count for finding in result.findings if finding.code == "own-gas-missing"] == [
        30
    ]
    going = pipeline.read(load_site(tmp_path / "site.toml"), outward=True).outward
    assert going is not None
    with pytest.raises(PolicyRefusal) as refused:
        own_gas.require_none(going.batches, result.data.pack)
    assert refused.value.code == "own-gas-missing"


@pytest.mark.parametrize(
    "stoves",
    [
        ("blast-furnace-gas", 520, "Nm3", 3.35, "import"),
        ("coke-oven-gas", 90, "Nm3", 17.0, "import"),
    ],
)
def test_stoves_on_their_own_gas_or_on_another_count(
    tmp_path: Path, stoves: tuple[object, ...]
) -> None:
    result = furnace(tmp_path, stoves)
    assert used(result) == 30
    assert "own-gas-missing" not in {finding.code for finding in result.findings}
    own_gas.require_none(result.data.batches, result.data.pack)


@pytest.mark.parametrize(("own", "is_told"), [(310, True), (470, False)])
def test_stoves_on_less_gas_than_is_usual_are_told_with_the_size(
    tmp_path: Path, own: int, is_told: bool
) -> None:
    """310 of 1,550 Nm3 are a fifth; 30 % would be 155 Nm3 x 3.35 MJ more, 17.7 kgce/t: 385 was 344
    at just over a tenth.
    """
    burnt = [
        took(carrier, quantity, unit, float(lhv) if lhv else None)
        for carrier, quantity, unit, lhv, _ in PER_T[:-1]
    ]
    gas = [
        took("blast-furnace-gas", own, "Nm3", 3.35),
        gave("blast-furnace-gas", 1550, "Nm3", 3.35),
    ]
    metal = {"feed_fe_pct": 58.0, "rare_earth_pct": 0.0, "vti_pct": 0.0, "laterite_pct": 0.0}
    label = of(
        labelled(works(tmp_path, "steel", {"blast-furnace": Ran(5000, [*burnt, *gas], metal)})),
        "blast-furnace",
    )
    assert (label.used, label.best.reason) == (60, None)
    sentences = [
        proviso.en
        for proviso in label.provisos
        if proviso.en.startswith(
            "The gas that the step burns has 20% of the heat that it gives back as blast-furnace "
            "gas"
        )
    ]
    assert len(sentences) == is_told
    assert all(
        "30% is usual, with which the label would be higher by 18 kgce/t." in sentence
        for sentence in sentences
    )
