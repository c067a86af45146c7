"""Packs of further sectors are data alone: read by their path, they label a simulated plant from
its files to the report.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.errors import InputError, PolicyRefusal
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric, Period
from benchmarks.packs import provenance
from benchmarks.packs.corrections import NotAssessable, corrected_limits
from fixtures.simulator import Sector
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.sending.eligibility import require_reportable

FURTHER = {path.stem: path for path in (packs.HOME / "further").glob("*.toml")}
YEAR = 2025


def test_there_are_three_and_no_portal_composes_by_them() -> None:
    assert set(FURTHER) == {"flat-glass", "ceramics", "data-centre"}
    assert not set(FURTHER) & set(packs.available())


@pytest.mark.parametrize("name", FURTHER)
def test_the_author_is_told_that_it_holds_together_and_lacks_no_source(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", "check", str(FURTHER[name])]) == 0
    output = capsys.readouterr().out
    assert "is consistent" in output
    assert "no complete source" not in output
    assert ("as the headline" in output) is (name == "flat-glass"), (
        "a ratio of one step adds up with nothing; kWh/m2 of tempering does not"
    )
    pack = packs.load(str(FURTHER[name]))
    assert all(number.is_complete for number in provenance.numbers(pack))
    assert {limit.source.status for step in pack.steps for limit in step.limits} <= {"transcribed"}


def test_between_them_they_use_what_the_sectors_that_come_with_steplabel_do_not() -> None:
    steps = [step for path in FURTHER.values() for step in packs.load(str(path)).steps]
    assert {step.output_unit for step in steps} == {"t", "weight case", "m2", "1000 items", "kWh"}
    assert {step.run_kind for step in steps} == {"day", "shift", "month"}
    assert next(step for step in steps if step.id == "tempering").metrics[0].unit == "kWh/m2"


@pytest.fixture(scope="module", params=sorted(FURTHER))
def plant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Sector, Path]:
    """One plant of each pack with its files, and a day of a carrier that the pack alone brings."""
    sector, folder = (
        Sector(str(FURTHER[request.param]), 1, 1, YEAR),
        tmp_path_factory.mktemp(request.param),
    )
    sector.plants[0].write(folder, faults=0, road="csv")
    return sector, folder


def labels(folder: Path) -> dict[tuple[str, Metric], StepLabel]:
    site = load_site(folder / "site.toml")
    return {
        (label.step, label.metric): label
        for label in pipeline.label(site, Period.parse(str(YEAR), site.zone)).site_label.steps
    }


def test_every_label_is_the_truth_of_the_simulated_year(plant: tuple[Sector, Path]) -> None:
    sector, folder = plant
    computed, truth = labels(folder), sector.plants[0].truth
    assert computed.keys() == truth.keys()
    for key, label in computed.items():
        assert label.best.value == pytest.approx(truth[key], rel=1e-5), key
    days = [
        label for (step, _), label in computed.items() if sector.pack.step(step).run_kind == "day"
    ]
    assert {label.used for label in days} == {345}


GRADED = {
    "flat-glass": {
        "rolling-line",
        "tempering",
    },  # of the float line the standard's factors were not read: no limit
    "ceramics": {
        "tile-line",
        "extruded-line",
        "sanitary-line",
        "grinding-balls",
    },  # of tableware there is none
    "data-centre": set(),  # the grades of its standard were not read
}


def test_a_year_is_graded_by_the_limits_that_are_meant_for_it_and_by_no_other(
    plant: tuple[Sector, Path],
) -> None:
    sector, folder = plant
    graded = {
        step
        for (step, _), label in labels(folder).items()
        if any(limit.reason is None for limit in label.grade.limits)
    }
    assert graded == GRADED[sector.pack.id]


def test_the_report_is_written_in_both_languages_in_the_units_of_the_pack(
    plant: tuple[Sector, Path], tmp_path: Path
) -> None:
    sector, folder = plant
    units, in_words = {
        "flat-glass": (
            {"kgce/weight case", "kgce/t", "kWh/m2"},
            {"en": "kgce/weight case", "zh": "kgce/重量箱"},
        ),
        "ceramics": (
            {"kgce/m2", "kgce/t", "kgce/1000 items"},
            {"en": "kgce/1000 items", "zh": "kgce/千件"},
        ),
        "data-centre": ({"kWh/kWh"}, {"en": "kWh/kWh", "zh": "kWh/kWh"}),
    }[sector.pack.id]
    for lang in ("en", "zh"):
        out = tmp_path / lang
        assert (
            main(
                [
                    "label",
                    "--site",
                    str(folder / "site.toml"),
                    "--period",
                    str(YEAR),
                    "--out",
                    str(out),
                    "--lang",
                    lang,
                ]
            )
            == 0
        )
        report = json.loads((out / "label.json").read_text(encoding="utf-8"))
        page = (out / "report.html").read_text(encoding="utf-8")
        assert units <= {label["unit"] for label in report["steps"]}
        assert in_words[lang] in page


@pytest.mark.parametrize("plant", ["flat-glass"], indirect=True)
def test_conditions_and_editions_stand_in_the_report_as_the_pack_says_them(
    plant: tuple[Sector, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a condition is called, in the reader's language; of the float line no limit is held, and
    an edition was in force.
    """
    _, folder = plant
    assert (
        main(
            [
                "label",
                "--site",
                str(folder / "site.toml"),
                "--period",
                str(YEAR),
                "--out",
                str(tmp_path),
                "--lang",
                "zh",
            ]
        )
        == 0
    )
    page, output = (tmp_path / "report.html").read_text(encoding="utf-8"), capsys.readouterr().out
    assert "炉龄" in page
    assert "age of the furnace" not in page
    assert "furnace_age" not in page
    assert ("/重量箱" in output, "weight case" in output) == (True, False)
    assert "本方法包未收录其数值的有：GB 21340-2019" in page


