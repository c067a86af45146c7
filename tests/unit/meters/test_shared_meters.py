"""Shared meters: every rule by hand, and nothing lost or made whatever the batches are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.catalogue import in_language
from benchmarks.measurements import Period
from reporting_agent.analysis.waste.use import uses
from reporting_agent.config import SiteSettings
from reporting_agent.config.meters import Allocation
from reporting_agent.metering.curve import Curve
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.shared_meters import ServedBatches, SharedEnergy, Sink, share_out
from reporting_agent.pipeline import LabelResult, read
from tests.unit.meters.conftest import heats, meter, register

A, B = Sink("A", "eaf", "A", 3000.0), Sink("B", "eaf", "B", 1000.0)


def curve_of(moments_h: list[float], power: float = 60.0) -> Curve:
    """A curve that grows by `power` an hour, known throughout."""
    curve = Curve(np.array([round(hour * HOUR_US) for hour in moments_h], dtype=np.int64))
    curve.steps[:] = np.rint(curve.moments_us / HOUR_US * power * 2**20).astype(np.int64)
    curve.known_us[:] = curve.moments_us - curve.moments_us[0]
    return curve


def served(*batches: tuple[float, float, float, int]) -> ServedBatches:
    """Batches as (begin, end, output, sink), in hours."""
    rows = list(zip(*batches, strict=True))
    return ServedBatches(
        np.array([round(hour * HOUR_US) for hour in rows[0]], dtype=np.int64),
        np.array([round(hour * HOUR_US) for hour in rows[1]], dtype=np.int64),
        np.array(rows[2], dtype=float),
        np.array(rows[3], dtype=np.int64),
    )


def shared(rule: dict[str, Any], batches: ServedBatches) -> SharedEnergy:
    edges = np.unique(np.concatenate((batches.start_us, batches.end_us)))
    return share_out(Allocation(**rule), (A, B), batches, curve_of((edges / HOUR_US).tolist()))


# A runs from 0 to 2 h with 80 t, B from 1 to 4 h with 30 t; 60 kWh an hour. In the first hour A is
# alone, in the second they share
BATCHES = served((0, 2, 80, 0), (1, 4, 30, 1))


@pytest.mark.parametrize(
    ("rule", "a", "b"),
    [
        ({"by": "hours", "among": ("A", "B")}, 60 + 30, 30 + 120),
        ({"by": "output", "among": ("A", "B")}, 60 + 48, 12 + 120),  # 40 t/h against 10 t/h
        (
            {"by": "rated-power", "among": ("A", "B")},
            60 + 45,
            15 + 120,
        ),  # 3,000 kW against 1,000 kW
        ({"by": "shares", "shares": {"A": 0.25, "B": 0.75}}, 30, 135),
    ],
)
def test_each_rule_shares_as_it_says(rule: dict[str, Any], a: float, b: float) -> None:
    shares = shared(rule, BATCHES)
    assert shares.energy.tolist() == pytest.approx([a, b])
    assert shares.energy.sum() + shares.nobodys == 240
    assert shares.completeness.tolist() == [1.0, 1.0]


def test_a_declared_power_gives_each_batch_its_own_time_whatever_runs_beside_it() -> None:
    rule = {"by": "power", "power": {"A": 20.0, "B": 5.0}}
    shares = shared(rule, BATCHES)
    assert shares.energy.tolist() == [40, 15]
    assert shares.completeness.tolist() == [1.0, 1.0]
    assert shares.nobodys == 240 - 40 - 15  # told by the meter, and in no batch
    assert shared(rule, served((0, 2, 80, 0), (0, 9, 1, 0), (1, 4, 30, 1))).energy.tolist() == [
        40,
        180,
        15,
    ]


def test_power_is_declared_for_every_sink_and_above_0() -> None:
    for power in ({"A": 20.0, "B": 0.0}, {"A": 20.0}, {}):
        with pytest.raises(ValueError, match=r"power|two different"):
            Allocation(by="power", power=power)
    with pytest.raises(ValueError, match="goes with by = 'power'"):
        Allocation(by="hours", among=("A", "B"), power={"A": 1.0, "B": 1.0})


def test_a_meter_shared_by_power_leaves_the_site_and_one_shared_by_hours_does_not(
    a_site: Callable[..., SiteSettings], march: Period
) -> None:
    batches = [*heats(60, equipment="F1"), *heats(60, equipment="F2")]
    furnaces = (
        '\n[[equipment]]\nid = "F1"\nstep = "eaf"\n\n[[equipment]]\nid = "F2"\nstep = "eaf"\n'
    )
    readings = {"pumps": register(lambda _: 60_000.0, 3)}

    def leaving(allocation: str) -> tuple[set[float], int | None]:
        site = a_site(
            meter("pumps", allocation=allocation, step='"eaf"') + furnaces, batches, readings
        )
        data = read(site, march, outward=True)
        assert data.outward is not None
        energies = {
            round(batch.energy[0].quantity, 3)
            for batch in data.outward.batches
            if batch.equipment == "F1"
        }
        return energies, data.outward.paths["eaf"].bound

    assert leaving('{ by = "power", power = { F1 = 24_000, F2 = 36_000 } }') == (
        {20_000.0},
        1,
    )  # 24 MW for 50 min
    assert leaving('{ by = "hours", among = ["F1", "F2"] }')[1] is None


def test_what_flows_while_nothing_runs_is_nobodys() -> None:
    shares = shared({"by": "hours", "among": ("A", "B")}, served((0, 1, 10, 0), (3, 4, 10, 1)))
    assert shares.energy.tolist() == [60, 60]
    assert shares.nobodys == 120


def test_batches_without_output_share_evenly_rather_than_losing_the_energy() -> None:
    shares = shared({"by": "output", "among": ("A", "B")}, served((0, 1, 0, 0), (0, 1, 0, 1)))
    assert shares.energy.tolist() == [30, 30]


times = st.tuples(st.integers(0, 600), st.integers(1, 300), st.floats(0, 500), st.integers(0, 1))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(times, min_size=1, max_size=40),
    rule=st.sampled_from(["hours", "output", "rated-power", "shares"]),
    power=st.floats(0.001, 1e6),
)
def test_nothing_is_lost_or_made_to_the_last_digit(
    rows: list[tuple[int, int, float, int]], rule: str, power: float
) -> None:
    batches = served(
        *((start / 60, (start + length) / 60, output, sink) for start, length, output, sink in rows)
    )
    given_rule: dict[str, Any] = (
        {"by": rule, "shares": {"A": 0.3, "B": 0.7}}
        if rule == "shares"
        else {"by": rule, "among": ("A", "B")}
    )
    edges = np.unique(np.concatenate((batches.start_us, batches.end_us)))
    curve = curve_of((edges / HOUR_US).tolist(), power)
    shares = share_out(Allocation(**given_rule), (A, B), batches, curve)
    whole = curve.over(edges[:1], edges[-1:])[0][0]
    assert float(shares.energy.sum()) + shares.nobodys == whole
    assert (shares.energy >= 0).all()
    assert shares.nobodys >= 0


def test_a_shared_meter_is_marked_on_the_label_and_told(
    a_site: Callable[..., SiteSettings], labelled: Callable[[SiteSettings], LabelResult]
) -> None:
    toml = meter("pumps", allocation='{ by = "hours", among = ["F1", "F2"] }', step='"eaf"')
    toml += '\n[[equipment]]\nid = "F1"\nstep = "eaf"\n\n[[equipment]]\nid = "F2"\nstep = "eaf"\n'
    batches = [*heats(240, equipment="F1"), *heats(240, equipment="F2")]
    result = labelled(a_site(toml, batches, {"pumps": register(lambda _: 60_000.0, 10.5)}))
    electricity = next(label for label in result.site_label.steps if label.metric == "electricity")
    assert electricity.allocated_carriers == ("electricity",)
    assert electricity.best.value == pytest.approx(
        250
    )  # 60 MW for 50 min, half of it each, over 100 t
    allocation = next(finding for finding in result.findings if finding.code == "carrier-allocated")
    assert "hours in operation" in allocation.sentence
    assert "运行时间" in in_language(allocation.sentence, "zh")
    shared_out = sum(energy.quantity for batch in result.data.batches for energy in batch.energy)
    assert shared_out == result.data.meters[0].in_batches


def test_the_order_of_the_log_changes_no_part(
    a_site: Callable[..., SiteSettings], labelled: Callable[[SiteSettings], LabelResult]
) -> None:
    toml = meter("pumps", allocation='{ by = "output", among = ["eaf", "ladle-refining"] }')
    batches = [
        *heats(60, equipment="F1", tonnes=97.0),
        *heats(60, equipment="F2", tonnes=61.0),
        *heats(60, step="ladle-refining", tonnes=13.0),
    ]

    def parts(rows: list[str]) -> dict[str, float]:
        result = labelled(a_site(toml, rows, {"pumps": register(lambda _: 7_777.7, 3)}))
        return {batch.batch_id: batch.energy[0].quantity for batch in result.data.batches}

    assert parts(batches) == parts(batches[::-1])


def test_a_shared_meter_is_told_with_the_first_step_that_it_serves(
    a_site: Callable[..., SiteSettings], labelled: Callable[[SiteSettings], LabelResult]
) -> None:
    batches = [*heats(60, equipment="F1"), *heats(60, step="ladle-refining")]
    for among in (["eaf", "ladle-refining"], ["ladle-refining", "eaf"]):
        site = a_site(
            meter("pumps", allocation=f'{{ by = "hours", among = {among} }}'),
            batches,
            {"pumps": register(lambda _: 7_777.7, 3)},
        )
        assert [use.step for use in uses(site, labelled(site))] == among[:1]
