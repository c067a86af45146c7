"""Figures of the page say what they were made of: heat contents, conditions, days, and how sure
they are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.guidance.causes import WasteCause
from benchmarks.label_keys import LabelKey
from reporting_agent.report.sections import about, costs, ladder, lead, pareto, steps
from reporting_agent.report.summary import as_text
from reporting_agent.report.view import View
from tests.unit.report.conftest import Made
from tests.unit.report.furnace_sites import furnace_site, read_as_text


def view_of(report: Made) -> View:
    return View(report.site, report.result, report.analysis, "en", datetime(2026, 1, 5, tzinfo=UTC))


def test_what_low_load_costs_is_said_of_the_output_that_a_batch_lacks(tmp_path: Path) -> None:
    """The slope is the whole fixed energy of a batch, which no batch lost by making a few tonnes
    less.
    """
    report = furnace_site(
        tmp_path,
        300,
        kwh=lambda heat: 20_000 + 170 * (100 - heat % 6) + 37 * (heat * 7919 % 11),
        output=lambda heat: 100 - heat % 6,
    )
    losses = next(loss for loss in report.analysis.losses if loss.counted)
    rule = next(rule for rule in losses.rules if rule.cause is WasteCause.LOW_LOAD)
    assert (rule.stands, rule.per) == (True, "fixed")
    advice = next(
        advice.words.en for advice in report.analysis.first_look if "Low load" in advice.words.en
    )
    assert "whatever its output" in advice
    assert "a batch (95" not in advice
    cost = next(
        row["cost"]
        for table in pareto.rules(view_of(report))
        for row in table["rows"]
        if row["batches"] == str(rule.batches)
    )
    assert cost.endswith("in each batch, whatever its output")


def factors(report: Made) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for row in about._factors(view_of(report)):
        rows.setdefault(row["carrier"], []).append(row["factor"])
    return rows


def test_the_factor_of_a_fuel_is_the_one_that_its_energy_was_converted_by(tmp_path: Path) -> None:
    declared = '[steps.eaf]\nnot_used = ["natural-gas"]\n'

    def carriers(heat: int) -> list[str]:
        return [f"H{heat:04},eaf,coke,1000,kg,{26 + heat % 2},MJ/kg", f"H{heat:04},eaf,steam,1,GJ"]

    report = furnace_site(tmp_path, 40, carriers=carriers, extra=declared)
    assert report.result.site_label.steps[0].used == 40
    shown = factors(report)
    assert shown["coke"] == ["the plant's heating values, 26.00 to 27.00 MJ/kg"]
    assert shown["steam"] == ["given as heat, 29.3076 MJ/kgce"]
    assert shown["electricity"] == ["0.1229 kgce/kWh"]


def test_no_valid_batch_ran_on_the_days_of_which_it_is_said_that_none_did(tmp_path: Path) -> None:
    report = furnace_site(tmp_path, 60)  # 1 May 00:00 to 4 May 17:20
    page = read_as_text(report.page("en"))
    assert "none from 5 May 2016 to 31 Dec 2016" in page
    assert "none from 2016-05-05 to 2016-12-31" in page


def test_where_an_interval_has_no_bound_every_place_says_at_least(tmp_path: Path) -> None:
    report = furnace_site(tmp_path, 60)
    view = view_of(report)
    of_steps, drawn = steps.data(view), ladder.data(view)
    assert of_steps is not None
    assert drawn is not None
    half = of_steps["steps"][0]["values"][0]["uncertain"]
    assert half.startswith("≥ ±")
    note = next(each["note"] for each in lead.data(view)["figures"] if each["kind"] == "best")
    assert half in note
    assert "k = 2" not in note
    assert drawn["rungs"][0]["interval"] == half
    assert f"best {half}" in as_text(report.result)


def test_no_cause_is_said_to_count_at_a_label_that_is_in_question(tmp_path: Path) -> None:
    report = furnace_site(
        tmp_path,
        300,
        minutes=lambda heat: 90 if heat % 29 == 3 else 50,
        kwh=lambda heat: 37_000 + 4_000 * (heat % 29 == 3) + 37 * (heat * 7919 % 101),
    )
    assert pareto.rules(view_of(report))
    doubtful = frozenset(LabelKey.of(label) for label in report.result.site_label.steps)
    assert (
        pareto.rules(replace(view_of(report), analysis=replace(report.analysis, doubtful=doubtful)))
        == []
    )


def test_what_runs_are_said_to_have_used_is_told_at_reference_conditions(tmp_path: Path) -> None:
    """With 30 % hot metal no heat used as much as the label, to which all are corrected."""
    page = read_as_text(furnace_site(tmp_path, 300, hot_metal=30).page("en"))
    assert re.search(r"At reference conditions your best heats used [\d.]+ kgce/t", page)


def test_a_rung_in_question_is_as_long_as_without_the_question(tmp_path: Path) -> None:
    """Two steps of one ladder are drawn in coal equivalent; a factor of conversion is no
    conclusion.
    """
    report = furnace_site(tmp_path, 60, beside="air-separation")
    sure = view_of(report)
    doubtful = frozenset(
        LabelKey.of(label)
        for label in report.result.site_label.steps
        if label.step == "air-separation"
    )
    unsure = replace(sure, analysis=replace(report.analysis, doubtful=doubtful))
    drawn = [ladder.data(view) for view in (sure, unsure)]
    rises = [
        {rung["name"]: rung["rise"] for rung in rungs["rungs"]}["Air separation"]
        for rungs in drawn
        if rungs is not None
    ]
    assert len(rises) == 2
    assert rises[0] == rises[1]


def test_a_mean_rate_has_its_currency(tmp_path: Path) -> None:
    tariff = (
        '[tariff]\ncurrency = "CNY"\n[[tariff.prices]]\ncarrier = "electricity"\nprice = '
        '0.62\nunit = "kWh"\n'
    )
    report = furnace_site(
        tmp_path, 40, extra=f'[steps.eaf]\nnot_used = ["natural-gas", "coke"]\n{tariff}'
    )
    section = costs.data(view_of(report))
    assert section is not None
    (row,) = section["periods"]
    assert row["rate"] == "0.6200 CNY/kWh"
    assert "0.6200 CNY/kWh" in read_as_text(report.page("en"))
