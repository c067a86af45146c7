"""The real EAF heats and the small firm's machines through `check` and `label`, with the profiles
that ship.

The data may not be redistributed: see `real_data`. Figures are those of the files' own description,
counted there independently.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import pytest

from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.sources import LOG, read_table
from tests.functional.real_data import HEATS, MACHINES, site_of

FIRMS_WEEKS = "2022-08-31/2022-10-01"


class LogRow(NamedTuple):
    """One row of the small firm's log, with the seconds since its machine's row before and the
    state that row gave.
    """

    span_s: float
    part: str
    items: float
    energy: float
    state_before: str
    state: str
    status_time_s: float
    on_grid: bool

    @property
    def automatic(self) -> bool:
        return self.state_before == self.state == "normal"


@pytest.fixture(scope="module")
def heats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_of(*HEATS, tmp_path_factory.mktemp("heats"))


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_of(*MACHINES, tmp_path_factory.mktemp("machines"))


def quality(site: Path) -> dict[str, Any]:
    out = site.parent / "check"
    assert main(["check", "--site", str(site), "--out", str(out)]) == 0
    return dict(json.loads((out / "quality.json").read_text(encoding="utf-8")))


def labels(site: Path, period: str) -> list[dict[str, Any]]:
    out = site.parent / "label"
    assert main(["label", "--site", str(site), "--period", period, "--out", str(out)]) == 0
    return list(json.loads((out / "label.json").read_text(encoding="utf-8"))["steps"])


def test_every_fault_of_the_heats_is_counted(heats: Path) -> None:
    report = quality(heats)
    counts = {finding["code"]: finding["count"] for finding in report["findings"]}
    assert report["batches"]["read"] == 14_727
    assert counts == {
        "sentinel": 2,
        "zero-energy": 1,
        "too-short": 27,
        "impossible-power": 64,
        "energy-unknown": 2_086,
        "end-before-start": 1_084 + 173,  # 173 end at their start
        "end-missing": 20,
        "overlap": counts["overlap"],
        "number-missing": 2_209,
        "power-on-beyond-interval": counts["power-on-beyond-interval"],
        "pause": 17,
    }
    assert counts["overlap"] >= 241
    assert counts["power-on-beyond-interval"] >= 4_836


def test_the_sentinel_pair_and_the_zero_heat_are_named_by_their_rows(heats: Path) -> None:
    rows = {
        finding["code"]: [place["row"] for place in finding["places"]]
        for finding in quality(heats)["findings"]
    }
    assert rows["sentinel"] == [9488, 9489]
    assert rows["zero-energy"] == [5295]


def test_the_label_of_the_heats(heats: Path) -> None:
    (step,) = [
        step for step in labels(heats, "2015-01-01/2017-01-01") if step["metric"] == "electricity"
    ]
    assert step["unit"] == "kWh/t"
    excluded = step["batches"]["excluded"]
    assert excluded["sentinel"] == 2
    assert excluded["zero-energy"] == 1
    assert excluded["impossible-power"] == 64
    assert excluded["energy-unknown"] == 2_086
    assert (
        excluded["too-short"] == 27 - 9 - 4
    )  # nine have no energy either, four an impossible power: counted there
    assert step["batches"]["used"] + sum(excluded.values()) == step["batches"]["read"] == 14_727
    assert step["best"]["value"] == pytest.approx(
        354, abs=1
    )  # p5 of the resolved heats, as the data's own description has it
    assert step["typical"] == pytest.approx(395, abs=1)
    assert step["minimum"] < 130 < step["best"]["value"]  # the raw minimum is never the label


def test_one_year_of_heats_counts_the_other_as_outside(heats: Path) -> None:
    (step,) = [step for step in labels(heats, "2016") if step["metric"] == "electricity"]
    assert step["batches"]["excluded"]["outside-period"] == 7_008
    assert step["batches"]["used"] == 6_548


@pytest.fixture(scope="module")
def log(machines: Path) -> dict[str, list[LogRow]]:
    """The small firm's rows, by machine, each beside the seconds since the machine's row before and
    the state that held then.
    """
    site = load_site(machines)
    table = read_table(site.folder / "sme_machines.csv.gz", site.mapping.log, LOG, site.zone)
    with gzip.open(site.folder / "sme_machines.csv.gz", "rt", encoding="utf-8") as file:
        status_time = [
            float(row["status_time"]) for row in csv.DictReader(file)
        ]  # no column of the template
    names = ("equipment", "timestamp", "variant", "output_quantity", "energy", "state")
    rows = sorted(
        zip(
            *(table.columns[name] for name in names),
            (status_time[row - 2] for row in table.rows),
            strict=True,
        )
    )
    by_machine: dict[str, list[LogRow]] = {}
    for (machine_before, before, *_, state_before, _), (
        machine,
        stamp,
        part,
        items,
        energy,
        state,
        known_s,
    ) in pairwise(rows):
        if machine == machine_before:
            span_s = (stamp - before).total_seconds()
            on_grid = stamp.minute % 5 == stamp.second == 0
            by_machine.setdefault(machine, []).append(
                LogRow(span_s, part, items, energy, state_before, state, known_s, on_grid)
            )
    return by_machine


def test_a_row_of_the_small_firm_covers_the_time_since_the_row_before(
    log: dict[str, list[LogRow]],
) -> None:
    """`status_time` is that time, cut off at 60 s."""
    rows = [row for machine in log.values() for row in machine if 0 < row.span_s <= 300]
    fitting = [abs(row.status_time_s - min(row.span_s, 60)) <= 1 for row in rows]
    assert (sum(fitting), len(rows)) == (13_652, 14_248)
    below = [fits for row, fits in zip(rows, fitting, strict=True) if row.span_s < 60]
    assert (sum(below), len(below)) == (774, 783)


def test_a_row_after_a_gap_holds_whole_slots_of_five_minutes_items_and_energy_together(
    log: dict[str, list[LogRow]],
) -> None:
    """Part 1 gives 7 to 8 items in five minutes: after a gap a row holds about 8, 15, 22, 29 or 36,
    and the energy in step.
    """
    late = [
        row
        for row in log["1"]
        if row.automatic and row.part == "part-1" and row.span_s > 300 and row.items > 2
    ]
    slots = [max(round(row.items / 7.25), 1) for row in late]
    fitting = [
        abs(row.items - 7.25 * k) < 2 and k <= row.span_s / 300
        for row, k in zip(late, slots, strict=True)
    ]
    assert sum(fitting) >= 0.9 * len(late)
    assert sum(k >= 2 for k in slots) >= 20  # no single minute holds 15 items
    per_slot = [row.energy / k for row, k in zip(late, slots, strict=True)]
    assert fmean(per_slot) == pytest.approx(1.3, abs=0.2)


def test_a_state_of_the_small_firm_begins_at_its_rows_stamp(log: dict[str, list[LogRow]]) -> None:
    """A row that a change of state wrote holds what the state before made: items where automatic
    mode ends, none where it begins.
    """

    def items_in_five_minutes(rows: list[LogRow]) -> float:
        return 300 * sum(row.items for row in rows) / sum(row.span_s for row in rows)

    changes = [row for row in log["2"] if 0 < row.span_s < 300 and not row.on_grid]
    ends = [row for row in changes if row.state_before == "normal" != row.state]
    begins = [row for row in changes if row.state == "normal" != row.state_before]
    assert (len(ends), len(begins)) == (344, 347)
    assert items_in_five_minutes(ends) == pytest.approx(4.14, abs=0.01)
    assert items_in_five_minutes(begins) == pytest.approx(0.07, abs=0.01)


def test_the_small_firms_integer_is_an_amount_and_no_mean_power(
    log: dict[str, list[LogRow]],
) -> None:
    """In rows shorter than five minutes an amount is smaller in proportion, a mean power is not."""
    observed = as_amount = as_power = 0.0
    for machine in log.values():
        automatic = [row for row in machine if row.automatic]
        whole = {
            row.part: fmean(
                other.energy
                for other in automatic
                if other.part == row.part and other.span_s == 300
            )
            for row in automatic
        }
        for row in automatic:
            if 0 < row.span_s < 300:
                observed += row.energy
                as_amount += whole[row.part] * row.span_s / 300
                as_power += whole[row.part]
    assert (observed, round(as_amount), round(as_power)) == (153, 147, 310)


def test_the_small_firms_integer_is_the_step_of_a_counter(log: dict[str, list[LogRow]]) -> None:
    """Rounding a mean power leaves rows independent; steps of a whole-unit counter alternate: 0, 1,
    0, 1, 0, 0, 1.
    """
    steps = [
        row.energy
        for row in log["2"]
        if row.automatic and row.span_s == 300 and row.part == "part-2"
    ]
    mean = fmean(steps)
    together = sum((step - mean) * (two - mean) for step, two in pairwise(steps)) / sum(
        (step - mean) ** 2 for step in steps
    )
    assert together < -0.5


def test_the_small_firm_gets_a_label_for_each_part_it_made_often_enough(machines: Path) -> None:
    report = quality(machines)
    counts = {finding["code"]: finding["count"] for finding in report["findings"]}
    assert report["rejected_rows"] == 0
    assert counts == {
        "unit-assumed": 14_492,
        "log-not-normal": 6_101,
        "log-coarse-energy": 1_496,
        "log-standing": 56,
        "log-first-row": 3,
        "log-gap": 1,
        "too-short": 28,
        "zero-energy": 2,
        "overlap": 21,
        "pause": 5,
    }
    by_variant = {step["variant"]: step for step in labels(machines, FIRMS_WEEKS)}
    assert len(by_variant) == 14
    labelled = {
        variant: step for variant, step in by_variant.items() if step["batches"]["used"] >= 10
    }
    assert {variant: step["batches"]["used"] for variant, step in labelled.items()} == {
        "part-4": 20,
        "part-3": 16,
        "part-10": 10,
        "part-2": 12,
    }
    for step in labelled.values():
        assert step["minimum"] < step["best"]["value"] <= step["typical"]
        assert step["typical"] == pytest.approx(
            step["mean"], rel=0.02
        )  # shifts of one part agree: the span is right
    short = [step for variant, step in by_variant.items() if variant not in labelled]
    for step in short:  # the best of few, with their count beside it
        if not step["batches"]["used"]:
            assert step["best"]["reason"] == "too-few-batches"
            continue
        (few,) = (taken for taken in step["assumed"] if taken["what"] == "runs")
        assert few["value"] == step["batches"]["used"]
        assert step["minimum"] <= step["best"]["value"] <= step["typical"]


def test_the_doubt_about_the_small_firms_unit_stands_beside_every_value(machines: Path) -> None:
    out = machines.parent / "doubt"
    assert (
        main(
            [
                "label",
                "--site",
                str(machines),
                "--period",
                FIRMS_WEEKS,
                "--out",
                str(out),
                "--lang",
                "zh",
            ]
        )
        == 0
    )
    steps = json.loads((out / "label.json").read_text(encoding="utf-8"))["steps"]
    assert all(step["unit"] == "kWh/1000 items" and step["unit_assumed"] for step in steps)
    page = (out / "report.html").read_text(encoding="utf-8")
    parts = dict(
        re.findall(r'<section id="([a-z-]+)"[^>]*>(.*?)</section>\n', page, flags=re.DOTALL)
    )
    shown = {
        name: re.sub(r"<[^>]+>", " ", parts[name])
        for name in ("worst", "ladder", "steps", "pareto", "use", "drill")
    }
    for name, text in shown.items():
        values = re.findall(r"kWh(?:/千件)?(（单位系假定）)?", text)
        assert values, name
        assert all(values), name
    assert "能耗单位没有依据" in parts["about"]
