"""A reading with a higher number than another of its moment counts: in the label, in what runs, and
in a batch that had ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measurements import Period
from extras.live.running.plant import Plant
from extras.live.running.reopening import LateRecount, count_again
from extras.live.spool import repeats
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from extras.live.tests.functional.plant import energies
from extras.live.tests.unit.rounds import sentences_of_rounds
from extras.live.tests.unit.test_spool import readings_held
from fixtures.simulator.furnaces import Furnaces, Sent
from reporting_agent import pipeline
from reporting_agent.config import load_site

T0_US = 1_735_800_000_000_000
HIGHER = 1_000_000  # numbers of corrections, above those of all that was sent before


def reading(second: int, value: float, sequence: int) -> Reading:
    return Reading("m-1", T0_US + second * 1_000_000, value, sequence, received_us=T0_US)


BEFORE, FIRST, AFTER = reading(0, 10.0, 1), reading(1, 11.0, 2), reading(2, 12.0, 3)
SECOND, THIRD = reading(1, 11.5, 4), reading(1, 11.75, 5)


@pytest.mark.parametrize("then", ["in one message", "one by one", "after opening", "after Parquet"])
@pytest.mark.parametrize(
    "sent",
    [
        [BEFORE, FIRST, AFTER, SECOND, THIRD],
        [BEFORE, FIRST, AFTER, THIRD, SECOND],
        [BEFORE, THIRD, AFTER, SECOND, FIRST],
        [BEFORE, FIRST, SECOND, THIRD, AFTER],
        [
            BEFORE,
            FIRST,
            THIRD._replace(value=11.0, sequence=9),
            AFTER,
            THIRD._replace(sequence=10),
            SECOND,
        ],
    ],
)
def test_of_readings_of_one_moment_the_highest_number_counts(
    tmp_path: Path, sent: list[Reading], then: str
) -> None:
    spool = Spool(tmp_path)
    corrected = 0
    for part in [sent] if then == "in one message" else [[reading] for reading in sent]:
        corrected += len(spool.append(part).corrected)
        if then == "after Parquet":
            spool.seal()
        if then in ("after opening", "after Parquet"):
            spool.close()
            spool = Spool(tmp_path)
    assert spool.append(sent).repeated == len(
        sent
    )  # all of them are kept, and are dropped when they come again
    spool.close()
    assert readings_held(tmp_path) == [
        (reading.time_us, reading.value) for reading in (BEFORE, THIRD, AFTER)
    ]
    assert corrected == 2


def test_a_correction_may_take_a_value_back_and_give_it_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([BEFORE, FIRST, AFTER, SECOND._replace(value=float("nan"))])
    assert [str(value) for _, value in readings_held(tmp_path)] == ["10.0", "nan", "12.0"]
    spool.append([THIRD])
    assert [value for _, value in readings_held(tmp_path)] == [10.0, 11.75, 12.0]
    spool.close()


def test_without_numbers_the_first_counts_and_the_same_value_again_corrects_nothing(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path)
    outcome = spool.append(
        [
            FIRST._replace(sequence=-1),
            SECOND._replace(sequence=-1),
            FIRST,
            SECOND._replace(value=FIRST.value),
        ]
    )
    assert (outcome.contradicted, len(outcome.corrected)) == (1, 0)
    spool.close()
    assert {value for _, value in readings_held(tmp_path)} == {FIRST.value}


class Works:
    """Two furnaces of which every third reading of an hour is sent wrong and corrected later, and
    the files that hold what is right.
    """

    def __init__(self, folder: Path) -> None:
        self.furnaces = Furnaces(heats=14, every_s=60)
        self.offline = self.furnaces.write(folder / "offline")
        self.live = self.furnaces.behind(folder / "live", 1)
        self.spool = Spool(self.live.parent / "spool")
        sent = self.furnaces.readings()
        first, last = (
            self.furnaces.begin + timedelta(hours=1),
            self.furnaces.begin + timedelta(hours=2),
        )
        wrong = [
            reading
            for index, reading in enumerate(sent)
            if first < reading.stamp < last and index % 3 == 0
        ]
        at_first = {
            (reading.meter, reading.stamp): replace(reading, value=reading.value * 0.75 + 3.0)
            for reading in wrong
        }
        self.sent = [
            _reading(at_first.get((reading.meter, reading.stamp), reading)) for reading in sent
        ]
        self.right = [_reading(reading) for reading in sent]
        self.corrections = [
            _reading(reading)._replace(sequence=HIGHER + reading.number) for reading in wrong
        ]
        self.rows = [{"table": "batches", **row} for row in self.furnaces.batches()]


def _reading(sent: Sent) -> Reading:
    at_us = round(sent.stamp.timestamp() * 1e6)
    return Reading(sent.meter, at_us, sent.value, sent.number, received_us=at_us)


@pytest.fixture
def works(tmp_path: Path) -> Works:
    return Works(tmp_path)


def test_the_label_is_that_of_a_file_which_holds_the_corrected_values_alone(works: Works) -> None:
    half = len(works.corrections) // 2
    works.spool.append(works.sent, works.rows)
    works.spool.append(works.corrections[:half])
    assert energies(works.live) != energies(works.offline)
    works.spool.seal()
    works.spool.append(works.corrections[half:])
    works.spool.close()
    assert energies(works.live) == energies(works.offline)
    site = load_site(works.live)
    findings = [
        finding
        for finding in pipeline.read(site, Period.parse("2025", site.zone)).findings
        if finding.code == "reading-corrected"
    ]
    assert sum(finding.count for finding in findings) == len(works.corrections)
    assert (
        "readings that their source corrected; the value with the highest number is used."
        in str(findings[0].sentence)
    )


def test_where_nothing_is_noted_the_first_value_stays_in_the_label(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: by this the tests here can fail."""
    monkeypatch.setattr(repeats, "noted", lambda new, counted_before: ([], []))
    works.spool.append(works.sent, works.rows)
    works.spool.append(works.corrections)
    works.spool.close()
    assert energies(works.live) != energies(works.offline)


