"""Which days and what output documents are about, and what is said where nothing could be
compared.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from benchmarks.audit.evidence import CheckState
from benchmarks.measurements import Period
from extras.reconciliation.papers import Papers, Sale, StockSurvey
from extras.reconciliation.reconcile import reconcile
from extras.reconciliation.tests.functional.test_reconciliation import (
    FEBRUARY,
    KILN,
    bill,
    kwh,
    only,
)
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import SiteSettings
from reporting_agent.config.profile import Scale
from reporting_agent.pipeline import PlantData
from tests.functional.audit.conftest import PERIOD

STEP = "clinker-burning"


@pytest.fixture(scope="module")
def clinker(site: SiteSettings, data: PlantData) -> float:
    """The clinker of February."""
    february = Period.parse("2025-02", site.zone)
    return sum(
        batch.output for batch in data.batches if batch.step == STEP and batch.start in february
    )


def sale(sold: float, **changes: Any) -> Sale:
    fields = {
        "step": STEP,
        **FEBRUARY,
        "sold": sold,
        "unit": "t",
        "uncertainty_pct": 0.5,
        "document": "L 1",
    }
    return Sale.model_validate(fields | changes)


def uncovered(site: SiteSettings, data: PlantData, name: str, **documents: Any) -> list[str]:
    """What is said of a meter or a step that stands in no document."""
    outcomes = reconcile(site, data, Papers(**documents), Period.parse(PERIOD, site.zone))
    return [
        outcome.sentence
        for outcome in outcomes
        if outcome.sentence.startswith(f"{name}: no ") and outcome.code != "calibration"
    ]


def test_days_without_a_bill_are_named(site: SiteSettings, data: PlantData) -> None:
    first, last = date(2025, 2, 10), date(2025, 2, 20)
    (sentence,) = uncovered(
        site, data, KILN, bill=(bill(kwh(site, data, first, last), **{"from": first, "to": last}),)
    )
    assert "on these days: 2025-01-13 to 2025-02-09; 2025-02-20 to 2025-03-13." in sentence


def test_a_day_between_bills_whose_last_days_are_printed_is_not_named(
    site: SiteSettings, data: PlantData
) -> None:
    month = Period.parse("2025-02", site.zone)
    bills = (
        bill(1.0, to=date(2025, 2, 13)),
        bill(1.0, **{"from": date(2025, 2, 14), "to": date(2025, 2, 28)}),
    )
    outcomes = reconcile(site, pipeline.read(site, month), Papers(bill=bills), month)
    assert not [outcome for outcome in outcomes if f"{KILN}: no bill" in outcome.sentence]


@pytest.mark.parametrize(
    "changes",
    [{"from": date(2019, 2, 1), "to": date(2019, 3, 1)}, {"unit": "t"}],
    ids=["of 2019", "in tonnes"],
)
def test_a_bill_that_was_not_compared_covers_nothing(
    site: SiteSettings, data: PlantData, changes: dict[str, Any]
) -> None:
    assert uncovered(site, data, KILN, bill=(bill(1.0, **changes),)) == [
        f"{KILN}: no bill or stock survey covers it or a meter above it."
    ]


def test_sales_cover_the_days_that_they_are_about(site: SiteSettings, data: PlantData) -> None:
    of_2019 = sale(1.0, **{"from": date(2019, 2, 1), "to": date(2019, 3, 1)})
    assert uncovered(site, data, STEP, sale=(of_2019,)) == [
        f"{STEP}: no sales record covers its output."
    ]
    (sentence,) = uncovered(site, data, STEP, sale=(sale(1.0, **{"from": date(2025, 2, 10)}),))
    assert sentence.endswith("on these days: 2025-01-13 to 2025-02-09; 2025-03-01 to 2025-03-13.")


def test_a_document_over_the_edge_of_the_period_is_told_what_contains_it(
    site: SiteSettings, data: PlantData
) -> None:
    over_new_year = only(
        site, data, bill=(bill(1.0, **{"from": date(2024, 12, 15), "to": date(2025, 1, 15)}),)
    )
    assert "reaches beyond the period 2025-Q1" in over_new_year.sentence
    assert "2024-12-15/2025-01-15" in over_new_year.remedy


def test_sales_to_several_customers_in_the_same_days_add_up(
    site: SiteSettings, data: PlantData, clinker: float
) -> None:
    both = only(
        site,
        data,
        sale=(
            sale(clinker / 2, document="customer A"),
            sale(clinker / 2 * 1000, unit="kg", document="customer B"),
        ),
    )
    assert both.state is CheckState.HELD
    assert "(customer A, customer B, 2 rows together)" in both.sentence


def test_a_stock_that_several_sales_state_is_there_once(
    site: SiteSettings, data: PlantData, clinker: float
) -> None:
    stock = {"opening": clinker, "closing": clinker / 2}
    assert (
        only(
            site, data, sale=(sale(clinker, **stock), sale(clinker / 2, **stock, document="L 2"))
        ).state
        is CheckState.HELD
    )


def test_one_stock_in_two_units_is_one(site: SiteSettings, data: PlantData, clinker: float) -> None:
    """10,000.3 t and 10,000,300 kg are not one float."""
    opening, closing = 10_000.3, 40_000.0
    half = (clinker + opening - closing) / 2
    in_kg = {"unit": "kg", "opening": 1000 * opening, "closing": 1000 * closing, "document": "L 2"}
    sales = (sale(half, opening=opening, closing=closing), sale(1000 * half, **in_kg))
    assert only(site, data, sale=sales).state is CheckState.HELD


def test_output_is_as_uncertain_as_its_scale_or_else_as_the_site_declares(
    site: SiteSettings, data: PlantData, clinker: float
) -> None:
    two = site.model_copy(update={"site": site.site.model_copy(update={"uncertainty_pct": 2.0})})
    weighed = two.model_copy(update={"scales": (Scale(id="belt", step=STEP, uncertainty_pct=0.5),)})
    assert only(two, data, sale=(sale(1.01 * clinker),)).state is CheckState.HELD
    assert only(weighed, data, sale=(sale(1.01 * clinker),)).state is CheckState.FAILED


def test_a_document_of_less_than_nothing_is_not_compared(
    site: SiteSettings, data: PlantData
) -> None:
    fields = {
        "carrier": "electricity",
        **FEBRUARY,
        "unit": "kWh",
        "meters": [KILN],
        "uncertainty_pct": 1.0,
        "document": "S 1",
    }
    survey = StockSurvey.model_validate({**fields, "opening": 1.0, "received": 1.0, "closing": 3.0})
    outcomes = (
        only(site, data, sale=(sale(0.0, opening=500.0, closing=100.0),)),
        only(site, data, stock=(survey,)),
    )
    assert [(outcome.state, "is below 0" in outcome.sentence) for outcome in outcomes] == [
        (CheckState.NOT_CHECKABLE, True)
    ] * 2


@pytest.mark.parametrize(
    "changes",
    [{"quantity": float("inf")}, {"uncertainty_pct": float("nan")}, {"meters": [KILN, KILN]}],
)
def test_a_bill_without_bounds_or_with_a_meter_twice_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        bill(**({"quantity": 1.0} | changes))


def test_where_nothing_was_compared_nothing_is_held(
    works: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "papers.toml").write_text("", encoding="utf-8")
    command = [
        "reconcile",
        str(tmp_path / "papers.toml"),
        "--site",
        str(works / "site.toml"),
        "--period",
        PERIOD,
    ]
    assert main([*command, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["held"] is False
    main([*command, "--lang", "en"])
    assert capsys.readouterr().out.startswith("NOTHING CONFIRMED")
