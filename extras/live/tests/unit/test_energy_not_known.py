"""Energy that is not known is said to be unknown, by the rules of `label`, and no history is
learned from it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measurements import Period
from extras.live.control_room import shift_words
from extras.live.control_room.faults import Faults
from extras.live.control_room.pages import SitePages
from extras.live.control_room.shifts import done
from extras.live.running.meter_total import MeterTotal
from extras.live.running.plant import Plant
from extras.live.sources.payloads import EPOCH
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from fixtures.simulator.furnaces import Furnaces
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.config.meters import Meter
from reporting_agent.metering import MeterQuery, courses
from tests.unit.metering.records import record

HEATS = 30  # of each furnace: some more than make a usual course


@pytest.fixture(scope="module")
def furnaces() -> Furnaces:
    return Furnaces(heats=HEATS, every_s=120)


@pytest.fixture(scope="module")
def site(furnaces: Furnaces, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnaces.write(tmp_path_factory.mktemp("plant"))


def _us(stamp: datetime) -> int:
    return round(stamp.timestamp() * 1e6)


def _filled(furnaces: Furnaces, site: Path, rows: list[Row], rate_a_week: float = 1.0) -> Plant:
    """A plant that begins with what a spool holds of all heats, and these rows beside."""
    plant = Plant(load_site(site), date(2025, 1, 2), rate_a_week)
    by_meter: dict[str, list[tuple[int, float]]] = {}
    for sent in furnaces.readings():
        by_meter.setdefault(sent.meter, []).append((_us(sent.stamp), sent.value))
    readings = {
        name: (np.array([at for at, _ in pairs]), np.array([value for _, value in pairs], float))
        for name, pairs in by_meter.items()
    }
    batches = [{"table": "batches", **row} for row in furnaces.batches()]
    plant.fill(readings, [*batches, *rows], max(int(times.max()) for times, _ in readings.values()))
    return plant


def _from(furnaces: Furnaces, start: str) -> Row:
    """The row of a batch that ended amid the heats, with this start."""
    return {"table": "batches", **furnaces.batches()[40], "batch_id": "H1-wrong", "start": start}


@pytest.mark.parametrize("start", ["1990-01-01T00:00:00+00:00", "2024-12-25T00:00:00+00:00"])
def test_history_begins_with_readings_whatever_start_a_batch_is_said_to_have(
    furnaces: Furnaces, site: Path, start: str
) -> None:
    """A start in 1990 would else make 1,800 weeks of history, and have thresholds vouched for by
    nothing.
    """
    usual = _filled(furnaces, site, [])
    plant = _filled(furnaces, site, [_from(furnaces, start)])
    assert plant.history.weeks == usual.history.weeks < 1
    assert plant.history.limits == usual.history.limits
    wrong = plant.log.batches["eaf", "H1-wrong"]
    assert wrong.noted is not None
    assert (wrong.kgce, wrong.counted, wrong.excess) == (None, None, None)


def test_the_shift_counts_a_batch_without_readings_and_not_its_energy(
    furnaces: Furnaces, site: Path
) -> None:
    begin, end = furnaces.begin, furnaces.begin + timedelta(days=9)
    usual = done(_filled(furnaces, site, []), (), begin, end)
    shift = done(
        _filled(furnaces, site, [_from(furnaces, "1990-01-01T00:00:00+00:00")]), (), begin, end
    )
    assert (
        sum(line.batches for line in shift.lines) == sum(line.batches for line in usual.lines) + 1
    )
    assert [line.above for line in shift.lines] == pytest.approx(
        [line.above for line in usual.lines], abs=0.2
    )  # without what it overlaps


def test_the_shift_names_the_batches_that_its_figure_leaves_out(
    furnaces: Furnaces, site: Path
) -> None:
    """A copy of a batch under another id shares its time: neither is in the figure; a batch without
    energy is named too.
    """
    begin, end = furnaces.begin, furnaces.begin + timedelta(days=9)
    last = next(row for row in furnaces.batches()[::-1] if row["equipment"] == "eaf-1")
    dear: Row = {
        "table": "batches",
        **last,
        "batch_id": "H1-copy",
        "output_quantity": "1",
    }  # its energy a tonne is a hundredfold
    later = {
        name: (datetime.fromisoformat(last[name]) + timedelta(hours=9)).isoformat()
        for name in ("start", "end")
    }
    unread: Row = {
        "table": "batches",
        **last,
        **later,
        "batch_id": "H1-unread",
    }  # no readings are of its time
    usual = done(_filled(furnaces, site, []), (), begin, end)
    shift = done(_filled(furnaces, site, [dear, unread]), (), begin, end)
    assert (set(shift.overlapping), shift.unknown) == (
        {last["batch_id"], "H1-copy"},
        ("H1-unread",),
    )
    (before, _), (after, _) = usual.lines, shift.lines
    assert after.batches == before.batches + 2
    assert after.above == pytest.approx(before.above, abs=0.2)
    sentence = str(shift_words.ended(shift, UTC))
    names = ", ".join(shift.overlapping)
    assert (
        "Not in the energy above the label, because they overlap and `label` leaves them out: "
        f"{names}." in sentence
    )
    assert sentence.endswith("because their energy, output or label is not known: H1-unread.")
    shown = SitePages(load_site(site)).shift_view(shift, "en", {})
    assert all(sentence in str(shift_words.ended(shift, UTC)) for sentence in shown["not_compared"])
    assert len(shown["not_compared"]) == 2


def test_a_batch_told_after_its_readings_were_let_go_of_is_counted_from_the_spool(
    furnaces: Furnaces, site: Path
) -> None:
    """As by an MES that tells of a batch once it ended."""
    plant = Plant(load_site(site), date(2025, 1, 2))
    plant.take(
        Reading(sent.meter, _us(sent.stamp), sent.value, received_us=_us(sent.stamp))
        for sent in furnaces.readings()
    )
    plant.settle()
    plant.take(
        (),
        [
            {"table": "batches", **furnaces.batches()[0]},
            _from(furnaces, "1990-01-01T00:00:00+00:00"),
        ],
    )
    assert [batch.kgce for batch in plant.settle()] == [None, None]
    assert [batch.id for batch in plant.awaited.due.values()] == [furnaces.batches()[0]["batch_id"]]


def _register(**more: object) -> MeterTotal:
    meter = {
        "id": "m",
        "step": "eaf",
        "carrier": "electricity",
        "reading": "register",
        "unit": "kWh",
        **more,
    }
    return MeterTotal(Meter.model_validate(meter), 1.0, "kWh")


@pytest.mark.parametrize(
    ("more", "values"),
    [
        ({}, (900.0, 950.0, 45.0, 50.0)),
        ({"rollover": 100_000.0}, (900.0, 950.0, 45.0, 50.0)),  # not from its last tenth
        (
            {"rollover": 1_000.0, "range": (0.0, 60.0)},
            (900.0, 950.0, 45.0, 50.0),
        ),  # 95 kWh in a minute at no more than 60 kW
    ],
)
def test_a_register_that_falls_by_no_rollover_leaves_its_energy_unknown(
    more: dict[str, object], values: tuple[float, ...]
) -> None:
    minutes = np.arange(4) * 60_000_000
    bulk, total = _register(**more), _register(**more)
    bulk.fill(minutes, np.array(values))
    for place in (0, 3, 1, 2):  # whatever the order of arrival
        total.take(int(minutes[place]), values[place], 1)
    for meter_total in (bulk, total):
        assert meter_total.knows(minutes).tolist() == [True, True, False, False]
        assert meter_total.knows(minutes[2:]).tolist() == [True, True]
        assert [(fall.before, fall.after) for fall in meter_total.falls(0)] == [(950.0, 45.0)]
        assert meter_total.power(int(minutes[3])) is None
    total.correct(int(minutes[2]), 960.0)
    total.correct(int(minutes[3]), 970.0)
    assert total.knows(minutes).all()
    assert float(total.at(int(minutes[3]))) == 70.0


@pytest.mark.parametrize("kind", ["register", "rate", "interval"])
@pytest.mark.parametrize(
    "fault", ["none", "tiny", "nan", "reset", "rollover", "gap", "twice", "above"]
)
@pytest.mark.parametrize("factor", [1.0, 1e-3])
def test_totals_so_far_are_those_of_the_curve(kind: str, fault: str, factor: float) -> None:
    """One by one, all at once, and along the curve of `label`: but what needs its cleaning, or a
    gap that only a rate leaves unknown.
    """
    data = record(kind, fault, 60, 3, 200, even=True)
    limits = (
        {"range": (0.0, 6000.0)}
        if kind == "rate"
        else {"rollover": 10_000.0}
        if kind == "register"
        else {}
    )
    meter = Meter.model_validate(
        {"id": "m", "step": "s", "carrier": "electricity", "reading": kind, "unit": "kWh", **limits}
    )
    bulk, single = (MeterTotal(meter, 1.0, "kWh", factor, 300_000_000) for _ in range(2))
    bulk.fill(data.time_us, data.value)
    for time_us, value in zip(data.time_us.tolist(), data.value.tolist(), strict=True):
        single.take(time_us, value, 1)
    moments = np.array(bulk.time_us)
    assert (single.time_us, single.energy) == (bulk.time_us, bulk.energy)
    assert single.knows(moments).tolist() == bulk.knows(moments).tolist()
    if (kind != "rate" and fault in {"gap", "above"}) or (kind == "interval" and fault == "nan"):
        return
    curve = courses([MeterQuery(meter, moments, 300.0, factor)], [lambda _: [("m", data, "")]])[
        "m"
    ].curve
    energy, known_s = curve.over(np.full(len(moments) - 1, moments[0]), moments[1:])
    is_known = known_s * 1e6 == moments[1:] - moments[0]
    assert is_known.any()
    assert bulk.knows(moments)[1:].tolist() == is_known.tolist()
    assert bulk.at(moments[1:])[is_known] == pytest.approx(energy[is_known], abs=1e-5)


def test_the_page_and_the_label_call_the_same_energy_unknown(tmp_path: Path) -> None:
    furnaces = Furnaces(heats=4, every_s=60)
    site = furnaces.write(tmp_path)
    site.write_text(site.read_text("utf-8").replace("rollover = 1000000.0\n", ""), "utf-8")
    plant = Plant(load_site(site), date(2025, 1, 2))
    plant.take(Reading(sent.meter, _us(sent.stamp), sent.value) for sent in furnaces.readings())
    plant.take((), [{"table": "batches", **row} for row in furnaces.batches()])
    fallen = {batch.id for batch in plant.settle() if batch.kgce is None}
    data = pipeline.read(load_site(site), Period.parse("2025", UTC))
    incomplete = {
        batch.batch_id
        for batch in data.batches
        if min(energy.completeness for energy in batch.energy) < 1
    }
    assert fallen == incomplete != set()


def test_before_there_is_a_threshold_no_batch_is_within_random_variation(
    furnaces: Furnaces, site: Path
) -> None:
    """Its energy may be far outside of what chance makes, and nothing would say so."""
    for rate_a_week, state in ((1.0, "no-threshold"), (40.0, "chance")):
        plant = _filled(furnaces, site, [], rate_a_week)
        begin_us = plant.totals.now_us
        begun = {
            "batch_id": "H1-open",
            "equipment": "eaf-1",
            "start": f"{EPOCH + timedelta(microseconds=begin_us)}",
            "step": "eaf",
        }
        kind = {name: furnaces.batches()[0].get(name, "") for name in ("product", "variant")}
        heard = [
            Reading(meter, begin_us, 1.0, received_us=begin_us) for meter in plant.totals.by_meter
        ]
        plant.take(heard, [{"table": "batches", **begun, **kind}])
        (shown,) = plant.open_batches(begin_us)
        assert shown.state == state


def test_an_open_batch_whose_register_fell_is_shown_as_not_known_and_told_once(
    furnaces: Furnaces, site: Path
) -> None:
    plant = _filled(furnaces, site, [])
    begin_us = plant.totals.now_us
    begun = {
        **furnaces.batches()[-1],
        "batch_id": "H1-open",
        "equipment": "eaf-1",
        "start": f"{EPOCH + timedelta(microseconds=begin_us)}",
    }
    plant.take(
        (),
        [
            {
                "table": "batches",
                **{
                    name: cell
                    for name, cell in begun.items()
                    if name not in ("end", "output_quantity")
                },
            }
        ],
    )
    faults = Faults(plant, UTC)
    list(faults.fresh({}))
    for minute, value in enumerate((500_000.0, 501_000.0, 20.0, 900.0, 1_800.0, 2_700.0), start=1):
        for name, sent in (("eaf-1-electricity", value), ("eaf-1-gas", 500.0)):
            at_us = begin_us + minute * 120_000_000
            plant.take([Reading(name, at_us, sent, received_us=at_us)])
    assert not plant.look()
    (shown,) = plant.open_batches(at_us)
    assert (shown.state, shown.above, len(shown.course)) == ("not-known", None, 1)
    assert "eaf-1-electricity fell at" in str(shown.cause)
    assert ["501,000 to 20.00" in str(sentence) for sentence in faults.fresh({})] == [True]
    assert not list(faults.fresh({}))
    assert [name for name, _, _ in faults.notices({})] == ["eaf-1-electricity"]


def test_a_batch_that_starts_far_ahead_is_told_once_and_listed_until_it_is_put_right(
    furnaces: Furnaces, site: Path
) -> None:
    plant = _filled(furnaces, site, [])
    weeks, faults = plant.history.weeks, Faults(plant, UTC)
    row = {
        "table": "batches",
        "step": "eaf",
        "equipment": "eaf-1",
        "batch_id": "H1-far",
        "start": "2099-01-01T00:00:00+00:00",
    }
    plant.take((), [row])
    (sentence,) = faults.fresh({})
    assert sentence.startswith(
        "Batch H1-far of eaf is said to start at 2099-01-01 00:00, over a day ahead of this "
        "machine's clock ("
    )
    assert not list(faults.fresh({}))
    assert [(name, str(state)) for name, state, _ in faults.notices({})] == [
        ("H1-far", "Starts at 2099-01-01 00:00, far ahead of this machine's clock")
    ]
    plant.learn()
    assert (plant.log.running(), plant.history.weeks) == ([], weeks)
    plant.take((), [{**row, "start": "2025-02-01T00:00:00+00:00"}])
    assert not list(faults.notices({}))
    assert [batch.id for batch in plant.log.running()] == ["H1-far"]


@pytest.mark.parametrize(("every_s", "expected"), [(60, 0), (900, 1)])
def test_meters_whose_readings_come_further_apart_than_the_pack_allows_are_told_with_what_to_do(
    tmp_path: Path, every_s: int, expected: int
) -> None:
    furnaces = Furnaces(heats=6, every_s=every_s)
    plant = Plant(load_site(furnaces.write(tmp_path)), date(2025, 1, 2))
    plant.take(Reading(sent.meter, _us(sent.stamp), sent.value) for sent in furnaces.readings())
    faults = Faults(plant, UTC)
    sentences = [str(sentence) for sentence in faults.fresh({}) if "come some" in sentence]
    assert len(sentences) == expected
    for sentence in sentences:
        assert sentence.startswith(
            "eaf-1-electricity, eaf-1-gas, eaf-2-electricity, eaf-2-gas: readings come some 15 "
            "minutes apart"
        )
        assert "the pack allows gaps of 5 at eaf." in sentence
    assert [str(sentence) for sentence in faults.fresh({}) if "come some" in sentence] == []
    assert (
        len([name for name, _, _ in faults.notices({}) if name == "Readings too far apart"])
        == expected
    )
