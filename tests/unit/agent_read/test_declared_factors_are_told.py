"""A factor that the site declares on its energy or output stands beside the label, in every form of
it.
"""

from __future__ import annotations

import csv
from datetime import UTC
from pathlib import Path

import pytest

from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.report import summary
from tests.unit.agent_read.small_works import Ran, of, took, works
from tests.unit.agent_read.small_works import labelled as labelled_whole
from tests.unit.agent_read.test_humidity_of_gas import converter
from tests.unit.agent_read.test_rows_that_cannot_be_read import labelled

EVENT = (
    '[[events]]\nstep = "pelletising"\nfrom = {}\nkind = "ratio"\nfactor = 0.8\nreason = "Belt '
    'scale recalibrated."\n'
)
WORN = (
    '\n[[events]]\nmeter = "ldg"\nfrom = 2025-12-01\nkind = "ratio"\nfactor = 1.2\nreason = '
    '"Orifice worn, work order 9."\n'
)


@pytest.mark.parametrize(
    ("carrier", "since", "target"),
    [
        ('carrier = "coal"\n', "2025-06-01", "step pelletising coal"),
        ("", "2025-06-01", "step pelletising"),
        ('carrier = "coal"\n', "2028-01-01", ""),  # after the period
    ],
)
def test_a_factor_of_a_step_is_a_proviso_of_its_label(
    tmp_path: Path, carrier: str, since: str, target: str
) -> None:
    plain = labelled(tmp_path, 0).site_label.steps[0]
    path = tmp_path / "site.toml"
    path.write_text(
        path.read_text(encoding="utf-8") + EVENT.format(since) + carrier, encoding="utf-8"
    )
    site = load_site(path)
    result = pipeline.label(site, Period.parse("2026", site.zone))
    (label,) = result.site_label.steps
    of_the_site = [
        proviso for proviso in label.provisos if proviso.en.startswith("The site declares that")
    ]
    without = [
        proviso.en for proviso in label.provisos if proviso.en.startswith("Without that factor")
    ]
    moved = (
        f"the label would be {plain.best.value:.4g} kgce/t instead of {label.best.value:.4g}. "
        "Keep evidence of the factor for an auditor."
    )
    assert [sentence.partition("2025-06-01 ")[2] for sentence in without] == (
        [moved] if target else []
    )
    assert not any(proviso.en.startswith("The site declares that") for proviso in plain.provisos)
    assert (label.mean != plain.mean) is bool(target)
    expected = (
        [
            (
                f"The site declares that {target} is multiplied by 0.8 from 2025-06-01 on: Belt "
                "scale "
                "recalibrated."
            )
        ]
        if target
        else []
    )
    assert [why.en for why in of_the_site] == expected
    assert result.to_json()["steps"][0]["provisos"] == [why.by_language for why in label.provisos]
    assert all(sentence in summary.as_text(result) for sentence in expected)


@pytest.mark.parametrize("virtual", [False, True])
def test_a_factor_of_a_meter_says_what_the_label_is_without_it(
    tmp_path: Path, virtual: bool
) -> None:
    """A fifth more gas than the meter reads: the label without it is that of the same files without
    the event.
    """
    site = converter(tmp_path, "", 90, "Nm3", virtual=virtual)
    plain = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    site.write_text(site.read_text(encoding="utf-8") + WORN, encoding="utf-8")
    label = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    sentences = [
        proviso.en for proviso in label.provisos if proviso.en.startswith("Without that factor")
    ]
    without, with_it = f"{plain.best.value:.4g}", f"{label.best.value:.4g}"
    wanted = (
        f"Without that factor of meter ldg from 2025-12-01 the label would be {without} kgce/t "
        f"instead of {with_it}."
    )
    assert sentences == [f"{wanted} Keep evidence of the factor for an auditor."]
    assert label.best.value == pytest.approx(
        (plain.best.value or 0) - 0.2 * 90 * 8.1 / 29.3076, rel=1e-4
    )


SECOND = """
[[meters]]
id = "ldg-2"
step = "converter"
carrier = "converter-gas"
direction = "recovered"
reading = "register"
unit = "wan_Nm3"
lhv = 81000
lhv_source = "measured"
"""


