"""Whether a meter suffices: the seeds' wrongly chosen ranges of gas and steam above all, with what
to change in words and figures.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from benchmarks.catalogue import in_language
from benchmarks.measurements import Period
from reporting_agent.analysis.meters.adequacy import Adequacy, adequacy, findings
from reporting_agent.analysis.meters.adequacy_rules import AdequacyVerdict, Aspect
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, label
from tests.unit.meters.conftest import heats, meter, rate, register

Build = Callable[..., SiteSettings]
Label = Callable[[SiteSettings], LabelResult]
DAYS = 10


@pytest.fixture
def labelled(ten_days: Period) -> Label:
    return lambda site: label(site, ten_days)


def heat_power(moment: datetime) -> float:
    """Heats that differ: every hour a little more than the one before, for 50 minutes of each."""
    return (
        40_000.0 + 200.0 * ((moment.day * 7 + moment.hour * 5) % 24)
        if moment.minute < 50
        else 2_000.0
    )


def judged(
    a_site: Build, labelled: Label, toml: str, readings: dict[str, Any], minutes: int = 50
) -> dict[str, Adequacy]:
    site = a_site(toml, heats(24 * DAYS, minutes=minutes), readings)
    return {judgement.meter: judgement for judgement in adequacy(site, labelled(site))}


def aspects(judgement: Adequacy) -> set[Aspect]:
    return {issue.aspect for issue in judgement.issues}


def test_a_gas_meter_far_too_large_is_told_with_its_error_and_the_range_to_choose(
    a_site: Build, labelled: Label
) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5)
    toml += meter(
        "gas",
        "rate",
        "Nm3/h",
        carrier='"natural-gas"',
        step='"eaf"',
        range="[0.0, 5000.0]",
        accuracy_class=1.5,
        accuracy_of='"range"',
        lhv=35.6,
    )
    readings = {
        "f1": register(heat_power, DAYS + 1),
        "gas": rate(lambda moment: 210.0 + 30 * (moment.minute % 7 == 0), DAYS + 1),
    }
    judgement = judged(a_site, labelled, toml, readings)["gas"]
    issue = next(issue for issue in judgement.issues if issue.aspect is Aspect.RANGE)
    assert "range 0 to 5,000 Nm3/h, but the batches run at 21" in issue.found.en
    assert "class 1.5 of the range means an error of 35%" in issue.found.en
    assert issue.change.en == "choose 0 to 500 Nm3/h"
    assert issue.change.said_in("zh") == "改用 0 至 500 Nm3/h"
    assert judgement.verdict is AdequacyVerdict.YEAR_ONLY
    assert judgement.range_used == pytest.approx(0.043, abs=0.001)


def test_the_same_meter_for_all_of_the_steps_energy_is_not_adequate(
    a_site: Build, labelled: Label
) -> None:
    toml = meter(
        "f1",
        "rate",
        "kW",
        step='"eaf"',
        range="[0.0, 900000.0]",
        accuracy_class=1.5,
        accuracy_of='"range"',
    )
    judgement = judged(a_site, labelled, toml, {"f1": rate(heat_power, DAYS + 1)})["f1"]
    assert judgement.verdict is AdequacyVerdict.INADEQUATE
    assert (
        next(issue for issue in judgement.issues if issue.aspect is Aspect.CLASS).change.en
        == "choose 0 to 100,000 kW"
    )
    assert "不满足要求" in in_language(judgement.words, "zh")
    assert [finding.code for finding in findings([judgement])] == ["meter-inadequate"]


def test_a_meter_wired_backwards_is_judged_and_no_range_is_told_for_what_flows_the_other_way(
    a_site: Build, labelled: Label
) -> None:
    """It shows some −42 MW. Of a range of 500 MW class 0.5 is 2.5 MW, by √3 and k = 2 it is 2.9: 7
    %. Class 0.2 is 3 %, within the 5 %.
    """
    toml = meter(
        "f1",
        "rate",
        "kW",
        step='"eaf"',
        range="[-500000.0, 500000.0]",
        accuracy_class=1.5,
        accuracy_of='"range"',
    )
    judgement = judged(
        a_site, labelled, toml, {"f1": rate(lambda moment: -heat_power(moment), DAYS + 1)}
    )["f1"]
    assert (
        next(issue for issue in judgement.issues if issue.aspect is Aspect.CLASS).change.en
        == "choose class 0.2"
    )


def test_a_good_meter_is_adequate_and_no_finding(a_site: Build, labelled: Label) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5, range="[0.0, 60000.0]")
    judgement = judged(a_site, labelled, toml, {"f1": register(heat_power, DAYS + 1)})["f1"]
    assert judgement.verdict is AdequacyVerdict.ADEQUATE
    assert judgement.issues == ()
    assert findings([judgement]) == []
    assert judgement.of_batch == pytest.approx(2 * 0.005 / 3**0.5, rel=0.02)


def test_without_a_class_nobody_can_tell(a_site: Build, labelled: Label) -> None:
    judgement = judged(
        a_site, labelled, meter("f1", step='"eaf"'), {"f1": register(heat_power, DAYS + 1)}
    )["f1"]
    assert judgement.verdict is AdequacyVerdict.UNDECLARED
    assert aspects(judgement) == {Aspect.UNDECLARED}
    assert findings([judgement]) == []


def test_a_meter_that_stands_at_the_end_of_its_range_shows_too_little(
    a_site: Build, labelled: Label
) -> None:
    toml = meter("f1", "rate", "kW", step='"eaf"', range="[0.0, 42000.0]", accuracy_class=0.5)
    judgement = judged(
        a_site,
        labelled,
        toml,
        {"f1": rate(lambda moment: min(heat_power(moment), 42_000.0), DAYS + 1)},
    )["f1"]
    issue = next(issue for issue in judgement.issues if issue.aspect is Aspect.SATURATION)
    assert judgement.verdict is AdequacyVerdict.INADEQUATE
    assert "more flowed than it shows" in issue.found.en


def test_readings_every_quarter_of_an_hour_are_for_the_year_only(
    a_site: Build, labelled: Label
) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5)
    judgement = judged(a_site, labelled, toml, {"f1": register(heat_power, DAYS + 1, 900)})["f1"]
    assert judgement.verdict is AdequacyVerdict.YEAR_ONLY
    assert Aspect.SAMPLING in aspects(judgement)
    assert "does not estimate energy across a gap of more than 300 s" in judgement.words
    assert "read it every 60 s" in judgement.words


def test_readings_every_quarter_of_an_hour_suffice_no_better_where_they_may_be_used(
    a_site: Build, labelled: Label
) -> None:
    toml = (
        meter("mill", step='"hot-rolling"', accuracy_class=0.5)
        + '\n[steps.hot-rolling]\nnot_used = ["coke-oven-gas", "blast-furnace-gas"]\n'
    )
    rolling = heats(24 * DAYS, step="hot-rolling", minutes=50)
    site = a_site(
        toml,
        [row.replace("T00:00:00", "T00:05:00") for row in rolling],
        {"mill": register(heat_power, DAYS + 1, 900)},
    )
    (judgement,) = adequacy(site, labelled(site))
    issue = next(issue for issue in judgement.issues if issue.aspect is Aspect.SAMPLING)
    assert judgement.verdict is AdequacyVerdict.YEAR_ONLY
    assert (
        "at the start or end of a batch, the energy between two readings is split by time alone"
        in issue.found.en
    )


def test_a_register_of_coarse_steps_is_for_the_year_only(a_site: Build, labelled: Label) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5)
    judgement = judged(
        a_site, labelled, toml, {"f1": register(heat_power, DAYS + 1, 60, quantum=1000.0)}
    )["f1"]
    issue = next(issue for issue in judgement.issues if issue.aspect is Aspect.RESOLUTION)
    assert issue.change.en == "set it to write steps of 200 kWh or finer"
    assert judgement.verdict is AdequacyVerdict.YEAR_ONLY


def test_a_volume_at_constant_pressure_is_for_the_year_only_and_an_old_calibration_is_told(
    a_site: Build, labelled: Label
) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5)
    toml += meter(
        "gas",
        "rate",
        "m3/h",
        carrier='"natural-gas"',
        step='"eaf"',
        temperature_c=20,
        pressure_kpa=121.3,
        range="[0.0, 500.0]",
        accuracy_class=1.5,
        calibrated_on="2020-01-01",
    )
    readings = {"f1": register(heat_power, DAYS + 1), "gas": rate(lambda _: 300.0, DAYS + 1)}
    judgement = judged(a_site, labelled, toml, readings)["gas"]
    assert judgement.verdict is AdequacyVerdict.YEAR_ONLY
    assert aspects(judgement) == {Aspect.STATE, Aspect.CALIBRATION}
    assert "temperature and pressure are entered as constants" in judgement.words
    assert "50 months" in judgement.words
    assert judgement.load is not None
    assert judgement.load.mean == pytest.approx(300, rel=1e-3)  # in the meter's own m3/h


def test_a_meter_that_knows_little_of_its_time_is_told(a_site: Build, labelled: Label) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5)
    judgement = judged(a_site, labelled, toml, {"f1": register(heat_power, DAYS + 1)})["f1"]
    assert Aspect.COVERAGE not in aspects(judgement)  # the period is as long as the readings
    assert judgement.of_period is not None
    short = judged(
        a_site,
        labelled,
        toml,
        {"f1": [row for row in register(heat_power, DAYS + 1) if row[0].hour >= 3]},
    )["f1"]
    assert short.verdict in {AdequacyVerdict.YEAR_ONLY, AdequacyVerdict.INADEQUATE}
    assert Aspect.COVERAGE in aspects(short)


def test_no_class_is_recommended_for_readings_that_are_missing(
    a_site: Build, labelled: Label
) -> None:
    """Readings of one day in ten: the rest is no error of the meter's class."""
    toml = meter("f1", step='"eaf"', accuracy_class=0.5)
    judgement = judged(
        a_site,
        labelled,
        toml,
        {"f1": [row for row in register(heat_power, DAYS + 1) if row[0].day == 1]},
    )["f1"]
    assert judgement.of_period is None
    assert Aspect.CLASS not in aspects(judgement)
    assert Aspect.COVERAGE in aspects(judgement)
    assert "choose class" not in judgement.words
    assert "find out why its readings fail" in judgement.words
