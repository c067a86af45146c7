"""Meters and output against documents: what agrees, what differs, and what no document covers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.audit.evidence import Outcome, State
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import Site, load_site
from reporting_agent.pipeline import PlantData
from reporting_agent.reconciliation import papers
from reporting_agent.reconciliation.comparing import reconcile
from reporting_agent.reconciliation.papers import Bill, Calibration, Papers, Sale, Stock

PERIOD = "2025-Q1"
FEBRUARY = {"from": date(2025, 2, 1), "to": date(2025, 3, 1)}
KILN = "kiln-1-electricity"


@pytest.fixture(scope="module")
def site(works: Path) -> Site:
    return load_site(works / "site.toml")


@pytest.fixture(scope="module")
def data(site: Site) -> PlantData:
    return pipeline.read(site, Period.parse(PERIOD, site.zone))


def february_kwh(site: Site) -> float:
    """What the kiln's meter counted in February, by its own account of the month."""
    month = pipeline.read(site, Period.parse("2025-02", site.zone))
    (record,) = [one for one in month.meters if one.meter.id == KILN]
    assert record.unit == "kWh"
    return record.total


def bill(quantity: float, **changes: Any) -> Bill:
    told = {
        "carrier": "electricity",
        **FEBRUARY,
        "quantity": quantity,
        "unit": "kWh",
        "meters": [KILN],
        "uncertainty_pct": 0.5,
        "document": "B 1",
    }
    return Bill.model_validate(told | changes)


def only(site: Site, data: PlantData, **documents: tuple[Any, ...]) -> Outcome:
    """What is said of the one document."""
    return reconcile(site, data, Papers(**documents), Period.parse(PERIOD, site.zone))[0]


@pytest.mark.parametrize(("share", "state"), [(1.0, State.HELD), (1.008, State.HELD), (1.05, State.FAILED), (0.95, State.FAILED)])
def test_a_bill_is_held_against_the_meters_within_both_uncertainties(site: Site, data: PlantData, share: float, state: State) -> None:
    found = only(site, data, bill=(bill(share * february_kwh(site)),))
    assert (found.code, found.state) == ("bill-and-meters", state)
    assert "B 1" in found.sentence
    assert bool(found.remedy) == (state is State.FAILED)


def test_a_bill_of_zero_is_held_against_the_meters_like_any_other(site: Site, data: PlantData) -> None:
    failed = only(site, data, bill=(bill(0.0),))
    assert failed.state is State.FAILED
    assert "(" not in failed.said.en.partition("the document says")[2]  # of nothing there is no per cent
    nothing = [replace(record, hour_energy=0 * record.hour_energy) for record in data.meters]
    assert only(site, replace(data, meters=tuple(nothing)), bill=(bill(0.0),)).state is State.HELD


def test_units_are_brought_together(site: Site, data: PlantData) -> None:
    assert only(site, data, bill=(bill(february_kwh(site) / 1000, unit="MWh"),)).state is State.HELD


@pytest.mark.parametrize(
    "changes",
    [{"meters": ["nobody"]}, {"unit": "t"}, {"from": date(2024, 2, 1), "to": date(2024, 3, 1)}],
    ids=["meter", "unit", "period"],
)
def test_what_cannot_be_compared_says_why(site: Site, data: PlantData, changes: dict[str, Any]) -> None:
    found = only(site, data, bill=(bill(1.0, **changes),))
    assert found.state is State.NOT_CHECKABLE
    assert found.sentence


def test_a_stock_survey_tells_what_was_used(site: Site, data: PlantData) -> None:
    used = february_kwh(site)
    told = {"carrier": "electricity", **FEBRUARY, "unit": "kWh", "meters": [KILN], "uncertainty_pct": 1.0, "document": "S 1"}
    for closing, state in ((1_000.0, State.HELD), (1_000.0 + used / 2, State.FAILED)):
        survey = Stock.model_validate({**told, "opening": 1_000.0, "received": used, "closing": closing})
        assert only(site, data, stock=(survey,)).state is state


def test_sales_tell_what_was_made(site: Site, data: PlantData) -> None:
    start, end = (Period.parse("2025-02", site.zone).start, Period.parse("2025-02", site.zone).end)
    made = sum(one.output_t for one in data.batches if one.step == "clinker-burning" and start <= one.start < end)
    told = {
        "step": "clinker-burning",
        **FEBRUARY,
        "unit": "t",
        "uncertainty_pct": 0.5,
        "document": "L 1",
        "opening": 500.0,
        "closing": 200.0,
    }
    for sold, state in ((made + 300, State.HELD), (made, State.HELD if 0.005 * made > 300 else State.FAILED)):
        assert only(site, data, sale=(Sale.model_validate({**told, "sold": sold}),)).state is state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.HELD),
        ({"error_pct": 0.9}, State.FAILED),
        ({"on": date(2022, 1, 1)}, State.FAILED),
        ({"meter": "nobody"}, State.NOT_CHECKABLE),
    ],
)
def test_a_calibration_covers_the_period_within_its_class(site: Site, data: PlantData, changes: dict[str, Any], state: State) -> None:
    told = {"meter": KILN, "on": date(2024, 6, 12), "valid_months": 24, "error_pct": 0.2, "limit_pct": 0.5, "document": "C 1"}
    assert only(site, data, calibration=(Calibration.model_validate(told | changes),)).state is state


def test_what_no_document_covers_is_named(site: Site, data: PlantData) -> None:
    period = Period.parse(PERIOD, site.zone)
    bare = Counter(one.code for one in reconcile(site, data, Papers(), period))
    assert set(bare) == {"bill-and-meters", "calibration", "sales-and-output"}
    covered = Counter(one.code for one in reconcile(site, data, Papers(bill=(bill(1.0, meters=["site-main"]),)), period))
    assert covered["bill-and-meters"] < bare["bill-and-meters"]  # what hangs below the main meter is covered by its bill


def test_the_template_is_a_file_of_documents(tmp_path: Path, works: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "papers.toml"
    assert main(["reconcile", "--template", str(file)]) == 0
    assert papers.load(file) == Papers()
    filled = "\n".join(line.removeprefix("# ") for line in file.read_text(encoding="utf-8").splitlines()[3:])
    file.write_text(filled, encoding="utf-8")
    declared = papers.load(file)
    assert [len(one) for one in (declared.bill, declared.stock, declared.sale, declared.calibration)] == [1, 1, 1, 1]

    capsys.readouterr()
    page = tmp_path / "paper.md"
    code = main(["reconcile", str(file), "--site", str(works / "site.toml"), "--period", PERIOD, "--out", str(page), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == 1
    assert not told["held"]
    assert "# Meters against the world outside" in page.read_text(encoding="utf-8")
    named = tmp_path / "paper.html"
    code = main(["reconcile", str(file), "--site", str(works / "site.toml"), "--period", PERIOD, "--out", str(named), "--lang", "zh"])
    assert code == 1
    assert "无法核查" in capsys.readouterr().out
    assert "账单与表计" in named.read_text(encoding="utf-8")


@pytest.mark.parametrize(("text", "code"), [("[[bill]", "papers-unreadable"), ("[[bill]]\ncarrier = 'x'", "papers-invalid")])
def test_a_file_that_does_not_hold_together_is_refused(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "papers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        papers.load(file)
    assert refused.value.code == code
