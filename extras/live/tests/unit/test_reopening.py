"""Batches that had ended are counted again when readings or rows of them come late or corrected,
and it is told from what to what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from extras.live.control_room.shifts import done
from extras.live.running import reopening
from extras.live.running.batch_log import RunningBatch
from extras.live.running.meter_total import SPARE
from extras.live.running.plant import Plant
from extras.live.running.reopening import GATHERED_S, MOST_NAMED, LateRecount
from extras.live.spool.between_moments import Readings
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from extras.live.tests.unit.rounds import sentences_of_rounds
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site

METER = "eaf-1-gas"
BEGIN = Furnaces().begin


class Works:
    """Two furnaces whose gas of one was not told for two hours, with the spool that received the
    rest.
    """

    def __init__(self, folder: Path, begin: datetime = BEGIN) -> None:
        self.furnaces = Furnaces(
            heats=14, every_s=60, begin=begin
        )  # longer than what is held of a meter beside open batches
        self.site = load_site(self.furnaces.write(folder))
        sent = [
            Reading(
                reading.meter, _us(reading.stamp), reading.value, received_us=_us(reading.stamp)
            )
            for reading in self.furnaces.readings()
        ]
        first_us, last_us = _us(begin + timedelta(hours=1)), _us(begin + timedelta(hours=3))
        self.late = [
            reading
            for reading in sent
            if reading.meter.endswith("gas")
            and reading.meter.startswith("eaf-1")
            and first_us < reading.time_us < last_us
        ]
        self.spool, self.plant = Spool(folder / "spool"), Plant(self.site, date(2025, 1, 2))
        self.reopening = LateRecount(self.site, folder / "spool")
        self.rows = [{"table": "batches", **row} for row in self.furnaces.batches()]
        timely = [reading for reading in sent if reading not in self.late]
        self.take(timely[: len(timely) // 2])
        self.spool.seal()  # half of it is Parquet
        self.take(timely[len(timely) // 2 :], self.rows)
        self.whole = Plant(self.site, date(2025, 1, 2))
        times = {
            name: [reading for reading in sent if reading.meter == name]
            for name in {reading.meter for reading in sent}
        }
        self.whole.fill(
            {
                name: (
                    np.array([reading.time_us for reading in own]),
                    np.array([reading.value for reading in own]),
                )
                for name, own in times.items()
            },
            self.rows,
            max(reading.time_us for reading in sent),
        )
        self.reopening.settle(self.plant)

    def take(self, readings: list[Reading], rows: list[dict[str, str]] | None = None) -> None:
        """As `watch` and its room do."""
        outcome = self.spool.append(readings, rows or [])
        self.plant.take(outcome.readings, outcome.rows)
        self.plant.settle()
        self.reopening.take(outcome)

    def told(self) -> list[str]:
        """What is said once nothing more came for a while."""
        return sentences_of_rounds(self.reopening, self.plant)

    def differing(self) -> set[str]:
        """Batches whose energy is not that of a plant that missed nothing."""
        right = {batch.key: batch.kgce for batch in self.whole.log.batches.values()}
        return {
            batch.id for batch in self.plant.log.batches.values() if batch.kgce != right[batch.key]
        }


def _us(stamp: datetime) -> int:
    return round(stamp.timestamp() * 1e6)


@pytest.fixture
def works(tmp_path: Path) -> Works:
    return Works(tmp_path)


def test_the_month_whose_label_changes_is_that_in_which_the_batch_began(tmp_path: Path) -> None:
    """`label` has a batch over midnight in the month of its start, and `submit --correct` is for
    that.
    """
    works = Works(tmp_path, datetime(2025, 1, 31, 9, 30, tzinfo=UTC))
    last = works.rows[-1]
    start, end = (
        datetime.fromisoformat(last[column]).astimezone(works.site.zone)
        for column in ("start", "end")
    )
    assert (start.month, end.month) == (1, 2)
    works.take([], [{**last, "output_quantity": str(float(last["output_quantity"]) / 2)}])
    (sentence,) = works.told()
    assert "Labels that hold 2025-01 change" in sentence


def test_late_readings_count_the_batches_again_that_they_touch(works: Works) -> None:
    assert len(works.late) > SPARE / 5
    before = works.differing()
    assert before
    works.take(works.late)
    assert works.differing() == before  # what is held of a meter no longer reaches back so far
    (sentence,) = works.told()
    assert works.differing() == set()
    again = {batch.id for batch in works.plant.log.batches.values() if batch.again}
    assert before == again
    assert again < {batch.id for batch in works.plant.log.batches.values()}
    assert f"late or corrected data: {len(again)} (" in sentence
    assert f"Late readings: {len(works.late)};" in sentence
    assert "2025-01" in sentence
    named = [batch_id for batch_id in sorted(again) if f"{batch_id}: " in sentence]
    assert len(named) == min(len(again), MOST_NAMED)
    assert [name for name, *_ in works.reopening.notices()] == ["Late and corrected data"]
    assert works.told() == []  # once
    begin = works.furnaces.begin
    assert set(done(works.plant, [], begin, begin + timedelta(days=2)).again) == again


def test_what_waits_is_counted_a_few_batches_a_round_and_told_once_all_of_it_is(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much waits, what comes in and the page are held for one turn alone."""
    turns: list[int] = []
    count_as_label = works.plant.count_as_label

    def one_turn(batches: Sequence[RunningBatch], readings: Mapping[str, Readings]) -> None:
        turns.append(len(batches))
        count_as_label(batches, readings)

    monkeypatch.setattr(works.plant, "count_as_label", one_turn)
    monkeypatch.setattr(reopening, "METERS_TOGETHER", 1)  # of one furnace, which has three
    works.take(works.late)
    assert list(works.reopening.round(works.plant, 0.0)) == []
    waiting, sentences, now_s = 1, list[str](), GATHERED_S
    while waiting:
        counted = len(turns)
        sentences += map(str, works.reopening.round(works.plant, now_s))
        waiting = len(works.plant.awaited.settling)
        assert len(turns) <= counted + 1
        assert not (sentences and waiting and works.differing())
        now_s += 1.0
    assert len(turns) > 2
    (sentence,) = sentences
    assert f"Late readings: {len(works.late)};" in sentence
    assert works.differing() == set()


