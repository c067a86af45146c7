"""`submit --pool` of a small plant, as anybody runs it: offered, never silent, paid for once, and
the same through any death.

45 heats a year at one furnace: too few for a release in any year, 135 in three.
"""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from benchmarks.wire import envelope
from tests.functional.test_submit_survives_kill import (
    Plant,
    Server,
    at_steps,
    server,
    whole_report,
    write_plant,
)

__all__ = ["server"]

YEARS = (2013, 2014, 2015, 2016, 2017)
HEATS = 45
METRICS = 2
ALL = METRICS * HEATS * 3
"""Debits of a report that pools three years."""


@pytest.fixture
def small(tmp_path: Path, server: Server) -> Plant:
    plant = Plant(tmp_path, server.url, server.portal.token.text())
    write_plant(tmp_path, HEATS, YEARS)
    enrolled = plant.enrol()
    assert enrolled.returncode == 0, enrolled.stderr
    return plant


def preview(plant: Plant, *more: str) -> subprocess.CompletedProcess[str]:
    return plant.agent("preview", "--site", str(plant.site), "--period", "2016", *more)


def years_debited(plant: Plant) -> list[tuple[int, int]]:
    return [
        (int(year), int(count))
        for year, count in plant.rows(
            "SELECT year, COUNT(*) FROM ledger GROUP BY year ORDER BY year"
        )
    ]


def code_of(done: subprocess.CompletedProcess[str]) -> str:
    return str(json.loads(done.stdout)["error"]["code"])


def test_nothing_is_pooled_unasked_and_preview_says_what_it_would_give_and_cost(
    small: Plant, server: Server
) -> None:
    refused = small.submit()
    assert (refused.returncode, code_of(refused)) == (4, "too-few-batches")
    assert "`--pool`" in json.loads(refused.stdout)["error"]["remedy"]
    asked = preview(small)
    assert code_of(asked) == "too-few-batches"
    assert (
        "45 batches in 2016 are too few for a release. From 2014 to 2016 there are 135"
        in asked.stderr
    )
    assert "spends 2 of its 2 (a factor of at most 7.39" in asked.stderr
    assert (server.portal.bodies, years_debited(small)) == ([], [])

    shown = preview(small, "--pool")
    assert shown.returncode == 0, shown.stderr
    reply = json.loads(shown.stdout)
    assert {label["years"] for label in reply["report"]["labels"]} == {3}
    assert reply["counted"][0]["by_year"] == {"2014": 45, "2015": 45, "2016": 45}
    assert reply["spent_after"] == {"eaf": {"2014": "2", "2015": "2", "2016": "2"}}
    assert years_debited(small) == []


def test_a_pooled_report_says_how_many_years_and_pays_in_each_once(
    small: Plant, server: Server
) -> None:
    done = small.submit("--pool")
    assert done.returncode == 0, done.stderr
    assert {label["years"] for label in json.loads(done.stdout)["labels"]} == {3}
    assert years_debited(small) == [(year, METRICS * HEATS) for year in (2014, 2015, 2016)]
    parsed = envelope.parse(whole_report(server))
    report = envelope.open(
        parsed, server.portal.processing_key, server.portal.devices[parsed.header.device_id]
    )
    assert {(label.years, label.count_class) for label in report.released.labels} == {(3, 100)}
    assert parsed.header.period == "2016"

    again = small.submit()  # finished as it was begun, whether or not `--pool` is said again
    assert (again.returncode, json.loads(again.stdout)["known_before"]) == (0, True), again.stderr
    assert small.submit("--pool").returncode == 0
    assert len(small.rows("SELECT * FROM ledger")) == ALL
    status = small.text("status", "--site", str(small.site))
    assert "a label that covers this year as well" in status


def test_a_year_that_was_pooled_twice_over_its_cap_is_pooled_no_more(small: Plant) -> None:
    """Two metrics take the whole cap of 2: the years before 2017 have nothing left, and 2017 alone
    is too small.
    """
    assert small.submit("--pool").returncode == 0
    next_year = small.agent("submit", "--site", str(small.site), "--period", "2017", "--pool")
    assert (next_year.returncode, code_of(next_year)) == (4, "pool-gains-nothing")
    assert len(small.rows("SELECT * FROM ledger")) == ALL


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("step", at_steps(("committed", "debited")))
def test_killed_at_a_step_and_run_again(small: Plant, server: Server, step: str) -> None:
    """From the challenge on the years are the report's own: the same ones without `--pool`, though
    by then they have spent their cap.

    The short form dies once before the challenge and once after.
    """
    assert small.submit_dying_at(step, "pool") == -signal.SIGKILL
    sealed_after_kill = small.rows("SELECT envelope FROM parcel WHERE envelope IS NOT NULL")
    bound = step not in ("planned", "committed")

    done = small.submit(*([] if bound else ["--pool"]))

    assert done.returncode == 0, done.stderr
    body = whole_report(server)
    assert set(server.portal.bodies) == {body}
    assert sealed_after_kill in ([], [(body,)])
    assert years_debited(small) == [(year, METRICS * HEATS) for year in (2014, 2015, 2016)]


def test_a_report_begun_over_its_year_alone_is_not_pooled_afterwards(
    tmp_path: Path, server: Server
) -> None:
    plant = Plant(tmp_path, server.url, server.portal.token.text())
    write_plant(tmp_path, 60, (2015, 2016))
    assert plant.enrol().returncode == 0
    assert plant.submit().returncode == 0
    refused = plant.submit("--pool")
    assert (refused.returncode, code_of(refused)) == (4, "pool-decided")
    quarter = plant.agent("submit", "--site", str(plant.site), "--period", "2016-Q1", "--pool")
    assert (quarter.returncode, code_of(quarter)) == (4, "pool-needs-a-year")
    long = plant.agent("submit", "--site", str(plant.site), "--period", "2013-01-01/2017-01-01")
    assert (long.returncode, code_of(long)) == (4, "period-too-long")
