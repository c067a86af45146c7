"""A simulated works holds together: no hole in a line's time, no energy lost between curve and
meters, every fault where it says.
"""

from __future__ import annotations

import csv
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fixtures.simulator.works import KINDS, SECTORS, Works
from fixtures.simulator.works.clock import LocalClock
from fixtures.simulator.works.design import DESIGNS
from fixtures.simulator.works.kinds import Struck
from fixtures.simulator.works.timeline import Doing

FORMS = {kind.id for kind in KINDS if kind.struck is Struck.FORM}


@pytest.fixture(scope="module", params=SECTORS)
def works(request: pytest.FixtureRequest) -> Works:
    return Works.live(request.param, 1)


def test_the_same_seed_lives_the_same_life(works: Works) -> None:
    again = Works.live(works.pack.id, 1)
    assert all(
        np.array_equal(ours, theirs)
        for step in works.runs
        for ours, theirs in zip(works.runs[step].energy, again.runs[step].energy, strict=True)
    )
    other = Works.live(works.pack.id, 2)
    assert any(
        len(works.runs[step]) != len(other.runs[step])
        or works.runs[step].output[0] != other.runs[step].output[0]
        for step in works.runs
    )


def test_every_second_of_a_line_is_accounted_for(works: Works) -> None:
    for lived in works.lived.values():
        assert (lived[0].start_s, lived[-1].end_s) == (works.start_s, works.end_s)
        assert all(before.end_s == after.start_s for before, after in pairwise(lived))


def test_what_a_main_meter_counts_is_what_its_energy_was_for(works: Works, tmp_path: Path) -> None:
    truth = works.write(tmp_path, 0.0)
    for meter in works.meters:
        assert sum(truth.uses[meter.id].values()) == pytest.approx(
            float(meter.curve.until[-1]), rel=1e-9
        )


def test_energy_of_a_run_is_what_its_meter_counted_in_it(works: Works) -> None:
    shared = {line for shared_meter in works.design.shared for line in shared_meter.lines}
    for meter in works.meters:
        ran = works.runs[meter.step]
        if meter.carrier == "electricity" and meter.equipment in shared:
            continue  # its part of the shared meter is in its energy as well
        place = next(
            index for index, use in enumerate(ran.design.uses) if use.carrier == meter.carrier
        )
        own = np.array([line == meter.equipment for line in ran.line])
        np.testing.assert_allclose(
            meter.curve.between(ran.start_s[own], ran.end_s[own]), ran.energy[place][own], rtol=1e-9
        )


def test_the_shared_meter_falls_to_rows_of_the_log_in_equal_parts() -> None:
    works = Works.live("steel", 1)
    dedusting = next(meter for meter in works.beside if meter.id == "dedusting")
    added = 0.0
    for meter in works.meters:
        if meter.carrier != "electricity":
            continue
        ran = works.runs[meter.step]
        own = np.array([line == meter.equipment for line in ran.line])
        added += float(
            (ran.energy[0][own] - meter.curve.between(ran.start_s[own], ran.end_s[own])).sum()
        )
    running = [
        (stretch.start_s, stretch.end_s)
        for lived in works.lived.values()
        for stretch in lived
        if stretch.doing is Doing.RUN
    ]
    assert (
        0
        < added
        < float(
            dedusting.curve.between(
                np.array([min(running)[0]]), np.array([max(end for _, end in running)])
            )[0]
        )
    )


def test_the_gate_counts_the_lines_and_what_is_lost_below_it(works: Works) -> None:
    gate = works.beside[0]
    below = sum(float(meter.curve.until[-1]) for meter in works.meters if meter.parent == gate.id)
    assert float(gate.curve.until[-1]) * (1 - works.design.declared_loss) == pytest.approx(
        below * (1 + works.design.unmeasured), rel=1e-9
    )


def test_gas_as_it_flows_is_gas_at_normal_state_by_its_temperature_and_pressure() -> None:
    works = Works.live("aluminium", 1)
    meter = next(candidate for candidate in works.meters if candidate.carrier == "natural-gas")
    warm, pressed = (
        next(sensor for sensor in works.beside if sensor.id == f"{meter.id}-{what}")
        for what in ("temperature", "pressure")
    )
    hour = np.array([works.start_s + 40 * 86_400 + 900 * quarter for quarter in range(5)])
    flowed = np.diff(meter.counts.at(hour))
    celsius, gauge_kpa = (np.diff(sensor.curve.at(hour)) * 4 for sensor in (warm, pressed))
    normal = flowed * (101.325 + gauge_kpa) / 101.325 * 273.15 / (273.15 + celsius)
    np.testing.assert_allclose(normal, np.diff(meter.curve.at(hour)), rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "road",
    [
        "csv",
        *(
            pytest.param(road, marks=pytest.mark.long)
            for road in ("gbk", "wide", "parquet", "xlsx")
        ),
    ],
)
def test_every_kind_is_put_in_at_ten_times_the_rates_and_ten_times_as_often(
    road: str, tmp_path: Path
) -> None:
    """The roads left to the long form are written, and every fault of theirs looked for, by
    `tests/functional/every_fault`.
    """
    works = Works.live("aluminium", 1)
    once, ten = (
        Counter(fault.kind for fault in works.write(tmp_path / str(rate), rate, road).faults)  # type: ignore[arg-type]
        for rate in (1.0, 10.0)
    )
    expected = {kind.id for kind in KINDS} - FORMS
    assert expected - {"rollover"} <= set(once)
    assert expected <= set(ten)
    for kind in ("gap", "blank", "sentinel-pair", "saturation", "end-before-start"):
        assert ten[kind] == pytest.approx(10 * once[kind], rel=0.25), kind


def test_rows_that_carry_a_fault_show_it(tmp_path: Path) -> None:
    truth = Works.live("cement", 2).write(tmp_path, 1.0, "csv")
    lines: dict[str, list[list[str]]] = {}
    for fault in truth.faults:
        if not fault.rows or not fault.file.endswith(".csv") or fault.kind in FORMS:
            continue
        if fault.file not in lines:
            with (tmp_path / fault.file).open(encoding="utf-8", newline="") as file:
                lines[fault.file] = list(csv.reader(file))
        rows = [lines[fault.file][row - 1] for row in fault.rows]
        assert all(row[0] == fault.meter for row in rows), fault
        if fault.kind == "sentinel-pair":
            assert [row[2] for row in rows] == ["-999.999", "999.999"]
        elif fault.kind == "blank":
            assert [row[2] for row in rows] == [""]
        elif fault.kind in {"stuck-value", "saturation"}:
            assert len({row[2] for row in rows}) == 1


def test_clocks_change_where_the_zone_does() -> None:
    for design in DESIGNS.values():
        clock = LocalClock.over(design.zone, design.start_s, design.start_s + design.days * 86_400)
        assert len(clock.change_s) == (0 if design.zone == "Asia/Shanghai" else 1)
        moments = np.array([design.start_s, design.start_s + (design.days - 1) * 86_400])
        assert [clock.true(int(wall)) for wall in clock.wall(moments)] == moments.tolist()
