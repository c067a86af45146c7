"""Bills that follow one another, rows of one invoice, and the meters that a bill names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from benchmarks.audit.evidence import CheckOutcome, CheckState
from benchmarks.measurements import Period
from extras.reconciliation.counting import us_of
from extras.reconciliation.papers import Bill, Papers
from extras.reconciliation.reconcile import reconcile
from extras.reconciliation.tests.functional.test_reconciliation import KILN, bill, kwh, record_of
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import PlantData
from tests.functional.audit.conftest import PERIOD

FIRST, TURN, END = date(2025, 2, 1), date(2025, 2, 14), date(2025, 3, 1)


def billed(first: date, end: date, quantity: float, document: str = "B 1", **changes: Any) -> Bill:
    return bill(quantity, document=document, **{"from": first, "to": end}, **changes)


def outcomes_of(site: SiteSettings, data: PlantData, *bills: Bill) -> list[CheckOutcome]:
    """What is said of these bills and of their sums."""
    outcomes = reconcile(site, data, Papers(bill=bills), Period.parse(PERIOD, site.zone))
    return [
        outcome
        for outcome in outcomes
        if any(mark in outcome.sentence for mark in ("(B ", "(Y ", "in a row"))
    ]


def states(outcomes: list[CheckOutcome]) -> list[CheckState]:
    return [outcome.state for outcome in outcomes]


def three_true_bills(site: SiteSettings, data: PlantData, **of_the_middle: Any) -> list[Bill]:
    ends = pairwise([date(2025, 1, 20), date(2025, 1, 30), date(2025, 2, 9), date(2025, 2, 19)])
    return [
        billed(
            first,
            end,
            kwh(site, data, first, end),
            f"B {number}",
            **(of_the_middle if number == 1 else {}),
        )
        for number, (first, end) in enumerate(ends)
    ]


def test_a_bill_whose_readings_are_lost_is_in_no_sum_of_its_neighbours(
    site: SiteSettings, data: PlantData
) -> None:
    whole = record_of(data)
    lost = (whole.hour_us >= us_of(date(2025, 2, 1), site)) & (
        whole.hour_us < us_of(date(2025, 2, 6), site)
    )
    holed = replace(
        whole,
        hour_energy=np.where(lost, 0, whole.hour_energy),
        hour_known=np.where(lost, 0, whole.hour_known),
    )
    partly = replace(
        data, meters=tuple(holed if record is whole else record for record in data.meters)
    )
    outcomes = outcomes_of(site, partly, *three_true_bills(site, data))
    assert states(outcomes) == [CheckState.HELD, CheckState.NOT_CHECKABLE, CheckState.HELD]


def test_a_bill_in_a_mistyped_unit_is_in_no_sum_of_its_neighbours(
    site: SiteSettings, data: PlantData
) -> None:
    outcomes = outcomes_of(site, data, *three_true_bills(site, data, unit="t"))
    assert states(outcomes) == [CheckState.HELD, CheckState.NOT_CHECKABLE, CheckState.HELD]


def test_the_hour_of_the_first_reading_explains_the_sum_as_it_explains_the_bill(
    site: SiteSettings, data: PlantData
) -> None:
    """Two true bills; the meter was read at 18 h of the first day, and at midnight of the
    others.
    """
    late = 0.75 * kwh(site, data, FIRST, date(2025, 2, 2))
    outcomes = outcomes_of(
        site,
        data,
        billed(FIRST, TURN, kwh(site, data, FIRST, TURN) - late),
        billed(TURN, END, kwh(site, data, TURN, END), "B 2"),
    )
    assert CheckState.FAILED not in states(outcomes)


def test_last_days_as_they_are_printed_are_named_with_the_day_to_write(
    site: SiteSettings, data: PlantData
) -> None:
    """Each bill lacks its last day; followed, the remedy makes every one of them agree."""
    ends = [FIRST, TURN, date(2025, 2, 20), END]
    true = [
        billed(first, end, kwh(site, data, first, end), f"B {number}")
        for number, (first, end) in enumerate(pairwise(ends))
    ]
    printed = [
        whole.model_copy(update={"to_day": whole.to_day - timedelta(days=1)}) for whole in true
    ]
    outcomes = outcomes_of(site, data, *printed)
    assert states(outcomes) == [CheckState.NOT_CHECKABLE] * 3
    for outcome, whole in zip(outcomes, true, strict=True):
        assert "With its last day counted in, the two agree." in outcome.sentence
        assert f"write to = {whole.to_day}" in outcome.remedy
    assert set(states(outcomes_of(site, data, *true))) == {CheckState.HELD}


def test_a_missing_day_that_does_not_explain_the_difference_is_not_named(
    site: SiteSettings, data: PlantData
) -> None:
    outcomes = outcomes_of(
        site,
        data,
        billed(FIRST, date(2025, 2, 13), 0.7 * kwh(site, data, FIRST, TURN)),
        billed(TURN, date(2025, 2, 28), 0.7 * kwh(site, data, TURN, END), "B 2"),
    )
    assert states(outcomes) == [CheckState.FAILED] * 3


@pytest.mark.parametrize(("rebilled", "state"), [(1.0, CheckState.HELD), (0.8, CheckState.FAILED)])
def test_a_bill_its_credit_note_and_the_one_that_replaces_it_are_one(
    site: SiteSettings, data: PlantData, rebilled: float, state: CheckState
) -> None:
    true = kwh(site, data, FIRST, END)
    (outcome,) = outcomes_of(
        site,
        data,
        billed(FIRST, END, 1.3 * true),
        billed(FIRST, END, -1.3 * true, "B 1 taken back"),
        billed(FIRST, END, rebilled * true, "B 1b"),
    )
    assert outcome.state is state
    assert "B 1 + B 1 taken back + B 1b" in outcome.sentence


def test_a_credit_note_without_its_bill_is_not_compared(
    site: SiteSettings, data: PlantData
) -> None:
    alone = billed(FIRST, END, -10.0)
    (outcome,) = outcomes_of(site, data, alone)
    assert outcome.state is CheckState.NOT_CHECKABLE
    assert "takes back more" in outcome.sentence


def test_a_bill_by_an_estimate_is_compared_with_the_one_after_it(
    site: SiteSettings, data: PlantData
) -> None:
    both = kwh(site, data, FIRST, END)
    guess = 1.4 * kwh(site, data, FIRST, TURN)
    estimated = billed(FIRST, TURN, guess, estimated=True)
    outcomes = outcomes_of(site, data, estimated, billed(TURN, END, both - guess, "B 2"))
    assert states(outcomes) == [CheckState.HELD]
    assert "2 documents in a row" in outcomes[0].sentence
    wrong = outcomes_of(site, data, estimated, billed(TURN, END, both, "B 2"))
    assert states(wrong) == [CheckState.FAILED]
    (alone,) = outcomes_of(site, data, estimated)
    assert alone.state is CheckState.NOT_CHECKABLE
    assert "its last reading was estimated" in alone.sentence


def test_gas_in_kwh_is_compared_by_the_heating_value_that_the_bill_prints(
    site: SiteSettings, data: PlantData
) -> None:
    whole = record_of(data)
    gas = replace(
        whole,
        meter=whole.meter.model_copy(update={"id": "gas", "carrier": "natural-gas", "unit": "Nm3"}),
        hour_energy=whole.hour_energy / 11.05,
        unit="Nm3",
    )
    plant = replace(data, meters=(*data.meters, gas))

    def of_gas(first: date, end: date, document: str, **changes: Any) -> Bill:
        energy = kwh(site, data, first, end) * changes.get("heating_value", 11.05) / 11.05
        of = {"carrier": "natural-gas", "meters": ["gas"], **changes}
        return billed(first, end, energy, document, **of)

    (asked,) = outcomes_of(site, plant, of_gas(FIRST, END, "B 1"))
    assert asked.state is CheckState.NOT_CHECKABLE
    assert "charged in kWh, and gas counts Nm3" in asked.sentence
    assert "heating_value = …" in asked.remedy
    bills = [
        of_gas(FIRST, TURN, "B 1", heating_value=11.05),
        of_gas(TURN, END, "B 2", heating_value=11.3),  # it changes from month to month
    ]
    assert states(outcomes_of(site, plant, *bills)) == [CheckState.HELD] * 3
    net = of_gas(FIRST, END, "B 1", heating_value=11.05).model_copy(
        update={"heating_value": 35.9 / 3.6}
    )
    assert states(outcomes_of(site, plant, net)) == [CheckState.FAILED]


def test_a_heating_value_beside_a_meter_of_the_same_unit_is_not_used(
    site: SiteSettings, data: PlantData
) -> None:
    true = kwh(site, data, FIRST, END)
    (outcome,) = outcomes_of(site, data, billed(FIRST, END, true, heating_value=11.05))
    assert outcome.state is CheckState.NOT_CHECKABLE
    assert "Take heating_value out" in outcome.remedy


def test_rows_of_one_invoice_for_the_hours_of_a_tariff_are_added_up(
    site: SiteSettings, data: PlantData
) -> None:
    peak, rest = (billed(FIRST, END, share * kwh(site, data, FIRST, END)) for share in (0.6, 0.4))
    (together,) = outcomes_of(site, data, peak, rest)
    assert together.state is CheckState.HELD
    assert "2 rows together" in together.sentence


def test_an_invoice_by_tariff_and_by_price_is_one(site: SiteSettings, data: PlantData) -> None:
    rows = [
        billed(first, end, share * kwh(site, data, first, end))
        for share in (0.6, 0.4)
        for first, end in ((FIRST, TURN), (TURN, END))
    ]
    (together,) = outcomes_of(site, data, *rows)
    assert together.state is CheckState.HELD
    assert "4 rows together" in together.sentence


def test_a_statement_of_the_year_parts_no_months_that_share_a_reading(
    site: SiteSettings, data: PlantData
) -> None:
    shift = 0.5 * kwh(site, data, TURN, date(2025, 2, 15))
    months = [
        billed(FIRST, TURN, kwh(site, data, FIRST, TURN) + shift),
        billed(TURN, END, kwh(site, data, TURN, END) - shift, "B 2"),
    ]
    year = billed(FIRST, END, kwh(site, data, FIRST, END), "Y 1")
    assert states(outcomes_of(site, data, *months)) == [CheckState.HELD] * 3
    assert states(outcomes_of(site, data, months[0], year, months[1])) == [CheckState.HELD] * 4


def test_the_order_in_which_meters_are_named_parts_no_bills(
    site: SiteSettings, data: PlantData
) -> None:
    names = [
        record.meter.id
        for record in data.meters
        if record.meter.carrier == "electricity" and record.counted
    ][:2]
    outcomes = outcomes_of(
        site,
        data,
        billed(FIRST, TURN, 1.0, meters=names),
        billed(TURN, END, 1.0, "B 2", meters=names[::-1]),
    )
    assert "2 documents in a row" in outcomes[-1].sentence


def test_a_meter_of_another_carrier_is_not_compared(site: SiteSettings, data: PlantData) -> None:
    (outcome,) = outcomes_of(
        site, data, billed(FIRST, END, kwh(site, data, FIRST, END), carrier="natural-gas")
    )
    assert outcome.state is CheckState.NOT_CHECKABLE
    assert f"the meter {KILN} counts electricity" in outcome.sentence


@pytest.mark.parametrize("name", ["电力", "Electricity"])
def test_a_carrier_may_be_named_in_any_language(
    site: SiteSettings, data: PlantData, name: str
) -> None:
    assert states(
        outcomes_of(site, data, billed(FIRST, END, kwh(site, data, FIRST, END), carrier=name))
    ) == [CheckState.HELD]


def test_a_main_meter_and_one_below_it_are_not_added(site: SiteSettings, data: PlantData) -> None:
    (outcome,) = outcomes_of(site, data, billed(FIRST, END, 1.0, meters=["site-main", KILN]))
    assert outcome.state is CheckState.NOT_CHECKABLE
    assert f"what {KILN} counts, site-main counts too" in outcome.sentence
