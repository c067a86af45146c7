"""Meters that came, went or were not read for a while, beside documents and certificates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from benchmarks.audit.evidence import CheckOutcome, CheckState
from benchmarks.measurements import Period
from extras.reconciliation.counting import us_of
from extras.reconciliation.papers import Calibration, Papers, StockSurvey
from extras.reconciliation.reconcile import reconcile
from extras.reconciliation.tests.functional.test_reconciliation import (
    FEBRUARY,
    KILN,
    bill,
    kwh,
    only,
    record_of,
)
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData
from tests.functional.audit.conftest import PERIOD

CHANGE = date(2025, 2, 12)


def with_a_new_meter(site: SiteSettings, data: PlantData) -> tuple[SiteSettings, PlantData]:
    """The kiln's meter was replaced, and both were read in series all the time."""
    whole = record_of(data)
    old = replace(whole, meter=whole.meter.model_copy(update={"until": CHANGE}))
    new = replace(whole, meter=whole.meter.model_copy(update={"id": "kiln-new", "since": CHANGE}))
    meters = (*(old.meter if meter.id == KILN else meter for meter in site.meters), new.meter)
    return site.model_copy(update={"meters": meters}), with_meters(data, old, new)


def with_meters(data: PlantData, *records: MeterRecord) -> PlantData:
    return replace(
        data, meters=(*(record for record in data.meters if record.meter.id != KILN), *records)
    )


def certified(
    site: SiteSettings, data: PlantData, *certificates: dict[str, Any]
) -> list[CheckOutcome]:
    fields = {"meter": KILN, "valid_months": 12, "error_pct": 0.2, "limit_pct": 0.5}
    papers = Papers(
        calibration=tuple(
            Calibration.model_validate(fields | certificate) for certificate in certificates
        )
    )
    return [
        outcome
        for outcome in reconcile(site, data, papers, Period.parse(PERIOD, site.zone))
        if "(C " in outcome.sentence
    ]


def test_two_meters_in_series_each_count_in_their_own_time(
    site: SiteSettings, data: PlantData
) -> None:
    month = kwh(site, data, *FEBRUARY.values())
    changed = with_a_new_meter(site, data)
    assert only(*changed, bill=(bill(month, meters=[KILN, "kiln-new"]),)).state is CheckState.HELD
    alone = only(*changed, bill=(bill(month),))
    assert alone.state is CheckState.NOT_CHECKABLE
    assert f"({KILN}, kiln-new)" in alone.remedy


def test_a_certificate_covers_the_days_on_which_its_meter_counts(
    site: SiteSettings, data: PlantData
) -> None:
    old, new = (
        {"on": date(2024, 2, 12), "document": "C old"},
        {"meter": "kiln-new", "on": date(2025, 2, 1), "document": "C new"},
    )
    outcomes = certified(*with_a_new_meter(site, data), old, new)
    assert [outcome.state for outcome in outcomes] == [CheckState.HELD] * 2
    late = certified(
        *with_a_new_meter(site, data),
        old | {"on": date(2024, 2, 11)},
        new | {"on": date(2025, 2, 13)},
    )
    assert [outcome.state for outcome in late] == [CheckState.FAILED] * 2


def test_of_a_meter_that_was_gone_before_the_period_no_certificate_holds(
    site: SiteSettings, data: PlantData
) -> None:
    gone = {
        "meters": tuple(
            meter.model_copy(update={"until": date(2024, 6, 1)}) if meter.id == KILN else meter
            for meter in site.meters
        )
    }
    outcomes = certified(
        site.model_copy(update=gone), data, {"on": date(2019, 2, 1), "document": "C old"}
    )
    assert [outcome.state for outcome in outcomes] == [CheckState.NOT_CHECKABLE]


def test_a_certificate_beyond_its_class_covers_nothing_for_the_others(
    site: SiteSettings, data: PlantData
) -> None:
    sound, beyond = (
        {"on": date(2024, 2, 15), "document": "C 1"},
        {"on": date(2025, 2, 10), "error_pct": 3.0, "document": "C 2"},
    )
    assert [outcome.state for outcome in certified(site, data, sound, beyond)] == [
        CheckState.FAILED
    ] * 2


@pytest.mark.parametrize(("share", "state"), [(1.0, CheckState.HELD), (1.03, CheckState.FAILED)])
def test_time_without_readings_may_have_taken_as_much_as_the_time_with_them(
    site: SiteSettings, data: PlantData, share: float, state: CheckState
) -> None:
    """An even load, 9.5 % of the time without readings."""
    whole = record_of(data)
    first, last = FEBRUARY.values()
    inside = (whole.hour_us >= us_of(first, site)) & (whole.hour_us < us_of(last, site))
    lost = inside & (np.cumsum(inside) <= 0.095 * inside.sum())
    fine = whole.meter.model_copy(update={"accuracy_class": 0.2, "accuracy_of": "reading"})
    even = replace(
        whole,
        meter=fine,
        hour_energy=np.where(lost, 0.0, 100.0),
        hour_known=np.where(lost, 0.0, 1.0),
    )
    fields = {
        "carrier": "electricity",
        **FEBRUARY,
        "unit": "kWh",
        "meters": [KILN],
        "uncertainty_pct": 0.5,
        "document": "S 1",
    }
    survey = StockSurvey.model_validate(
        fields | {"opening": 0.0, "closing": 0.0, "received": share * 100.0 * inside.sum()}
    )
    assert only(site, with_meters(data, even), stock=(survey,)).state is state
