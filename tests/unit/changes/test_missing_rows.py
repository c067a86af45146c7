"""Rows of intervals that were not exported are told as rows, not as a clock or a ratio."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest

from reporting_agent.changes import days
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.telling import sentence, to_declare
from reporting_agent.metering import MeterRecord

YEAR_S = 365 * 86_400.0
JULY = date(2025, 7, 1)


def record(rows: float, reading: str = "interval", known_s: float = YEAR_S) -> MeterRecord:
    """A meter of quarter hours with that share of its rows."""
    facts = SimpleNamespace(usual_step_s=900.0, readings=round(rows * YEAR_S / 900))
    return cast(
        "MeterRecord",
        SimpleNamespace(
            meter=SimpleNamespace(id="F2", reading=reading),
            facts=facts,
            known_s=known_s,
            hour_us=(),
        ),
    )


def change(kind: ChangeKind, size: float) -> Change:
    return Change(kind, "melting", ("F2",), ("IF2",), JULY, None, size, 0.01, (ChangeCause.CLOCK,))


def test_every_second_row_of_half_a_year_is_a_quarter_of_the_rows() -> None:
    assert days.gaps_of_meters([record(0.75)]) == {"F2": pytest.approx(0.25, abs=1e-4)}
    assert (
        days.gaps_of_meters(
            [record(1.0), record(0.97), record(0.75, "register"), record(0.5, known_s=YEAR_S / 2)]
        )
        == {}
    )


def test_the_fall_of_the_level_is_told_as_rows_from_its_day_on_and_the_clock_not_at_all() -> None:
    (fall,) = days.falls_or_clocks(
        {"F2": 0.25}, [change(ChangeKind.LEVEL, 0.47)], [change(ChangeKind.CLOCK, -453.0)]
    )
    assert (fall.kind, fall.first, fall.size, fall.causes) == (
        ChangeKind.ROWS,
        JULY,
        0.25,
        (ChangeCause.ROWS,),
    )
    assert "lacks 25 % of the rows" in str(sentence(fall))
    assert 'kind = "unusable"' in to_declare(fall, date(2025, 1, 1))


def test_a_clock_that_only_seems_to_move_is_told_as_rows() -> None:
    assert [
        fall.kind
        for fall in days.falls_or_clocks({"F2": 0.5}, [], [change(ChangeKind.CLOCK, -453.0)])
    ] == [ChangeKind.ROWS]


def test_a_logger_that_leaves_out_rows_of_nothing_is_not_asked_about() -> None:
    assert days.falls_or_clocks({"F2": 0.25}, [], []) == []
    assert days.falls_or_clocks({"F2": 0.25}, [change(ChangeKind.LEVEL, 1.2)], []) == []
