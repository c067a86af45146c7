"""An edition that was in force and is not held is named where a grade would be read: label.json,
terminal, public page.
"""

from __future__ import annotations

import json
from datetime import UTC, date
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.explanation.shown_limits import not_held, note
from benchmarks.labels.coverage import Coverage, LeftOutShare
from benchmarks.labels.limit_test import grade_step
from benchmarks.measurements import Metric, Period
from reporting_agent.cli import main

SITE = """
[site]
id = "works"
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
ENERGY = "batch_id,step,carrier,quantity,unit,lhv,lhv_unit\n" + "".join(
    f"p{day},pelletising,coal,20000,kg,27,MJ/kg\np{day},pelletising,electricity,30000,kWh,,\n"
    for day in range(1, 4)
)
NAMED = "GB 21256-2013 XG1-2018"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", f"the standard in force then, {NAMED}, is not in this pack"),
        ("zh", f"当时施行的标准{NAMED}未收录于本方法包"),
    ],
)
def test_label_json_and_the_terminal_name_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, sentence: str
) -> None:
    for name, text in (("site.toml", SITE), ("batches.csv", RUNS), ("energy.csv", ENERGY)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    out = tmp_path / "label"
    assert (
        main(
            [
                "label",
                "--site",
                str(tmp_path / "site.toml"),
                "--period",
                "2025",
                "--out",
                str(out),
                "-v",
                "--lang",
                language,
            ]
        )
        == 0
    )
    assert sentence in capsys.readouterr().out
    label = json.loads((out / "label.json").read_text(encoding="utf-8"))
    assert [step["editions_not_held"] for step in label["steps"]] == [[NAMED]] * len(label["steps"])


def test_an_edition_that_ended_within_the_period_is_named_and_one_that_is_held_is_not() -> None:
    cement = packs.load("cement")
    assert cement.editions_not_held(["clinker-burning"], date(2022, 1, 1), date(2022, 12, 31)) == (
        "GB 16780-2012",
        "发改产业〔2021〕1609号",
    )
    assert cement.editions_not_held(["clinker-burning"], date(2025, 1, 1), date(2025, 12, 31)) == (
        "发改产业〔2023〕723号",
    )


@pytest.mark.parametrize(
    ("period", "named"),
    [("2022", "GB 16780-2012, 发改产业〔2021〕1609号"), ("2025", "发改产业〔2023〕723号")],
)
def test_the_public_record_names_them_beside_limits_and_without(period: str, named: str) -> None:
    cement = packs.load("cement")
    route, days = cement.routes[0], Period.parse(period, UTC)
    lacking = not_held(cement, route, days)
    assert lacking is not None
    assert lacking.en == f"Also in force, but their values are not in this pack: {named}."
    assert named in lacking.said_in("zh")
    assert lacking.en in note(cement, route, days, ()).en


def test_a_limit_of_several_steps_that_was_not_in_force_is_said_to_be_that() -> None:
    """GB 16780-2021 holds from 2022-11 on, for five steps together: of a year before it the first
    says more.
    """
    cement = packs.load("cement")
    step = cement.step("cement-grinding")
    rule = step.metrics[0]
    assert rule.metric is Metric.TOTAL
    for year, reason in (("2013", "not-in-force"), ("2024", "limit-over-several-steps")):
        period = Period.parse(year, UTC)
        covered = Coverage(365, 365, (period.start, period.start), 12, 12)
        assert grade_step(step, rule, "any", 3.8, {}, {}, period, covered).reason == reason


@pytest.mark.parametrize(
    ("share", "figure"), [(0.0521, "5.2%"), (0.05004, "5.004%"), (0.31, "31%")]
)
def test_a_share_beyond_its_bound_is_told_with_the_decimals_that_show_it(
    share: float, figure: str
) -> None:
    why = LeftOutShare(share, ("scrap",), 0, 365).too_much
    assert why is not None
    assert why.values["share"] == figure
