"""Rows of batches that cannot be as they are: two at one time on one unit, a start to come, a step
or unit that nothing declares.
"""

from __future__ import annotations

import csv
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from extras.live.control_room.faults import Faults
from extras.live.running.plant import Plant
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from fixtures.simulator.furnaces import Furnaces
from reporting_agent import pipeline
from reporting_agent.config import load_site

PATHS = '[[source.files]]\npath = "x.csv"\n[source.files.batches]\n'
EARLIER = 5  # batches of an hour that ended, each of three quarters


class Log:
    """A furnace whose rows are told by minutes from now."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime.now(UTC)
        self.plant = Plant(load_site(Furnaces(heats=1).write(folder)), datetime.now(UTC).date())
        for hour in range(1, EARLIER + 1):
            self.row(f"E{hour}", -60 * (hour + 1), -60 * (hour + 1) + 45)
        self.faults = Faults(self.plant, UTC)

    def row(
        self,
        batch: str,
        start: int,
        end: int | None = None,
        *,
        step: str = "eaf",
        equipment: str = "eaf-1",
    ) -> None:
        row = {
            "table": "batches",
            "batch_id": batch,
            "step": step,
            "equipment": equipment,
            "start": self._at(start),
            "var.hot_metal_pct": "0",
        }
        self.plant.take((), [row if end is None else {**row, "end": self._at(end)}])

    def _at(self, minute: int) -> str:
        return (self.now + timedelta(minutes=minute)).isoformat()

    def runs(self) -> list[str]:
        return [batch.id for batch in self.plant.log.running()]

    def fresh(self) -> list[str]:
        return [str(sentence) for sentence in self.faults.fresh({})]

    def listed(self) -> list[tuple[str, str]]:
        return [(str(name), str(state)) for name, state, _ in self.faults.notices({})]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_a_batch_that_is_open_is_shown_again_once_one_that_began_later_has_ended(log: Log) -> None:
    log.row("E0", -20)
    log.row("X1", -6)
    assert (log.runs(), log.fresh()) == (["X1"], [])  # the end of E0 may be on its way
    log.row("X1", -6, -2)
    assert log.runs() == ["E0"]
    (sentence,) = log.fresh()
    assert sentence.startswith(
        "The end of E0 (eaf-1) is missing: a batch that began later on the same unit has ended."
    )
    assert log.fresh() == []
    assert log.listed() == [
        ("Batches without an end", "Left out of the label until it comes: E0 (eaf-1)")
    ]
    log.row("E0", -20, -5)
    (sentence,) = log.fresh()
    assert sentence.startswith(
        "Batches share a unit and time by their rows: E0 and X1 (eaf-1). `label` leaves both out"
    )
    assert log.listed() == [
        (
            "Batches at one time on one unit",
            "Left out of the label once both have ended: E0 and X1 (eaf-1)",
        )
    ]
    log.row("E0", -20, -7)
    assert (log.runs(), log.listed()) == ([], [])


def test_an_end_that_is_missing_is_one_row_of_the_page_however_many_followed(log: Log) -> None:
    log.row("F", -50)
    for batch, start in (("G", -40), ("X", -30), ("Y", -20)):
        log.row(batch, start, start + 8)
    assert log.listed() == [
        ("Batches without an end", "Left out of the label until it comes: F (eaf-1)")
    ]
    log.row("F", -50, -41)
    assert log.listed() == []


def test_label_finds_in_a_spool_the_ends_that_are_missing_as_in_files(tmp_path: Path) -> None:
    """Of a start alone, and of a row with all but its end. One that nobody followed runs, and is no
    input yet.
    """
    furnaces = Furnaces(heats=6)
    rows = furnaces.batches()
    first_row = {
        "batch_id",
        "step",
        "equipment",
        "start",
        "product",
        "variant",
        "var.hot_metal_pct",
    }
    columns_by_id = {row["batch_id"]: set(row) for row in rows} | {
        "H1-0003": first_row,
        "H2-0002": set(rows[0]) - {"end"},
        "H2-0006": first_row,
    }
    known_rows = [
        {column: cell for column, cell in row.items() if column in columns_by_id[row["batch_id"]]}
        for row in rows
    ]
    files, spooled = (
        furnaces.write(tmp_path / "files"),
        furnaces.fed_by(tmp_path / "spooled", PATHS),
    )
    with (files.parent / "batches.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(row for row in known_rows if row["batch_id"] != "H2-0006")
    spool = Spool(spooled.parent / "spool")
    spool.append(
        [
            Reading(sent.meter, round(sent.stamp.timestamp() * 1e6), sent.value, sent.number)
            for sent in furnaces.readings()
        ]
    )
    for row in known_rows:  # as a plant's system sends them: the start, and later the rest
        spool.append(
            [],
            [
                {"table": "batches", **{column: row[column] for column in first_row}},
                {"table": "batches", **row},
            ],
        )
    spool.close()
    outcomes = []
    for site_file in (files, spooled):
        site = load_site(site_file)
        data = pipeline.read(site, Period.parse("2025", site.zone))
        left_out = {batch.batch_id: batch.excluded for batch in data.batches if batch.excluded}
        outcomes.append(
            (
                left_out,
                [(bad.reason, str(bad.place.column)) for bad in data.rejected],
                len(data.batches),
            )
        )
    assert outcomes[0] == outcomes[1]
    assert (outcomes[1][0], len(outcomes[1][1])) == ({"H2-0002": "end-missing"}, 1)


def test_label_and_watch_keep_batches_of_a_spool_apart_whose_ids_start_again_each_year(
    tmp_path: Path,
) -> None:
    """By `batch_ids` of site.toml; the rows of one year's batch are one batch, a later one without
    its start too.
    """
    years = {
        year: Furnaces(heats=3, begin=datetime(year, 1, 2, 6, tzinfo=UTC)) for year in (2025, 2026)
    }
    site_file = years[2025].fed_by(tmp_path, PATHS)
    site_file.write_text(
        site_file.read_text("utf-8").replace("[site]", '[site]\nbatch_ids = "restart-yearly"'),
        "utf-8",
    )
    spool = Spool(tmp_path / "spool")
    for furnaces in years.values():
        spool.append(
            [
                Reading(sent.meter, round(sent.stamp.timestamp() * 1e6), sent.value)
                for sent in furnaces.readings()
            ]
        )
        for row in furnaces.batches():
            begun, ended = ({"table": "batches", **row}, {"table": "batches", **row})
            del begun["end"], ended["start"]
            spool.append([], [begun, ended])
    spool.close()
    site = load_site(site_file)
    for year, furnaces in years.items():
        data = pipeline.read(site, Period.parse(str(year), site.zone))
        own = sorted(batch.batch_id for batch in data.batches if batch.excluded is None)
        assert own == sorted(f"{row['batch_id']}~{year}" for row in furnaces.batches())
    plant = Plant(site, datetime(2026, 1, 2, tzinfo=UTC).date())
    plant.take(
        (),
        [{"table": "batches", **row} for furnaces in years.values() for row in furnaces.batches()],
    )
    assert sorted(batch.id for batch in plant.log.batches.values()) == sorted(
        f"{row['batch_id']}~{year}"
        for year, furnaces in years.items()
        for row in furnaces.batches()
    )


def test_what_is_told_of_a_batch_before_its_start_is_of_it_where_ids_start_again_each_year_too(
    tmp_path: Path,
) -> None:
    """As an order in hand: product and output unit come first, and no row tells them again."""
    furnaces = Furnaces(heats=3, begin=datetime(2025, 1, 2, 6, tzinfo=UTC))
    site_file = furnaces.fed_by(tmp_path, PATHS)
    site_file.write_text(
        site_file.read_text("utf-8").replace("[site]", '[site]\nbatch_ids = "restart-yearly"'),
        "utf-8",
    )
    rows = []
    for row in furnaces.batches():
        times = {column: row[column] for column in ("step", "batch_id", "start", "end")}
        rows += [
            {
                "table": "batches",
                **{column: cell for column, cell in row.items() if column not in {"start", "end"}},
            }
        ]
        rows += [{"table": "batches", **times}]
    spool = Spool(tmp_path / "spool")
    spool.append(
        [
            Reading(sent.meter, round(sent.stamp.timestamp() * 1e6), sent.value)
            for sent in furnaces.readings()
        ]
    )
    spool.append([], rows)
    spool.close()
    site = load_site(site_file)
    data = pipeline.read(site, Period.parse("2025", site.zone))
    labelled = sorted(batch.batch_id for batch in data.batches if batch.excluded is None)
    assert labelled == sorted(f"{row['batch_id']}~2025" for row in furnaces.batches())
    plant = Plant(site, datetime(2025, 1, 2, tzinfo=UTC).date())
    plant.take((), rows)
    by_id = {batch.id: (batch.equipment, batch.output) for batch in plant.log.batches.values()}
    assert by_id == {
        f"{row['batch_id']}~2025": (row["equipment"], float(row["output_quantity"]))
        for row in furnaces.batches()
    }


def test_a_batch_whose_end_was_never_told_does_not_run_for_ever(log: Log) -> None:
    log.row("E0", -400)
    assert log.runs() == []
    log.row("F0", -1)
    assert log.runs() == ["F0"]


def test_a_renamed_batch_is_told_however_long_ago_it_ran_and_a_row_that_ends_the_old_one_settles_it(
    log: Log,
) -> None:
    log.row("E4-new", -300, -255)
    (sentence,) = log.fresh()
    assert "E4 and E4-new (eaf-1)" in sentence
    log.row("E4", -300, -300)
    assert log.listed() == []


def test_a_batch_whose_row_names_another_unit_is_of_that_unit(log: Log) -> None:
    log.row("E0", -20)
    log.row("E0", -20, equipment="eaf-2")
    assert [batch.line for batch in log.plant.log.running()] == [("eaf", "eaf-2")]
    assert "E0" not in [batch.id for batch in log.plant.log.lines["eaf", "eaf-1"]]


def test_a_unit_that_was_named_by_mistake_alone_is_forgotten_once_its_only_batch_is_of_another(
    log: Log,
) -> None:
    log.row("E0", -20, equipment="eaf-11")
    assert [name for name, _ in log.listed()] == ["eaf-11"]
    log.row("E0", -20, equipment="eaf-1")
    assert (log.fresh(), log.listed(), log.plant.idle(), log.runs()) == ([], [], [], ["E0"])


def test_the_rows_of_a_batch_say_together_what_label_takes_of_them_in_whatever_order_they_come(
    log: Log,
) -> None:
    """The end first, the start with the product later, and another end without unit and status;
    then the product is corrected.
    """
    own = {"table": "batches", "batch_id": "P", "step": "eaf", "equipment": "eaf-1"}
    end, later_end = log.now - timedelta(minutes=6), log.now - timedelta(minutes=5)
    rows: list[dict[str, str]] = [
        {
            "end": end.isoformat(),
            "output_quantity": "90000",
            "output_unit": "kg",
            "status": "scrap",
        },
        {"start": (log.now - timedelta(minutes=50)).isoformat(), "product": "carbon-steel"},
        {"end": later_end.isoformat(), "output_quantity": "91000"},
    ]
    log.plant.take((), [{**own, **row} for row in rows])
    batch = log.plant.log.batches["eaf", "P"]
    assert (batch.end_us, batch.output, batch.good, batch.kind) == (
        round(later_end.timestamp() * 1e6),
        91.0,
        False,
        "carbon-steel/",
    )
    log.plant.take((), [{**own, "product": "stainless-steel", "status": "good"}])
    assert (batch.good, batch.kind) == (True, "stainless-steel/")


def test_heat_that_idle_equipment_gives_back_is_nothing_that_it_takes(tmp_path: Path) -> None:
    site = Furnaces(heats=1).write(tmp_path)
    meter = (
        'step = "eaf"\nequipment = "eaf-1"\ncarrier = "heat"\ndirection = "recovered"\nreading = '
        '"register"\nunit = "GJ"\n'
    )
    site.write_text(f'{site.read_text("utf-8")}\n[[meters]]\nid = "h"\n{meter}', "utf-8")
    plant, now = Plant(load_site(site), datetime.now(UTC).date()), datetime.now(UTC)
    start, end = ((now - timedelta(minutes=minute)).isoformat() for minute in (90, 45))
    plant.take(
        (),
        [
            {
                "table": "batches",
                "batch_id": "E",
                "step": "eaf",
                "equipment": "eaf-1",
                "start": start,
                "end": end,
            }
        ],
    )
    for minute in range(-20, 1):
        at_us = round((now + timedelta(minutes=minute)).timestamp() * 1e6)
        plant.take(
            [
                Reading(name, at_us, 20_000.0 + 9 * minute, received_us=at_us)
                for name in ("eaf-1-electricity", "h")
            ]
        )
    assert [[carrier for carrier, _, _ in idle.takes] for idle in plant.idle()] == [["electricity"]]


def test_batches_that_shared_long_ago_are_not_told_at_each_start(log: Log) -> None:
    log.row("A", -5000, -4900)
    log.row("B", -4950, -4890)
    now_us = time.time_ns() // 1000
    log.plant.fill({}, [], now_us)
    assert log.fresh() == []


def test_a_unit_whose_batch_is_open_is_not_idle_and_one_without_is(log: Log) -> None:
    now_us = round(log.now.timestamp() * 1e6)
    for minute in range(-20, 1):
        at_us = now_us + minute * 60_000_000
        log.plant.take(
            [Reading("eaf-1-electricity", at_us, 20_000.0 + 900 * minute, received_us=at_us)]
        )
    assert [idle.equipment for idle in log.plant.idle()] == ["eaf-1"]
    log.row("E0", -20)
    log.row("X1", -6, -2)
    assert log.plant.idle() == []


def test_a_batch_is_not_running_before_its_start(log: Log) -> None:
    log.row("E0", -20)
    log.row("FUT", 120)
    assert log.runs() == ["E0"]
    (sentence,) = log.fresh()
    assert sentence.startswith("Batch FUT of eaf is said to start at ")
    assert "ahead of this machine's clock" in sentence
    assert "over a day" not in sentence
    ((name, state),) = log.listed()
    assert (name, state[:7]) == ("FUT", "Due at ")
    log.row("FUT-2", 180)
    assert log.fresh() == []  # a plan is no fault
    assert [name for name, _ in log.listed()] == ["FUT", "FUT-2"]


def test_a_batch_whose_end_is_to_come_runs_until_then(log: Log) -> None:
    log.row("E0", -20, 25)
    assert log.runs() == ["E0"]
    log.row("E0", -20, -1)
    assert log.runs() == []


@pytest.mark.parametrize(
    ("step", "equipment", "sentence", "nearest"),
    [
        (
            "eaff",
            "eaf-1",
            "Batch N: the pack has no step 'eaff', so its energy is not known.",
            "'eaf'",
        ),
        (
            "eaf",
            "",
            (
                "Batch N names no unit, and no meter counts all of its step 'eaf', so its energy "
                "is "
                "not known."
            ),
            "",
        ),
        (
            "eaf",
            "eaf-7",
            "Batch N: no [[meters]] or [[equipment]] in site.toml names the unit 'eaf-7'",
            "'eaf-",
        ),
    ],
)
def test_a_step_or_unit_that_nothing_declares_is_told_once_with_the_nearest(
    log: Log, step: str, equipment: str, sentence: str, nearest: str
) -> None:
    assert log.fresh() == []
    log.row("N", -30, step=step, equipment=equipment)
    (told_once,) = log.fresh()
    assert told_once.startswith(sentence)
    assert not nearest or f"The nearest name is {nearest}" in told_once
    log.row("N2", -5, step=step, equipment=equipment)
    assert log.fresh() == []
    states = {
        shown.batch.id: shown.state
        for shown in log.plant.open_batches(round(log.now.timestamp() * 1e6))
    }
    assert states == {"N2": "no-meters"}
    assert [why.startswith("Batch N2") for _, why in log.listed()] == [True]
