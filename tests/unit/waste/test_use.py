"""What a meter's energy was for: every stretch by its rule, and the sum closing with the meter to
the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.measurements import Batch, CarrierEnergy, OperatingState, Period, ProductStatus
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.analysis.waste.use import StepUse, uses
from reporting_agent.config import Meter, SiteSettings, load_site
from reporting_agent.metering import MeterFacts, MeterRecord, PauseStretch
from reporting_agent.metering.moments import to_us
from reporting_agent.pipeline import LabelResult, label
from reporting_agent.pipeline.site_flows import of_steps
from reporting_agent.report.label_json import label_json
from tests.unit.waste.conftest import START

Melt = Callable[..., Batch]
Labelled = Callable[..., LabelResult]
Sites = Callable[..., SiteSettings]
METER = {
    "id": "lf-1-main",
    "step": "ladle-refining",
    "carrier": "electricity",
    "reading": "register",
    "unit": "kWh",
    "equipment": "lf-1",
}
NO_FACTS = MeterFacts(
    readings=1,
    first_us=None,
    last_us=None,
    highest=None,
    lowest=None,
    quantum=None,
    usual_step_s=None,
    at_range_share=0.0,
)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return START + minutes * MINUTE


def run(a_melt: Melt, name: str, start: float, end: float, kwh: float, **changes: Any) -> Batch:
    return a_melt(0, kwh, batch_id=name, start=at(start), minutes=end - start, **changes)


def record(
    batches: Sequence[Batch],
    stretches: Sequence[tuple[float, float, float, str, str]],
    *,
    unplaced: float = 0.0,
    **more: Any,
) -> MeterRecord:
    """The record of a meter that counted these batches and, between them, stretches of (start, end,
    kWh, before, after).
    """
    inside = sum(entry.quantity for batch in batches for entry in batch.energy)
    pauses = tuple(
        PauseStretch("lf-1", to_us(at(start)), to_us(at(end)), energy, 1.0, before, after)
        for start, end, energy, before, after in stretches
    )
    outside = sum(stretch.energy for stretch in pauses)
    defaults: dict[str, Any] = {
        "meter": Meter.model_validate(METER),
        "unit": "kWh",
        "counted": True,
        "start_us": to_us(datetime(2023, 1, 1, tzinfo=UTC)),
        "end_us": to_us(datetime(2024, 1, 1, tzinfo=UTC)),
        "total": inside + outside + unplaced,
        "in_batches": inside,
        "outside": outside,
        "unplaced": unplaced,
        "began_before": 0.0,
        "runs_on": 0.0,
        "known_s": 0.0,
        "missing_s": 0.0,
        "stretches": pauses,
        "hour_us": np.zeros(0, dtype=np.int64),
        "hour_energy": np.zeros(0),
        "hour_known": np.zeros(0),
        "facts": NO_FACTS,
    }
    return MeterRecord(**{**defaults, **more})


@pytest.fixture(scope="module")
def used(labelled: Labelled, a_site: Sites) -> Callable[..., StepUse]:
    def of(batches: Sequence[Batch], *records: MeterRecord) -> StepUse:
        (step_use,) = uses(a_site(meters=[METER]), labelled(batches, records))
        assert (
            sum(step_use.parts.values())
            == sum(reversed(list(step_use.parts.values())))
            == step_use.total
        )
        return step_use

    return of


def day_of_runs(a_melt: Melt, **last: Any) -> list[Batch]:
    """Five runs of 45 minutes at 6,000 kW, 15 minutes apart; `last` changes the last of them."""
    return [
        run(
            a_melt,
            f"R{number}",
            60 * number,
            60 * number + 45,
            4_500,
            **(last if number == 4 else {}),
        )
        for number in range(5)
    ]


PAUSES = [
    (60.0 * number + 45, 60.0 * number + 60, 100.0, f"R{number}", f"R{number + 1}")
    for number in range(4)
]  # at 400 kW


def test_a_pause_between_two_batches_of_one_product_is_idling(
    a_melt: Melt, used: Callable[..., StepUse]
) -> None:
    batches = day_of_runs(a_melt)
    step_use = used(batches, record(batches, PAUSES))
    assert step_use.parts == {Use.VALUE_ADDING: 22_500.0, Use.IDLING: 400.0}
    assert step_use.share == pytest.approx(22_500 / 22_900)
    assert "run level 6,000 kW, idle level 400 kW, usual pause 15 min" in step_use.rules[0].en
    assert "空转水平 400 kW" in step_use.rules[0].said_in("zh")


def test_the_energy_of_a_row_written_twice_counts_once(tmp_path: Path) -> None:
    """b1 took 3,200 kWh and b2 3,300; both rows of b1 have what the energy file says of that id."""
    site = (
        '[site]\nid = "w"\ntimezone = "UTC"\npack = "cement"\n\n[inputs]\nbatches = '
        '"batches.csv"\nenergy = "energy.csv"\n'
    )
    rows = [
        f"b{day},cement-grinding,cement,2025-01-0{day} 00:00,2025-01-0{day} 08:00,100,t"
        for day in (1, 1, 2)
    ]
    energy_rows = [
        f"b{day},cement-grinding,electricity,{kwh},kWh" for day, kwh in ((1, 3_200), (2, 3_300))
    ]
    (tmp_path / "site.toml").write_text(site, encoding="utf-8")
    (tmp_path / "batches.csv").write_text(
        "\n".join(["batch_id,step,product,start,end,output_quantity,output_unit", *rows]) + "\n",
        encoding="utf-8",
    )
    (tmp_path / "energy.csv").write_text(
        "\n".join(["batch_id,step,carrier,quantity,unit", *energy_rows]) + "\n", encoding="utf-8"
    )
    works = load_site(tmp_path / "site.toml")
    result = label(works, Period.parse("2025", works.zone))
    assert [(use.carrier, use.total) for use in uses(works, result)] == [("electricity", 6_500.0)]
    whole = result.sitewide(works)
    assert [entry.quantity for _, entry in of_steps(whole, 0.01)] == [6_500.0]
    assert (list(whole.amounts.values()), whole.outputs) == ([6_500.0], {"cement-grinding": 200.0})


def test_a_line_without_a_meter_beside_one_that_has_one_is_told_too(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    """lf-1 has a meter: 22,500 kWh in runs and 400 between. lf-2 has none: 2 x 3,000 kWh by the
    energy file.
    """
    metered = day_of_runs(a_melt)
    by_file = [
        run(a_melt, f"G{number}", 60 * number, 60 * number + 45, 3_000, equipment="lf-2")
        for number in range(2)
    ]
    site, result = a_site(meters=[METER]), labelled([*metered, *by_file], [record(metered, PAUSES)])
    assert [(use.meter, use.total) for use in uses(site, result)] == [
        ("lf-1-main", 22_900.0),
        ("", 6_000.0),
    ]
    of_step = [
        entry
        for carrier, entry in of_steps(result.sitewide(site), 0.01)
        if (carrier, entry.name) == ("electricity", "ladle-refining")
    ]
    assert sorted(entry.quantity for entry in of_step) == [6_000.0, 22_900.0]


@pytest.mark.parametrize(
    ("minutes", "kw", "variant", "expected"),
    [
        (15, 400, "any", Use.IDLING),
        (40, 500, "vacuum-treated", Use.CHANGEOVER),
        (40, 900, "any", Use.WARM_HOLDING),
        (10, 900, "any", Use.IDLING),  # too short to be told from a pause
        (600, 100, "any", Use.STANDBY),
        (600, 100, "vacuum-treated", Use.STANDBY),  # a night is a night, whatever follows
        (600, 400, "any", Use.IDLING),  # left idling over night
        (600, 1_000, "any", Use.WARM_HOLDING),
        (50, 5_000, "any", Use.OUTSIDE),  # a run that the log does not hold
    ],
)
def test_every_stretch_goes_by_its_rule(
    a_melt: Melt,
    used: Callable[..., StepUse],
    minutes: float,
    kw: float,
    variant: str,
    expected: Use,
) -> None:
    batches = [
        *day_of_runs(a_melt, variant="any"),
        run(a_melt, "R5", 285 + minutes, 330 + minutes, 4_500, variant=variant),
    ]
    step_use = used(
        batches, record(batches, [*PAUSES, (285, 285 + minutes, kw * minutes / 60, "R4", "R5")])
    )
    plain = {Use.VALUE_ADDING: 27_000.0, Use.IDLING: 400.0}
    assert {
        use: step_use.parts[use] - plain.get(use, 0.0)
        for use in step_use.parts
        if step_use.parts[use] != plain.get(use)
    } == {expected: pytest.approx(kw * minutes / 60)}


def test_a_night_is_cut_where_its_power_falls(a_melt: Melt, used: Callable[..., StepUse]) -> None:
    """Idle at 400 kW from 04:45 to 10:00, standby at 100 kW until 20:00: hours tell, energies add
    up.
    """
    batches = [*day_of_runs(a_melt), run(a_melt, "R5", 20 * 60, 20 * 60 + 45, 4_500)]
    hours = [400.0 if 5 <= hour < 10 else 100.0 if 10 <= hour < 20 else 0.0 for hour in range(24)]
    meter = record(
        batches,
        [*PAUSES, (285, 1_200, 100 + sum(hours), "R4", "R5")],
        hour_us=np.array([to_us(at(60 * hour)) for hour in range(24)], dtype=np.int64),
        hour_energy=np.array(hours),
        hour_known=np.ones(24),
    )
    step_use = used(batches, meter)
    assert step_use.parts == {
        Use.VALUE_ADDING: 27_000.0,
        Use.IDLING: 400.0 + 100.0 + 5 * 400.0,
        Use.STANDBY: 1_000.0,
    }


def test_a_run_that_a_faulty_record_began_is_not_called_outside(
    a_melt: Melt, used: Callable[..., StepUse]
) -> None:
    lost = a_melt(0, batch_id="X", start=at(290), end=None, energy=(), excluded="end-missing")
    batches = [*day_of_runs(a_melt), run(a_melt, "R5", 340, 385, 4_500)]
    step_use = used([*batches, lost], record(batches, [*PAUSES, (285, 340, 4_400, "R4", "R5")]))
    assert step_use.parts[Use.EXCLUDED] == 4_400


def test_records_of_the_log_say_what_their_own_energy_was_for(
    a_melt: Melt, used: Callable[..., StepUse]
) -> None:
    batches = [
        *day_of_runs(a_melt, output=75.0, reject=25.0),
        run(a_melt, "S", 300, 345, 4_000, status=ProductStatus.SCRAP),
        run(a_melt, "T", 360, 405, 3_000, status=ProductStatus.TEST),
        run(a_melt, "U", 420, 465, 2_000, state=OperatingState.START_UP, output=0.0),
        run(a_melt, "H", 480, 525, 1_000, state=OperatingState.HOLDING, output=0.0),
        run(a_melt, "F", 540, 585, 500, excluded="impossible-power"),
    ]
    step_use = used(batches, record(batches, []))
    assert step_use.parts == {
        Use.VALUE_ADDING: 22_500 - 1_125,
        Use.REJECT: 1_125,
        Use.SCRAP: 4_000,
        Use.TEST: 3_000,
        Use.START_UP: 2_000,
        Use.WARM_HOLDING: 1_000,
        Use.EXCLUDED: 500,
    }


def test_what_a_register_counted_across_a_gap_is_in_no_use_but_in_the_sum(
    a_melt: Melt, used: Callable[..., StepUse]
) -> None:
    batches = day_of_runs(a_melt)
    step_use = used(batches, record(batches, PAUSES, unplaced=777.25, missing_s=5_400.0))
    assert (step_use.parts[Use.UNPLACED], step_use.total, step_use.missing_s) == (
        777.25,
        22_900 + 777.25,
        5_400.0,
    )


def test_a_batch_that_crosses_an_edge_of_the_period_counts_as_far_as_the_meter_does(
    a_melt: Melt, used: Callable[..., StepUse]
) -> None:
    """1,000 kWh of the last batch were counted after the period; 300 kWh of a batch of the year
    before within it.
    """
    batches = day_of_runs(a_melt)
    early = a_melt(
        0,
        batch_id="E",
        start=datetime(2022, 12, 31, 23, 40, tzinfo=UTC),
        minutes=40,
        energy=(),
        status=ProductStatus.SCRAP,
        excluded="outside-period",
    )
    late = a_melt(0, batch_id="Z", start=datetime(2023, 12, 31, 23, 40, tzinfo=UTC), minutes=45)
    meter = record([*batches, late], PAUSES)
    cut = record(
        [*batches, late],
        PAUSES,
        total=meter.total - 1_000 + 300,
        in_batches=meter.in_batches - 1_000 + 300,
        began_before=300.0,
        runs_on=1_000.0,
    )
    step_use = used([early, *batches, late], cut)
    assert step_use.parts == {Use.VALUE_ADDING: 22_500 + 3_500, Use.SCRAP: 300.0, Use.IDLING: 400.0}


def test_overlapping_batches_share_what_was_counted_once(
    a_melt: Melt, used: Callable[..., StepUse]
) -> None:
    batches = [
        run(a_melt, "A", 0, 45, 4_500),
        run(a_melt, "B", 0, 45, 4_500, status=ProductStatus.SCRAP),
    ]
    step_use = used(batches, record(batches, [], in_batches=4_500.0, total=4_500.0))
    assert step_use.parts == {Use.VALUE_ADDING: 2_250.0, Use.SCRAP: 2_250.0}
    assert "overlap" in step_use.rules[0].en


def test_two_meters_of_one_furnace_are_told_together(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    two = {**METER, "id": "lf-1-fans"}
    batches = day_of_runs(a_melt, energy=(CarrierEnergy("electricity", 4_500.0, "kWh"),))
    both = [
        Batch(
            **{
                **{name: getattr(batch, name) for name in Batch.__slots__},
                "energy": (*batch.energy, CarrierEnergy("electricity", 500.0, "kWh")),
            }
        )
        for batch in batches
    ]
    fans = record(batches, [], meter=Meter.model_validate(two), in_batches=2_500.0, total=2_500.0)
    (step_use,) = uses(a_site(meters=[METER, two]), labelled(both, (record(batches, PAUSES), fans)))
    assert step_use.meter == "lf-1-main + lf-1-fans"
    assert step_use.parts == {Use.VALUE_ADDING: 25_000.0, Use.IDLING: 400.0}


def test_energy_given_per_batch_is_told_by_step_and_carrier(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    (step_use,) = uses(
        a_site(),
        labelled(
            [*day_of_runs(a_melt), run(a_melt, "S", 300, 345, 4_000, status=ProductStatus.SCRAP)]
        ),
    )
    assert (step_use.meter, step_use.parts, step_use.total) == (
        "",
        {Use.VALUE_ADDING: 22_500.0, Use.SCRAP: 4_000.0},
        26_500.0,
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_day_closes_with_its_meter(
    a_melt: Melt, used: Callable[..., StepUse], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 12))
    batches, stretches, now, before = [], [], 0.0, ""
    for number in range(count):
        pause = data.draw(st.integers(0, 900))
        name = f"B{number}"
        if pause:
            stretches.append(
                (now, now + pause, data.draw(st.integers(0, 2**33)) / 2**20, before, name)
            )
        now += pause
        length = data.draw(st.integers(1, 300))
        batches.append(
            run(
                a_melt,
                name,
                now,
                now + length,
                data.draw(st.integers(0, 2**35)) / 2**20,
                status=data.draw(st.sampled_from(ProductStatus)),
                state=data.draw(st.sampled_from(OperatingState)),
                variant=data.draw(st.sampled_from(["any", "vacuum-treated"])),
                reject=float(data.draw(st.integers(0, 30))),
            )
        )
        now += length
        before = name
    step_use = used(
        batches, record(batches, stretches, unplaced=data.draw(st.integers(0, 2**30)) / 2**20)
    )
    assert step_use.total == sum(step_use.parts[use] for use in reversed(list(step_use.parts)))


def test_label_json_holds_what_the_meters_were_for(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    batches = day_of_runs(a_melt)
    result = labelled(batches, (record(batches, PAUSES),))
    (entry,) = label_json(result, Analysis(value_adding=uses(a_site(meters=[METER]), result)))[
        "steps"
    ]
    assert entry["value_adding"]["meters"] == [
        {
            "meter": "lf-1-main",
            "carrier": "electricity",
            "unit": "kWh",
            "total": 22_900.0,
            "parts": {"value-adding": 22_500.0, "idle": 400.0},
            "missing_s": 0.0,
            "share": pytest.approx(22_500 / 22_900),
        }
    ]