def test_a_benchmark_takes_no_report_by_it(plant: tuple[Sector, Path]) -> None:
    with pytest.raises(PolicyRefusal) as refused:
        require_reportable(load_site(plant[1] / "site.toml"))
    assert refused.value.code == "pack-of-its-own"


def test_a_log_in_tonnes_is_read_for_a_step_in_weight_cases(tmp_path: Path) -> None:
    """Twenty weight cases are a tonne, and 重箱 is read as they are."""
    Sector(str(FURTHER["flat-glass"]), 1, 1, YEAR).plants[0].write(tmp_path, faults=0, road="csv")
    log = tmp_path / "batches.csv"
    before = labels(tmp_path)["float-line", Metric.TOTAL].best.value
    rows = [line.split(",") for line in log.read_text(encoding="utf-8").splitlines()]
    for row in rows[1:]:
        if row[6] == "weight case":
            row[5:7] = [repr(float(row[5]) / 20), "t"] if int(row[0][-1]) % 2 else [row[5], "重箱"]
    log.write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")
    assert labels(tmp_path)["float-line", Metric.TOTAL].best.value == pytest.approx(
        before, rel=1e-9
    )


class TestCarriersOfItsOwn:
    ENERGY = "batch_id,step,carrier,quantity,unit,direction,lhv,lhv_unit,lhv_source"

    def test_count_where_the_boundary_holds_them_and_only_measured(self, tmp_path: Path) -> None:
        Sector(str(FURTHER["flat-glass"]), 1, 1, YEAR).plants[0].write(
            tmp_path, faults=0, road="csv"
        )
        before = labels(tmp_path)["float-line", Metric.TOTAL]
        with (tmp_path / "energy.csv").open("a", encoding="utf-8") as file:
            for run in range(1, 346):
                file.write(
                    f"float-line-{run:05d},float-line,hydrogen,4000,Nm3,import,10.8,MJ/Nm3,measured\n"
                )
        after = labels(tmp_path)["float-line", Metric.TOTAL]
        assert after.mean is not None
        assert before.mean is not None
        added_kgce = 345 * 4000 * 10.8 / 29.3076
        assert after.mean * after.output - before.mean * before.output == pytest.approx(
            added_kgce, rel=1e-6
        )

    def test_a_value_that_the_plant_calls_a_default_is_none(self, tmp_path: Path) -> None:
        """The boundary takes hydrogen by a measured heating value alone: its batches are left
        out.
        """
        Sector(str(FURTHER["flat-glass"]), 1, 1, YEAR).plants[0].write(
            tmp_path, faults=0, road="csv"
        )
        with (tmp_path / "energy.csv").open("a", encoding="utf-8") as file:
            for run in range(1, 101):
                source = "default" if run <= 50 else "measured"
                file.write(
                    f"float-line-{run:05d},float-line,hydrogen,4000,Nm3,import,10.8,MJ/Nm3,{source}\n"
                )
        assert labels(tmp_path)["float-line", Metric.TOTAL].excluded == {"lhv-required": 50}

    def test_may_stand_in_the_tables_of_the_site(self, tmp_path: Path) -> None:
        Sector(str(FURTHER["ceramics"]), 1, 1, YEAR).plants[0].write(tmp_path, faults=0, road="csv")
        site = tmp_path / "site.toml"
        site.write_text(
            site.read_text(encoding="utf-8")
            + '\n[steps.tile-line.outside]\nbiomass = "canteen stove"\n',
            encoding="utf-8",
        )
        assert load_site(site).steps["tile-line"].outside == {"biomass": "canteen stove"}

    def test_never_stand_for_two_things(self, tmp_path: Path) -> None:
        text = FURTHER["flat-glass"].read_text(encoding="utf-8")
        own = tmp_path / "own.toml"
        own.write_text(
            text.replace(
                'id = "hydrogen"\nkind = "gas"\nunit = "Nm3"',
                'id = "hydrogen"\nkind = "liquid"\nunit = "kg"',
            ),
            encoding="utf-8",
        )
        packs.load(str(FURTHER["flat-glass"]))
        with pytest.raises(InputError) as refused:
            packs.load(str(own))
        assert refused.value.code == "pack-inconsistent"
        assert refused.value.place is not None
        assert refused.value.place.column == "own_carriers[hydrogen]"


