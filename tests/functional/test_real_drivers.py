"""What the real heats and the real plant meter tell of drivers, base load and days that stand out,
as docs/drivers.md says it.

The data may not be redistributed: see `real_data`.
"""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.analysis.baselines.baseline import Baseline, baselines
from reporting_agent.analysis.drivers.result import Driver, Relevance, StepDrivers, VariableKind
from reporting_agent.analysis.drivers.study import drivers
from reporting_agent.config import load_site
from tests.functional.real_data import DATA, HEATS, ROOT, site_of

HEAT_VARIABLES = {
    "power_on_s": "power_on_s",
    "tap_first": "tap_first",
    "temp_mean_c": "temp_mean_c",
    "o2_ppm": "o2_ppm_mean",
    "lf_c_pct": "lf_c_pct",
    "lf_mn_pct": "lf_mn_pct",
}
PLANT = """
[site]
id = "steel-plant"
timezone = "Asia/Seoul"
pack = "steel"

[inputs]
batches = "batches.csv"
readings = "{readings}"

[[meters]]
id = "main"
step = "hot-rolling"
carrier = "electricity"
reading = "interval"
unit = "kWh"
interval_s = 900

[mapping.readings]
columns = {{ timestamp = "date", value = "Usage_kWh" }}
constants = {{ meter_id = "main" }}
date_order = "dmy"

[tariff]
currency = "KRW"
holidays = [
  2018-01-01, 2018-02-15, 2018-02-16, 2018-03-01, 2018-05-07, 2018-05-22, 2018-06-06, 2018-06-13, 2018-08-15, 2018-09-24, 2018-09-25,
  2018-09-26, 2018-10-03, 2018-10-09, 2018-12-25,
]
"""
"""The file knows no production: the one batch is there because a site needs a log."""


@pytest.fixture(scope="module")
def heats(tmp_path_factory: pytest.TempPathFactory) -> StepDrivers:
    path = site_of(*HEATS, tmp_path_factory.mktemp("heats"))
    columns = ", ".join(f'"var.{name}" = "{column}"' for name, column in HEAT_VARIABLES.items())
    text = path.read_text(encoding="utf-8").replace('"var.power_on_s" = "power_on_s"', columns)
    path.write_text(
        text.replace('end = ["0"]', 'end = ["0"], "var.o2_ppm" = ["0"]'), encoding="utf-8"
    )
    site = load_site(path)
    (study,) = drivers(site, pipeline.label(site, Period.parse("2015-01-01/2017-01-01", site.zone)))
    return study


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    home = tmp_path_factory.mktemp("plant")
    real = DATA / "steel_15min_uci.csv.gz"
    if not real.is_file():
        pytest.skip(
            f"real data not here: {real} (set STEPLABEL_REAL_DATA to the folder that holds it)"
        )
    (home / real.name).symlink_to(real.resolve())
    (home / "site.toml").write_text(PLANT.format(readings=real.name), encoding="utf-8")
    (home / "batches.csv").write_text(
        "batch_id,step,product,start,end,output_quantity,output_unit\nB1,hot-rolling,,2018-03-05T08:00,2018-03-05T16:00,1,t\n",
        encoding="utf-8",
    )
    site = load_site(home / "site.toml")
    (baseline,) = baselines(site, pipeline.label(site, Period.parse("2018", site.zone)))
    return baseline


def of(study: StepDrivers, name: str) -> Driver:
    return next(driver for driver in study.drivers if driver.variable == name)


def test_neighbouring_heats_are_alike_and_count_for_less(heats: StepDrivers) -> None:
    assert heats.batches == 12_525
    assert heats.autocorrelation == pytest.approx(0.44, abs=0.02)
    assert heats.effective_batches == pytest.approx(4_830, rel=0.03)


def test_power_on_time_shows_where_the_energy_went_and_what_waiting_costs_cannot_be_told(
    heats: StepDrivers,
) -> None:
    power_on, wait = of(heats, "power_on_s"), of(heats, "time_since_batch_before")
    assert (power_on.verdict, power_on.kind) == (Relevance.DRIVER, VariableKind.CONSEQUENCE)
    assert power_on.over_range is not None
    assert power_on.over_range.value == pytest.approx(67, abs=2)
    assert wait.verdict is Relevance.CANNOT_TELL, (
        "between the others numbers are missing, or times are wrong: that is no wait"
    )
    assert "only 9,733 of 12,560 batches have it recorded" in wait.sentence.en
    assert not heats.savings


def test_what_is_measured_after_the_melt_saves_nothing_until_someone_says_it_can_be_set(
    heats: StepDrivers,
) -> None:
    for name in ("temp_mean_c", "lf_c_pct", "lf_mn_pct"):
        assert of(heats, name).kind is VariableKind.UNDECLARED
        assert f"[variables.{name}] kind" in of(heats, name).sentence.en
    assert heats.normalised is None


def test_a_plant_meter_without_production_still_tells_its_base_load_and_its_days(
    plant: Baseline,
) -> None:
    assert plant.base_load is not None
    assert plant.base_load.night == pytest.approx(13.0, abs=0.2)
    assert plant.base_load.sentence.en.startswith(
        "The usual load (median) is 13.0 kW at night (00:00–05:00)"
    )
    assert [kind.words.en for kind in plant.day_types] == ["Sun", "Sat, holiday", "Mon–Fri"]
    assert plant.explained is not None
    assert 0.3 < plant.explained < 0.6  # what the rest is, only a production column could tell


def test_the_winter_and_the_summer_stop_stand_out(plant: Baseline) -> None:
    winter = plant.anomalies[0]
    assert (winter.first.month, winter.last) == (1, date(2018, 2, 6))
    assert winter.energy == pytest.approx(51_000, rel=0.05)
    assert any(
        anomaly.energy < 0 and anomaly.first <= date(2018, 8, 1) <= anomaly.last
        for anomaly in plant.anomalies
    )


def test_the_page_names_the_figures_found_here() -> None:
    page = (ROOT / "docs" / "drivers.md").read_text(encoding="utf-8")
    for figure in ("12,525", "67 kWh/t", "13 kW", "51,200 kWh"):
        assert figure in page
