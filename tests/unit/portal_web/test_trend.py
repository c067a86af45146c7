"""A site's values over the periods: a full line is a change, a dashed one none beyond the noise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.comparison.estimates import Estimate, changed
from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Name
from portal.publication.in_force import DefinedVersion
from portal.publication.shapes import DefinedCell
from portal.standings.reports import ReportedPeriod, ReportedValue, ReportView
from portal.web.charts.trend import TrendPeriod, draw
from portal.web.presenters.site_gaps import estimate_of
from portal.web.presenters.trend import _flag, _step

APART = Estimate(100.0, 99.0, 101.0), Estimate(96.0, 95.0, 97.0)
CELL = LabelKey("kiln", "clinker", "", "energy")
ALIKE = Estimate(100.0, 98.0, 102.0), Estimate(98.5, 96.5, 100.5)


def lines(*values: Estimate, broken: bool = False) -> tuple[int, int]:
    """How many lines of a change join them, and how many of none; each but the first after a break
    or not.
    """
    picture = draw(
        [
            TrendPeriod("", value, 90.0, breaks=broken and index > 0)
            for index, value in enumerate(values)
        ]
    )
    return len(picture.own), len(picture.level)


def test_two_values_that_differ_by_more_than_their_noise_are_joined_up_and_down() -> None:
    assert changed(*APART)
    assert changed(*reversed(APART))
    assert lines(*APART) == (1, 0)


def test_noise_is_drawn_as_no_slope() -> None:
    assert not changed(*ALIKE)
    assert lines(*ALIKE) == (0, 1)
    assert lines(*APART, Estimate(97.0, 95.0, 99.0)) == (1, 1)


def test_without_an_interval_nothing_is_called_a_change() -> None:
    assert not changed(Estimate(100.0), Estimate(50.0))
    assert lines(Estimate(100.0), Estimate(50.0)) == (0, 0)


@pytest.mark.parametrize("values", [APART, ALIKE])
def test_no_line_crosses_a_break(values: tuple[Estimate, Estimate]) -> None:
    assert lines(*values, broken=True) == (0, 0)


def test_a_value_of_a_period_in_another_unit_is_told_in_that() -> None:
    """The step is headed by the unit of the newest period."""
    values = [
        ReportedValue(value, None, unit, "kiln", 1)
        for value, unit in ((110.0, "kgce/t"), (895.0, "kWh/t"), (890.0, "kWh/t"))
    ]
    bests = (105.0, 850.0, 850.0)
    points = [
        TrendPeriod(str(2024 + index), estimate_of(value), best, index == 1)
        for index, (value, best) in enumerate(zip(values, bests, strict=True))
    ]
    step = _step("kiln", "Kiln", "clinker", values, points, ("", "unit: kgce/t, then kWh/t", ""))
    assert step.unit == "kWh per tonne of clinker"
    assert (step.since, step.moved) == ("2025", ""), "without an interval nothing is a change"
    assert [row.value for row in step.rows] == ["110.0 kgce/t", "895.0", "890.0"]
    assert [row.best for row in step.rows] == ["105.0 kgce/t", "850.0", "850.0"]
    assert [(mark.label, mark.x, mark.flag) for mark in step.picture.marks] == [
        ("2025", "54.00%", "34.00%"),
        ("2026", "94.00%", ""),
    ]
    assert min(float(line.label) for line in step.picture.lines) > 800, (
        "the scale is that of the newest unit"
    )
    assert step.described == "Kiln over 3 periods, from 110.0 kgce/t to 890.0 kWh/t"


def test_a_best_in_another_unit_is_not_held_beside_the_value() -> None:
    """The version in force at the address of a period may be of a newer version of the pack than
    the report.
    """
    kiln = DefinedCell(
        "kiln",
        "clinker",
        "",
        "energy",
        "kiln",
        "kWh/t",
        1.0,
        None,
        (),
        shown=True,
        best=850.0,
    )
    version = DefinedVersion("2016", 2, "2", "", (kiln,))
    assert version.best_in(LabelKey.of(kiln), "kWh/t") == 850.0
    assert version.best_in(LabelKey.of(kiln), "kgce/t") is None


def test_a_year_and_a_quarter_are_no_trend_of_a_site() -> None:
    """Else its page would say that a quarter of winter rose since the whole year before, and draw a
    line between them.
    """
    values = {CELL: ReportedValue(100.0, (99.0, 101.0), "kgce/t", "kiln", 1)}
    year, quarter, later = (
        ReportedPeriod(
            ReportView(
                index,
                index,
                "works-1",
                Name("Works 1"),
                1,
                "cement",
                "4",
                "dry-process",
                "cn",
                period,
                datetime(2025, 1, 1, tzinfo=UTC),
            ),
            values,
        )
        for index, period in enumerate(("2025", "2026-Q1", "2026-Q2"))
    )
    assert _flag(year, quarter, CELL, None) == "days in the period: 365, then 90"
    assert _flag(quarter, later, CELL, None) == ""


def test_figures_have_every_digit_of_what_was_published() -> None:
    """Two decimals would have made 0.23 of a best of 0.235, and an interval of no width of 0.246 to
    0.248.
    """
    values = [
        ReportedValue(value, interval, "kgce/t", "crusher", 1)
        for value, interval in ((0.241, None), (0.247, (0.246, 0.248)))
    ]
    points = [
        TrendPeriod(str(2024 + index), estimate_of(value), best, breaks=False)
        for index, (value, best) in enumerate(zip(values, (None, 0.235), strict=True))
    ]
    step = _step("crusher", "Crusher", "limestone", values, points, ("", ""))
    assert [(row.value, row.interval, row.best) for row in step.rows] == [
        ("0.241", "", ""),
        ("0.247", "0.246 to 0.248", "0.235"),
    ]
