"""Fuel that the log names and no energy counts: the runs are left out, the step has no label and
nothing leaves, whatever it is called.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from benchmarks.carriers import named
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline.outward.releasable import steps_in_doubt
from tests.unit.agent_read.small_works import (
    Amount,
    Ran,
    codes,
    going_out,
    labelled,
    of,
    took,
    works,
)

KILN = [took("coal", 100, "kg", 24.0), took("electricity", 26, "kWh")]
PETCOKE = took("petroleum-coke", 18.75, "kg", 32.0)
"""100 kg of coal at 24 and 18.75 kg of petroleum coke at 32 are 102.4 kgce/t, of which the coal
alone is 81.9.
"""


def kiln(
    folder: Path, heading: str, cell: str, *energy: Amount, settings: str = "", every: int = 1
) -> SiteSettings:
    """60 days of 5,000 t of clinker with a column more in the log: 93.75 t of petroleum coke a day,
    where it is told in tonnes.
    """
    site = works(folder, "cement", {"clinker-burning": Ran(5000, [*KILN, *energy])}, settings)
    return with_column(site, heading, cell, every)


def with_column(
    site: SiteSettings, heading: str, cell: str, every: int = 1, file: str = "batches.csv"
) -> SiteSettings:
    head, *rows = (site.folder / file).read_text(encoding="utf-8").splitlines()
    rows = [f"{row},{cell if number % every == 0 else ''}" for number, row in enumerate(rows)]
    (site.folder / file).write_text(
        "\n".join([f"{head},{heading}", *rows]) + "\n", encoding="utf-8"
    )
    return load_site(site.path)


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "input.petroleum-coke",
            "input.Petroleum Coke",
            "input.petcoke_t",
            "input.石油焦",
        ),  # an input, by id or by a name
        *("var.petroleum_coke_t", "var.petcoke_kg_t", "var.石油焦"),  # a variable
        *(
            "petroleum coke",
            "Petcoke (t)",
            "石油焦用量（吨）",
            "Petrolkoks",
        ),  # a column that nothing maps
    ],
)
def test_a_fuel_that_is_no_energy_leaves_run_and_step_without_a_value(
    tmp_path: Path, heading: str
) -> None:
    site = kiln(tmp_path, heading, "93.75")
    result = labelled(site)
    label = of(result, "clinker-burning")
    assert (label.excluded, label.best.value, label.best.reason) == (
        {"energy-partly-unknown": 60},
        None,
        "fuel-not-counted",
    )
    assert going_out(site) == {"clinker-burning": {"energy-partly-unknown"}}
    (uncounted,) = (finding for finding in result.findings if finding.code == "fuel-not-counted")
    assert (
        uncounted.count,
        uncounted.places[0].file[-11:],
        uncounted.places[0].row,
        uncounted.places[0].column,
    ) == (
        60,
        "batches.csv",
        2,
        heading,
    )
    assert {why.code for why in steps_in_doubt(result.site_label).values()} == {"fuel-not-counted"}


@pytest.mark.parametrize(
    ("heading", "energy"),
    [
        ("input.petroleum-coke", [took("petroleum-coke", 0.0002, "kg", 32.0)]),  # a kilogram a day
        ("input.petroleum-coke", [took("petroleum-coke", 0.02, "MJ")]),  # 100 MJ
        ("Petcoke (t)", [took("petroleum-coke", 9, "kg", 32.0)]),  # half of it
    ],
)
def test_a_trace_of_it_as_energy_does_not_stand_for_the_whole(
    tmp_path: Path, heading: str, energy: list[Amount]
) -> None:
    assert of(labelled(kiln(tmp_path, heading, "93.75", *energy)), "clinker-burning").used == 0


def test_a_month_of_it_booked_on_one_day_leaves_no_label_either(tmp_path: Path) -> None:
    label = of(
        labelled(kiln(tmp_path, "input.petroleum-coke", "2812.5", every=30)), "clinker-burning"
    )
    assert (label.used, label.best.value, label.best.reason) == (58, None, "fuel-not-counted")


def test_a_column_of_the_energy_file_and_a_static_factor_are_no_hiding_places(
    tmp_path: Path,
) -> None:
    site = with_column(
        works(tmp_path, "cement", {"clinker-burning": Ran(5000, KILN)}),
        "石油焦(t)",
        "93.75",
        1,
        "energy.csv",
    )
    assert of(labelled(site), "clinker-burning").excluded == {"energy-partly-unknown": 60}
    site = works(
        tmp_path,
        "cement",
        {"clinker-burning": Ran(5000, KILN)},
        "[static]\npetroleum_coke_t = 5625\n",
    )
    assert of(labelled(site), "clinker-burning").best.reason == "fuel-not-counted"


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        *(
            ("input.petroleum-coke", "93.75"),
            ("input.petroleum-coke", "93750"),
            ("input.petcoke_kg", "93750"),
        ),  # tonnes, kilograms
        *(
            ("var.petcoke_kg_t", "18.75"),
            ("Petcoke (t)", "101"),
            ("石油焦", "12345678"),
        ),  # moist; a register
    ],
)
def test_a_fuel_that_is_counted_is_asked_nothing(tmp_path: Path, heading: str, cell: str) -> None:
    result = labelled(kiln(tmp_path, heading, cell, PETCOKE))
    assert of(result, "clinker-burning").best.value == pytest.approx(
        (2400 + 600) / 29.3076 + 26 * 0.1229, abs=1e-3
    )
    assert "fuel-not-counted" not in codes(result)


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        *(
            ("input.petroleum-coke", "0"),
            ("Petcoke (t)", ""),
            ("石油焦", "—"),
            ("coal", "Shenhua 2"),
        ),  # none, no number, a kind
        *(
            ("var.coal_moisture_pct", "8"),
            ("coke price", "1900"),
            ("input.limestone", "6400"),
            ("heat", "17"),
            ("Oxygen (Nm3)", "40"),
        ),
    ],
)
def test_what_is_no_amount_of_fuel_is_asked_nothing(
    tmp_path: Path, heading: str, cell: str
) -> None:
    result = labelled(kiln(tmp_path, heading, cell))
    assert of(result, "clinker-burning").used == 60
    assert "fuel-not-counted" not in codes(result)


@pytest.mark.parametrize(
    ("pack", "step", "ran", "heading"),
    [
        (
            "aluminium",
            "anode-production",
            [took("natural-gas", 60, "Nm3", 35.5), took("electricity", 120, "kWh")],
            "input.petroleum-coke",
        ),
        (
            "aluminium",
            "anode-production",
            [took("natural-gas", 60, "Nm3", 35.5), took("electricity", 120, "kWh")],
            "煅后焦(t)",
        ),
        (
            "steel",
            "coke-dry-quenching",
            [took("coke", 10, "kg", 28.0), took("electricity", 20, "kWh")],
            "input.coke",
        ),
        ("steel", "ladle-refining", [took("electricity", 40, "kWh")], "input.anthracite"),
    ],
)
def test_what_is_material_there_is_asked_nothing(
    tmp_path: Path, pack: str, step: str, ran: list[Amount], heading: str
) -> None:
    result = labelled(with_column(works(tmp_path, pack, {step: Ran(500, ran)}), heading, "650"))
    assert "energy-partly-unknown" not in of(result, step).excluded
    assert "fuel-not-counted" not in codes(result)


def test_coal_of_the_log_is_the_cleaned_coal_that_counts(tmp_path: Path) -> None:
    """What the boundary asks for by a narrower name; and a carrier that is asked for and missing is
    told as such.
    """
    ovens = [
        took("cleaned-coal", 1330, "kg", 29.6),
        took("coke-oven-gas", 195, "Nm3", 17.4),
        took("electricity", 35, "kWh"),
    ]
    result = labelled(
        with_column(
            works(tmp_path, "steel", {"coking": Ran(500, ovens, {"moisture_pct": 10.0})}),
            "input.coal",
            "665",
        )
    )
    assert "fuel-not-counted" not in codes(result)
    missing = with_column(
        works(tmp_path, "cement", {"clinker-burning": Ran(5000, KILN[1:])}), "input.coal", "500"
    )
    assert of(labelled(missing), "clinker-burning").excluded == {"energy-incomplete": 60}


def test_one_doubted_row_of_sixty_is_left_out_and_costs_its_step_no_label(tmp_path: Path) -> None:
    """93.75 t of petroleum coke, at 37 MJ at most: 3,470 GJ over 300,000 t of clinker are 0.4
    kgce/t.
    """
    site = kiln(tmp_path, "input.petroleum-coke", "93.75", every=60)
    label = of(labelled(site), "clinker-burning")
    assert (label.used, label.excluded) == (59, {"energy-partly-unknown": 1})
    assert label.best.value == pytest.approx(2400 / 29.3076 + 26 * 0.1229, abs=1e-3)
    assert sum("The log of one run names fuel" in proviso.en for proviso in label.provisos) == 1
    month = of(
        labelled(kiln(tmp_path, "input.petroleum-coke", "2812.5", every=60)), "clinker-burning"
    )
    assert (month.used, month.best.reason) == (59, "fuel-not-counted")


def missing(folder: Path, heading: str, cell: str, *energy: Amount) -> list[str]:
    provisos = of(labelled(kiln(folder, heading, cell, *energy)), "clinker-burning").provisos
    return [proviso.en for proviso in provisos if "that the log names" in proviso.en]


@pytest.mark.parametrize(
    ("heading", "cell", "energy", "expected"),
    [
        (
            "input.petroleum-coke",
            "93.75",
            took("petroleum-coke", 15.0, "kg", 32.0),
            "80.0% of the petroleum coke",
        ),
        (
            "input.petcoke_kg",
            "93750",
            took("petroleum-coke", 15.0, "kg", 32.0),
            "80.0% of the petroleum coke",
        ),
        (
            "var.petcoke_kg_t",
            "18.75",
            took("petroleum-coke", 15.0, "kg", 32.0),
            "80.0% of the petroleum coke",
        ),
        (
            "input.coal,input.lignite",
            "500,100",
            took("diesel", 0.1, "kg"),
            "83.3% of the coal",
        ),  # lignite beside the coal that counts
        ("input.petroleum-coke", "93.75", PETCOKE, None),
        ("input.petroleum-coke,input.petcoke", "93.75,93.75", PETCOKE, None),  # one of it the other
    ],
)
def test_a_fifth_that_is_missing_is_told_with_its_size(
    tmp_path: Path, heading: str, cell: str, energy: Amount, expected: str | None
) -> None:
    """15 kg at 32 MJ are 16.4 kgce/t, a quarter of which is 4.09; of 81.9 kgce/t of coal a fifth is
    16.4.
    """
    sentences = missing(tmp_path, heading, cell, energy)
    assert len(sentences) == (expected is not None)
    if expected is not None:
        assert expected in sentences[0]
        assert (
            f"higher by {16.4 if 'coal' in expected[:20] and 'coke' not in expected else 4.09} "
            "kgce/t" in sentences[0]
        )


LOG = """[site]
id = "works"
timezone = "UTC"
pack = "cement"
[inputs]
log = "log.csv"
[runs]
by = "day"
row_covers = "span"
energy = "interval"
carrier = "electricity"
unit = "kWh"
"""


def test_a_log_without_batches_hides_none_in_its_columns(tmp_path: Path) -> None:
    hours = [
        f"2026-01-{day:02}T{hour:02}:30:00Z,k,cement-grinding,125,3750,3600,350"
        for day in range(2, 5)
        for hour in range(24)
    ]
    for heading, cell, used in (
        ("diesel (t)", "4", 0),
        ("diesel (t)", "0", 3),
        ("gypsum (t)", "6", 3),
    ):
        head = f"timestamp,equipment,step,output_quantity,energy,span_s,var.blaine_m2_kg,{heading}"
        rows = [f"{row},{cell if row[11:13] == '07' else ''}" for row in hours]
        (tmp_path / "log.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        (tmp_path / "site.toml").write_text(LOG, encoding="utf-8")
        data = pipeline.read(
            load_site(tmp_path / "site.toml"), Period.parse("2026", UTC), outward=True
        )
        assert sum(batch.excluded is None for batch in data.batches) == used
        assert data.outward is not None
        assert sum(batch.excluded is None for batch in data.outward.batches) == used


@pytest.mark.parametrize(
    ("heading", "carrier"),
    [
        *(
            ("Alternative fuels used (t)", "alternative-fuel"),
            ("RDF", "alternative-fuel"),
            ("total coal, kg", "coal"),
        ),
        *(
            ("蒸汽单耗", "steam"),
            ("Erdgas [Nm³]", "natural-gas"),
            ("coke rate kg/t", "coke"),
            ("dieselöl", "diesel"),
        ),
        *(
            (heading, None)
            for heading in (
                "coal moisture",
                "coal lhv",
                "energy",
                "t",
                "scrap",
                "gas",
                "power",
                "coke quality",
                "hot_metal_pct",
            )
        ),
    ],
)
def test_a_heading_names_a_carrier_where_it_says_nothing_else(
    heading: str, carrier: str | None
) -> None:
    assert (None if (mention := named(heading)) is None else mention.carrier) == carrier
