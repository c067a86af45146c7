"""What `watch` says of a batch that ended is what `label` says of it, to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.conversion import Basis
from benchmarks.measurements import Period
from extras.live.running.as_label import beside_us
from extras.live.running.plant import Plant
from extras.live.running.reopening import GATHERED_S, LateRecount
from extras.live.spool.between_moments import readings_between
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from fixtures.simulator.furnaces import Furnaces, Sent
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.metering import cut_readings

Row = dict[str, str]


class Works:
    """Two furnaces whose readings and rows came, as `watch` holds them."""

    def __init__(self, folder: Path, sent: Sequence[Sent], rows: Sequence[Row]) -> None:
        self.site = load_site(Furnaces().fed_by(folder, ""))
        self.spool, self.plant = Spool(folder / "spool"), Plant(self.site, date(2025, 1, 2))
        self.reopening = LateRecount(self.site, folder / "spool")
        self.rows = [{"table": "batches", **row} for row in rows]
        self.take(sent, rows)

    def take(self, sent: Sequence[Sent], rows: Sequence[Row] = ()) -> None:
        readings = [
            Reading(entry.meter, _us(entry.stamp), entry.value, received_us=_us(entry.stamp))
            for entry in sent
        ]
        outcome = self.spool.append(readings, [{"table": "batches", **row} for row in rows])
        self.plant.take(outcome.readings, outcome.rows)
        self.plant.settle()
        self.reopening.take(outcome)

    def page(self) -> dict[str, float | None]:
        """kgce of each batch that ended, by `watch`."""
        return {
            batch.id: batch.kgce
            for batch in self.plant.log.batches.values()
            if batch.end_us is not None
        }

    def label(self) -> dict[str, float | None]:
        """By `label`, None where a meter's energy is not known."""
        data = pipeline.read(self.site, Period.parse("2025", self.site.zone))
        least = data.pack.step("eaf").label_rule.least_completeness
        kgce = self.site.emissions.factors.kgce
        return {
            batch.batch_id: sum(
                kgce(entry, Basis.CALORIFIC, batch.start.date()) for entry in batch.energy
            )
            if min((entry.completeness for entry in batch.energy), default=0.0) >= least
            else None
            for batch in data.batches
        }


def _us(stamp: datetime) -> int:
    return round(stamp.timestamp() * 1e6)


@pytest.fixture(params=[60, 240])
def furnaces(request: pytest.FixtureRequest) -> Furnaces:
    return Furnaces(heats=40, every_s=request.param)


def test_a_batch_that_ended_took_what_the_label_says_to_the_bit(
    tmp_path: Path, furnaces: Furnaces
) -> None:
    works = Works(tmp_path, furnaces.readings(), furnaces.batches())
    assert works.page() != works.label()  # by running totals, so far
    assert not any(batch.as_label for batch in works.plant.log.batches.values())
    list(works.reopening.round(works.plant, 0.0))
    assert works.page() == works.label()
    assert all(batch.as_label for batch in works.plant.log.batches.values())


def test_a_restarted_agent_says_the_same(tmp_path: Path, furnaces: Furnaces) -> None:
    sent, rows = furnaces.readings(), furnaces.batches()
    works = Works(tmp_path, sent, rows)
    sent_by_meter = {
        name: [entry for entry in sent if entry.meter == name]
        for name in works.plant.totals.by_meter
    }
    again = Plant(works.site, date(2025, 1, 2))
    again.fill(
        {
            name: (
                np.array([_us(entry.stamp) for entry in own]),
                np.array([entry.value for entry in own]),
            )
            for name, own in sent_by_meter.items()
        },
        [{"table": "batches", **row} for row in rows],
        _us(sent[-1].stamp),
    )
    assert {batch.id: batch.kgce for batch in again.log.batches.values()} == works.label()


def test_while_heats_end_each_figure_is_the_label_of_that_moment(
    tmp_path: Path, furnaces: Furnaces
) -> None:
    """A batch is counted once more when the next has ended, and when its meters have told of the
    pause behind it.
    """
    sent, rows = furnaces.readings(), furnaces.batches()
    works, now_s = Works(tmp_path, [], []), 0.0
    for hour in range(40):
        until = furnaces.begin + timedelta(hours=hour + 1)
        works.take(
            [entry for entry in sent if timedelta(0) <= until - entry.stamp < timedelta(hours=1)],
            [
                row
                for row in rows
                if timedelta(0) <= until - datetime.fromisoformat(row["end"]) < timedelta(hours=1)
            ],
        )
        now_s += 2 * GATHERED_S
        assert list(works.reopening.round(works.plant, now_s)) == []  # nothing of it is late
        if hour in (3, 10):
            assert works.page() == works.label()


