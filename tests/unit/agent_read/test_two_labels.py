"""Two labels of one computation: what only a benchmark needs removes no batch and withholds no
figure at home, and is listed as missing for a report.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.changes.questioned_label import questioned
from reporting_agent.changes.reportable import MissingForRelease, missing_for_release
from reporting_agent.cli import main
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import LabelResult
from reporting_agent.sending.eligibility import why_not_reportable
from tests.unit.agent_read.small_works import Ran, of, took, works

MILL = Ran(3000, [took("electricity", 31, "kWh")])
YEAR = Period.parse("2026", UTC)


def own(site: SiteSettings) -> LabelResult:
    return pipeline.own_label(site, YEAR, outward=True)


def missing(site: SiteSettings, result: LabelResult) -> tuple[MissingForRelease, ...]:
    label = questioned(site, result, datetime(2027, 1, 1, tzinfo=UTC))
    return missing_for_release(site, label, why_not_reportable(site))


def test_a_variable_that_nobody_recorded_is_taken_at_its_reference_and_said(tmp_path: Path) -> None:
    site = works(tmp_path, "cement", {"cement-grinding": MILL})
    result = own(site)
    label = of(result, "cement-grinding", Metric.ELECTRICITY)
    assert label.used == 60
    assert label.best.value == pytest.approx(31.0)
    (taken,) = label.assumed
    assert (taken.what, taken.value, taken.effect) == ("blaine_m2_kg", 350.0, -0.1)
    assert "350 m2/kg" in taken.words
    released = of(result.strict, "cement-grinding", Metric.ELECTRICITY)
    assert released.excluded == {"variable-missing": 60}
    lacking = {one.code: one for one in missing(site, result)}
    assert lacking["variable-missing"].effect == 1.0
    assert '"var.blaine_m2_kg" = 350' in lacking["variable-missing"].add


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        (3, "The best of 3 runs; a label should rest on 50."),
        (1, "This is 1 run alone; a label should rest on 50."),
    ],
)
def test_few_runs_have_a_best_at_home_with_their_count_and_none_in_a_report(
    tmp_path: Path, runs: int, says: str
) -> None:
    ground = Ran(3000, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})
    site = works(tmp_path, "cement", {"cement-grinding": ground}, runs=runs)
    rows = (tmp_path / "energy.csv").read_text("utf-8").replace(",93000,", ",90000,", 1)
    (tmp_path / "energy.csv").write_text(rows, encoding="utf-8")
    result = own(site)
    label = of(result, "cement-grinding", Metric.ELECTRICITY)
    assert (label.used, label.best.reason) == (runs, None)
    assert label.best.value == pytest.approx(30.0)
    assert says in {str(taken.words) for taken in label.assumed}
    released = of(result.strict, "cement-grinding", Metric.ELECTRICITY)
    assert (released.best.value, released.best.reason) == (None, "too-few-batches")
    assert "too-few-batches" in {one.code for one in missing(site, result)}


def test_the_lines_to_add_are_read_and_the_report_lacks_it_no_more(tmp_path: Path) -> None:
    site = works(tmp_path, "cement", {"cement-grinding": MILL})
    (added,) = (one for one in missing(site, own(site)) if one.code == "variable-missing")
    site.path.write_text(f"{site.path.read_text('utf-8')}\n{added.add}\n", encoding="utf-8")
    again = load_site(site.path)
    assert "variable-missing" not in {one.code for one in missing(again, own(again))}


def test_what_a_release_goes_by_is_what_it_was(tmp_path: Path) -> None:
    site = works(tmp_path, "cement", {"cement-grinding": MILL})
    result = own(site)
    data = pipeline.read(site, YEAR, outward=True)
    assert result.strict.site_label.steps == tuple(
        replace(step, provisos=(), account=()) for step in pipeline.label_of(site, data, YEAR).steps
    )
    assert pipeline.outgoing_label(site, result.strict.data, YEAR) == pipeline.outgoing_label(
        site, data, YEAR
    )


@pytest.mark.parametrize(
    ("pack", "step", "ran", "code"),
    [
        (  # outside the boundary, and nobody says why
            "cement",
            "cement-grinding",
            Ran(
                3000,
                [took("electricity", 31, "kWh"), took("anthracite", 0.5, "kg", 26.7)],
                {"blaine_m2_kg": 350.0},
            ),
            "energy-outside-boundary",
        ),
        (  # a heating value that the pack does not take for usual
            "cement",
            "clinker-burning",
            Ran(5000, [took("coal", 200, "kg", 14.0), took("electricity", 60, "kWh")]),
            "heating-value-unusual",
        ),
    ],
)
def test_it_counts_at_home_as_measured(
    tmp_path: Path, pack: str, step: str, ran: Ran, code: str
) -> None:
    site = works(tmp_path, pack, {step: ran})
    result = own(site)
    assert of(result, step).used == 60
    assert of(result, step).best.value is not None
    assert of(result.strict, step).excluded == {code: 60}
    assert code in {one.code for one in missing(site, result)}


def test_what_arithmetic_refuses_stays_out_at_home(tmp_path: Path) -> None:
    """A run that also shows a fault of its own counts no more for being one of many."""
    kiln = Ran(5000, [took("coal", 200, "kg", 14.0), took("electricity", 60, "kWh")])
    site = works(tmp_path, "cement", {"clinker-burning": kiln})
    energy = tmp_path / "energy.csv"
    rows = energy.read_text("utf-8").splitlines()
    nothing = [
        row.replace(row.split(",")[3], "0", 1) if row.startswith("clinker-burning-7,") else row
        for row in rows
    ]
    energy.write_text("\n".join(nothing) + "\n", encoding="utf-8")
    assert of(own(site), "clinker-burning").excluded == {"zero-energy": 1}


def test_a_carrier_that_one_run_lacks_leaves_that_run_out_at_home(tmp_path: Path) -> None:
    kiln = Ran(5000, [took("coal", 130, "kg", 22.0), took("electricity", 60, "kWh")])
    site = works(tmp_path, "cement", {"clinker-burning": kiln})
    energy = tmp_path / "energy.csv"
    rows = [
        row
        for row in energy.read_text("utf-8").splitlines()
        if not row.startswith("clinker-burning-7,clinker-burning,coal")
    ]
    energy.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert of(own(site), "clinker-burning").excluded == {"energy-incomplete": 1}


def test_label_json_and_check_say_what_a_report_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    works(tmp_path, "cement", {"cement-grinding": MILL})
    assert main(["label", "--site", "site.toml"]) == 0
    page = capsys.readouterr().out
    assert "Assumed: " in page
    assert "check --release" in page
    for entry in json.loads(Path("label/label.json").read_text("utf-8"))["steps"]:
        assert entry["best"]["value"] is not None
        assert entry["reportable"]["yes"] is False
        assert "variable-missing" in {one["code"] for one in entry["reportable"]["missing"]}
    assert main(["check", "--site", "site.toml", "--release", "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    effects = [one["effect"] for one in told["missing"]]
    assert effects == sorted(effects, reverse=True)
    assert main(["check", "--site", "site.toml", "--release", "--lang", "zh"]) == 0
    assert "blaine" in capsys.readouterr().out
    assert main(["preview", "--site", "site.toml", "--period", "2026", "--state", "none"]) == 4
    assert '"var.blaine_m2_kg" = 350' in capsys.readouterr().err


def test_products_of_the_plants_own_are_named_with_the_table_to_paste(tmp_path: Path) -> None:
    site = works(
        tmp_path, "cement", {"cement-grinding": replace(MILL, variables={"blaine_m2_kg": 350.0})}
    )
    batches = tmp_path / "batches.csv"
    first, *rows = batches.read_text("utf-8").splitlines()
    names = ('"CEM I 42,5 R"', "CEM II")
    told = [f"{first},product", *(f"{row},{names[index % 2]}" for index, row in enumerate(rows))]
    batches.write_text("\n".join(told) + "\n", encoding="utf-8")
    (one,) = (one for one in missing(site, own(site)) if one.code == "product-outside-pack")
    assert one.effect == 1.0
    site.path.write_text(f"{site.path.read_text('utf-8')}\n{one.add}\n", encoding="utf-8")
    again = load_site(site.path)
    assert missing(again, own(again)) == ()