def test_a_corrected_row_counts_its_batch_again(works: Works) -> None:
    batch = works.plant.log.batches["eaf", works.rows[0]["batch_id"]]
    before, energy = batch.output, batch.kgce
    works.take([], [{**works.rows[0], "output_quantity": "60"}])
    (sentence,) = works.told()
    assert (batch.output, batch.again) == (60.0, True)
    assert before is not None
    assert energy is not None
    assert batch.kgce == energy
    assert f"{batch.id}: {energy / before:.1f} → {energy / 60:.1f} kgce/t" in sentence


def test_a_row_that_comes_twice_and_late_readings_of_no_batch_say_nothing(works: Works) -> None:
    works.take([], [works.rows[0]])
    assert works.told() == []
    early = works.late[0]._replace(time_us=_us(works.furnaces.begin - timedelta(days=3)))
    works.take([early])
    assert works.told() == []


def test_only_batches_whose_energy_differs_are_named(works: Works) -> None:
    """Rows and readings that came through a history once more, in another order, change no
    label.
    """
    works.take(works.late)
    works.told()
    again = {batch.id for batch in works.plant.log.batches.values() if batch.again}
    batches = list(works.plant.log.batches.values())
    works.plant.log.corrected = {batch.key: batch for batch in batches}
    assert works.told() == []
    assert {batch.id for batch in batches if batch.again} == again
    energy = batches[0].counted
    assert energy is not None
    batches[0].counted = energy + 0.002  # as if counted so before
    works.plant.log.corrected = {batch.key: batch for batch in batches[:2]}
    (sentence,) = works.told()
    assert (
        f"late or corrected data: 1 ({batches[0].id}: {energy + 0.002:.3f} → {energy:.3f} kgce/t)"
        in sentence
    )


def test_a_batch_that_was_scrap_after_all_changes_its_label(works: Works) -> None:
    before = works.plant.log.batches["eaf", works.rows[0]["batch_id"]].counted
    works.take([], [{**works.rows[0], "status": "scrap"}])
    (sentence,) = works.told()
    assert before is not None
    assert f"{works.rows[0]['batch_id']}: {before:.1f} → – kgce/t" in sentence


def test_an_output_that_is_told_after_the_end_completes_its_batch_and_corrects_nothing(
    tmp_path: Path,
) -> None:
    furnaces = Furnaces(heats=2, every_s=60)
    plant = Plant(load_site(furnaces.write(tmp_path)), date(2025, 1, 2))
    reopening = LateRecount(plant.site, tmp_path / "spool")
    plant.take(
        [
            Reading(
                reading.meter, _us(reading.stamp), reading.value, received_us=_us(reading.stamp)
            )
            for reading in furnaces.readings()
        ]
    )
    row = {"table": "batches", **furnaces.batches()[0]}
    output = row.pop("output_quantity")
    plant.take((), [row])
    (batch,) = plant.settle()
    assert (batch.output, batch.counted) == (None, None)
    plant.take(
        (),
        [
            {
                "table": "batches",
                "step": row["step"],
                "batch_id": row["batch_id"],
                "output_quantity": output,
            }
        ],
    )
    assert plant.settle() == []
    assert batch.kgce is not None
    assert batch.counted == batch.kgce / float(output)
    plant.awaited.settling.clear()  # there is no spool
    assert sentences_of_rounds(reopening, plant) == []