@pytest.mark.parametrize("virtual", [False, True])
def test_a_factor_of_a_meter_beside_or_beneath_one_in_another_unit(
    tmp_path: Path, virtual: bool
) -> None:
    """What a second meter counts of the same gas, or the virtual one that is made of it, stands in
    units of 10,000 Nm3.
    """
    m3 = 90 if virtual else 45
    site = converter(tmp_path, "", m3, "Nm3", virtual=virtual)
    text, readings = site.read_text(encoding="utf-8"), tmp_path / "readings.csv"
    if virtual:
        begin, named, end = text.partition('id = "of-it"')
        text = (
            begin
            + named
            + end.replace('unit = "Nm3"\nlhv = 8.1', 'unit = "wan_Nm3"\nlhv = 81000', 1)
        )
    else:
        text += SECOND
        first = [line.split(",") for line in readings.read_text(encoding="utf-8").splitlines()[1:]]
        with readings.open("a", encoding="utf-8") as file:
            file.writelines(
                f"ldg-2,{stamp},{float(value) / 10_000:.8f}\n" for _, stamp, value in first
            )
    site.write_text(text, encoding="utf-8")
    plain = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    site.write_text(text + WORN, encoding="utf-8")
    label = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    (sentence,) = (
        proviso.en for proviso in label.provisos if proviso.en.startswith("Without that factor")
    )
    assert (
        f"the label would be {plain.best.value:.4g} kgce/t instead of {label.best.value:.4g}."
        in sentence
    )
    assert label.best.value == pytest.approx(
        (plain.best.value or 0) - 0.2 * m3 * 8.1 / 29.3076, rel=1e-4
    )


KILN = Ran(4000, [took("coal", 125, "kg", 22.0), took("electricity", 30, "kWh")], {}, "grey")
FURNACE = Ran(
    100,
    [
        took("electricity", 350, "kWh"),
        took("natural-gas", 5, "Nm3", 35.5),
        took("oxygen", 35, "Nm3"),
    ],
    {"hot_metal_pct": 20.0},
)


@pytest.mark.parametrize(
    ("mapping", "ran", "metric"),
    [
        ("[mapping.batches]\nscale = { output_quantity = 1.04 }\n", KILN, Metric.TOTAL),
        ("[mapping.energy]\nscale = { quantity = 0.95 }\n", KILN, Metric.TOTAL),
        ("[mapping.energy]\nscale = { lhv = 0.96 }\n", KILN, Metric.TOTAL),
        ("[mapping.batches]\nscale = { 'var.hot_metal_pct' = 0.5 }\n", FURNACE, Metric.TOTAL),
    ],
    ids=["output", "energy", "heating value", "variable"],
)
def test_a_factor_of_the_mapping_says_what_the_label_is_without_it(
    tmp_path: Path, mapping: str, ran: Ran, metric: Metric
) -> None:
    step, pack = ("clinker-burning", "cement") if ran is KILN else ("eaf", "steel")
    more = "" if ran is KILN else '[steps.eaf]\nnot_used = ["coke"]\n'
    plain = of(labelled_whole(works(tmp_path, pack, {step: ran}, more)), step, metric)
    label = of(labelled_whole(works(tmp_path, pack, {step: ran}, more + mapping)), step, metric)
    sentences = [proviso.en for proviso in label.provisos if "[mapping." in proviso.en]
    assert plain.best.value is not None
    assert label.best.value is not None
    assert label.best.value != pytest.approx(plain.best.value, rel=0.005)
    assert [sentence.partition("Without it ")[2] for sentence in sentences] == [
        (
            f"the label would be {plain.best.value:.4g} kgce/t instead of {label.best.value:.4g}. "
            "Keep evidence of the factor for an auditor."
        )
    ]


def test_a_factor_on_readings_says_what_the_label_is_without_it(tmp_path: Path) -> None:
    """Of the gas that is read, and of nothing that the plant gives per run."""
    site = converter(tmp_path, "", 90, "Nm3")
    plain = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    site.write_text(
        site.read_text(encoding="utf-8") + "\n[mapping.readings]\nscale = { value = 1.05 }\n",
        encoding="utf-8",
    )
    label = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    (sentence,) = (proviso.en for proviso in label.provisos if "[mapping." in proviso.en)
    assert sentence.startswith(
        "The site declares that value of [mapping.readings] is multiplied by 1.05"
    )
    assert (
        f"the label would be {plain.best.value:.4g} kgce/t instead of {label.best.value:.4g}."
        in sentence
    )


@pytest.mark.parametrize("factor", [1, 1000, 0.001, 3.6, 0.0036, 0.27778, 277.778])
def test_a_factor_between_units_is_no_declared_one(tmp_path: Path, factor: float) -> None:
    site = works(
        tmp_path,
        "cement",
        {"clinker-burning": KILN},
        f"[mapping.energy]\nscale = {{ quantity = {factor} }}\n",
    )
    path = tmp_path / "energy.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"quantity": float(row["quantity"]) / factor} for row in rows)
    assert not [
        proviso.en
        for proviso in of(labelled_whole(site), "clinker-burning").provisos
        if "[mapping." in proviso.en
    ]
