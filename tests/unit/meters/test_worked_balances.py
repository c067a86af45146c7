"""The worked cases as files of a site: what came over the fence closes with what the step took, and
in kgce it is the working.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline.site_balance import site_balance
from tests.unit.core_label.test_worked_cases import CASES, HOURS, OUTPUT_T, RUNS, worked

START = datetime(2023, 1, 1, tzinfo=UTC)
CLOSING = [
    case
    for case in CASES
    if "reason" not in case and "metric" not in case and len(case["working"]) == len(case["energy"])
]
"""Of the newest packs, in kgce, with a line of the working for each amount: nothing that is given
back goes without a credit.
"""


def site_of(case: dict[str, Any], folder: Path) -> Path:
    """The plant's files: runs, their energy, and the same energy as bought and sold."""
    step = packs.load(case["pack"]).step(case["step"])
    runs, energy = [], []
    names = case.get("variables", {})
    for number in range(RUNS):
        start = START + number * timedelta(hours=HOURS[step.run_kind])
        end = start + timedelta(hours=HOURS[step.run_kind])
        cells = [
            f"R{number}",
            step.id,
            step.product,
            case.get("variant", step.variants[0].id),
            start.isoformat(),
            end.isoformat(),
        ]
        runs.append([*cells, OUTPUT_T, step.output_unit, *names.values()])
        for flow in case["energy"]:
            lhv = (
                ("", "", "")
                if "lhv" not in flow
                else (flow["lhv"], f"MJ/{flow['unit']}", "measured")
            )
            amount = [
                flow["carrier"],
                flow["quantity"] * OUTPUT_T,
                flow["unit"],
                flow.get("direction", "import"),
            ]
            energy.append([f"R{number}", step.id, *amount, *lhv])
    columns = [
        "batch_id",
        "step",
        "product",
        "variant",
        "start",
        "end",
        "output_quantity",
        "output_unit",
    ]
    header = [*columns, *(f"var.{name}" for name in names)]
    of_energy = [
        "batch_id",
        "step",
        "carrier",
        "quantity",
        "unit",
        "direction",
        "lhv",
        "lhv_unit",
        "lhv_source",
    ]
    for name, rows in (("batches.csv", [header, *runs]), ("energy.csv", [of_energy, *energy])):
        (folder / name).write_text(
            "".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8"
        )
    over_the_fence = {
        key: ", ".join(
            f'{{ carrier = "{entry["carrier"]}", quantity = '
            f'{entry["quantity"] * OUTPUT_T * RUNS!r}, unit = "{entry["unit"]}"'
            ', period = "2023"' + (f", lhv = {entry['lhv']}" if "lhv" in entry else "") + " }"
            for entry in case["energy"]
            if (entry.get("direction", "import") == "import") is (key == "purchased")
        )
        for key in ("purchased", "sold")
    }
    lines = [
        *("[site]", 'id = "works"', 'timezone = "UTC"', f'pack = "{case["pack"]}"'),
        *("[inputs]", 'batches = "batches.csv"', 'energy = "energy.csv"'),
        f"[steps.{step.id}]",
        *(f"{key} = {case[key]!r}" for key in ("not_used", "made_inside") if key in case),
        "[site_boundary]",
        *(f"{key} = [{flows}]" for key, flows in over_the_fence.items()),
    ]
    analysed = {fuel["carrier"]: fuel["lhv"] for fuel in case["energy"] if "lhv" in fuel}
    for carrier, lhv in analysed.items():  # what is unusual counts only as declared
        lines += [
            "[[lhv]]",
            f'carrier = "{carrier}"',
            "from = 2022-01-01",
            f"value = {lhv}",
            'reason = "analysed weekly"',
        ]
    if "outside" in case:
        lines += [
            f"[steps.{step.id}.outside]",
            *(f'{carrier} = "{why}"' for carrier, why in case["outside"].items()),
        ]
    (folder / "site.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "site.toml"


def test_forty_plants_and_more_are_held_against_their_fence() -> None:
    assert len(CLOSING) >= 40


@pytest.mark.parametrize("case", CLOSING, ids=lambda case: case["id"])
def test_the_site_balance_closes_on_the_working(case: dict[str, Any], tmp_path: Path) -> None:
    site = load_site(site_of(case, tmp_path))
    result = pipeline.label(site, Period.parse("2023", UTC))
    by_hand = fsum(worked(line) for line in case["working"])
    label = next(step for step in result.site_label.steps if step.metric is Metric.TOTAL)
    assert label.mean == pytest.approx(by_hand, rel=1e-9)
    assert not any(step.account for step in result.site_label.steps)
    balance = site_balance(result.sitewide(site))
    assert balance is not None
    assert all(
        carrier.closes and carrier.residual == pytest.approx(0, abs=1e-6 * abs(carrier.supplied))
        for carrier in balance.carriers
    )
    assert balance.calorific.by_step[case["step"]] == pytest.approx(
        by_hand * OUTPUT_T * RUNS, rel=1e-6
    )
    assert balance.calorific.purchased - balance.calorific.sold == pytest.approx(
        by_hand * OUTPUT_T * RUNS, rel=1e-6
    )