def test_a_ratio_of_electricity_passes_over_no_bought_cooling(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A third of the days take chilled water: they have no ratio, and nobody is told to declare
    what the boundary holds.
    """
    Sector(str(FURTHER["data-centre"]), 1, 1, YEAR).plants[0].write(tmp_path, faults=0, road="csv")
    before = labels(tmp_path)["data-hall", Metric.ELECTRICITY]
    with (tmp_path / "energy.csv").open("a", encoding="utf-8") as file:
        for run in range(1, 121):
            file.write(
                f"data-hall-{run:05d},data-hall,chilled-water-cold,{before.output / before.used * 0.2},MJ,import,,,\n"
            )
    after = labels(tmp_path)["data-hall", Metric.ELECTRICITY]
    assert (after.used, after.excluded) == (before.used - 120, {"energy-outside-boundary": 120})
    for lang, phrase in (
        ("en", "outside this metric: chilled-water-cold"),
        ("zh", "chilled-water-cold"),
    ):
        out = tmp_path / lang
        assert (
            main(
                [
                    "label",
                    "--site",
                    str(tmp_path / "site.toml"),
                    "--period",
                    str(YEAR),
                    "--out",
                    str(out),
                    "-v",
                    "--lang",
                    lang,
                ]
            )
            == 0
        )
        output = capsys.readouterr().out
        assert phrase in output
        assert "steps.data-hall.outside" not in output + (out / "report.html").read_text(
            encoding="utf-8"
        )


def test_a_class_of_capacity_holds_its_upper_edge() -> None:
    """Up to 300 t/d, with 300: as the standard's table says, not as a half-open range would."""
    step = packs.load(str(FURTHER["flat-glass"])).step("rolling-line")
    small, large = step.limits
    for capacity, meant in ((299.9, small), (300, small), (300.1, large), (900, large)):
        for limit in (small, large):
            corrected = corrected_limits(
                limit, {"design_capacity_t_per_d": capacity}, date(2026, 1, 1)
            )
            assert isinstance(corrected, NotAssessable) is (limit is not meant), (
                capacity,
                limit.id,
            )


def test_a_metric_per_another_unit_than_the_output_is_told_when_the_pack_is_checked(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own.toml"
    text = FURTHER["flat-glass"].read_text(encoding="utf-8")
    own.write_text(text.replace('unit = "kWh/weight case"', 'unit = "kWh/t"'), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        packs.load(str(own))
    assert refused.value.code == "pack-inconsistent"
    assert refused.value.place is not None
    assert refused.value.place.column == "steps[float-line].metrics[electricity].unit"
    assert refused.value.wanted is not None
    assert "kWh/weight case" in refused.value.wanted
