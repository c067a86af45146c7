"""What the page says where a plant is unusual: one of a thing, a mean beyond the drawing, a meter
of no step, a month without data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.phrases import Phrase
from reporting_agent.analysis.baselines.baseline import Baseline, Chart
from reporting_agent.analysis.meters.balance import Balance, BalanceMeter
from reporting_agent.report.html import filled
from reporting_agent.report.sections import baselines, meters, pareto, site_balance, steps
from reporting_agent.report.view import View
from reporting_agent.report.words import words
from tests.unit.report.conftest import MADE, Made
from tests.unit.report.furnace_sites import furnace_site, read_as_text

PLURAL_OF_ONE = re.compile(
    r"(?<![\d.,–-])(?<!kind )\b1 "
    r"(?:batches|labels|figures|groups|rows|days|heats|practices|runs)\b[^.\n]{0,30}"
)
NOT_USED = '[steps.eaf]\nnot_used = ["natural-gas", "coke"]\n'


def furnace(
    folder: Path,
    heats: int,
    *,
    hot_metal: float = 0,
    late_every: int = 0,
    own_column: str = "",
    own_value: Callable[[int], str] = lambda number: "",
    steam_gj: float = 0,
    more: str = "",
) -> Made:
    """Heats of one furnace; a late one takes longer and more power, and steam is given back."""

    def late(number: int) -> bool:
        return bool(late_every) and number % late_every == 3

    return furnace_site(
        folder,
        heats,
        hours=3,
        hot_metal=hot_metal,
        minutes=lambda number: 90 if late(number) else 50,
        kwh=lambda number: 37_000 + 4_000 * late(number) + 37 * (number * 7919 % 101),
        carriers=lambda number: (
            [f"H{number:04},eaf,steam,{steam_gj},GJ,,,recovered"] if steam_gj else []
        ),
        columns=f",{own_column}" if own_column else "",
        more=lambda number: f",{own_value(number)}" if own_column else "",
        extra=NOT_USED + more,
    )


def view_of(plant: Made) -> View:
    return View(plant.site, plant.result, plant.analysis, "en", MADE)


@pytest.mark.parametrize(
    ("heats", "sentence"),
    [
        (1, "Batches read: 1; the reasons are below."),
        (60, "differs by more than chance. Labels looked at: 1."),
    ],
)
def test_one_of_a_thing_is_no_plural(heats: int, sentence: str, tmp_path: Path) -> None:
    page = read_as_text(furnace(tmp_path, heats).page("en"))
    assert PLURAL_OF_ONE.findall(page) == []
    assert sentence in page


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("references", "found"),
        ("practices", "found"),
        ("ladder", "without"),
        ("use", "unknown"),
        ("quality", "rejected"),
    ],
)
def test_a_text_that_counts_reads_well_of_one(section: str, key: str) -> None:
    assert PLURAL_OF_ONE.findall(words("en")[section][key].format(count=1)) == []


class TestSpread:
    """The scale is that of values at reference conditions, the mean is as measured."""

    @staticmethod
    def read_off(drawing: dict[str, Any], mark: dict[str, Any]) -> float:
        """The value at which the mark stands on the scale."""
        (first_at, first), *_, (last_at, last) = [
            (float(tick["at"].rstrip("%")), float(tick["text"])) for tick in drawing["ticks"]
        ]
        return first + (float(mark["at"].rstrip("%")) - first_at) * (last - first) / (
            last_at - first_at
        )

    @pytest.mark.parametrize(
        ("hot_metal", "kinds"), [(0, ["label", "typical", "mean"]), (30, ["label", "typical"])]
    )
    def test_a_mark_stands_where_its_number_is_or_is_not_there(
        self, hot_metal: float, kinds: list[str], tmp_path: Path
    ) -> None:
        plant = furnace(tmp_path, 100, hot_metal=hot_metal)
        content = steps.data(view_of(plant))
        assert content is not None
        drawing = content["steps"][0]["spread"]
        assert [mark["kind"] for mark in drawing["marks"]] == kinds
        assert all(
            abs(self.read_off(drawing, mark) - float(mark["value"])) < 0.5
            for mark in drawing["marks"]
        )
        assert (
            f"The mean, {drawing['mean']} kgce/t, lies outside this drawing." in plant.page("en")
        ) == ("mean" not in kinds)


def test_tables_of_rules_of_two_products_differ_in_name_and_are_not_of_the_largest_causes(
    tmp_path: Path,
) -> None:
    products = ("rebar", "billet")
    view = view_of(
        furnace(
            tmp_path,
            240,
            late_every=29,
            own_column="product",
            own_value=lambda number: products[number // 3 % 2],
        )
    )
    rules = pareto.rules(view)
    assert len(rules) == 2
    assert all(
        product in table["name"]
        for product, table in zip(
            sorted(products), sorted(rules, key=lambda table: table["name"]), strict=True
        )
    )
    page = filled("pareto", {"tables": [], "of_steps": [], "rules": rules}, view.w)
    assert 'scope="col">Cause<' in page
    assert view.w["worst"]["cause"] not in page


def test_what_is_said_to_be_too_few_is_fewer_than_what_is_needed(tmp_path: Path) -> None:
    """A variable in every fifth heat; the rest never change."""
    plant = furnace(
        tmp_path,
        300,
        own_column="var.lance_m",
        own_value=lambda number: str(number % 7) if number % 5 == 0 else "",
    )
    assert {label.summary.en for label in plant.analysis.drivers} == {
        (
            "No variable both changes and is recorded for enough batches, so no effect on the "
            "energy can be shown; "
            "each line says what is missing."
        )
    }


def test_each_percent_that_is_missing_is_of_the_energy_that_goes_in(tmp_path: Path) -> None:
    """47.7 kgce/t of power go in, and steam that is given back leaves 41."""
    label = furnace(tmp_path, 60, steam_gj=18).result.site_label.steps[0]
    power = label.energy_by_carrier["electricity"] / label.output
    assert label.mean is not None
    assert label.mean < 0.95 * power
    (sentence,) = [
        words.en for words in label.account if "Each percent that is missing" in words.en
    ]
    assert f"lowers the label by {power / 100:.2f} kgce/t" in sentence


def test_what_went_into_stock_is_not_called_sold(tmp_path: Path) -> None:
    """100 t of coal are bought and stored, and nothing is sold."""
    boundary = (
        "[site_boundary]\npurchased = [\n"
        '{ carrier = "coal", quantity = 100, unit = "t", period = "2016" },\n'
        '{ carrier = "electricity", quantity = 2400000, unit = "kWh", period = "2016" },\n]\n'
        'stocks = [{ carrier = "coal", opening = 0, closing = 100, unit = "t", period = "2016" }]\n'
    )
    content = site_balance.data(view_of(furnace(tmp_path, 60, more=boundary)))
    assert content is not None
    amounts = {row["name"]: row["calorific"].text for row in content["bases"]["rows"]}
    assert "Sold" not in amounts
    assert amounts["Sold and into stock"] == "−71.43"


def test_an_allowance_that_is_no_share_has_a_unit(heats: Made) -> None:
    """A main meter that counted nothing."""
    main, sub_meter = BalanceMeter("main", 0.0, 0.1, True), BalanceMeter("sub", 900.0, 0.1, True)
    dead = Balance(
        "subs",
        "electricity",
        "kWh",
        main,
        (sub_meter,),
        0.0,
        -900.0,
        20.0,
        None,
        True,
        24,
        0,
        (),
        0,
        None,
        "sub",
        Phrase("-"),
    )
    content = meters.data(
        view_of(replace(heats, analysis=replace(heats.analysis, balances=(dead,))))
    )
    assert content is not None
    assert content["balances"][0]["allowed"] == "20.00 kWh"


class TestBaselines:
    """Meters of no step, and running sums that only rise or of which a month is not known."""

    @staticmethod
    def charted(plant: Made, residual: Callable[[date], float], days: int) -> Baseline:
        """The first baseline with these differences from 1 January on."""
        dates = tuple(date(2025, 1, 1) + timedelta(days=number) for number in range(days))
        actual = np.array([residual(day) for day in dates])
        unknown, unflagged = np.full(days, np.nan), np.zeros(days, dtype=bool)
        chart = Chart(
            dates,
            actual,
            np.zeros(days),
            unknown,
            unknown,
            np.cumsum(np.nan_to_num(actual)),
            unflagged,
        )
        return replace(plant.analysis.baselines[0], chart=chart, unit="kWh")

    @staticmethod
    def section(plant: Made, baseline: Baseline) -> dict[str, Any]:
        content = baselines.data(
            view_of(replace(plant, analysis=replace(plant.analysis, baselines=(baseline,))))
        )
        assert content is not None
        meter: dict[str, Any] = content["meters"][0]
        return meter

    def test_a_meter_without_a_step_is_headed_by_its_carrier(self, cement: Made) -> None:
        baseline = replace(
            cement.analysis.baselines[0],
            meter="site-main",
            carrier="electricity",
            step="clinker-burning",
        )
        assert self.section(cement, baseline)["title"] == "site-main: Clinker burning, electricity"
        assert self.section(cement, replace(baseline, step=""))["title"] == "site-main: electricity"

    def test_a_sum_that_only_rises_fell_in_no_month(self, cement: Made) -> None:
        sums = self.section(cement, self.charted(cement, lambda day: float(day.month), 59))["cusum"]
        assert sums["note"].endswith("something changed. It rose most in 2025-02 (+56.00 kWh).")
        assert sums["alt"] == "Running sum over 59 days. It rose most in 2025-02 (+56.00 kWh)."

    def test_a_sum_that_only_falls_rose_in_no_month(self, cement: Made) -> None:
        sums = self.section(cement, self.charted(cement, lambda day: -float(day.month), 59))[
            "cusum"
        ]
        assert sums["note"].endswith("something changed. It fell most in 2025-02 (−56.00 kWh).")

    def test_a_month_without_a_known_day_has_no_difference_and_is_no_extreme(
        self, cement: Made
    ) -> None:
        of_month = {1: np.nan, 2: 3.0, 3: 1.0}
        sums = self.section(cement, self.charted(cement, lambda day: of_month[day.month], 90))[
            "cusum"
        ]
        assert [
            (month["days"], month["added"].text, month["sum"].text) for month in sums["months"]
        ] == [
            ("0", "–", "–"),
            ("28", "+84.00", "+84.00"),
            ("31", "+31.00", "+115.0"),
        ]
        assert "2025-01" not in sums["note"]
