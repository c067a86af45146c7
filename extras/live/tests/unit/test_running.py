"""What runs, from readings as they come: totals, an alert before the end, silence, shifts, and a
journal that remembers.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase
from extras.live.control_room.alert_words import AlertWords
from extras.live.control_room.answers import AlertAnswer
from extras.live.control_room.notifying import Journal
from extras.live.control_room.room_view import RoomView
from extras.live.control_room.shift_words import line_words
from extras.live.control_room.shifts import bounds, done
from extras.live.running.batch_log import BatchLog
from extras.live.running.meter_total import MeterTotal
from extras.live.running.plant import Alert, Plant
from extras.live.running.totals import RunningTotals
from extras.live.spool.reading import Reading
from extras.live.tests.functional.plant import energies
from fixtures.simulator.furnaces import Furnaces, Sent
from reporting_agent.config import load_site
from reporting_agent.config.meters import Meter

HISTORY = 24 * 4
RATE_A_WEEK = 4.0  # or the history would have to be longer


@pytest.fixture(scope="module")
def furnaces() -> Furnaces:
    return Furnaces(heats=HISTORY + 3, every_s=120)


@pytest.fixture(scope="module")
def site(furnaces: Furnaces, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnaces.write(tmp_path_factory.mktemp("plant"))


def _us(stamp: datetime) -> int:
    return round(stamp.timestamp() * 1e6)


def _plant(furnaces: Furnaces, site: Path, **cells: str) -> tuple[Plant, datetime]:
    """Four days of history, with these cells in each row."""
    split = furnaces.begin + timedelta(hours=HISTORY)
    plant = Plant(load_site(site), date(2025, 1, 2), RATE_A_WEEK)
    by_meter: dict[str, list[tuple[int, float]]] = {}
    for reading in furnaces.readings():
        if reading.stamp < split:
            by_meter.setdefault(reading.meter, []).append((_us(reading.stamp), reading.value))
    rows = [
        {"table": "batches", **row, **cells}
        for row in furnaces.batches()
        if datetime.fromisoformat(row["end"]) < split
    ]
    plant.fill(
        {
            name: (np.array([at for at, _ in readings]), np.array([value for _, value in readings]))
            for name, readings in by_meter.items()
        },
        rows,
        _us(split),
    )
    return plant, split


def _play(plant: Plant, furnaces: Furnaces, split: datetime, sent: list[Sent]) -> None:
    events: list[tuple[datetime, int, object]] = [
        (reading.stamp, 1, reading) for reading in sent if reading.stamp >= split
    ]
    for row in furnaces.batches():
        if datetime.fromisoformat(row["end"]) >= split:
            begun = {
                name: cell for name, cell in row.items() if name not in ("end", "output_quantity")
            }
            events += [
                (datetime.fromisoformat(row["start"]), 0, begun),
                (datetime.fromisoformat(row["end"]), 2, row),
            ]
    for stamp, _, event in sorted(events, key=lambda each: each[:2]):
        if isinstance(event, Sent):
            plant.take([Reading(event.meter, _us(stamp), event.value, received_us=_us(stamp))])
        else:
            plant.take((), [{"table": "batches", **event}])  # type: ignore[dict-item]
        plant.alerts = [*getattr(plant, "alerts", []), *plant.look()]  # type: ignore[attr-defined]


def test_running_totals_end_where_the_label_does(tmp_path: Path) -> None:
    """Where batches begin and end with a reading; between two, `label` tells the edges of a batch
    more finely than a running total.
    """
    furnaces = Furnaces(heats=8, every_s=60)
    site = furnaces.write(tmp_path)
    plant = Plant(load_site(site), date(2025, 1, 2))
    plant.take(
        [
            Reading(reading.meter, _us(reading.stamp), reading.value)
            for reading in furnaces.readings()
        ]
    )
    plant.take((), [{"table": "batches", **row} for row in furnaces.batches()])
    offline = energies(site)
    ended = {batch.id: batch for batch in plant.settle()}
    assert len(ended) == len(offline) == 16
    for name, of_carriers in offline.items():
        kwh, gas = (np.frombuffer(bits, np.float64)[0] for _, bits in sorted(of_carriers))
        noted = ended[name].noted
        assert noted is not None
        assert noted[-1] == pytest.approx(
            kwh * 0.1229 + gas * 35.6 / 29.3076, rel=3e-3
        )  # half an interval of flow at each edge


def test_a_batch_waits_for_no_others_once_enough_have_ended(tmp_path: Path) -> None:
    """A system that sends its batches once a shift sends more than the twentieth at once, and these
    are counted by the spool.
    """
    furnaces = Furnaces(heats=24, every_s=120)
    plant = Plant(load_site(furnaces.write(tmp_path)), date(2025, 1, 2))
    ended = sorted(furnaces.batches(), key=lambda row: row["end"])
    now = max(datetime.fromisoformat(row["start"]) for row in ended) + timedelta(minutes=10)
    sent = [reading for reading in furnaces.readings() if reading.stamp < now]
    plant.take(
        Reading(reading.meter, _us(reading.stamp), reading.value, received_us=_us(reading.stamp))
        for reading in sent
    )
    readings = {
        meter: (
            np.array([_us(reading.stamp) for reading in sent if reading.meter == meter]),
            np.array([reading.value for reading in sent if reading.meter == meter]),
        )
        for meter in {reading.meter for reading in sent}
    }
    opened = [
        {key: cell for key, cell in row.items() if key not in ("end", "output_quantity")}
        for row in ended[-2:]
    ]

    def states() -> set[tuple[str, int]]:
        plant.look()
        return {(line.state, line.like) for line in plant.open_batches(plant.totals.now_us)}

    plant.take((), [{"table": "batches", **row} for row in [*ended[:30], *opened]])
    assert states() == {("no-label", 15)}
    plant.take((), [{"table": "batches", **row} for row in ended[30:-2]])
    assert states() == {("no-label", 15)}, "the energy of those that came late is not known yet"
    late = [batch for batch in plant.log.batches.values() if batch.end_us and batch.kgce is None]
    assert len(late) == 16
    plant.count_as_label(late, readings)
    assert {state for state, _like in states()} == {"no-threshold"}


def test_a_heat_that_takes_more_is_told_before_its_end_and_others_are_not(
    furnaces: Furnaces, site: Path
) -> None:
    plant, split = _plant(furnaces, site)
    assert plant.history.limits.single is not None
    more, sent = 0.0, []
    for reading in furnaces.readings():
        if reading.meter == "eaf-1-electricity" and timedelta(
            hours=1, minutes=15
        ) < reading.stamp - split < timedelta(hours=1, minutes=50):
            more += 1200.0
        sent.append(
            replace(reading, value=(reading.value + more) % 1e6)
            if reading.meter == "eaf-1-electricity"
            else reading
        )
    _play(plant, furnaces, split, sent)
    alerts = plant.alerts  # type: ignore[attr-defined]
    wasted = next(row for row in furnaces.batches() if row["batch_id"] == f"H1-{HISTORY + 2:04}")
    assert [alert.batch for alert in alerts] == [wasted["batch_id"]]
    assert (
        _us(datetime.fromisoformat(wasted["start"]))
        < alerts[0].at_us
        < _us(datetime.fromisoformat(wasted["end"]))
    )
    assert alerts[0].kgce_per_t > 5
    shift = done(plant, alerts, split, split + timedelta(hours=8))
    assert {line.equipment: line.batches for line in shift.lines} == {"eaf-1": 3, "eaf-2": 3}
    above = {line.equipment: line.above or 0.0 for line in shift.lines}
    assert above["eaf-1"] > above["eaf-2"] + 5
    assert shift.alerts == tuple(alerts)


@pytest.mark.parametrize("output", ["nan", "inf", "-0.01"])
def test_an_output_that_is_no_amount_is_none_and_nothing_is_learned_from_it(
    furnaces: Furnaces, site: Path, output: str
) -> None:
    plant, _ = _plant(furnaces, site)
    row = {"table": "batches", "batch_id": "H1-0010", "step": "eaf", "output_quantity": output}
    plant.take((), [row])
    plant.learn()
    assert plant.log.batches["eaf", "H1-0010"].output is None
    assert len(plant.history.usual) == 2
    for usual in plant.history.usual.values():
        assert np.isfinite([usual.end, usual.end_spread, usual.label_end, *usual.tells]).all()
        assert usual.label_end > 0


def test_output_in_another_unit_than_tonnes_is_compared_in_its_own(
    furnaces: Furnaces, tmp_path: Path
) -> None:
    """Of tempered glass, whose step has electricity alone, in square metres: what was learned, a
    shift, an alert and what runs.
    """
    path = furnaces.write(tmp_path)
    pack = Path(packs.__file__).parent / "further" / "flat-glass.toml"
    text = (
        path.read_text("utf-8")
        .replace('pack = "steel"\npack_version = "1"', f'pack = "{pack}"')
        .replace('"eaf"', '"tempering"')
    )
    text = text.replace('[steps.eaf]\nnot_used = ["coke"]\n', "")
    text = re.sub(r'\[\[meters\]\]\nid = "eaf-\d-gas".*?(?=\[\[meters|\Z)', "", text, flags=re.S)
    path.write_text(text, "utf-8")
    glass = {
        "step": "tempering",
        "product": "tempered-glass",
        "variant": "flat-5-mm",
        "output_unit": "m2",
    }
    plant, split = _plant(furnaces, path, **glass)
    assert len(plant.history.usual) == 2
    shift = done(plant, [], split - timedelta(hours=8), split)
    line = str(line_words(shift.lines[0]))
    assert " m2, above the label " in line
    assert line.endswith(" kgce/m2")
    row = {**furnaces.batches()[-1], **glass, "table": "batches"}
    plant.take(
        (), [{name: cell for name, cell in row.items() if name not in ("end", "output_quantity")}]
    )
    (running,) = plant.open_batches(_us(split))
    words = AlertWords(plant.site)
    view = RoomView(words)._line(replace(running, above=1.0, state="chance"), _us(split), "zh-Hans")
    assert "kgce/m2" in view["unit"]
    assert "+3.0 kgce/m2 so far" in str(
        words.sentence(
            Alert("H1", "tempering", "eaf-1", 1, 2.0, 3.0, "held", unit=running.batch.unit)
        )
    )


def test_weeks_of_history_are_those_in_which_batches_ran(furnaces: Furnaces, site: Path) -> None:
    """Months without a batch vouch for no threshold; a rest of some days is of the usual week."""
    plant, split = _plant(furnaces, site)
    ran, limits = plant.history.weeks, plant.history.limits
    assert ran == pytest.approx(HISTORY / 24 / 7, rel=0.01)
    for later, weeks in ((timedelta(days=6), ran + 6 / 7), (timedelta(days=660), ran)):
        plant.take([Reading(name, _us(split + later), 1e6) for name in plant.totals.by_meter])
        plant.learn()
        assert plant.history.weeks == pytest.approx(weeks, rel=0.02)
    assert plant.history.limits == limits


def test_a_meter_that_was_replaced_or_is_not_there_yet_is_not_silent(
    furnaces: Furnaces, tmp_path: Path
) -> None:
    path = furnaces.write(tmp_path)
    parts = path.read_text("utf-8").partition('[[meters]]\nid = "eaf-2-gas"')
    new = "".join(parts[1:]).replace("eaf-2-gas", "eaf-2-gas-b") + "from = 2025-01-20\n"
    path.write_text("".join(parts) + "until = 2025-01-20\n" + new, "utf-8")
    totals = RunningTotals(load_site(path), date(2025, 1, 2))
    silent = [
        {
            name
            for name, _ in totals.silent(_us(datetime(2025, 1, 19, hour, tzinfo=UTC)))
            if "gas" in name
        }
        for hour in (22, 23)
    ]  # midnight in Berlin lies between
    assert silent == [{"eaf-1-gas", "eaf-2-gas"}, {"eaf-1-gas", "eaf-2-gas-b"}]


def test_a_meter_that_is_silent_is_told(furnaces: Furnaces, site: Path) -> None:
    plant, split = _plant(furnaces, site)
    assert {since for _, since in plant.totals.silent(_us(split))} == {
        0
    }  # none was heard of since the start
    plant.take(
        [Reading(name, _us(split), 1.0, received_us=_us(split)) for name in plant.totals.by_meter]
    )
    assert plant.totals.silent(_us(split + timedelta(minutes=9))) == []
    assert len(plant.totals.silent(_us(split + timedelta(minutes=11)))) == 4


def test_a_time_far_ahead_does_not_move_the_plants_own_time(furnaces: Furnaces, site: Path) -> None:
    """A clock set to 2099 would else end every shift, and have the page forget the readings of all
    open batches.
    """
    plant, split = _plant(furnaces, site)
    now_us, name = plant.totals.now_us, next(iter(plant.totals.by_meter))
    ahead_us = _us(datetime(2099, 1, 1, tzinfo=UTC))
    plant.take([Reading(name, ahead_us, 1.0, received_us=_us(split))])
    assert (plant.totals.now_us, plant.totals.ahead) == (now_us, {name: ahead_us})


def test_a_date_that_stands_for_none_is_none() -> None:
    """A start in the year 1 would else make 105,000 weeks of history, and have thresholds vouched
    for by nothing.
    """
    log = BatchLog(ZoneInfo("UTC"))
    log.take(
        {
            "table": "batches",
            "step": "eaf",
            "batch_id": "never",
            "start": "0001-01-01T00:00:00",
            "end": "2026-01-01",
        }
    )
    log.take(
        {
            "table": "batches",
            "step": "eaf",
            "batch_id": "open",
            "start": "2026-01-01",
            "end": "9999-12-31T00:00:00",
        }
    )
    assert [batch.id for batch in log.running()] == ["open"]
    assert not log.ending


def test_a_start_far_ahead_does_not_hide_the_batch_that_runs() -> None:
    log = BatchLog(ZoneInfo("UTC"))
    log.take({"table": "batches", "step": "eaf", "batch_id": "open", "start": "2026-01-01"})
    log.take({"table": "batches", "step": "eaf", "batch_id": "ahead", "start": "2099-01-01"})
    assert [batch.id for batch in log.running()] == ["open"]


def test_a_late_reading_is_put_where_its_time_says() -> None:
    meter = Meter.model_validate(
        {
            "id": "m",
            "step": "eaf",
            "carrier": "electricity",
            "reading": "register",
            "unit": "kWh",
            "rollover": 100.0,
        }
    )
    total = MeterTotal(meter, 1.0, "kWh")
    for minute, value in ((0, 90.0), (3, 20.0), (1, 95.0), (2, 5.0)):  # it rolls over
        total.take(minute * 60_000_000, value, 1)
    assert total.at(np.array([0, 1, 2, 3]) * 60_000_000).tolist() == [0.0, 5.0, 15.0, 30.0]
    bulk = MeterTotal(meter, 1.0, "kWh")
    bulk.fill(np.array([0, 1, 2, 3]) * 60_000_000, np.array([90.0, 95.0, 5.0, 20.0]))
    assert bulk.energy == total.energy


def test_shifts_go_by_the_local_clock(site: Path) -> None:
    zone = load_site(site).zone
    start, end = bounds(("06:00", "14:00", "22:00"), datetime(2025, 7, 1, 3, 59, tzinfo=UTC), zone)
    assert (start.hour, start.day, end.hour, end.day) == (22, 30, 6, 1)


def test_the_journal_remembers_whole_lines(furnaces: Furnaces, site: Path, tmp_path: Path) -> None:
    alert = Alert("H1", "eaf", "eaf-1", 1, 2.0, 3.0, "held", None)
    alerts = [alert, replace(alert, batch="H\u0085\u2028")]  # ends of a line elsewhere
    journal = Journal(tmp_path, print)
    for entry in alerts:
        journal.add(entry)
    with (tmp_path / "alerts.jsonl").open("ab") as file:
        file.write('{"batch": "H2 熔'.encode()[:-1])  # the power went
    assert Journal(tmp_path, print).load() == alerts
    journal.add(alert)
    journal.answer(AlertAnswer("key", "seen", "", 1))
    assert (journal.load(), list(journal.answers())) == ([*alerts, alert], ["key"])


def test_a_journal_that_the_disk_does_not_take_is_said_and_ends_nothing(tmp_path: Path) -> None:
    sentences: list[str] = []
    Journal(tmp_path / "gone", sentences.append).add(
        Alert("H1", "eaf", "eaf-1", 1, 2.0, 3.0, "held", None)
    )
    assert [str(sentence).partition(" (")[0] for sentence in sentences] == [
        "What alerts.jsonl is to remember cannot be saved"
    ]


def _register(site: Path) -> MeterTotal:
    return next(
        total
        for total in RunningTotals(load_site(site), date(2025, 1, 2)).by_meter.values()
        if total.meter.reading == "register"
    )


def test_idle_power_counts_nothing_of_the_batch_before_and_says_its_time(site: Path) -> None:
    total, minute = _register(site), 60_000_000
    powers = []
    for index in range(27):  # 100 kWh a minute until the batch ends at 20, then 1
        total.take(index * minute, 100.0 * min(index, 20) + max(0, index - 20), 0)
        powers.append(total.power(index * minute, 20 * minute))
    assert powers[23] is None  # three minutes are too few
    power = powers[26]
    assert power is not None
    assert (power.from_us, power.to_us) == (20 * minute, 26 * minute)
    assert power.an_hour == pytest.approx(60.0)


def test_idle_power_of_a_rate_counts_no_ramp_from_the_reading_at_the_batchs_end(
    furnaces: Furnaces, site: Path
) -> None:
    plant, minute, begin = Plant(load_site(site), date(2025, 1, 2)), 60_000_000, _us(furnaces.begin)
    ended = {"step": "eaf", "equipment": "eaf-1", "start": furnaces.begin.isoformat()}
    plant.take(
        (),
        [
            {
                "table": "batches",
                **ended,
                "batch_id": "H",
                "end": (furnaces.begin + timedelta(minutes=20)).isoformat(),
            }
        ],
    )
    for index in range(29):  # 900 m3/h until the batch ends at 20, on a reading, then 12
        at_us = begin + index * minute
        plant.take([Reading("eaf-1-gas", at_us, 900.0 if index <= 20 else 12.0, received_us=at_us)])
    (idle,) = plant.idle()
    assert [power for _, power, _ in idle.takes] == [pytest.approx(12.0)]
    assert idle.from_us == begin + 21 * minute


def test_idle_power_beyond_the_range_has_neither_figure_nor_price(
    furnaces: Furnaces, site: Path
) -> None:
    """A register may tell 120 MW at most, a gas meter 4,000 m3/h; `label` takes neither beyond that
    for energy.
    """
    for more_kwh, flow, idles in (
        (10.0, 4000.1, True),
        (2_001.0, 12.0, False),
        (2_000.0, 4000.1, False),
    ):
        plant, begin = Plant(load_site(site), date(2025, 1, 2)), _us(furnaces.begin)
        ended = {
            "step": "eaf",
            "equipment": "eaf-1",
            "start": furnaces.begin.isoformat(),
            "end": furnaces.begin.isoformat(),
        }
        plant.take((), [{"table": "batches", **ended, "batch_id": "H"}])
        for position in range(1, 30):
            kwh = 60.0 * position + (more_kwh if position == 29 else 0.0)
            sent = (
                ("eaf-1-electricity", kwh),
                ("eaf-1-gas", flow if position in (20, 25) else 12.0),
            )
            at_us = begin + position * 60_000_000
            plant.take([Reading(meter, at_us, value, received_us=at_us) for meter, value in sent])
        powers = {carrier: power for idle in plant.idle() for carrier, power, _ in idle.takes}
        assert powers.pop("natural-gas") == pytest.approx(12.0)
        assert bool(powers) is idles


def test_values_of_a_rate_beyond_its_range_count_as_in_the_label(tmp_path: Path) -> None:
    furnaces = Furnaces(heats=4, every_s=60)
    site, sent = furnaces.write(tmp_path), furnaces.readings()
    path = load_site(site).folder / "readings.csv"
    wrong = {
        (reading.meter, reading.stamp)
        for reading in sent
        if reading.meter == "eaf-1-gas" and reading.stamp.minute % 10 == 3
    }
    lines = path.read_text("utf-8").splitlines()
    assert (lines[0], len(wrong) > 10) == ("meter_id,timestamp,value", True)
    stamps = {(meter, stamp.isoformat()) for meter, stamp in wrong}
    cells = [line.split(",") for line in lines[1:]]
    path.write_text(
        "\n".join(
            [lines[0], *(",".join([m, t, "9000" if (m, t) in stamps else v]) for m, t, v in cells)]
        )
        + "\n",
        "utf-8",
    )
    offline = energies(site)
    plant = Plant(load_site(site), date(2025, 1, 2))
    plant.take(
        [
            Reading(
                reading.meter,
                _us(reading.stamp),
                9000.0 if (reading.meter, reading.stamp) in wrong else reading.value,
            )
            for reading in sent
        ]
    )
    plant.take((), [{"table": "batches", **row} for row in furnaces.batches()])
    for batch in plant.settle():
        kwh, gas = (np.frombuffer(bits, np.float64)[0] for _, bits in sorted(offline[batch.id]))
        assert batch.noted is not None
        assert batch.noted[-1] == pytest.approx(kwh * 0.1229 + gas * 35.6 / 29.3076, rel=3e-3)


def test_a_value_beyond_the_range_is_none_whether_it_is_read_at_once_by_itself_or_corrects(
    site: Path,
) -> None:
    minutes, values = np.arange(4) * 60_000_000, np.array([12.0, 9000.0, 12.0, 12.0])
    bulk, total = (
        next(
            each
            for each in RunningTotals(load_site(site), date(2025, 1, 2)).by_meter.values()
            if each.meter.reading == "rate"
        )
        for _ in "ab"
    )
    bulk.fill(minutes, values)
    for minute, value in zip(minutes.tolist(), values.tolist(), strict=True):
        total.take(minute, value, 1)
    for meter_total in (bulk, total):
        meter_total.correct(int(minutes[2]), 9000.0)
        assert meter_total.value.tolist() == [12.0, 12.0]
        assert meter_total.energy.tolist() == [0.0, pytest.approx(0.6)]


@pytest.mark.parametrize("apart", [15, 25, 30])
def test_idle_power_of_a_register_that_is_read_seldom_says_over_what_span(
    site: Path, apart: int
) -> None:
    total, minute = _register(site), 60_000_000
    for index in range(5):
        total.take(index * apart * minute, float(index * apart), 0)
    power = total.power((4 * apart + 9) * minute)  # docs/live.md: half an hour at most
    assert power is not None
    assert (power.from_us, power.to_us) == (3 * apart * minute, 4 * apart * minute)
    assert power.an_hour == pytest.approx(60.0)


def test_idle_power_is_not_made_over_more_than_half_an_hour(site: Path) -> None:
    total, minute = _register(site), 60_000_000
    for index in range(5):
        total.take(index * 31 * minute, float(index * 31), 0)
    assert total.power(124 * minute) is None


def test_idle_power_is_not_made_of_seconds(site: Path) -> None:
    total, second = _register(site), 1_000_000
    for at_s, value in ((0, 0.0), (1000, 10.0), (1005, 11.0)):
        total.take(at_s * second, value, 0)
    assert total.power(1605 * second) is None  # 1 kWh in five seconds are no 720 kW


def test_a_cause_is_said_in_the_readers_language_after_a_restart_too(tmp_path: Path) -> None:
    cause = Phrase(
        "More in every batch since %(batch)s: look for a setting or a charge that changed then",
        batch="H7",
    )
    journal = Journal(tmp_path, print)
    journal.add(Alert("H1", "eaf", "eaf-1", 1, 2.0, 3.0, cause))
    (alert,) = journal.load()
    assert alert.cause == cause
    assert in_language(alert.cause, "zh") == in_language(cause, "zh") != str(cause)
