"""`compare` and `reconcile` go on with the site.toml that `label FILE` wrote of files as firms of
twelve languages keep them.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reporting_agent.cli import main
from reporting_agent.door.deciding import local_zone
from reporting_agent.door.taking import take
from reporting_agent.published import of_its_json
from tests.functional.door.layouts import plain_text
from tests.functional.door.plant import Habit, habits, heats
from tests.functional.door.writing import Cell, Written, as_text

HABITS = pytest.mark.parametrize("habit", habits(), ids=lambda habit: habit.language)
PERIOD = "2025-05-01/2025-06-01"


def site_of(habit: Habit, *files: Path, pack: str | None = "steel", more: str = "") -> Path:
    """What `label FILE …` writes where the plant answers, with some lines more."""
    order = "".join(letter for letter in habit.date.lower() if letter in "ymd")
    facts = {"timezone": habit.zone, "step": "eaf", "energy.carrier": "electricity"}
    facts |= {f"{name}.date_order": order for name in ("batches", "readings")}
    folder = files[0].parent / "site"
    site = take(files, folder, {}, lambda asked: facts.get(asked.key, asked.proposal), pack)[0]
    text = site.read_text(encoding="utf-8").replace(f'"{local_zone()}"', f'"{habit.zone}"')
    site.write_text(text + more, encoding="utf-8")
    return site


@HABITS
def test_compare_reads_a_log_as_it_is(
    habit: Habit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = plain_text(habit, heats(0), tmp_path)
    site = site_of(habit, case.path, more='[steps.eaf]\nnot_used = ["natural-gas", "coke"]\n')
    step = {
        "step": "eaf",
        "product": "liquid-steel",
        "variant": "any",
        "boundary": "eaf-charge-to-tap",
        "metric": "electricity",
    }
    figures = {
        "unit": "kWh/t",
        "best": 3500.0,
        "interval": [3400.0, 3600.0],
        "rule": "trimmed-best-five",
    }
    document = {
        "schema": "steplabel/benchmark/1",
        "pack": "steel",
        "pack_version": "1",
        "period": "2025",
        "version": 1,
    }
    file = tmp_path / "benchmark.json"
    file.write_text(json.dumps(document | {"steps": [step | figures]}), encoding="utf-8")
    arguments = [
        "--site",
        str(site),
        "--benchmark",
        str(file),
        "--period",
        PERIOD,
        "--state",
        str(tmp_path / "none"),
    ]
    assert main(["compare", *arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["benchmark"]["period"] == "2025"


@HABITS
def test_reconcile_holds_a_months_bills_against_readings_as_they_are(
    habit: Habit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bill of nothing, halves of one invoice, an hour of reading, a meter's successor, and the
    sum of them all.
    """
    first = datetime(2025, 5, 1)  # noqa: DTZ001 - the plant's wall clock
    rows: list[list[Cell]] = [[habit.day, habit.time, "M1 (kWh)", "M2 (kWh)", "M3 (kWh)"]]
    for quarter in range(1, 31 * 96 + 1):
        at = first + timedelta(minutes=15 * quarter)
        used_kwh = 30.0 + quarter % 7 / 10
        early = at <= datetime(2025, 5, 16)  # noqa: DTZ001
        cells = [
            habit.number(used_kwh) if early else "",
            "" if early else habit.number(used_kwh),
            habit.number(0.0),
        ]
        rows.append([at.strftime(habit.date), at.strftime(habit.clock), *cells])
    as_text(tmp_path / "readings.csv", Written([*rows]), habit.delimiter, habit.encoding)
    (tmp_path / "batches.csv").write_text(
        "batch_id,step,start,output_quantity\nH1,eaf,2025-05-02 06:00,100\n", encoding="utf-8"
    )
    site = site_of(habit, tmp_path / "readings.csv", tmp_path / "batches.csv", pack=None)

    def bill(start: int, end: int, quantity: float, document: str, meters: list[str]) -> str:
        until = f"2025-05-{end:02}" if end < 32 else "2025-06-01"
        fields = (
            f"from = 2025-05-{start:02}\nto = {until}\nquantity = {quantity}\nunit = "
            f'"kWh"\nmeters = {json.dumps(meters)}\n'
        )
        return (
            f'[[bill]]\ncarrier = "electricity"\n{fields}uncertainty_pct = 0.5\ndocument = '
            f'"{document}"\n'
        )

    day_kwh, both = 96 * 30.3, ["M1", "M2"]
    papers = tmp_path / "papers.toml"
    texts = [
        bill(1, 6, 0.8 * 5 * day_kwh, "A", both),
        bill(6, 11, 1.2 * 5 * day_kwh, "A", both),  # halves of one invoice, prorated
        bill(
            11, 21, 9.6 * day_kwh, "B", both
        ),  # read in the morning; the meter was changed on the 16th
        bill(21, 32, 11.4 * day_kwh, "C", both),
        bill(1, 32, 0.0, "D", ["M3"]),
    ]
    papers.write_text("".join(texts), encoding="utf-8")
    assert main(["reconcile", str(papers), "--site", str(site), "--period", PERIOD, "--json"]) == 0
    checks = [
        check
        for check in json.loads(capsys.readouterr().out)["checks"]
        if "the document states" in check["sentence"]
    ]
    assert [check["state"] for check in checks] == ["held"] * 5
    assert ["rows together" in check["sentence"] for check in checks] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert "3 documents in a row" in checks[3]["sentence"]


@pytest.mark.parametrize(
    ("of_page", "fetched"),
    [
        (
            "https://p.example/benchmarks/steel/cn/any/2025/v2/",
            "https://p.example/api/v1/benchmarks/steel/cn/any/2025/v2/",
        ),
        (
            "https://p.example/benchmarks/steel/cn/any/2025?unit=MJ#steps",
            "https://p.example/api/v1/benchmarks/steel/cn/any/2025/",
        ),
        (
            "https://p.example/benchmarks/steel/cn/any/2025/v2.json",
            "https://p.example/benchmarks/steel/cn/any/2025/v2.json",
        ),
        (
            "https://p.example/api/v1/benchmarks/steel/cn/any/2025/",
            "https://p.example/api/v1/benchmarks/steel/cn/any/2025/",
        ),
    ],
)
def test_the_address_of_a_page_is_that_of_its_document(of_page: str, fetched: str) -> None:
    assert of_its_json(of_page) == fetched