def _watched(
    works: Works, arriving: Sequence[Sequence[Reading]], rows: Sequence[dict[str, str]]
) -> tuple[Plant, list[str]]:
    plant, reopening = (
        Plant(load_site(works.live), date(2025, 1, 2)),
        LateRecount(load_site(works.live), works.live.parent / "spool"),
    )
    for together in arriving:
        outcome = works.spool.append(together, rows)
        plant.take(outcome.readings, outcome.rows)
        plant.settle()
        reopening.take(outcome)
        reopening.settle(plant)
    sentences = sentences_of_rounds(reopening, plant)
    works.spool.close()
    return plant, sentences


def test_batches_that_had_ended_are_counted_again_as_if_only_the_corrected_values_had_come(
    works: Works, tmp_path: Path
) -> None:
    plant, sentences = _watched(works, [works.sent, works.corrections], works.rows)
    again = [batch.key for batch in plant.log.batches.values() if batch.again]
    assert 0 < len(again) < len(works.rows)
    right, folder = Plant(load_site(works.live), date(2025, 1, 2)), tmp_path / "right"
    spool = Spool(folder)
    outcome = spool.append(works.right, works.rows)
    spool.close()
    right.take(outcome.readings, outcome.rows)
    count_again(right, right.settle(), folder)
    assert [plant.log.batches[key].kgce for key in again] == [
        right.log.batches[key].kgce for key in again
    ]
    assert {batch.key: batch.kgce for batch in plant.log.batches.values()} == {
        batch.key: pytest.approx(batch.kgce, rel=1e-9) for batch in right.log.batches.values()
    }
    (sentence,) = sentences
    assert (
        f"Late readings: 0; corrected readings: {len(works.corrections)}; corrected rows: 0."
        in sentence
    )


def test_a_batch_that_runs_goes_on_with_the_corrected_values_to_the_bit(works: Works) -> None:
    until_us = round((works.furnaces.begin + timedelta(hours=1, minutes=40)).timestamp() * 1e6)

    def by(readings: Sequence[Reading]) -> list[Reading]:
        return [reading for reading in readings if reading.time_us < until_us]

    outcomes = [works.spool.append(by(works.sent)), works.spool.append(by(works.corrections))]
    corrected, right = (Plant(load_site(works.live), date(2025, 1, 2)) for _ in range(2))
    for portion in outcomes:
        corrected.take(portion.readings, portion.rows)
    right.take(by(works.right))
    works.spool.close()
    moments_us = np.arange(
        round(datetime(2025, 1, 2, 6, tzinfo=UTC).timestamp() * 1e6), until_us, 30_000_000
    )
    for line in (("eaf", "eaf-1"), ("eaf", "eaf-2")):
        assert (
            corrected.totals.energy(line, moments_us).tolist()
            == right.totals.energy(line, moments_us).tolist()
        )
