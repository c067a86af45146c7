"""The speed measurements run, agree with themselves, and print the contract's fields. How fast
anything is, is not tested here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.performance import __main__ as program
from tests.performance.apart import compare_apart
from tests.performance.measurement import Measurement

pytestmark = pytest.mark.timeout(
    900
)  # two dozen processes one after the other, each with its imports: on a busy machine minutes

ROOT = Path(__file__).parents[3]
FIELDS = {"name", "ours_s", "reference", "reference_s", "ratio", "peak_rss_mb", "size"}


def measured(program: str) -> list[dict[str, object]]:
    """The lines of a measurement, made small, in a process of its own: it sets up Django and child
    processes.
    """
    text = (
        "import json\nfrom tests.performance import commitment, engine, intake, "
        f"seal\n{program}\nprint(json.dumps(lines))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=880,
    )
    assert ran.returncode == 0, ran.stderr
    lines: list[dict[str, object]] = json.loads(ran.stdout.splitlines()[-1])
    return lines


def holds_the_contract(line: dict[str, object]) -> bool:
    seconds, reference = line["ours_s"], line["reference_s"]
    assert isinstance(seconds, float)
    assert isinstance(reference, float)
    return (
        set(line) == FIELDS
        and line["ratio"] == pytest.approx(seconds / reference)
        and bool(line["peak_rss_mb"])
    )


@pytest.mark.long
def test_a_fleet_is_measured_on_one_and_two_workers_against_the_ideal() -> None:
    lines = measured(
        "from extras.fleet.tests.performance import fleet; fleet.SIZES, fleet.RUNS = ((4, 40_000, 2),), 1; "
        "lines = list(fleet.measure())"
    )
    assert [line["name"] for line in lines] == ["fleet, 1 worker", "fleet, 2 workers"]
    assert all(holds_the_contract(line) for line in lines)


@pytest.mark.long
def test_the_engine_is_measured_against_every_reference_and_counts_what_each_counts() -> None:
    small = (
        "engine.SIZES, engine.SMALL, engine.FRAME, engine.RUNS = (200_000, 400_000), 200_000, "
        "200_000, 1"
    )
    lines = measured(f"{small}; lines = list(engine.measure())")
    full = ["engine, least scan", "engine, one file", "engine, pandas edges", "label"]
    assert [line["name"] for line in lines] == [
        "engine",
        "engine",
        *full,
        "engine, pandas",
        "engine, csv",
        "--help",
    ]
    assert all(holds_the_contract(line) for line in lines)
    assert "growth" in str(lines[1]["size"])


@pytest.mark.long
def test_intake_is_measured_on_the_bare_views_server() -> None:
    (line,) = measured("intake.SITES, intake.RUNS = 4, 1; lines = intake.measure()")
    assert holds_the_contract(line)
    assert str(line["reference"]).startswith("bare DRF insert")


def test_sealing_is_measured_both_ways() -> None:
    lines = measured("seal.ENVELOPES = 3; lines = seal.measure()")
    assert [line["name"] for line in lines] == ["seal and sign", "open and verify"]
    assert all(holds_the_contract(line) for line in lines)


def test_a_commitment_is_measured_from_records_and_from_batches_and_an_opening_beside_its_records() -> (
    None
):
    small = (
        "commitment.RECORDS, commitment.FEWER, commitment.BATCHES, commitment.OPENED, "
        "commitment.RUNS = 4_000, 1_000, 400, 20, 1"
    )
    lines = measured(f"{small}; lines = commitment.measure()")
    assert [line["name"] for line in lines] == [
        "commitment",
        "commitment",
        "commitment, spelled",
        "opening",
    ]
    assert all(holds_the_contract(line) for line in lines)
    assert "growth" in str(lines[1]["size"])
    assert str(lines[3]["size"]).endswith(
        "the longest proof 288 bytes"
    )  # 9 hashes in a tree of 512 leaves


def test_a_side_that_is_quick_because_it_did_less_is_an_error() -> None:
    with pytest.raises(AssertionError, match="do not agree"):
        compare_apart(
            "sums",
            "3 numbers",
            partial(sum, (1, 2, 3)),
            "fewer",
            partial(sum, (1, 2)),
            int.__eq__,
            runs=1,
        )


def test_a_measurement_that_fails_hides_none_after_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def apart(name: str, *, long: bool) -> Iterator[Measurement]:
        if name == "pages":
            raise program.FailedError(name)
        yield {
            "name": name,
            "ours_s": 1.0,
            "reference": "bare",
            "reference_s": 2.0,
            "ratio": 0.5,
            "peak_rss_mb": 1.0,
            "size": "1",
        }

    monkeypatch.setattr(program, "_apart", apart)
    monkeypatch.setattr(sys, "argv", ["performance", "seal", "pages", "log"])
    assert program.main() == 1
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["name", "seal", "log"]
    assert err == "Ended in an error: pages. All the others were measured.\n"
