"""Runs that are no heats, through meters: pots by the month on one line meter, coils and campaigns
side by side in one step.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.measurements import Metric, Period
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult, label
from tests.unit.meters.conftest import meter

PACKS = Path(__file__).parents[3] / "benchmarks" / "packs"
HEADER = "batch_id,step,product,start,end,output_quantity,output_unit,variant,equipment,status"
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


METRIC = """
[[steps.metrics]]
metric = "{metric}"
unit = "{unit}"
floor = 1
ceiling = 5000
typical = 100
spread = 10
grid_lower = 1
grid_upper = 2001
grid_width = 10
grid_source = "grid-assumption"

"""


def of_step(pack: str, step: str, more: str = "", **changes: str) -> str:
    """The shipped pack with some lines of one step changed and some metrics more: a pack of the
    plant's own.
    """
    before, head, after = (
        (PACKS / f"{pack}.toml").read_text(encoding="utf-8").partition(f'id = "{step}"\n')
    )
    inside, cut, rest = after.partition(
        "[[steps.limits]]" if "[[steps.limits]]" in after.split("[[steps]]")[0] else "[[steps]]"
    )
    lines = [
        f"{key} = {changes[key]}" if (key := line.partition(" = ")[0]) in changes else line
        for line in inside.splitlines()
    ]
    return (
        before.replace('version = "1"', 'version = "1-own"', 1)
        + head
        + "\n".join(lines)
        + "\n"
        + more
        + cut
        + rest
    )


def labelled(
    folder: Path, pack: str, toml: str, batches: list[str], readings: list[str], period: str
) -> LabelResult:
    (folder / "own.toml").write_text(pack, encoding="utf-8")
    (folder / "batches.csv").write_text("\n".join([HEADER, *batches]) + "\n", encoding="utf-8")
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *readings]) + "\n", encoding="utf-8"
    )
    site = (
        '[site]\nid = "works"\ntimezone = "UTC"\npack = "./own.toml"\n[inputs]\nbatches = '
        '"batches.csv"\nreadings = "readings.csv"\n'
    )
    (folder / "site.toml").write_text(site + toml, encoding="utf-8")
    return label(load_site(folder / "site.toml"), Period.parse(period, UTC))


def hourly(name: str, counted: Callable[[float], float], hours: int) -> list[str]:
    return [
        f"{name},{(BEGIN + timedelta(hours=hour)).isoformat()},{counted(hour)!r}"
        for hour in range(hours + 1)
    ]


def test_pots_by_the_month_share_the_direct_current_of_their_line(tmp_path: Path) -> None:
    pack = of_step(
        "aluminium",
        "electrolysis",
        run_kind='"pot-month"',
        shortest_s="2000000",
        longest_s="2800000",
        fewest_batches="50",
    )
    pots = [f"P{number}" for number in range(1, 6)]
    months = [datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 13)] + [
        datetime(2025, 1, 1, tzinfo=UTC)
    ]
    batches = [
        f"{pot}-{first:%m},electrolysis,,{first.isoformat()},{after.isoformat()},{2.0 * (after - first).days},t,,{pot},good"
        for pot in pots
        for first, after in pairwise(months)
    ]
    equal = ", ".join(f'"{pot}"' for pot in pots)
    toml = meter(
        "line",
        step='"electrolysis"',
        allocation=f'{{ by = "hours", among = [{equal}] }}',
        accuracy_class=0.5,
    )
    toml += "".join(f'\n[[equipment]]\nid = "{pot}"\nstep = "electrolysis"\n' for pot in pots)
    # five pots at 2 t a day and 13,200 kWh/t take 5,500 kW
    result = labelled(
        tmp_path, pack, toml, batches, hourly("line", lambda hour: 5_500.0 * hour, 8784), "2024"
    )
    label = next(step for step in result.site_label.steps if step.metric is Metric.ELECTRICITY)
    assert label.used == 60
    assert label.best.value == pytest.approx(13_200)
    assert label.mean == pytest.approx(13_200)
    assert label.allocated_carriers == ("electricity",)
    whole = sum(energy.quantity for batch in result.data.batches for energy in batch.energy)
    assert whole == result.data.meters[0].total == 5_500 * 8784


def test_electricity_by_the_coil_and_gas_by_the_campaign_stand_side_by_side(tmp_path: Path) -> None:
    metrics = METRIC.format(metric="electricity", unit="kWh/t") + METRIC.format(
        metric="thermal", unit="MJ/t"
    )
    pack = of_step(
        "steel",
        "hot-rolling",
        metrics,
        run_kind='"campaign"',
        shortest_s="60",
        longest_s="400000",
        fewest_batches="21",
    )
    coils, campaigns = [], []
    for number in range(240):
        start = BEGIN + timedelta(hours=number)
        coils.append(
            f"C{number},hot-rolling,,{start.isoformat()},{(start + timedelta(minutes=50)).isoformat()},100,t,,mill,good"
        )
    for number in range(30):
        start = BEGIN + timedelta(hours=8 * number)
        campaigns.append(
            f"G{number},hot-rolling,,{start.isoformat()},{(start + timedelta(hours=8)).isoformat()},800,t,,furnace,good"
        )
    toml = meter("mill", step='"hot-rolling"', equipment='"mill"')
    toml += meter(
        "gas",
        step='"hot-rolling"',
        equipment='"furnace"',
        carrier='"coke-oven-gas"',
        unit="Nm3",
        lhv=17.0,
    )
    toml += '\n[steps.hot-rolling]\nnot_used = ["blast-furnace-gas"]\n'
    half_hours = [BEGIN + timedelta(minutes=30 * number) for number in range(481)]
    readings = [
        f"mill,{moment.isoformat()},{7_200.0 * 0.5 * number!r}"
        for number, moment in enumerate(half_hours)
    ]
    readings += [
        f"gas,{moment.isoformat()},{6_000.0 * 0.5 * number!r}"
        for number, moment in enumerate(half_hours)
    ]
    result = labelled(tmp_path, pack, toml, [*coils, *campaigns], readings, "2024-01-01/2024-01-11")
    by_metric = {step.metric: step for step in result.site_label.steps}
    power, heat = by_metric[Metric.ELECTRICITY], by_metric[Metric.THERMAL]
    assert (power.used, heat.used) == (240, 30)
    assert power.best.value == pytest.approx(60)  # coils alone: 6,000 kWh over 100 t
    assert heat.best.value == pytest.approx(6_000 * 8 * 17 / 800)  # campaigns alone, MJ/t
    assert by_metric[Metric.TOTAL].used == 0  # no run has both
    assert not {finding.code for finding in result.findings} & {"overlap"}