def test_without_the_division_the_two_differ(
    tmp_path: Path, furnaces: Furnaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: by this the tests here can fail."""
    works = Works(tmp_path, furnaces.readings(), furnaces.batches())
    right = works.label()
    monkeypatch.setattr(cut_readings, "divided", lambda course, windows, *, sampled: course)
    works.reopening.settle(works.plant)
    assert works.page() != right


def test_the_pause_beside_a_batch_is_waited_for_as_far_as_its_division_looks(
    tmp_path: Path, furnaces: Furnaces
) -> None:
    works = Works(tmp_path, furnaces.readings(), [])
    minutes = {60: 1, 240: 5}[furnaces.every_s]
    assert {beside_us(total) for total in works.plant.totals.by_meter.values()} == {
        2 * minutes * 60_000_000
    }


def test_a_meter_that_was_taken_down_counts_for_batches_before_alone_as_in_the_label(
    tmp_path: Path,
) -> None:
    furnaces = Furnaces(heats=40, every_s=60)
    works = Works(tmp_path, furnaces.readings(), furnaces.batches())
    text = works.site.path.read_text("utf-8")
    works.site.path.write_text(
        text.replace('id = "eaf-1-gas"', 'id = "eaf-1-gas"\nuntil = 2025-01-03'), "utf-8"
    )
    works.site = load_site(works.site.path)
    again = Plant(works.site, date(2025, 1, 2))
    again.fill(
        readings_between(tmp_path / "spool", frozenset(again.totals.by_meter), 0, 1 << 60),
        works.rows,
        1 << 50,
    )
    right = works.label()
    assert {batch.id: batch.kgce for batch in again.log.batches.values()} == right
    assert right != works.page()


def test_a_batch_that_ends_before_it_starts_took_nothing_that_is_known(tmp_path: Path) -> None:
    furnaces = Furnaces(heats=4, every_s=60)
    rows = furnaces.batches()
    wrong = {**rows[3], "batch_id": "H2-wrong", "start": rows[3]["end"], "end": rows[3]["start"]}
    works = Works(tmp_path, furnaces.readings(), [*rows, wrong])
    works.reopening.settle(works.plant)
    assert works.page()["H2-wrong"] is None
    assert works.page() == works.label()


def test_a_gap_of_a_rate_leaves_its_batches_unknown_as_in_the_label(tmp_path: Path) -> None:
    furnaces = Furnaces(heats=8, every_s=60)
    since, until = furnaces.begin + timedelta(minutes=90), furnaces.begin + timedelta(minutes=190)
    sent = [
        entry
        for entry in furnaces.readings()
        if entry.meter != "eaf-1-gas" or not since < entry.stamp < until
    ]
    works = Works(tmp_path, sent, furnaces.batches())
    unknown = {
        name for name, kgce in works.page().items() if kgce is None
    }  # by running totals as well
    assert unknown == {"H1-0002", "H1-0003", "H1-0004"}
    works.reopening.settle(works.plant)
    assert works.page() == works.label()
    assert {name for name, kgce in works.page().items() if kgce is None} == unknown


def test_a_single_low_value_that_the_label_drops_does_not_leave_its_batch_unknown(
    tmp_path: Path,
) -> None:
    furnaces = Furnaces(heats=8, every_s=60)
    sent = furnaces.readings()
    place = next(
        place
        for place, entry in enumerate(sent)
        if entry.meter == "eaf-1-electricity" and entry.number == 200
    )
    sent[place] = Sent("eaf-1-electricity", sent[place].stamp, sent[place].value / 3, 200)
    works = Works(tmp_path, sent, furnaces.batches())
    assert [name for name, kgce in works.page().items() if kgce is None] == [
        "H1-0004"
    ]  # a fall, by running totals
    works.reopening.settle(works.plant)
    assert works.page() == works.label()
    assert None not in works.page().values()
    course = works.plant.log.batches["eaf", "H1-0004"].noted
    assert course is not None
    assert (np.diff(course) >= 0).all()
