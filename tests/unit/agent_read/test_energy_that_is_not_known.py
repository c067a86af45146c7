"""Energy that was used and is not known, whatever hides it: its run is in no label, and never
counted as if it had used none.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from benchmarks.measurements import Period, Severity
from reporting_agent import pipeline
from reporting_agent.config import load_site

SITE = """
[site]
id = "works-3"
timezone = "Asia/Shanghai"
pack = "steel"
[inputs]
batches = "batches.csv"
energy = "energy.csv"
"""
RUNS = "batch_id,step,product,start,end,output_quantity,output_unit\n" + "".join(
    f"p{day},pelletising,,2025-01-{day:02}T00:00,2025-01-{day + 1:02}T00:00,1000,t\n"
    for day in range(1, 4)
)
HEADER = "batch_id,step,carrier,quantity,unit,lhv,lhv_unit\n"
OWN = "".join(
    f"p{day},pelletising,coal,20000,kg,27,MJ/kg\np{day},pelletising,electricity,30000,kWh,,\n"
    for day in range(1, 4)
)


@pytest.mark.parametrize(
    "row",
    [
        "p2,pelletising,charcoal,15000,kg,28,MJ/kg",  # no carrier of that name
        "p2,pelletising,anthracite,15000,bushel,,",  # no such unit
        "p2,pelletising,anthracite,,kg,27,MJ/kg",  # blank
        "p2,pelletising,anthracite,fifteen,kg,27,MJ/kg",  # no number
        "p2,pelletising,,15000,kg,28,MJ/kg",  # of no carrier
        "p2,pelletising,steam,15000,kg,6.0,MJ/kg",  # no steam holds that
        "p2,pelletising,coke,15000,kg,20000,MJ/t",  # nor does coke hold so little
        "p2,pelletising,alternative-fuel,15000,kg,0.5,MJ/kg",  # nor refuse that burns
        # whose heating value without a unit is a tonne's
        "p2,pelletising,alternative-fuel,15,t,20,",
    ],
)
def test_a_run_of_which_an_energy_is_not_known_is_left_out_and_told(
    tmp_path: Path, row: str
) -> None:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "batches.csv").write_text(RUNS, encoding="utf-8")
    (tmp_path / "energy.csv").write_text(HEADER + OWN + row + "\n", encoding="utf-8")
    data = pipeline.read(load_site(tmp_path / "site.toml"), outward=True)
    assert [batch.excluded for batch in data.batches] == [None, "energy-partly-unknown", None]
    assert data.outward is not None
    assert [batch.excluded for batch in data.outward.batches] == [
        None,
        "energy-partly-unknown",
        None,
    ]  # nor does it leave
    findings = {finding.code: finding for finding in data.findings}
    exclusion = findings["energy-partly-unknown"]
    assert (exclusion.severity, exclusion.count, exclusion.places[0].row) == (
        Severity.EXCLUSION,
        1,
        3,
    )
    if ",,kg" not in row:
        assert (
            findings["row-rejected"].places[0].row == 8
        )  # where the row stands that is to be corrected


@pytest.mark.parametrize(
    "declared",
    [
        "[mapping.energy]\nscale = { quantity = 40 }\n",
        (
            '[[events]]\nstep = "pelletising"\ncarrier = "electricity"\nfrom = 2025-01-01\nkind = '
            '"ratio"\nfactor = 40.0\nreason = "CT."\n'
        ),
    ],
)
def test_an_energy_of_nines_is_no_amount_where_a_factor_is_declared(
    tmp_path: Path, declared: str
) -> None:
    (tmp_path / "site.toml").write_text(SITE + declared, encoding="utf-8")
    (tmp_path / "batches.csv").write_text(RUNS, encoding="utf-8")
    own = OWN.replace("p2,pelletising,electricity,30000", "p2,pelletising,electricity,99999.9")
    (tmp_path / "energy.csv").write_text(HEADER + own, encoding="utf-8")
    data = pipeline.read(load_site(tmp_path / "site.toml"), outward=True)
    assert [batch.excluded for batch in data.batches] == [None, "sentinel", None]
    assert [
        energy.quantity for energy in data.batches[0].energy if energy.carrier == "electricity"
    ] == [1_200_000.0]


def test_a_run_of_which_no_energy_can_be_read_has_an_unknown_one(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "batches.csv").write_text(RUNS, encoding="utf-8")
    (tmp_path / "energy.csv").write_text(
        HEADER + OWN.replace("p2,pelletising,", "p2,pelletising,char"), encoding="utf-8"
    )
    assert Counter(
        batch.excluded for batch in pipeline.read(load_site(tmp_path / "site.toml")).batches
    ) == {None: 2, "energy-unknown": 1}


def test_a_medium_without_which_the_process_does_not_run_is_never_unused(tmp_path: Path) -> None:
    (tmp_path / "batches.csv").write_text(RUNS, encoding="utf-8")
    (tmp_path / "energy.csv").write_text(HEADER + OWN, encoding="utf-8")
    (tmp_path / "site.toml").write_text(
        SITE + '[steps.blast-furnace]\nnot_used = ["blast"]\n', encoding="utf-8"
    )
    with pytest.raises(InputError) as refused:
        pipeline.read(load_site(tmp_path / "site.toml"))
    assert refused.value.code == "carrier-essential"
    assert refused.value.place is not None
    assert refused.value.place.column == "steps.blast-furnace.not_used"
    (tmp_path / "site.toml").write_text(
        SITE + '[steps.sintering]\nnot_used = ["coke", "electricity"]\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match="cannot run without electricity"):
        pipeline.read(load_site(tmp_path / "site.toml"))
    (tmp_path / "site.toml").write_text(
        SITE + '[steps.blast-furnace]\nmade_inside = ["blast"]\n', encoding="utf-8"
    )
    assert pipeline.read(load_site(tmp_path / "site.toml")).batches


@pytest.mark.parametrize(
    ("heat", "used"),
    [
        ("540000,MJ,,,", None),  # 20 t x 27, by whatever heating value the plant took
        ("540000,MJ,,,default", None),
        ("540000,MJ,,,measured", (540_000, "MJ", 1.0)),
        (
            "540000,MJ,27,MJ/kg,measured",
            (20_000, "kg", 27.0),
        ),  # the amount is known again, and its value can be compared
        ("540,GJ,27000,kJ/kg,contract", (20_000, "kg", 27.0)),
        ("20000,kg,27,MJ/kg,measured", (20_000, "kg", 27.0)),
        ("20000,kg,27,MJ/kg,default", None),
    ],
)
def test_coal_in_megajoules_says_by_what_heating_value(
    tmp_path: Path, heat: str, used: tuple[float, str, float] | None
) -> None:
    """Lime was 119.0 kgce/t by 160 kg of coal times a default that nothing named."""
    header = "batch_id,step,carrier,quantity,unit,lhv,lhv_unit,lhv_source\n"
    rows = f"p2,pelletising,coal,{heat}\np2,pelletising,electricity,30000,kWh,,,\np2,pelletising,coke-oven-gas,300000,MJ,,,\n"
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "batches.csv").write_text(RUNS, encoding="utf-8")
    (tmp_path / "energy.csv").write_text(header + rows, encoding="utf-8")
    result = pipeline.label(
        load_site(tmp_path / "site.toml"), Period.parse("2025", UTC), outward=True
    )
    (batch,) = (run for run in result.data.batches if run.batch_id == "p2")
    if used is not None:
        coal = batch.energy[0]
        assert (coal.quantity, coal.lhv_mj_per_unit) == pytest.approx((used[0], used[2]))
        assert coal.unit == used[1]
    assert result.site_label.steps[0].excluded.get("lhv-required", 0) == (used is None)
    assert ("lhv-required" in {finding.code for finding in result.findings}) == (used is None)
